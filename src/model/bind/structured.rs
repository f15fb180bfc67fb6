//! Values with members, and lists, in bodies: checked against their types, and stored as answers show them.

use serde_json::{Map, Value as Json};

use super::{INT32, check_text, describe, int32, whole};
use crate::model::{
    meta::{Complex, ComplexMember, MemberType, Structured, Type},
    value::Timestamp,
};

/// How many items a list in a body may have.
pub const MAX_ITEMS: usize = 1000;
/// How many characters a text inside may have.
pub const MAX_TEXT: usize = 8192;

/// A list of texts, as it is stored.
pub(super) fn strings(name: &str, items: &[Json], max_length: usize) -> Result<String, String> {
    check_count(name, items)?;
    for item in items {
        let Some(text) = item.as_str() else {
            return Err(format!("'{name}' must be a list of strings, and holds {}.", describe(item)));
        };
        check_text(text, 1, max_length.min(MAX_TEXT)).map_err(|e| format!("A text in '{name}' {e}"))?;
    }
    Ok(Json::from(items.to_vec()).to_string())
}

/// A value with members, or a list of them, as it is stored: every member in its place.
pub(super) fn value(name: &str, of: &Structured, value: &Json) -> Result<String, String> {
    let ty = MemberType::Complex(of.complex);
    if !of.collection {
        return normal(name, ty, value).map(|json| json.to_string());
    }
    let Json::Array(items) = value else {
        return Err(format!("'{name}' must be a list, not {}.", describe(value)));
    };
    list(name, ty, items).map(|json| json.to_string())
}

fn list(name: &str, ty: MemberType, items: &[Json]) -> Result<Json, String> {
    check_count(name, items)?;
    items.iter().map(|item| normal(name, ty, item)).collect::<Result<Vec<_>, _>>().map(Json::from)
}

fn check_count(name: &str, items: &[Json]) -> Result<(), String> {
    if items.len() > MAX_ITEMS {
        return Err(format!("'{name}' has {} items, {MAX_ITEMS} are allowed.", items.len()));
    }
    Ok(())
}

/// A value as its type has it. `name` is the way to it.
fn normal(name: &str, ty: MemberType, value: &Json) -> Result<Json, String> {
    match ty {
        MemberType::Scalar(ty) => scalar(name, ty, value),
        MemberType::Complex(of) => match value {
            Json::Object(members) => complex(name, of, members),
            other => Err(format!("'{name}' must be an object, not {}.", describe(other))),
        },
    }
}

fn complex(name: &str, of: &Complex, said: &Map<String, Json>) -> Result<Json, String> {
    let known = |said: &str| said.contains('@') || of.members.iter().any(|m| m.name == said);
    if let Some(unknown) = said.keys().find(|said| !known(said)) {
        let members: Vec<_> = of.members.iter().map(|m| m.name).collect();
        return Err(format!("'{name}/{unknown}' is not known; '{name}' has {}.", members.join(", ")));
    }
    let mut normal = Map::new();
    for member in of.members {
        let value = member_value(&format!("{name}/{}", member.name), member, said.get(member.name))?;
        normal.insert(member.name.to_owned(), value);
    }
    Ok(Json::Object(normal))
}

fn member_value(name: &str, member: &ComplexMember, said: Option<&Json>) -> Result<Json, String> {
    match (said.filter(|said| !said.is_null()), member.collection) {
        (None, _) if member.required => Err(format!("'{name}' is required.")),
        (None, true) => Ok(Json::Array(Vec::new())),
        (None, false) => Ok(Json::Null),
        (Some(Json::Array(items)), true) => list(name, member.ty, items),
        (Some(other), true) => Err(format!("'{name}' must be a list, not {}.", describe(other))),
        (Some(value), false) => normal(name, member.ty, value),
    }
}

fn scalar(name: &str, ty: Type, value: &Json) -> Result<Json, String> {
    let right = match ty {
        Type::Boolean if value.is_boolean() => return Ok(value.clone()),
        Type::Boolean => "true or false",
        Type::Int32 => match int32(value) {
            Some(n) => return Ok(n.into()),
            None => INT32,
        },
        Type::Int64 => match whole(value) {
            Some(n) => return Ok(n.into()),
            None => "a whole number of 64 bits",
        },
        Type::DateTimeOffset => match value.as_str().and_then(Timestamp::parse) {
            Some(time) => return Ok(time.to_string().into()),
            None => "a date and time such as 2026-01-31T08:00:00Z",
        },
        _ => match value.as_str() {
            Some(text) => {
                check_text(text, 0, MAX_TEXT).map_err(|e| format!("'{name}' {e}"))?;
                return Ok(value.clone());
            }
            None => "a string",
        },
    };
    Err(format!("'{name}' must be {right}, not {}.", describe(value)))
}
