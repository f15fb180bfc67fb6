//! Actions and functions: what they take and what they give, and how membership is asked for.

use http::StatusCode;
use serde_json::{Map, Value as Json, json};

use crate::{
    api::{
        declared::{Declared, operations},
        error::Error,
        handler::{Called, Failure},
        operations::Call,
        respond::{Answer, JSON},
        signatures::{MOST_GROUPS, MOST_OBJECTS},
    },
    app::{Error as AppError, directory::MAX_GROUPS},
    model::{bind::Violation, value::Timestamp},
    odata::path::Resource,
};

/// The operations, and what each takes.
pub(super) fn operations() -> Vec<Declared> {
    operations![
        ReadDirectory:
            check_member_groups_of_directory_object, check_member_objects_of_directory_object,
            get_member_groups_of_directory_object, get_member_objects_of_directory_object;
    ]
}

/// Check which of some groups an object is in
///
/// Gives the ids of those that it is in, also by being in a group that is.
#[utoipa::path(post, path = "/directoryObjects/{directoryObject-id}/checkMemberGroups")]
async fn check_member_groups_of_directory_object(call: Call) -> Result<Called, Failure> {
    member_groups(call).await
}

/// Check which of some objects an object is in
///
/// Gives the ids of those that it is in, also by being in a group that is.
#[utoipa::path(post, path = "/directoryObjects/{directoryObject-id}/checkMemberObjects")]
async fn check_member_objects_of_directory_object(call: Call) -> Result<Called, Failure> {
    member_groups(call).await
}

/// Get the groups that an object is in
///
/// Gives the ids of those that it is in, also by being in a group that is.
#[utoipa::path(post, path = "/directoryObjects/{directoryObject-id}/getMemberGroups")]
async fn get_member_groups_of_directory_object(call: Call) -> Result<Called, Failure> {
    member_groups(call).await
}

/// Get the objects that an object is in
///
/// Gives the ids of those that it is in, also by being in a group that is.
#[utoipa::path(post, path = "/directoryObjects/{directoryObject-id}/getMemberObjects")]
async fn get_member_objects_of_directory_object(call: Call) -> Result<Called, Failure> {
    member_groups(call).await
}

/// The answer to a question about membership, which the path names.
pub(super) async fn member_groups(call: Call) -> Result<Called, Failure> {
    let asked = body(&call)?;
    let Resource::Action(rows, name) = &call.path.resource else { return Err(AppError::NoSuchPath.into()) };
    let among = match *name {
        "checkMemberGroups" => texts(&asked, "groupIds", MOST_GROUPS)?,
        "checkMemberObjects" => texts(&asked, "ids", MOST_OBJECTS)?,
        _ => None,
    };
    let security = match asked.get("securityEnabledOnly") {
        None | Some(Json::Null) => false,
        Some(Json::Bool(only)) => *only,
        Some(_) => return Err(invalid("securityEnabledOnly", "must be true or false").into()),
    };
    let entity = rows.face().entity;
    let found = call.api.app.member_groups(call.caller(), (entity, call.named()?), among, security).await?;
    match found {
        Some(ids) => Ok(Called(answer(&call, "Collection(Edm.String)", &json!(ids)))),
        None => Err(Error::too_many(MAX_GROUPS).into()),
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
