//! What an operation is: the one entry from which its route, its documentation and its authorization come.
//!
//! Operations that have code are declared beside it ([`mod@super::declared`]); what is only read, and the links that the
//! directory's objects have, follow from the schemas ([`super::reads`], [`super::links`]). The router finds an operation by
//! method and template (the path as [`crate::odata::path`] names it); [`super::openapi`] describes the same list.

use std::{future::Future, ops::Deref, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Method};
use utoipa::openapi::path;

use super::{Api, error::Error, respond::Answer};
use crate::{
    app::Provenance,
    authority::Caller,
    authz::{Grant, table::Action},
    model::meta::{Face, Navigation, Version},
    odata::path::Path,
};

/// A documented operation of one version.
#[derive(Clone)]
pub struct Operation {
    /// The method.
    pub method: Method,
    /// The path below the version, in the form of [`Path::template`].
    pub template: String,
    /// Its id in the document, camel case.
    pub id: String,
    /// What it does, in a few words.
    pub summary: String,
    /// What it does, in sentences.
    pub description: String,
    /// What kind it is: which parameters, bodies and responses it has.
    pub kind: Kind,
    /// What it is about: what it lists, gives, takes or removes.
    pub face: &'static Face,
    /// What the caller must be allowed to do.
    pub action: Action,
    /// What the annotation of its code says: its body and its answers. None where there is no code of its own.
    pub annotated: Option<path::Operation>,
    /// The code.
    pub handler: Handler,
}

/// What an operation does, as far as its parameters, bodies and responses are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// GET of a collection.
    List,
    /// GET of a collection's `$count`.
    Count,
    /// GET of one entity.
    Get,
    /// POST of a new entity.
    Create,
    /// PATCH of an entity.
    Update,
    /// DELETE of an entity.
    Delete,
    /// GET of the references in a collection of links.
    ListReferences(&'static Navigation),
    /// POST of a reference into a collection of links.
    AddReference(&'static Navigation),
    /// DELETE of a reference that the path names.
    RemoveReference(&'static Navigation),
    /// DELETE of a reference that the query option `@id` names.
    RemoveReferenceById(&'static Navigation),
    /// POST to an action.
    Call(&'static Signature),
}

/// What an action takes and gives.
#[derive(Debug)]
pub struct Signature {
    /// Its name.
    pub name: &'static str,
    /// The schema of its body; none: it takes nothing.
    pub takes: Option<fn() -> serde_json::Value>,
    /// The schema of its answer; none: it gives nothing.
    pub gives: Option<fn() -> serde_json::Value>,
    /// The status of its answer.
    pub status: &'static str,
}

impl PartialEq for Signature {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Signature {}

impl Kind {
    /// Whether it changes anything.
    pub const fn is_write(self) -> bool {
        !matches!(self, Self::List | Self::Count | Self::Get | Self::ListReferences(_))
    }
}

/// The code of an operation.
pub type Handler = Arc<dyn Fn(Call) -> Pending + Send + Sync>;

/// An answer that is being made.
pub type Pending = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>;

/// A request, as far as every operation needs it. Clones are the same request.
#[derive(Clone)]
pub struct Call(Arc<Parts>);

/// Who calls, what path was resolved, and the rest as it came.
pub struct Parts {
    /// The server.
    pub api: Arc<Api>,
    /// Who calls.
    pub caller: Arc<Caller>,
    /// The roles of entitlement management that the caller has, where its token does not decide.
    pub grants: Vec<Grant>,
    /// The version spoken.
    pub version: Version,
    /// The version's segment as the caller spells it, for links in the answer.
    pub prefix: &'static str,
    /// Scheme and authority under which the caller reaches us, for links in the answer.
    pub origin: String,
    /// The path.
    pub path: Path,
    /// The path below the version as it came, percent-encoded.
    pub raw_path: String,
    /// The query string as it came.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// By which request this was asked, and from where.
    pub provenance: Provenance,
}

impl From<Parts> for Call {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for Call {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Call {
    /// The absolute URL of the service's root, as the caller spells it.
    pub fn root(&self) -> String {
        format!("{}/{}", self.origin, self.prefix)
    }
}

impl Operation {
    /// Whether its path leads by way of one thing, which need not be there: one that it names, or who is signed in.
    pub fn is_nested(&self) -> bool {
        self.template.contains('{') || self.template.split('/').nth(1) == Some("me")
    }
}

/// The template of a face's collection.
pub fn set_template(face: &Face) -> String {
    format!("/{}", face.path)
}

/// The template of one entity of a face's collection, by its key.
pub fn one_template(face: &Face) -> String {
    format!("{}/{{{}-id}}", set_template(face), face.name)
}

/// The templates by which one entity of a face's collection is addressed, each with what operation ids add for it:
/// nothing for the key, `ByUniqueName` for an alternate key of that name.
pub fn entity_templates(face: &Face) -> Vec<(String, String)> {
    let set = set_template(face);
    let alternate = face
        .shown()
        .filter(|p| p.alternate_key)
        .map(|p| (format!("{set}({}='{{{}}}')", p.name, p.name), format!("By{}", upper_first(p.name))));
    [(one_template(face), String::new())].into_iter().chain(alternate).collect()
}

/// The text with its first letter in upper case.
pub(super) fn upper_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
