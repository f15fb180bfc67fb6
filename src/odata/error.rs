//! What is wrong with a URL, a query option or a batch, in words that help its author.
//!
//! Knows nothing of HTTP: a [`ErrorKind`] says what kind of refusal it is and `api` gives it a status. Messages quote
//! the caller's own text, shortened; they never hold anything else that is not public.

use crate::model::meta::Face;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What kind of refusal.
    pub kind: ErrorKind,
    /// Graph's code for it.
    pub code: &'static str,
    /// What is wrong, where, and what would be right.
    pub message: String,
    /// The query option, property or header that it is about.
    pub target: Option<String>,
}

/// What a caller can do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Write it differently.
    BadRequest,
    /// Nothing: there is no such thing.
    NotFound,
    /// Do without: the thing is known and missing here.
    NotImplemented,
}

/// The code of refused filters.
pub(super) const INVALID_FILTER: &str = "InvalidFilter";
/// The code of everything else that is refused.
pub(super) const BAD_REQUEST: &str = "BadRequest";

impl Error {
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::BadRequest, code: BAD_REQUEST, message: message.into(), target: None }
    }

    pub(super) fn not_implemented(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::NotImplemented, code: "NotImplemented", message: message.into(), target: None }
    }

    /// A path segment that leads nowhere.
    pub(super) fn not_found(segment: &str) -> Self {
        let message = format!("Resource not found for the segment '{}'.", shown(segment));
        Self { kind: ErrorKind::NotFound, code: "ResourceNotFound", message, target: None }
    }

    /// A name in `$select` or `$expand` that the type does not have.
    pub(super) fn unknown_selection(option: &str, name: &str, face: &Face) -> Self {
        Self::bad_request(format!(
            "Parsing OData Select and Expand failed: Could not find a property named '{}' on type '{}'.",
            shown(name),
            face.qualified_name(),
        ))
        .hint(&did_you_mean(name, names(face)))
        .about(option)
    }

    /// The same, about this option or property.
    pub(super) fn about(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// The same, with one more sentence unless that is empty.
    pub(super) fn hint(mut self, sentence: &str) -> Self {
        if !sentence.is_empty() {
            self.message.push(' ');
            self.message.push_str(sentence);
        }
        self
    }

    /// The same, found in the options of an expanded navigation property. A name that a type does not have is told
    /// in Graph's words, which begin the message and name the type.
    pub(super) fn expanding(mut self, navigation: &str) -> Self {
        if !matches!(self.target.as_deref(), Some("$select" | "$expand")) {
            self.message = format!("$expand={navigation}: {}", self.message);
        }
        self
    }
}

/// The names that a face has.
pub(super) fn names(face: &Face) -> impl Iterator<Item = &'static str> {
    face.shown().map(|p| p.name).chain(face.navigations.iter().map(|n| n.name))
}

/// The caller's text as far as a message repeats it.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A sentence that proposes the nearest of the names, or nothing where none is near.
pub(super) fn did_you_mean(name: &str, known: impl IntoIterator<Item = &'static str>) -> String {
    const LONGEST: usize = 64;
    if name.is_empty() || name.len() > LONGEST {
        return String::new();
    }
    let allowed = 1 + name.len() / 6;
    known
        .into_iter()
        .map(|candidate| (distance(name.as_bytes(), candidate.as_bytes()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map_or_else(String::new, |(_, candidate)| format!("Did you mean '{candidate}'?"))
}

/// The number of letters to insert, remove or replace (Levenshtein), letter case aside.
fn distance(from: &[u8], to: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(to) {
            let replaced = diagonal + usize::from(!a.eq_ignore_ascii_case(b));
            diagonal = *cell;
            left = replaced.min(left + 1).min(*cell + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_edits() {
        for (from, to, edits) in [("", "abc", 3), ("kitten", "sitting", 3), ("DisplayName", "displayname", 0)] {
            assert_eq!(distance(from.as_bytes(), to.as_bytes()), edits, "{from} {to}");
        }
    }

    #[test]
    fn only_near_names_are_proposed() {
        let known = ["displayName", "description", "id"];
        assert_eq!(did_you_mean("displayNam", known), "Did you mean 'displayName'?");
        assert_eq!(did_you_mean("desciption", known), "Did you mean 'description'?");
        assert_eq!(did_you_mean("colour", known), "");
        assert_eq!(did_you_mean("", known), "");
    }

    #[test]
    fn a_long_text_is_shortened() {
        assert_eq!(shown(&"é".repeat(500)), format!("{}…", "é".repeat(80)));
    }
}
