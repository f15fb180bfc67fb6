//! The paths that lead to attributes (RFC 7644, sections 3.5.2 and 3.10).

use std::fmt;

use super::{
    error::{Error, invalid_path},
    filter::{self, Filter},
    json::shown,
};

/// A path to an attribute: `userName`, `name.familyName`, `urn:…:User:userName`.
///
/// Names are as the client spells them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttrPath {
    /// The URN of the schema.
    pub urn: Option<String>,
    /// The attribute.
    pub name: String,
    /// The sub-attribute.
    pub sub: Option<String>,
}

impl AttrPath {
    /// Reads one, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (urn, rest) = match text.rsplit_once(':') {
            Some((urn, rest)) if is_urn(urn) => (Some(urn.to_owned()), rest),
            Some(_) => return Err(format!("'{}' has a prefix that is no URN", shown(text))),
            None => (None, text),
        };
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        match [Some(name), sub].into_iter().flatten().find(|name| !is_name(name)) {
            Some(bad) => Err(format!("'{}' is not an attribute name", shown(bad))),
            None => Ok(Self { urn, name: name.to_owned(), sub: sub.map(str::to_owned) }),
        }
    }
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        self.sub.as_ref().map_or(Ok(()), |sub| write!(f, ".{sub}"))
    }
}

/// The path of a PATCH operation: `members`, `name.familyName`, `emails[type eq "work"].value`.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchPath {
    /// The attribute, without the sub-attribute.
    pub attribute: AttrPath,
    /// Which of its values.
    pub filter: Option<Filter>,
    /// The sub-attribute.
    pub sub: Option<String>,
}

impl PatchPath {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, Error> {
        filter::parse_path(text).map_err(|error| invalid_path(format!("The path is malformed {error}.")))
    }

    /// The path to the attribute or sub-attribute, without the filter.
    pub fn attr_path(&self) -> AttrPath {
        AttrPath { sub: self.sub.clone(), ..self.attribute.clone() }
    }
}

fn is_urn(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

fn is_name(name: &str) -> bool {
    let plain = name.strip_prefix('$').unwrap_or(name);
    plain.starts_with(|c: char| c.is_ascii_alphabetic())
        && plain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_urn_ends_at_the_last_colon() {
        let path = AttrPath::parse("urn:ietf:params:scim:schemas:core:2.0:User:name.familyName").unwrap();
        assert_eq!(path.urn.as_deref(), Some("urn:ietf:params:scim:schemas:core:2.0:User"));
        assert_eq!((path.name.as_str(), path.sub.as_deref()), ("name", Some("familyName")));
        assert_eq!(path.to_string(), "urn:ietf:params:scim:schemas:core:2.0:User:name.familyName");
        assert_eq!(AttrPath::parse("manager.$ref").unwrap().sub.as_deref(), Some("$ref"));
        for bad in ["", "a.b.c", "1a", "x:y", "a b", "a.", "é", "urn:x:"] {
            assert!(AttrPath::parse(bad).is_err(), "{bad}");
        }
    }
}
