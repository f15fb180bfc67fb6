//! OData's URL conventions, for this model: paths, query options, `$metadata`, paging tokens, `$batch`.
//!
//! Pure: text and metadata go in, a [`query`] or an [`error::Error`] that names what is wrong comes out.
//! Sources: OData 4.01 Part 2 (URL conventions) and ABNF; Microsoft Graph's "query parameters" where Graph differs.
//!
//! Invariants: no input panics, none recurses deeper than a stated limit, and none takes more than linear time and
//! space in its length (which is limited too). What is not understood is refused, never ignored.

pub mod batch;
pub mod csdl;
pub mod cursor;
pub mod error;
pub(crate) mod links;
pub mod options;
pub mod path;
pub mod prefer;
pub mod query;
pub mod reference;

mod decode;
mod expand;
mod filter;
mod key;
mod option;
mod order;
mod search;
mod select;
mod source;
#[cfg(test)]
mod test_model;
