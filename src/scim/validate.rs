//! Bodies to resources: names in canonical spelling, values of the right type, nothing that a client may not say.
//!
//! What is read-only is not looked at, so that a client may send back what it was given; what is unknown is refused, so
//! that a misspelt attribute is not lost in silence. `null` and the empty list are the same as nothing.

use std::{borrow::Cow, collections::HashSet};

use serde_json::{Map, Value};

use super::{
    error::{Error, invalid_syntax, invalid_value},
    json::{describe, get, shown},
    path::AttrPath,
    schema::{Attribute, Mutability, Place, ResourceType, Schema, Type},
};

/// How many values an attribute may have, but for the members of a group.
pub const MAX_VALUES: usize = 200;

/// Makes the body of a POST or PUT a resource.
pub fn validate(kind: &'static ResourceType, body: &Value) -> Result<Value, Error> {
    let Value::Object(members) = body else {
        return Err(invalid_syntax(format!("The body must be a JSON object, not {}.", describe(body))));
    };
    let mut extensions = declared(kind, members)?;
    let mut resource = Map::new();
    resource.insert("schemas".to_owned(), Value::Null);
    for (name, value) in members {
        if name.eq_ignore_ascii_case("schemas") {
            continue;
        }
        if let Some(extension) = kind.extension(name) {
            if value.is_null() {
                continue;
            }
            let Value::Object(inner) = value else {
                return Err(invalid_value(format!("'{}' must be an object, not {}.", extension.id, describe(value))));
            };
            put(&mut resource, extension.id, object(extension, inner)?)?;
            extensions.push(extension);
            continue;
        }
        let place = AttrPath::parse(name).ok().and_then(|path| kind.resolve(&path));
        let Some(Place::Attribute { extension: None, attribute, sub: None }) = place else {
            return Err(unknown(kind, name));
        };
        if attribute.mutability != Mutability::ReadOnly
            && let Some(value) = values(attribute, value, attribute.name)?
        {
            put(&mut resource, attribute.name, value)?;
        }
    }
    require(kind.schema.attributes, &resource, "")?;
    let used = kind.extensions.iter().filter(|e| extensions.contains(e) && has_members(resource.get(e.id)));
    let schemas: Vec<_> = [kind.schema.id].into_iter().chain(used.map(|e| e.id)).collect();
    for extension in kind.extensions {
        if !schemas.contains(&extension.id) {
            resource.shift_remove(extension.id);
        }
    }
    resource.insert("schemas".to_owned(), schemas.into());
    Ok(Value::Object(resource))
}

fn has_members(value: Option<&Value>) -> bool {
    value.and_then(Value::as_object).is_some_and(|members| !members.is_empty())
}

/// The extensions that `schemas` names; it must name the core schema and nothing unknown.
fn declared(kind: &ResourceType, members: &Map<String, Value>) -> Result<Vec<&'static Schema>, Error> {
    let core = kind.schema.id;
    let Some(Value::Array(urns)) = get(members, "schemas") else {
        return Err(invalid_syntax(format!("'schemas' must be an array that contains '{core}'.")));
    };
    let mut extensions = Vec::new();
    let mut has_core = false;
    for urn in urns {
        let urn = urn.as_str().ok_or_else(|| invalid_syntax("'schemas' must be an array of URNs."))?;
        match kind.extension(urn) {
            Some(extension) => extensions.push(extension),
            None if urn.eq_ignore_ascii_case(core) => has_core = true,
            None => {
                let known: Vec<_> = [core].into_iter().chain(kind.extensions.iter().map(|e| e.id)).collect();
                let (urn, known) = (shown(urn), known.join("', '"));
                return Err(invalid_syntax(format!(
                    "'schemas' contains '{urn}', which is unknown here; known: '{known}'."
                )));
            }
        }
    }
    if has_core { Ok(extensions) } else { Err(invalid_syntax(format!("'schemas' must contain '{core}'."))) }
}

fn unknown(kind: &ResourceType, name: &str) -> Error {
    let path = AttrPath { urn: None, name: shown(name), sub: None };
    invalid_syntax(kind.unknown(&path))
}

fn object(schema: &Schema, members: &Map<String, Value>) -> Result<Value, Error> {
    let mut object = Map::new();
    // Some clients say of an extension, too, what it is.
    for (name, value) in members.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("schemas")) {
        let Some(attribute) = schema.attribute(name) else {
            return Err(invalid_syntax(format!("'{}' is not an attribute of '{}'.", shown(name), schema.id)));
        };
        if attribute.mutability != Mutability::ReadOnly
            && let Some(value) = values(attribute, value, &format!("{}:{}", schema.id, attribute.name))?
        {
            put(&mut object, attribute.name, value)?;
        }
    }
    require(schema.attributes, &object, &format!("{}:", schema.id))?;
    Ok(Value::Object(object))
}

fn put(object: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), Error> {
    match object.insert(name.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(invalid_syntax(format!("'{name}' is given more than once."))),
    }
}

pub(super) fn require(attributes: &[Attribute], object: &Map<String, Value>, prefix: &str) -> Result<(), Error> {
    match attributes.iter().find(|a| a.required && !object.contains_key(a.name)) {
        Some(missing) => Err(invalid_value(format!("'{prefix}{}' is required.", missing.name))),
        None => Ok(()),
    }
}

/// What an attribute is given, all of it, in canonical form; nothing if it is unassigned.
pub(super) fn values(attribute: &'static Attribute, given: &Value, at: &str) -> Result<Option<Value>, Error> {
    if !attribute.multi_valued {
        return single(attribute, given, at);
    }
    let given = match given {
        Value::Null => return Ok(None),
        Value::Array(given) => given,
        other => return Err(invalid_value(format!("'{at}' must be an array, not {}.", describe(other)))),
    };
    let values = elements(attribute, given, at)?;
    Ok(if values.is_empty() { None } else { Some(Value::Array(values)) })
}

/// The values of a multi-valued attribute, each once, at most one of them primary.
pub(super) fn elements(attribute: &'static Attribute, given: &[Value], at: &str) -> Result<Vec<Value>, Error> {
    limit(attribute, given.len(), at)?;
    let mut values = Vec::with_capacity(given.len());
    let mut seen = HashSet::with_capacity(given.len());
    for value in given {
        if let Some(value) = single(attribute, value, at)?
            && seen.insert(key(attribute, &value))
        {
            values.push(value);
        }
    }
    if values.iter().filter(|value| is_primary(value)).count() > 1 {
        return Err(invalid_value(format!("'{at}' has more than one primary value; there must be one at most.")));
    }
    Ok(values)
}

/// Refuses more values than an attribute may have.
pub(super) fn limit(attribute: &Attribute, count: usize, at: &str) -> Result<(), Error> {
    // Only the members of a group are what is asked for one by one and may be any number.
    if count > MAX_VALUES && attribute.name != "members" {
        return Err(invalid_value(format!("'{at}' has {count} values; there may be {MAX_VALUES} at most.")));
    }
    Ok(())
}

pub(super) fn is_primary(value: &Value) -> bool {
    value.get("primary") == Some(&Value::Bool(true))
}

/// What makes two values of an attribute the same: `value` and `type`, for members `value` alone, else everything.
pub(super) fn key(attribute: &Attribute, value: &Value) -> String {
    let part = |name: &str| {
        let text = value.get(name).and_then(Value::as_str).unwrap_or_default();
        let exact = attribute.sub_attribute(name).is_some_and(|sub| sub.case_exact);
        if exact { text.to_owned() } else { text.to_lowercase() }
    };
    match (attribute.sub_attribute("value"), value.get("value")) {
        (Some(sub), Some(_)) if sub.required => part("value"),
        (Some(_), Some(_)) => {
            let ty = part("type");
            format!("{} {ty}{}", ty.len(), part("value"))
        }
        _ => value.to_string(),
    }
}

/// A value that a client may write shorter: the `value` of a complex one for itself, and one that stands alone in a list.
///
/// Entra ID writes managers so.
pub(super) fn unfold<'v>(attribute: &Attribute, given: &'v Value) -> Cow<'v, Value> {
    match given {
        Value::Array(values) if !attribute.multi_valued && attribute.ty == Type::Complex => match values.as_slice() {
            [one] => unfold(attribute, one),
            _ => Cow::Borrowed(given),
        },
        Value::String(_) if attribute.ty == Type::Complex && attribute.sub_attribute("value").is_some() => {
            Cow::Owned(serde_json::json!({ "value": given }))
        }
        _ => Cow::Borrowed(given),
    }
}

/// One value in canonical form; nothing if it is unassigned.
pub(super) fn single(attribute: &'static Attribute, given: &Value, at: &str) -> Result<Option<Value>, Error> {
    let wrong = |wanted: &str| Err(invalid_value(format!("'{at}' must be {wanted}, not {}.", describe(given))));
    match (attribute.ty, given) {
        (_, Value::Null) => Ok(None),
        (Type::String | Type::DateTime | Type::Reference, Value::String(text)) => {
            if attribute.required && text.trim().is_empty() {
                return Err(invalid_value(format!("'{at}' is required and must not be empty.")));
            }
            // Databases do not keep it in texts.
            if text.contains('\0') {
                return Err(invalid_value(format!("'{at}' must not contain the character U+0000.")));
            }
            Ok(Some(given.clone()))
        }
        (Type::String | Type::DateTime | Type::Reference, _) => wrong("a string"),
        (Type::Boolean, Value::Bool(_)) => Ok(Some(given.clone())),
        // Entra ID writes booleans so.
        (Type::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true.into())),
        (Type::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false.into())),
        (Type::Boolean, _) => wrong("true or false"),
        (Type::Complex, _) => match unfold(attribute, given).as_ref() {
            Value::Object(members) => complex(attribute, members, at),
            _ => wrong("an object"),
        },
    }
}

fn complex(attribute: &'static Attribute, members: &Map<String, Value>, at: &str) -> Result<Option<Value>, Error> {
    let mut object = Map::new();
    for (name, value) in members {
        let sub = sub_attribute(attribute, name, at)?;
        if sub.mutability != Mutability::ReadOnly
            && let Some(value) = single(sub, value, &format!("{at}.{}", sub.name))?
        {
            put(&mut object, sub.name, value)?;
        }
    }
    require(attribute.sub_attributes, &object, &format!("{at}."))?;
    Ok(if object.is_empty() { None } else { Some(Value::Object(object)) })
}

/// The sub-attribute of this name, or that there is none.
pub(super) fn sub_attribute(attribute: &'static Attribute, name: &str, at: &str) -> Result<&'static Attribute, Error> {
    attribute.sub_attribute(name).ok_or_else(|| {
        let known: Vec<_> = attribute.sub_attributes.iter().map(|sub| sub.name).collect();
        let (name, known) = (shown(name), known.join("', '"));
        invalid_syntax(format!("'{name}' is not a sub-attribute of '{at}', which has '{known}'."))
    })
}

#[cfg(test)]
mod tests;
