//! What an operation is: the one line from which both its route and its documentation come.
//!
//! Each resource's file lists its operations. The router finds the operation by method and template (the path as
//! [`crate::odata::path`] names it); [`super::openapi`] describes the same list. So neither can be without the other.

use std::{future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::{Api, error::Error, respond::Answer};
use crate::{
    app::Provenance,
    authority::Caller,
    authz::{
        Grant,
        table::{self, Action},
    },
    model::meta::{Face, Navigation, Version},
    odata::path::Path,
};

/// A documented operation of one version.
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
pub type Handler = fn(Call) -> Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>;

/// A request, as far as every operation needs it: who calls, what path was resolved, and the rest as it came.
pub struct Call {
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

impl Call {
    /// The absolute URL of the service's root, as the caller spells it.
    pub fn root(&self) -> String {
        format!("{}/{}", self.origin, self.prefix)
    }
}

impl Operation {
    /// An operation; what it does is said by [`Self::about`]. It takes the right to read its face, or, if it changes
    /// anything, to govern the tenant, unless [`Self::takes`] says otherwise.
    pub fn new(method: Method, template: String, id: impl Into<String>, kind: Kind, face: &'static Face) -> Self {
        let (summary, description) = (String::new(), String::new());
        let handler: Handler = |call| Box::pin(super::read::get(call));
        let action = if kind.is_write() { Action::Govern } else { table::to_read(face.entity) };
        Self { method, template, id: id.into(), summary, description, kind, face, action, handler }
    }

    /// Whether its path leads by way of one thing, which need not be there: one that it names, or who is signed in.
    pub fn is_nested(&self) -> bool {
        self.template.contains('{') || self.template.split('/').nth(1) == Some("me")
    }

    /// What it does: in a few words, and in sentences.
    #[must_use]
    pub fn about(mut self, summary: impl Into<String>, description: impl Into<String>) -> Self {
        self.summary = summary.into();
        self.description = description.into();
        self
    }

    /// What the caller must be allowed to do.
    #[must_use]
    pub fn takes(mut self, action: Action) -> Self {
        self.action = action;
        self
    }

    /// The code; without it the operation reads what its path leads to.
    #[must_use]
    pub fn by(mut self, handler: Handler) -> Self {
        self.handler = handler;
        self
    }
}

/// The template of a face's collection.
pub fn set_template(face: &Face) -> String {
    format!("/{}", face.path)
}

/// The templates by which one entity of a face's collection is addressed, each with what operation ids add for it:
/// nothing for the key, `ByUniqueName` for an alternate key of that name.
pub fn entity_templates(face: &Face) -> Vec<(String, String)> {
    let set = set_template(face);
    let alternate = face.shown().filter(|p| p.alternate_key).map(|p| {
        let mut name = p.name.to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        (format!("{set}({}='{{{}}}')", p.name, p.name), format!("By{name}"))
    });
    [(format!("{set}/{{{}-id}}", face.name), String::new())].into_iter().chain(alternate).collect()
}
