//! Actions and functions: what they take and what they give, and how membership is asked for.

use http::{Method, StatusCode};
use serde_json::{Map, Value as Json, json};

use super::{Answer, Call, Error, Operation, Words, one};
use crate::{
    api::{
        operations::{Kind, Signature},
        respond::JSON,
    },
    app::directory::MAX_GROUPS,
    authz::{Action, table::to_read},
    model::{bind::Violation, meta::Face, value::Timestamp},
    odata::options,
};

/// How many groups are asked for at once, as in Graph.
const MOST_GROUPS: usize = 20;
/// How many objects are asked for at once, as in Graph.
const MOST_OBJECTS: usize = 1000;

/// What each action takes and gives.
pub(crate) static SIGNATURES: &[Signature] = &[
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

/// An operation that calls an action.
pub(super) fn call(id: impl Into<String>, at: String, face: &'static Face, action: &str) -> Operation {
    let signature = SIGNATURES.iter().find(|signature| signature.name == action).unwrap_or(&SIGNATURES[0]);
    Operation::new(Method::POST, at, id, Kind::Call(signature), face)
}

/// The questions about membership of the objects of a face.
pub(super) fn membership(face: &'static Face, words: &Words) -> Vec<Operation> {
    membership_at(&one(face), face, words)
}

/// The questions about membership of what is at a path.
pub(super) fn membership_at(at: &str, face: &'static Face, words: &Words) -> Vec<Operation> {
    let action = if at == "/me" { Action::ReadUsers } else { to_read(face.entity) };
    let questions = [
        ("checkMemberGroups", "Check which of some groups", "is in, also by being in a group that is"),
        ("checkMemberObjects", "Check which of some objects", "is in, also by being in a group that is"),
        ("getMemberGroups", "Get the groups that", "is in, also by being in a group that is"),
        ("getMemberObjects", "Get the objects that", "is in, also by being in a group that is"),
    ];
    let operation = |(name, summary, rest): (&str, &str, &str)| {
        call(format!("{name}Of{}", words.id), format!("{at}/{name}"), face, name)
            .about(format!("{summary} {} is in", words.one), format!("Gives the ids of those that it {rest}."))
            .takes(action)
            .by(|call| Box::pin(groups(call)))
    };
    questions.into_iter().map(operation).collect()
}

async fn groups(call: Call) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    let asked = body(&call)?;
    let (name, face) = match &call.path.resource {
        crate::odata::path::Resource::Action(rows, name) => (*name, rows.face()),
        _ => return Err(Error::app(crate::app::Error::NoSuchPath, super::objects(call.version))),
    };
    let among = match name {
        "checkMemberGroups" => texts(&asked, "groupIds", MOST_GROUPS)?,
        "checkMemberObjects" => texts(&asked, "ids", MOST_OBJECTS)?,
        _ => None,
    };
    let security = match asked.get("securityEnabledOnly") {
        None | Some(Json::Null) => false,
        Some(Json::Bool(only)) => *only,
        Some(_) => return Err(invalid("securityEnabledOnly", "must be true or false")),
    };
    let found = call.api.app.member_groups(call.caller(), (face.entity, call.named()?.value), among, security).await;
    match found.map_err(|e| Error::app(e, face))? {
        Some(ids) => Ok(answer(&call, "Collection(Edm.String)", &json!(ids))),
        None => Err(Error::too_many(MAX_GROUPS)),
    }
}

/// The body of an action: an object, or nothing.
pub(super) fn body(call: &Call) -> Result<Json, Error> {
    if call.body.is_empty() {
        return Ok(json!({}));
    }
    let body = call.json()?;
    if body.is_object() { Ok(body) } else { Err(invalid("", "The body must be a JSON object")) }
}

fn invalid(property: &str, what: &str) -> Error {
    let message = if property.is_empty() { format!("{what}.") } else { format!("'{property}' {what}.") };
    Error::invalid(vec![Violation::new(property, message)])
}

/// A list of texts that a body must give.
pub(super) fn texts(body: &Json, name: &str, most: usize) -> Result<Option<Vec<String>>, Error> {
    let Some(Json::Array(items)) = body.get(name) else {
        return Err(invalid(name, "must be a list of ids"));
    };
    if items.len() > most {
        return Err(invalid(name, &format!("has {} items, {most} are allowed", items.len())));
    }
    let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
    let texts = texts.filter(|texts| {
        texts.iter().all(|text| !text.is_empty() && text.chars().count() <= 128 && !text.contains('\0'))
    });
    texts.map(Some).ok_or_else(|| invalid(name, "must be a list of ids, each a string of 1 to 128 characters"))
}

/// A text that a body must give.
pub(super) fn text(body: &Json, name: &str) -> Result<String, Error> {
    body.get(name).and_then(Json::as_str).map(str::to_owned).ok_or_else(|| invalid(name, "is required, a string"))
}

/// A time that an object may give.
pub(super) fn time(body: &Json, name: &str) -> Result<Option<Timestamp>, Error> {
    match body.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(value) => match value.as_str().and_then(Timestamp::parse) {
            Some(time) => Ok(Some(time)),
            None => Err(invalid(name, "must be a date and time such as 2026-01-31T08:00:00Z")),
        },
    }
}

/// A value as an answer.
pub(super) fn answer(call: &Call, ty: &str, value: &Json) -> Answer {
    let context = format!("{}/$metadata#{ty}", call.root());
    let body = json!({ "@odata.context": context, "value": value });
    Answer::body(JSON, body.to_string().into_bytes()).status(StatusCode::OK)
}

/// A complex value as an answer.
pub(super) fn object(call: &Call, ty: &str, value: Json) -> Answer {
    let mut body = Map::new();
    body.insert("@odata.context".into(), json!(format!("{}/$metadata#microsoft.graph.{ty}", call.root())));
    if let Json::Object(members) = value {
        body.extend(members);
    }
    Answer::body(JSON, Json::Object(body).to_string().into_bytes())
}
