//! The examples: made of the properties' own examples, but for the one that came with the wish for this project.
//!
//! They fit together: the create of a catalog gives it the id that the create of an access package names. Sent in this
//! order to a new server, both succeed.

use serde_json::{Map, Value, json};

use super::schemas::example;
use crate::api::operations::Signature;
use crate::model::{
    ACCESS_PACKAGE, ENTITY_TYPES,
    meta::{Face, ID, Link, Property, Version, Write},
};

/// Where the examples' server is.
const SERVER: &str = "http://127.0.0.1:8080";

/// The example response of the page "Add accessPackages", whose request [`create`] gives.
fn added_access_package() -> Value {
    json!({
        "@odata.type": "#microsoft.graph.accessPackage",
        "id": "614bf432-f432-614b-32f4-4b6132f44b61",
        "catalogId": "Catalog Id value",
        "displayName": "Display Name value",
        "description": "Description value",
        "isHidden": true,
        "isRoleScopesVisible": true,
        "createdBy": "Created By value",
        "createdDateTime": "2017-01-01T00:02:37.446308+03:00",
        "modifiedBy": "Modified By value",
        "modifiedDateTime": "2016-12-31T23:56:57.1102355+03:00",
    })
}

/// Whether the page "Add accessPackages" is about this face.
fn has_its_own_page(face: &Face) -> bool {
    face.version == Version::Beta && face.name == "accessPackage"
}

/// The body of a create.
pub(super) fn create(face: &'static Face) -> Value {
    let mut body = Map::new();
    body.insert("@odata.type".into(), json!(format!("#{}", face.qualified_name())));
    if let Some(id) = id_that_others_name(face) {
        body.insert("id".into(), id);
    }
    for property in face.shown().filter(|p| p.column != ID && p.write != Write::Never && !p.omit_null) {
        insert(&mut body, property);
    }
    for navigation in face.navigations.iter().filter(|n| n.required) {
        let Link::Column(column) = navigation.link else { continue };
        if face.shown().all(|p| p.column != column) {
            let id = face.properties.iter().find(|p| p.column == column).and_then(example);
            body.insert(navigation.name.into(), json!({ "id": id }));
        }
    }
    Value::Object(body)
}

/// The body of an update.
pub(super) fn update(face: &'static Face) -> Value {
    let mut body = Map::new();
    for property in face.shown().filter(|p| p.write == Write::Always && !p.omit_null && !p.nullable) {
        insert(&mut body, property);
    }
    Value::Object(body)
}

/// An entity.
pub(super) fn entity(face: &'static Face) -> Value {
    if has_its_own_page(face) {
        return added_access_package();
    }
    let mut body = Map::new();
    body.insert("@odata.context".into(), json!(format!("{}/$entity", context(face))));
    properties(face, &mut body);
    Value::Object(body)
}

/// A page of a collection.
pub(super) fn collection(face: &'static Face) -> Value {
    let mut item = Map::new();
    properties(face, &mut item);
    json!({ "@odata.context": context(face), "value": [item] })
}

/// The body of an action.
pub(super) fn call(signature: &Signature) -> Value {
    let id = "8f6f1c5e-3c5b-4a8e-9d0a-2f6d3b7c1e10";
    match signature.name {
        "checkMemberGroups" => json!({ "groupIds": [id] }),
        "checkMemberObjects" | "getByIds" => json!({ "ids": [id] }),
        "changePassword" => json!({ "currentPassword": "Correct horse 1", "newPassword": "Another horse 2" }),
        "addPassword" => json!({ "passwordCredential": { "displayName": "For the night" } }),
        "removePassword" => json!({ "keyId": id }),
        _ => json!({ "securityEnabledOnly": false }),
    }
}

/// A page of links.
pub(super) fn references(face: &Face) -> Value {
    let context = format!("{SERVER}/{}/$metadata#Collection($ref)", face.version);
    json!({ "@odata.context": context, "value": [reference_body(face)] })
}

/// The body that names an entity by its URL.
pub(super) fn reference_body(face: &Face) -> Value {
    json!({ "@odata.id": reference(face) })
}

/// The URL of an entity.
pub(super) fn reference(face: &Face) -> String {
    let id = face.properties.iter().find(|p| p.column == ID).and_then(example);
    let id = id.as_ref().and_then(Value::as_str).unwrap_or("id").to_owned();
    format!("{SERVER}/{}/{}/{id}", face.version, face.path)
}

/// An error.
pub(super) fn error(code: &str, message: &str) -> Value {
    json!({
        "error": {
            "code": code,
            "message": message,
            "details": [],
            "innerError": {
                "date": "2026-01-31T08:00:00",
                "request-id": "019b76da-a400-7000-8000-000000000001",
                "client-request-id": "4d1f9b5c-0000-4000-8000-0a6a3b1c9d21",
            },
        },
    })
}

/// A batch.
pub(super) fn batch() -> Value {
    let url = format!("/{}", ACCESS_PACKAGE.face(Version::V1).path);
    json!({ "requests": [{ "id": "1", "method": "GET", "url": format!("{url}?$top=5") }] })
}

fn context(face: &Face) -> String {
    format!("{SERVER}/{}/$metadata#{}", face.version, face.path)
}

fn properties(face: &'static Face, into: &mut Map<String, Value>) {
    for property in face.shown().filter(|p| !p.omit_null) {
        insert(into, property);
    }
}

fn insert(body: &mut Map<String, Value>, property: &Property) {
    if let Some(value) = example(property) {
        body.insert(property.name.into(), value);
    }
}

/// The id by which the examples of other types name an entity of this one.
fn id_that_others_name(face: &Face) -> Option<Value> {
    ENTITY_TYPES.iter().map(|entity| entity.face(face.version)).find_map(|other| {
        let navigation = other.navigations.iter().find(|n| n.required && n.target == face.entity)?;
        let Link::Column(column) = navigation.link else { return None };
        other.properties.iter().find(|p| p.column == column).and_then(example)
    })
}
