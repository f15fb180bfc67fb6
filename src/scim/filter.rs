//! Filters (RFC 7644, section 3.4.2.2), and the paths of PATCH operations, which are made of the same tokens.
//!
//! Nesting is limited to [`MAX_DEPTH`] and size to [`MAX_NODES`], so that what walks a filter does not run out of stack.

use super::{
    error::{Error, invalid_filter},
    path::AttrPath,
};

mod check;
mod datetime;
mod evaluate;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;

pub(super) use self::evaluate::matches_value;
pub use self::evaluate::{evaluate, evaluate_as};
pub use self::parser::{parse, parse_path};

/// How deep parentheses and brackets may nest.
pub const MAX_DEPTH: usize = 32;
/// How many comparisons and operators a filter may have.
pub const MAX_NODES: usize = 200;

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Both hold.
    And(Box<Filter>, Box<Filter>),
    /// One of them holds.
    Or(Box<Filter>, Box<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// The attribute has a value that is not empty.
    Present(AttrPath),
    /// The attribute compares so with a value.
    Compare(AttrPath, Comparison, Literal),
    /// One of the attribute's values matches; the paths inside are of sub-attributes.
    Value(AttrPath, Box<Filter>),
}

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `co`
    Contains,
    /// `sw`
    StartsWith,
    /// `ew`
    EndsWith,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

impl Comparison {
    fn from_word(word: &str) -> Option<Self> {
        const WORDS: [(&str, Comparison); 9] = [
            ("eq", Comparison::Equal),
            ("ne", Comparison::NotEqual),
            ("co", Comparison::Contains),
            ("sw", Comparison::StartsWith),
            ("ew", Comparison::EndsWith),
            ("gt", Comparison::Greater),
            ("ge", Comparison::GreaterOrEqual),
            ("lt", Comparison::Less),
            ("le", Comparison::LessOrEqual),
        ];
        WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, comparison)| *comparison)
    }
}

/// What an attribute is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// No value.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(serde_json::Number),
    /// A text.
    Text(String),
}

/// What is malformed in a filter or path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {position}: {message}")]
pub struct SyntaxError {
    /// Where, in characters; the first is 1.
    pub position: usize,
    /// What, and what would be right.
    pub message: String,
}

impl From<SyntaxError> for Error {
    fn from(error: SyntaxError) -> Self {
        invalid_filter(format!("The filter is malformed {error}."))
    }
}
