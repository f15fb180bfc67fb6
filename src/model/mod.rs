//! The generated types and tables, and what they are made of.
//!
//! [`meta`] describes entity types and their two faces. The build script writes the tables, and a record type for each
//! entity, from `openapi/schemas/`. [`bind`] reads a body by a face, [`mod@write`] writes a row by a face.

pub mod activity;
pub mod audit;
pub mod bind;
pub mod body;
pub mod changeset;
pub mod meta;
pub mod password;
pub mod record;
pub mod scope;
pub mod spoken;
pub mod value;
pub mod write;

pub use generated::*;

mod generated {
    #![expect(missing_docs, reason = "the schemas describe these; see openapi/schemas")]
    // In tests the wildcard is fine with clippy, so an expectation would not be met there.
    #![allow(
        clippy::default_trait_access,
        clippy::manual_string_new,
        clippy::struct_excessive_bools,
        clippy::too_many_lines,
        clippy::wildcard_imports,
        reason = "written by the build script"
    )]
    include!(concat!(env!("OUT_DIR"), "/model.rs"));
}
