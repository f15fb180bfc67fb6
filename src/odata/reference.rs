//! References to entities in bodies: the values of `@odata.id` and `nav@odata.bind`.
//!
//! A reference is a URL of one entity of a collection, absolute or relative, of either version of the API. The host is
//! not looked at: what is meant is always the entity of that id here, in the caller's tenant.

use super::{
    error::{Error, ErrorKind, shown},
    path::{Path, Resource, parse_from_set, parse_in},
    query::Rows,
};
use crate::model::{
    ENTITY_TYPES,
    meta::{EntityType, Face, ID, Version},
};

/// Reads a reference: the face of the entity in `version`, and its id.
///
/// Understood are `https://host/v1.0/identityGovernance/entitlementManagement/accessPackages/{id}`, the same without
/// the host, without the version, and from the collection's name on, each with `/{id}` or `('id')`.
pub fn parse_reference(version: Version, url: &str) -> Result<(&'static Face, String), Error> {
    parse_reference_in(ENTITY_TYPES, version, url)
}

pub(super) fn parse_reference_in(
    types: &[&'static EntityType],
    version: Version,
    url: &str,
) -> Result<(&'static Face, String), Error> {
    let refuse = |why: &str| {
        let message = format!(
            "'{}' is not a reference to an entity: {why} It would look like \
             'https://host/{version}/identityGovernance/entitlementManagement/collection/id'.",
            shown(url),
        );
        Error::bad_request(message).about("@odata.id")
    };
    let path = match resolve(types, version, url) {
        Some(Ok(path)) => path,
        Some(Err(Error { kind: ErrorKind::NotImplemented, .. })) => return Err(refuse("It calls a function.")),
        Some(Err(error)) => return Err(refuse(&error.message)),
        None => return Err(refuse("It has no path.")),
    };
    match path.resource {
        Resource::Rows(Rows::Keyed { of, property, value }) => match *of {
            Rows::All(face) if property.column == ID => Ok((face.entity.face(version), value)),
            Rows::All(_) => Err(refuse("It names the entity by another key than its id.")),
            _ => Err(refuse("It does not begin at the entity's own collection.")),
        },
        _ => Err(refuse("It does not lead to one entity of a collection.")),
    }
}

fn resolve(types: &[&'static EntityType], version: Version, url: &str) -> Option<Result<Path, Error>> {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let path = match url.split_once("://") {
        Some((_, after)) => after.split_once('/')?.1,
        None => url.strip_prefix('/').unwrap_or(url),
    };
    let path = path.strip_suffix('/').unwrap_or(path);
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let (version, path) = Version::from_segment(first).map_or((version, path), |named| (named, rest));
    if path.is_empty() {
        return None;
    }
    let first = path.split(['/', '(']).next().unwrap_or_default();
    let begins = |face: &Face| face.path.split('/').next().is_some_and(|name| name.eq_ignore_ascii_case(first));
    let rooted = types.iter().any(|entity| begins(entity.face(version)));
    Some(if rooted { parse_in(types, version, path) } else { parse_from_set(types, version, path) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::odata::test_model::{PACKAGE, TYPES};

    #[test]
    fn a_reference_may_be_absolute_or_relative() {
        for url in [
            "https://graph.microsoft.com/v1.0/identityGovernance/entitlementManagement/accessPackages/a%2Fb",
            "http://localhost:8080/beta/identityGovernance/entitlementManagement/accessPackages('a%2Fb')/",
            "/v1.0/identityGovernance/entitlementManagement/accessPackages/a%2Fb?x=y",
            "identityGovernance/entitlementManagement/accessPackages(id='a/b')",
            "accessPackages('a%2Fb')",
            "accesspackages/a%2Fb#frag",
        ] {
            // A slash in quotes is a slash all the same: segments are split first.
            let result = parse_reference_in(TYPES, Version::V1, url);
            if url.contains("a/b") {
                assert!(result.is_err());
                continue;
            }
            let (face, id) = result.unwrap();
            assert!(std::ptr::eq(face, PACKAGE.face(Version::V1)), "{url}");
            assert_eq!(id, "a/b", "{url}");
        }
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        let shape = "It would look like 'https://host/v1.0/identityGovernance/entitlementManagement/collection/id'.";
        for (url, why) in [
            ("", "It has no path."),
            ("https://host", "It has no path."),
            ("https://host/v1.0", "It has no path."),
            ("https://host/v1.0/directoryObjects/x", "Resource not found for the segment 'directoryObjects'."),
            ("accessPackages", "It does not lead to one entity of a collection."),
            ("accessPackages/x/$ref", "It does not lead to one entity of a collection."),
            ("accessPackages/x/catalog", "It does not lead to one entity of a collection."),
            ("catalogs/x/accessPackages/y", "It does not begin at the entity's own collection."),
            ("accessPackages(uniqueName='x')", "It names the entity by another key than its id."),
            ("accessPackages/f(x='y')", "It calls a function."),
        ] {
            let error = parse_reference_in(TYPES, Version::V1, url).unwrap_err();
            assert_eq!(error.message, format!("'{url}' is not a reference to an entity: {why} {shape}"));
            assert_eq!(error.kind, ErrorKind::BadRequest);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_reference_panics(url in "\\PC*", scheme in "(https://)?[a-z./]{0,8}") {
            let _ = parse_reference_in(TYPES, Version::V1, &url);
            let _ = parse_reference_in(TYPES, Version::Beta, &(scheme + &url));
        }
    }
}
