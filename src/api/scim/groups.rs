//! Groups as resources, and resources as groups.

use serde_json::{Map, Value as Json, json};

use super::{Call, Failure, face};
use crate::{
    app::{self, directory::Members},
    model::{
        GROUP, Group, GroupInput,
        bind::{self, Purpose, Violation},
    },
    scim::{
        patch::MembersDelta,
        schema::{GROUP as SCHEMA, GROUPS, USERS},
    },
};

/// The most characters of what clients call groups.
const LONGEST_ID: usize = 256;
/// The most characters of the beginning of an address.
const LONGEST_NICKNAME: usize = 64;

/// A group as a resource, but for `meta` and members.
pub(super) fn resource(group: &Group) -> Json {
    let mut resource = Map::new();
    resource.insert("schemas".to_owned(), json!([SCHEMA.id]));
    resource.insert("id".to_owned(), group.id.as_str().into());
    if let Some(id) = &group.external_id {
        resource.insert("externalId".to_owned(), id.as_str().into());
    }
    resource.insert("displayName".to_owned(), group.display_name.as_str().into());
    resource.into()
}

/// A member of a group; none where it is neither a user nor a group.
pub(super) fn member(call: &Call, id: &str, ty: &str, name: Option<&Json>) -> Option<Json> {
    let kind = match ty.rsplit('.').next() {
        Some("user") => &USERS,
        Some("group") => &GROUPS,
        _ => return None,
    };
    let mut member = json!({ "value": id, "$ref": call.location(kind, id), "type": kind.name });
    if let Some(name) = name {
        member["display"] = name.clone();
    }
    Some(member)
}

/// What a resource says of a group.
pub(super) fn input(resource: &Json, purpose: Purpose) -> Result<GroupInput, Failure> {
    let name = resource.get("displayName").and_then(Json::as_str).unwrap_or_default();
    let mut body = json!({ "displayName": name });
    if purpose == Purpose::Create {
        // A security group: what no mail goes to.
        (body["mailEnabled"], body["securityEnabled"]) = (false.into(), true.into());
        body["mailNickname"] = nickname(name).into();
    }
    let bound = bind::bind::<GroupInput>(face(&GROUP), &body, purpose, &|_| Err(String::new()));
    let mut input = bound.map_err(app::Error::Invalid)?.input;
    let external_id = resource.get("externalId").and_then(Json::as_str);
    if external_id.is_some_and(|id| id.chars().count() > LONGEST_ID) {
        let message = format!("'externalId' must have at most {LONGEST_ID} characters.");
        return Err(app::Error::Invalid(vec![Violation::new("externalId", message)]).into());
    }
    input.external_id = Some(external_id.map(str::to_owned));
    Ok(input)
}

/// The beginning of an address that a group would have, which Graph's callers are used to see.
fn nickname(name: &str) -> String {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).take(LONGEST_NICKNAME).collect();
    if plain.is_empty() { "group".to_owned() } else { plain.to_ascii_lowercase() }
}

/// The ids of the members that a resource names.
pub(super) fn members(resource: &Json) -> Vec<String> {
    let members = resource.get("members").and_then(Json::as_array).into_iter().flatten();
    members.filter_map(|member| member.get("value")?.as_str().map(str::to_owned)).collect()
}

/// What a patch does to the members.
pub(super) fn delta(delta: Option<MembersDelta>) -> Members {
    let MembersDelta { add, remove, replace_all } = delta.unwrap_or_default();
    Members { add, remove, replace: replace_all }
}
