//! What a path below the root leads to, and which methods it takes.

use http::{HeaderValue, Method, header};

use super::{Failure, actions};
use crate::{
    authz::Action,
    scim::{
        Error,
        schema::{GROUPS, ResourceType, USERS},
    },
};

/// Something at an address.
pub(super) enum Place<'a> {
    Config,
    Types,
    Type(&'a str),
    Schemas,
    Schema(&'a str),
    Bulk,
    /// `.search`, of one type or of all.
    Search(Option<&'static ResourceType>),
    /// The root: resources of all types.
    All,
    Set(&'static ResourceType),
    One(&'static ResourceType, &'a str),
}

/// Reading and changing, in this order, of everything.
const EVERYTHING: [Action; 4] = [Action::ReadUsers, Action::ReadGroups, Action::ManageUsers, Action::ManageGroups];

impl Place<'_> {
    /// The methods that it takes.
    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Bulk | Self::Search(_) => &[Method::POST],
            Self::Set(_) => &[Method::GET, Method::POST],
            Self::One(..) => &[Method::GET, Method::PUT, Method::PATCH, Method::DELETE],
            _ => &[Method::GET],
        }
    }

    /// What a request to it takes.
    pub(super) fn takes(&self, method: &Method) -> Vec<Action> {
        let [read, change] = self.kind().map_or([Action::ReadUsers, Action::ManageUsers], actions);
        match self {
            Self::Config | Self::Types | Self::Type(_) | Self::Schemas | Self::Schema(_) => Vec::new(),
            Self::Bulk => EVERYTHING.to_vec(),
            Self::All | Self::Search(None) => vec![Action::ReadUsers, Action::ReadGroups],
            Self::Search(Some(_)) => vec![read],
            Self::Set(_) | Self::One(..) if *method == Method::GET => vec![read],
            Self::Set(_) | Self::One(..) => vec![read, change],
        }
    }

    /// The type that it is about.
    pub(super) fn kind(&self) -> Option<&'static ResourceType> {
        match self {
            Self::Set(kind) | Self::One(kind, _) | Self::Search(Some(kind)) => Some(kind),
            _ => None,
        }
    }

    /// What it is called where ids do not matter.
    pub(super) fn template(&self) -> String {
        match self {
            Self::One(kind, _) => format!("{}/{{id}}", kind.endpoint),
            Self::Set(kind) => kind.endpoint.to_owned(),
            Self::Search(kind) => format!("{}/.search", kind.map_or("", |kind| kind.endpoint)),
            Self::Bulk => "/Bulk".to_owned(),
            _ => "/".to_owned(),
        }
    }
}

/// Reads a path; the method must be one that what it leads to takes.
pub(super) fn locate<'a>(path: &'a str, method: &Method) -> Result<Place<'a>, Failure> {
    let path = path.trim_matches('/');
    let (first, rest) = path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let nothing = || Error::not_found("There is nothing at this address.");
    let set = |kind: &'static ResourceType| match rest {
        None => Ok(Place::Set(kind)),
        Some(".search") => Ok(Place::Search(Some(kind))),
        Some(id) if !id.contains('/') => Ok(Place::One(kind, id)),
        Some(_) => Err(nothing()),
    };
    let place = match (first, rest) {
        ("", None) => Place::All,
        (".search", None) => Place::Search(None),
        ("Bulk", None) => Place::Bulk,
        ("ServiceProviderConfig", None) => Place::Config,
        ("ResourceTypes", None) => Place::Types,
        ("ResourceTypes", Some(name)) => Place::Type(name),
        ("Schemas", None) => Place::Schemas,
        ("Schemas", Some(id)) => Place::Schema(id),
        ("Users", _) => set(&USERS)?,
        ("Groups", _) => set(&GROUPS)?,
        ("Me", _) => return Err(Error::new(501, "There is no '/Me': who calls is no user.").into()),
        _ => return Err(nothing().into()),
    };
    let methods = place.methods();
    if methods.contains(method) {
        return Ok(place);
    }
    let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
    let names = names.join(", ");
    let mut failure = Failure::from(Error::new(405, format!("What is at this address takes {names}.")));
    failure.headers.extend(HeaderValue::from_str(&names).map(|value| (header::ALLOW, value)));
    Err(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(path: &str, method: &Method) -> u16 {
        locate(path, method).map_or_else(|failure| failure.error.status, |_| 200)
    }

    #[test]
    fn addresses_take_their_methods() {
        for (path, method, expected) in [
            ("/Users", Method::GET, 200),
            ("/Users/", Method::POST, 200),
            ("/Users", Method::DELETE, 405),
            ("/Users/1", Method::PATCH, 200),
            ("/Users/1/2", Method::GET, 404),
            ("/Users/.search", Method::POST, 200),
            ("/.search", Method::GET, 405),
            ("/Bulk", Method::POST, 200),
            ("/Schemas/urn:x", Method::GET, 200),
            ("/ServiceProviderConfig", Method::PUT, 405),
            ("/Me", Method::GET, 501),
            ("/me", Method::GET, 404),
            ("", Method::GET, 200),
        ] {
            assert_eq!(status(path, &method), expected, "{method} {path}");
        }
    }
}
