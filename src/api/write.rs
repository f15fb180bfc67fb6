//! What the handlers that write have in common: bodies, preconditions, references.

use http::{HeaderMap, header};
use serde_json::Value as Json;

use super::{
    error::{Code, Error},
    operations::Call,
};
use crate::{
    app::{Caller, Expected, Named},
    model::{
        bind::{self, Bound, Purpose, Violation},
        meta::{Face, ID, Link, LinkTable},
        record::Input,
    },
    odata::{options, path::Resource, query::Rows, reference::parse_reference},
};

impl Call {
    /// Who calls, as use cases want to know it.
    pub fn caller(&self) -> Caller<'_> {
        let (tenant, principal) = (self.caller.tenant, &self.caller.principal);
        Caller { tenant, principal, grants: &self.grants, provenance: &self.provenance }
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Json, Error> {
        serde_json::from_slice(&self.body).map_err(|e| {
            let message = match e.classify() {
                serde_json::error::Category::Eof if self.body.is_empty() => {
                    "The body is empty: send a JSON object.".into()
                }
                _ => format!("The body is not valid JSON: {e}."),
            };
            Error::new(Code::BAD_REQUEST, message)
        })
    }

    /// The body, bound to a face.
    pub fn bind<I: Input>(&self, face: &'static Face, purpose: Purpose) -> Result<Bound<I>, Error> {
        let resolve = |url: &str| parse_reference(self.version, url).map_err(|e| e.message);
        bind::bind(face, &self.json()?, purpose, &resolve).map_err(|violations| Error::invalid_for(face, violations))
    }

    /// The entity that the path names: the last key in it.
    pub fn named(&self) -> Result<Named<'_>, Error> {
        let rows = match &self.path.resource {
            Resource::Rows(rows)
            | Resource::References(rows)
            | Resource::Reference(rows)
            | Resource::Action(rows, _) => Some(rows),
            _ => None,
        };
        rows.and_then(keyed).ok_or_else(|| Error::new(Code::NOT_FOUND, "The path names no entity."))
    }

    /// The entity whose links the path names, and the table of the links.
    pub fn linked(&self) -> Result<(Named<'_>, LinkTable), Error> {
        let rows = match &self.path.resource {
            Resource::References(rows) => Some(rows),
            Resource::Reference(Rows::Keyed { of, .. }) => Some(&**of),
            _ => None,
        };
        if let Some(Rows::Related { of, navigation, .. }) = rows
            && let (Some(named), Link::Table(table)) = (keyed(of), navigation.link)
        {
            return Ok((named, table));
        }
        Err(Error::new(Code::NOT_FOUND, "The path names no links."))
    }

    /// The states in which the caller wants a change to happen.
    pub fn expected(&self) -> Expected {
        expected(&self.headers)
    }

    /// The id of the entity that the body `{"@odata.id": …}` refers to.
    pub fn reference_in_body(&self, face: &'static Face) -> Result<String, Error> {
        let body = self.json()?;
        let unknown = body.as_object().into_iter().flatten().map(|(name, _)| name).find(|name| !name.contains('@'));
        if let Some(name) = unknown {
            let message = format!("'{name}' is not part of a reference: send {{\"@odata.id\": \"<address>\"}}.");
            return Err(Error::invalid(vec![Violation::new(name, message)]));
        }
        let url = body.get("@odata.id").and_then(Json::as_str).ok_or_else(|| {
            let message = "'@odata.id' with the address of an entity, a string, is required.";
            Error::invalid(vec![Violation::new("@odata.id", message)])
        })?;
        self.referred(url, face)
    }

    fn referred(&self, url: &str, face: &'static Face) -> Result<String, Error> {
        let wrong = |message: String| Error::invalid(vec![Violation::new("@odata.id", message)]);
        let (found, id) = parse_reference(self.version, url).map_err(|e| wrong(e.message))?;
        if found.entity.is_a(face.entity) {
            Ok(id)
        } else {
            Err(wrong(format!("'@odata.id' must lead to a {}, not to a {}.", face.name, found.name)))
        }
    }
}

/// The id of the entity whose link goes: the last key of the path, or what `@id` refers to.
pub(super) fn reference_to_remove(call: &Call, face: &'static Face) -> Result<String, Error> {
    match &call.path.resource {
        Resource::Reference(Rows::Keyed { property, value, .. }) if property.column == ID => {
            options::parse_none(&call.query)?;
            Ok(value.clone())
        }
        _ => {
            let url = options::parse_reference_id(&call.query)?;
            call.referred(&url, face).map_err(|e| Error { target: Some("@id".into()), ..e })
        }
    }
}

/// The states that `If-Match` names.
pub(super) fn expected(headers: &HeaderMap) -> Expected {
    let values: Vec<&str> = headers.get_all(header::IF_MATCH).iter().filter_map(|v| v.to_str().ok()).collect();
    let tags: Vec<String> = values.iter().flat_map(|v| v.split(',')).map(|t| t.trim().to_owned()).collect();
    if tags.is_empty() || tags.iter().any(|t| t == "*") { Expected::Any } else { Expected::OneOf(tags) }
}

/// The key of rows that one names.
pub(super) fn keyed(rows: &Rows) -> Option<Named<'_>> {
    match rows {
        Rows::Keyed { property, value, .. } => Some(Named { property, value }),
        _ => None,
    }
}
