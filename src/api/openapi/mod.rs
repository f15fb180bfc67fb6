//! The OpenAPI documents: the table of operations and the metadata, described.
//!
//! [`document`] builds the OpenAPI 3.1 document of a version; [`downgrade()`] makes OpenAPI 3.0.3 of it for generators that
//! cannot read 3.1; [`Documents`] keeps them as text for the server. Nothing here knows a resource by name, but for
//! one example: a new entity type is documented by being in the metadata and in the table.
//!
//! Invariant: the same table gives the same document, byte for byte.

mod bodies;
mod downgrade;
mod examples;
mod operations;
mod parameters;
mod protocol;
mod render;
mod responses;
mod schemas;

pub use downgrade::downgrade;
pub use render::{Documents, Format, Oas, json_text};

use std::collections::BTreeSet;

use serde_json::Value;
use utoipa::openapi::{
    Components, ComponentsBuilder, Contact, Info, License, OpenApiBuilder, PathItem, Paths, Server, Tag,
    info::{ContactBuilder, InfoBuilder, LicenseBuilder},
    path::PathsBuilder,
    security::{
        AuthorizationCode, ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme,
    },
    tag::TagBuilder,
};

use super::operations::Operation;
use crate::{
    authz::PERMISSIONS,
    model::{ENTITY_TYPES, meta::Version},
};

/// What a reader should know before reading about operations.
const ABOUT: &str = "\
Entitlement management: catalogs, access packages and what links them, served with the Microsoft Graph API. cardea is an \
independent implementation and not affiliated with Microsoft.

**Authentication.** Send `Authorization: Bearer <token>`; `cardea token` prints one. Each operation names the permissions \
of which the token needs one. The token also says in which tenant all this happens.

**Reading.** `$select` chooses properties and `$expand` adds what navigation properties lead to. Lists are filtered by \
`$filter` and `$search`, ordered by `$orderby`, counted with `$count=true`. The options also work without their `$`.

**Paging.** A list comes in pages. While there is more, a page has an `@odata.nextLink`: call it as it is. `$top` or \
`Prefer: odata.maxpagesize=n` set the size of a page.

**Writing.** A create answers 201 with the entity, an update 204; `Prefer: return=minimal` and `return=representation` \
change that. An entity comes with an `ETag`; send it as `If-Match`, and the change is made only if nobody else made one in \
between. In a body, names with an `@` are annotations, read-only properties are not looked at, and what is unknown is \
refused.

**Errors.** A refusal has a `code` for programs and a `message` that says what was wrong and what would be right; \
`details` lists everything that is wrong with a body. Nothing that is refused leaves a trace in the data. A method that a \
path does not have is answered 405, with `Allow`.";

/// The OpenAPI 3.1 document of a version. `server_url` is where the server is, without the version; empty for a document
/// that is not served, whose server is then relative.
pub fn document(version: Version, operations: &[Operation], server_url: &str) -> Value {
    let server = Server::new(format!("{server_url}/{version}"));
    let document = OpenApiBuilder::new()
        .info(info(version))
        .servers(Some([server]))
        .tags(Some(tags(version)))
        .paths(paths(version, operations))
        .components(Some(components(operations)))
        .build();
    // Texts, numbers, lists and maps with text keys: such values always become JSON.
    let mut document = serde_json::to_value(document).unwrap_or_default();
    if let Some(components) = document.pointer_mut("/components").and_then(Value::as_object_mut) {
        components.insert("schemas".into(), Value::Object(schemas::all(version)));
        components.sort_keys();
    }
    document
}

fn info(version: Version) -> Info {
    let (contact, license): (Contact, License) = (
        ContactBuilder::new().name(Some("The cardea project")).build(),
        LicenseBuilder::new().name("Apache License 2.0").identifier(Some("Apache-2.0")).build(),
    );
    InfoBuilder::new()
        .title(format!("cardea, {version}"))
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .contact(Some(contact))
        .license(Some(license))
        .build()
}

fn tags(version: Version) -> Vec<Tag> {
    let tag = |name: String, description: &str| TagBuilder::new().name(name).description(Some(description)).build();
    let faces = ENTITY_TYPES.iter().map(|entity| entity.face(version));
    // What has no collection of its own is found below others.
    let of_faces =
        faces.filter(|face| !face.path.is_empty()).map(|face| tag(operations::tag_of(face), face.description));
    let protocol = tag(protocol::TAG.to_owned(), "What OData has beside resources: metadata and batches.");
    of_faces.chain([protocol]).collect()
}

fn paths(version: Version, all: &[Operation]) -> Paths {
    let paths = protocol::operations().into_iter().fold(PathsBuilder::new(), |paths, (path, method, operation)| {
        paths.path(path, PathItem::new(method, operation))
    });
    let described = all.iter().map(|operation| {
        let item = PathItem::new(operations::method(operation), operations::describe(operation, version, all));
        (operation.template.as_str(), item)
    });
    described.fold(paths, |paths, (template, item)| paths.path(template, item)).build()
}

fn components(all: &[Operation]) -> Components {
    let mut statuses = BTreeSet::from(protocol::STATUSES);
    let mut used = BTreeSet::from(["format", "client-request-id"]);
    for operation in all {
        statuses.extend(responses::refusals(operation.kind, operation.face, operation.is_nested()));
        used.extend(parameters::of(operation.kind));
        used.extend(parameters::of_directory(operation.kind, operation.face));
    }
    let (statuses, used): (Vec<_>, Vec<_>) = (statuses.into_iter().collect(), used.into_iter().collect());
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(
        "A token as `cardea token` prints it. The names that an operation lists are the permissions of which the token \
         needs one, as an application's role or as a delegated scope.",
    ));
    // Where the embedded authority is, below whatever address the document is got at.
    let (authorize, token) = ("/common/oauth2/v2.0/authorize", "/common/oauth2/v2.0/token");
    let scopes = || PERMISSIONS.iter().map(|permission| (permission.name, permission.description)).collect::<Scopes>();
    let flows = [
        Flow::AuthorizationCode(AuthorizationCode::new(authorize, token, scopes())),
        Flow::ClientCredentials(ClientCredentials::new(
            token,
            Scopes::one("https://graph.microsoft.com/.default", "All that was granted."),
        )),
    ];
    let oauth2 =
        OAuth2::with_description(flows, "Signing in at this server's own authority, if that is not switched off.");
    let components = ComponentsBuilder::new()
        .security_scheme(operations::BEARER, SecurityScheme::Http(bearer.build()))
        .security_scheme(operations::OAUTH2, SecurityScheme::OAuth2(oauth2));
    responses::components(parameters::components(components, &used), &statuses).build()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::api::operations as operations_of;

    fn documents() -> impl Iterator<Item = (Version, Value)> {
        Version::ALL.into_iter().map(|version| (version, document(version, &operations_of(version), "")))
    }

    /// Calls `visit` for every value in a document.
    fn walk(value: &Value, visit: &mut impl FnMut(&Value)) {
        visit(value);
        match value {
            Value::Object(members) => members.values().for_each(|v| walk(v, visit)),
            Value::Array(items) => items.iter().for_each(|v| walk(v, visit)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        for (version, document) in documents() {
            walk(&document, &mut |value| {
                if let Some(target) = value.get("$ref").and_then(Value::as_str) {
                    let found = target.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
                    assert!(found.is_some(), "{version}: {target}");
                }
            });
        }
    }

    #[test]
    fn operation_ids_are_unique_and_links_lead_to_them() {
        for (version, document) in documents() {
            let (mut ids, mut linked) = (HashSet::new(), HashSet::new());
            let items = document["paths"].as_object().unwrap().values();
            for operation in items.flat_map(|item| item.as_object().unwrap().values()) {
                let id = operation["operationId"].as_str().unwrap().to_owned();
                assert!(ids.insert(id.clone()), "{version}: {id}");
                for link in operation["responses"]["201"]["links"].as_object().into_iter().flatten() {
                    linked.insert(link.1["operationId"].as_str().unwrap().to_owned());
                }
            }
            assert!(linked.contains("updateAccessPackage") && linked.contains("listCatalogAccessPackages"));
            assert!(linked.is_subset(&ids), "{version}");
        }
    }

    #[test]
    fn the_page_add_access_packages_is_the_example() {
        let document = document(Version::Beta, &operations_of(Version::Beta), "");
        let create = &document["paths"]["/identityGovernance/entitlementManagement/accessPackages"]["post"];
        assert_eq!(
            create["requestBody"]["content"]["application/json"]["example"],
            serde_json::json!({
                "@odata.type": "#microsoft.graph.accessPackage",
                "catalogId": "Catalog Id value",
                "displayName": "Display Name value",
                "description": "Description value",
                "isHidden": true,
                "isRoleScopesVisible": true,
                "createdBy": "Created By value",
                "modifiedBy": "Modified By value"
            })
        );
        let answer = &create["responses"]["201"]["content"]["application/json"]["example"];
        assert_eq!(answer["createdDateTime"], "2017-01-01T00:02:37.446308+03:00");
    }

    #[test]
    fn a_document_is_the_same_every_time() {
        for (version, first) in documents() {
            let again = document(version, &operations_of(version), "");
            assert_eq!(json_text(&first), json_text(&again));
        }
    }

    #[test]
    fn the_server_is_the_one_given() {
        let document = document(Version::V1, &[], "https://graph.example");
        assert_eq!(document["servers"][0]["url"], "https://graph.example/v1.0");
    }
}
