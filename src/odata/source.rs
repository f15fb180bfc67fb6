//! The text of one query option, and refusals that point into it.

use super::error::{BAD_REQUEST, Error, ErrorKind, INVALID_FILTER};

/// A decoded query option.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    /// Its name, with `$`.
    pub(super) option: &'static str,
    /// Its value.
    pub(super) text: &'a str,
}

impl<'a> Source<'a> {
    pub(super) const fn new(option: &'static str, text: &'a str) -> Self {
        Self { option, text }
    }

    /// The text between two byte positions; empty where they are no such positions.
    pub(super) fn slice(self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// A refusal of what stands at a byte position. `what` is a sentence without its full stop.
    pub(super) fn fault(self, at: usize, what: impl std::fmt::Display) -> Error {
        let message = format!("{}: {what} (position {}).", self.option, self.position(at));
        let code = if self.option == "$filter" { INVALID_FILTER } else { BAD_REQUEST };
        Error { kind: ErrorKind::BadRequest, code, message, target: Some(self.option.to_owned()) }
    }

    /// Something at a byte position that OData knows and that is missing here.
    pub(super) fn missing(self, at: usize, what: impl std::fmt::Display) -> Error {
        let message = format!("{}: {what} is not implemented (position {}).", self.option, self.position(at));
        Error::not_implemented(message).about(self.option)
    }

    /// The position as people count: characters, from 1.
    fn position(self, at: usize) -> usize {
        self.text.char_indices().take_while(|(i, _)| *i < at).count() + 1
    }
}
