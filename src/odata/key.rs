//! A path segment, split into its name and the key in parentheses: `accessPackages(uniqueName='x')`.

use winnow::{
    Parser, Result,
    combinator::{alt, delimited, eof, opt, repeat, separated, terminated},
    error::EmptyError,
    token::take_while,
};

/// A key in parentheses.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key<'a> {
    /// The key property, where it is named.
    pub(super) name: Option<&'a str>,
    /// The value.
    pub(super) value: String,
}

/// Splits `name(…)`; none where the segment is no such thing.
pub(super) fn split(segment: &str) -> Option<(&str, &str)> {
    let (name, rest) = segment.split_once('(')?;
    let inside = rest.strip_suffix(')')?;
    let named = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
    named.then_some((name, inside))
}

/// Reads what stands in the parentheses; none where it is not one key, written in single quotes.
pub(super) fn parse(inside: &str) -> Option<Key<'_>> {
    terminated(key, eof).parse(inside).ok()
}

/// Whether what stands in the parentheses is several keys.
pub(super) fn is_compound(inside: &str) -> bool {
    terminated(separated::<_, _, (), _, _, _, _>(2.., key, ','), eof).parse(inside).is_ok()
}

fn key<'a>(input: &mut &'a str) -> Result<Key<'a>, EmptyError> {
    (opt(terminated(word, '=')), quoted).map(|(name, value)| Key { name, value }).parse_next(input)
}

fn word<'a>(input: &mut &'a str) -> Result<&'a str, EmptyError> {
    take_while(1.., |c: char| c.is_ascii_alphanumeric() || c == '_').parse_next(input)
}

fn quoted(input: &mut &str) -> Result<String, EmptyError> {
    let piece = alt((take_while(1.., |c| c != '\''), "''".value("'")));
    delimited('\'', repeat(0.., piece), '\'').parse_next(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_quoted_and_may_be_named() {
        assert_eq!(parse("'O''Neil'"), Some(Key { name: None, value: "O'Neil".into() }));
        assert_eq!(parse("uniqueName='a)(b'"), Some(Key { name: Some("uniqueName"), value: "a)(b".into() }));
        assert_eq!(parse("''"), Some(Key { name: None, value: String::new() }));
        for bad in ["", "1", "'a", "a'", "'a'b'", "a='b',c='d'", "='a'", "'''"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert!(is_compound("a='b',c='d'"));
    }

    #[test]
    fn a_segment_is_split_at_its_first_parenthesis() {
        assert_eq!(split("accessPackages('a(b)')"), Some(("accessPackages", "'a(b)'")));
        for plain in ["a", "(a)", "a(b", "a b(c)", "'a'(b)"] {
            assert_eq!(split(plain), None, "{plain}");
        }
    }
}
