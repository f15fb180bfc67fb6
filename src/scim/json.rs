//! JSON whose names are written in any case.

use serde_json::{Map, Value};

use super::error::{Error, invalid_syntax};

/// The member of this name, whatever its case.
pub(super) fn get<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.get(name).or_else(|| members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}

/// What a value is, for messages.
pub(super) const fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The members of a message, which says that it is one.
pub(super) fn message<'a>(body: &'a Value, urn: &str) -> Result<&'a Map<String, Value>, Error> {
    let Value::Object(members) = body else {
        return Err(invalid_syntax(format!("The body must be a JSON object, not {}.", describe(body))));
    };
    let schemas = get(members, "schemas").and_then(Value::as_array);
    if schemas.is_some_and(|s| s.iter().any(|s| s.as_str().is_some_and(|s| s.eq_ignore_ascii_case(urn)))) {
        return Ok(members);
    }
    Err(invalid_syntax(format!("'schemas' must be an array that contains '{urn}'.")))
}

/// The beginning of what a client wrote, for messages.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
