//! Actions and functions: what each takes and gives.

use serde_json::{Map, Value as Json, json};

use super::operations::Signature;

/// How many groups are asked for at once, as in Graph.
pub(super) const MOST_GROUPS: usize = 20;
/// How many objects are asked for at once, as in Graph.
pub(super) const MOST_OBJECTS: usize = 1000;

/// What each action takes and gives.
pub(super) static SIGNATURES: &[Signature] = &[
    Signature { name: "checkMemberGroups", takes: Some(check_groups), gives: Some(ids), status: "200" },
    Signature { name: "checkMemberObjects", takes: Some(check_objects), gives: Some(ids), status: "200" },
    Signature { name: "getMemberGroups", takes: Some(only_security), gives: Some(ids), status: "200" },
    Signature { name: "getMemberObjects", takes: Some(only_security), gives: Some(ids), status: "200" },
    Signature { name: "getByIds", takes: Some(by_ids), gives: Some(directory_objects), status: "200" },
    Signature { name: "restore", takes: None, gives: Some(directory_object), status: "200" },
    Signature { name: "renew", takes: None, gives: None, status: "204" },
    Signature { name: "revokeSignInSessions", takes: None, gives: Some(truth), status: "200" },
    Signature { name: "changePassword", takes: Some(passwords), gives: None, status: "204" },
    Signature { name: "addPassword", takes: Some(password), gives: Some(credential), status: "200" },
    Signature { name: "removePassword", takes: Some(key), gives: None, status: "204" },
];

fn list(name: &str, description: &str, most: usize) -> Json {
    json!({
        "type": "object",
        "required": [name],
        "properties": { (name): {
            "type": "array", "description": description, "maxItems": most,
            "items": { "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[^\\u0000]*$" },
        } },
    })
}

fn check_groups() -> Json {
    list("groupIds", "The ids of the groups.", MOST_GROUPS)
}

fn check_objects() -> Json {
    list("ids", "The ids of the objects.", MOST_OBJECTS)
}

fn only_security() -> Json {
    json!({
        "type": "object",
        "properties": { "securityEnabledOnly": {
            "type": ["boolean", "null"], "description": "Whether only security groups are wanted.",
        } },
    })
}

fn by_ids() -> Json {
    let mut schema = list("ids", "The ids of the objects.", MOST_OBJECTS);
    schema["properties"]["types"] = json!({
        "type": ["array", "null"],
        "description": "The types that are wanted; all of them when left out.",
        "items": { "type": "string", "enum": ["user", "group", "application", "servicePrincipal", "directoryObject"] },
    });
    schema
}

fn passwords() -> Json {
    let text = |what: &str| json!({ "type": "string", "description": what });
    json!({
        "type": "object",
        "required": ["currentPassword", "newPassword"],
        "properties": {
            "currentPassword": text("The current password."),
            "newPassword": text("The new password, which must be hard to guess."),
        },
    })
}

fn password() -> Json {
    let text = json!({ "type": ["string", "null"], "maxLength": 256, "description": "The name of the secret." });
    let time = |what: &str| json!({ "type": ["string", "null"], "format": "date-time", "description": what });
    json!({
        "type": "object",
        "properties": { "passwordCredential": {
            "type": ["object", "null"],
            "description": "What is to be told of the secret.",
            "properties": {
                "displayName": text,
                "startDateTime": time("From when on it counts; from now on when left out."),
                "endDateTime": time("Until when it counts; two years when left out."),
            },
        } },
    })
}

fn key() -> Json {
    json!({
        "type": "object",
        "required": ["keyId"],
        "properties": { "keyId": { "type": "string", "minLength": 1, "maxLength": 128, "description": "The keyId of the secret." } },
    })
}

fn value_of(schema: &Json) -> Json {
    json!({
        "type": "object",
        "properties": { "@odata.context": { "type": "string", "description": "What the value is." }, "value": schema },
    })
}

fn ids() -> Json {
    value_of(&json!({ "type": "array", "description": "The ids.", "items": { "type": "string" } }))
}

fn truth() -> Json {
    value_of(&json!({ "type": "boolean", "description": "Whether it was done." }))
}

fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/microsoft.graph.{name}") })
}

fn directory_object() -> Json {
    reference("directoryObject")
}

fn directory_objects() -> Json {
    reference("directoryObjectCollectionResponse")
}

fn credential() -> Json {
    let mut properties = Map::new();
    properties.insert("@odata.context".into(), json!({ "type": "string", "description": "What this is." }));
    for (name, what) in [
        ("customKeyIdentifier", "Always null."),
        ("displayName", "The name of the secret."),
        ("endDateTime", "Until when it counts."),
        ("hint", "Its first three characters."),
        ("keyId", "The key."),
        ("secretText", "The secret. It is not shown again."),
        ("startDateTime", "From when on it counts."),
    ] {
        properties.insert(name.into(), json!({ "type": ["string", "null"], "description": what }));
    }
    json!({ "type": "object", "properties": properties })
}
