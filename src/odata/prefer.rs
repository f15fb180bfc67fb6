//! The `Prefer` request header (RFC 7240). A preference that is unknown or malformed is no error: it is not followed.

use winnow::{
    Parser, Result,
    combinator::{alt, delimited, opt, preceded, repeat, separated},
    error::EmptyError,
    token::{any, none_of, take_while},
};

/// What a caller prefers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// `return`: what a change answers with.
    pub returning: Option<Returning>,
    /// `odata.maxpagesize`, or `maxpagesize`: the largest number of rows on a page.
    pub max_page_size: Option<usize>,
}

/// What a change answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returning {
    /// No body.
    Minimal,
    /// The entity as it is now.
    Representation,
}

/// Reads the values of all `Prefer` headers of a request. Of preferences said twice the first counts.
pub fn parse<'a>(headers: impl IntoIterator<Item = &'a str>) -> Preferences {
    let mut preferences = Preferences::default();
    for header in headers {
        let list: Result<Vec<_>, _> = separated(0.., preference, ',').parse(header);
        for (name, value) in list.unwrap_or_default() {
            preferences.take(name, &value);
        }
    }
    preferences
}

impl Preferences {
    fn take(&mut self, name: &str, value: &str) {
        let name = name.to_ascii_lowercase();
        match name.strip_prefix("odata.").unwrap_or(&name) {
            "return" => self.returning = self.returning.or(returning(value)),
            "maxpagesize" => {
                let size = value.parse().ok().filter(|size| *size > 0);
                self.max_page_size = self.max_page_size.or(size);
            }
            _ => {}
        }
    }
}

fn returning(value: &str) -> Option<Returning> {
    if value.eq_ignore_ascii_case("minimal") {
        Some(Returning::Minimal)
    } else {
        value.eq_ignore_ascii_case("representation").then_some(Returning::Representation)
    }
}

/// `name=value;parameters`; empty list elements are allowed.
fn preference<'a>(input: &mut &'a str) -> Result<(&'a str, String), EmptyError> {
    let parameters = repeat::<_, _, (), _, _>(0.., (';', space, opt(pair), space));
    let preference = delimited(space, opt(pair), (space, parameters)).parse_next(input)?;
    Ok(preference.unwrap_or_default())
}

fn pair<'a>(input: &mut &'a str) -> Result<(&'a str, String), EmptyError> {
    let value = preceded((space, '=', space), alt((quoted, token.map(str::to_owned))));
    (token, opt(value)).map(|(name, value)| (name, value.unwrap_or_default())).parse_next(input)
}

fn token<'a>(input: &mut &'a str) -> Result<&'a str, EmptyError> {
    take_while(1.., |c: char| c.is_ascii_graphic() && !matches!(c, ',' | ';' | '=' | '"')).parse_next(input)
}

fn quoted(input: &mut &str) -> Result<String, EmptyError> {
    let character = alt((preceded('\\', any), none_of(['"', '\\'])));
    delimited('"', repeat(0.., character), '"').parse_next(input)
}

fn space<'a>(input: &mut &'a str) -> Result<&'a str, EmptyError> {
    take_while(0.., [' ', '\t']).parse_next(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> (Option<Returning>, Option<usize>) {
        let preferences = parse([header]);
        (preferences.returning, preferences.max_page_size)
    }

    #[test]
    fn preferences_are_read() {
        for (header, expected) in [
            ("return=minimal", (Some(Returning::Minimal), None)),
            ("Return = \"Representation\"", (Some(Returning::Representation), None)),
            ("odata.maxpagesize=5", (None, Some(5))),
            ("respond-async, return=minimal; a=\"b,c\" ;d, maxpagesize=7", (Some(Returning::Minimal), Some(7))),
            ("odata.include-annotations=\"*,-x\", odata.maxpagesize=\"12\"", (None, Some(12))),
            ("return=minimal, return=representation", (Some(Returning::Minimal), None)),
            ("outlook.timezone=\"Pacific \\\"Standard\\\" Time\",maxpagesize=3", (None, Some(3))),
            (",, return=minimal ,", (Some(Returning::Minimal), None)),
            ("maxpagesize=0", (None, None)),
            ("maxpagesize=-1, return=x", (None, None)),
            ("return=\"minimal", (None, None)),
            ("", (None, None)),
        ] {
            assert_eq!(read(header), expected, "{header}");
        }
        assert_eq!(parse(["return=minimal", "maxpagesize=4"]).max_page_size, Some(4));
    }

    proptest::proptest! {
        #[test]
        fn no_header_panics(header in "\\PC*", tail in "[a-z=;,\" \\\\]*") {
            parse([header.as_str(), tail.as_str()]);
        }
    }
}
