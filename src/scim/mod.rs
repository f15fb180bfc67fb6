//! SCIM 2.0 (RFC 7643, RFC 7644), the protocol without HTTP, store or clock: JSON goes in and comes out.
//!
//! A resource is a [`serde_json::Value`] in the canonical spelling of its [`schema`]; [`validate`] makes a client's body
//! one, [`patch`] changes one, [`list::project`] shows one. What a client may get wrong ends in an [`Error`].

pub mod bulk;
pub mod discovery;
pub mod error;
pub mod filter;
mod json;
pub mod list;
pub mod patch;
pub mod path;
pub mod project;
pub mod schema;
pub mod validate;

pub use self::error::{Error, ScimType};

/// The URNs of the messages (RFC 7644, section 8.2).
pub mod message {
    /// A list of resources.
    pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
    /// The body of `POST /.search`.
    pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
    /// The body of a PATCH.
    pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
    /// The body of `POST /Bulk`.
    pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
    /// The answer to it.
    pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
    /// What went wrong.
    pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
}
