//! OpenAPI 3.1 to 3.0.3, for generators that cannot read 3.1.
//!
//! What 3.0 cannot say is left out or said more loosely: a 3.0 document never refuses what the 3.1 document accepts.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// The members of a schema that hold one schema.
const SCHEMA: [&str; 2] = ["items", "additionalProperties"];
/// The members of a schema that hold a list of schemas.
const SCHEMAS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
/// What stands beside a `$ref` to a component.
const REF: &str = "$ref";

/// Makes an OpenAPI 3.0.3 document of a 3.1 document.
pub fn downgrade(mut document: Value) -> Value {
    document["openapi"] = json!("3.0.3");
    if let Some(root) = document.as_object_mut() {
        root.remove("webhooks");
        root.remove("jsonSchemaDialect");
    }
    license(&mut document);
    let types = component_types(&document);
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.values_mut().for_each(|value| schema(value, &types));
    }
    outside_schemas(&mut document, &types);
    document
}

/// The types of the schemas among the components, by the references to them.
type Types = HashMap<String, Value>;

fn component_types(document: &Value) -> Types {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object).into_iter().flatten();
    let typed = schemas.filter_map(|(name, schema)| {
        Some((format!("#/components/schemas/{name}"), schema.get("type").filter(|t| t.is_string())?.clone()))
    });
    typed.collect()
}

/// A licence's identifier becomes its address.
fn license(document: &mut Value) {
    let Some(license) = document.pointer_mut("/info/license").and_then(Value::as_object_mut) else { return };
    if let Some(Value::String(identifier)) = license.remove("identifier") {
        license.insert("url".into(), json!(format!("https://spdx.org/licenses/{identifier}.html")));
    }
}

/// Finds the schemas of parameters, headers and bodies, and the security requirements.
fn outside_schemas(value: &mut Value, types: &Types) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| outside_schemas(item, types)),
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    // Components' schemas have been seen to; examples are not ours to change.
                    "schemas" | "example" | "examples" => {}
                    "schema" => schema(member, types),
                    "security" => security(member),
                    _ => outside_schemas(member, types),
                }
            }
        }
        _ => {}
    }
}

/// In 3.0 only the schemes `oauth2` and `openIdConnect` have scopes; alternatives that differ by them alone become one.
fn security(requirements: &mut Value) {
    let Some(list) = requirements.as_array_mut() else { return };
    for requirement in list.iter_mut().filter_map(Value::as_object_mut) {
        requirement.values_mut().for_each(|scopes| *scopes = json!([]));
    }
    list.dedup();
}

fn schema(value: &mut Value, components: &Types) {
    let Some(schema) = value.as_object_mut() else {
        // A schema that is just true or false.
        *value = if value == &Value::Bool(false) { json!({ "not": {} }) } else { json!({}) };
        return;
    };
    for name in SCHEMA {
        match schema.get_mut(name) {
            Some(inner) if inner.is_object() || name != "additionalProperties" => self::schema(inner, components),
            _ => {}
        }
    }
    for name in SCHEMAS {
        let inner = schema.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten();
        inner.for_each(|inner| self::schema(inner, components));
    }
    for property in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        self::schema(property, components);
    }
    types(schema);
    literals(schema);
    patterns(schema);
    limits(schema);
    bounds(schema);
    alternatives(schema, components);
    beside_reference(schema);
}

/// A list of types becomes one type and `nullable`. More than one beside null cannot be said.
fn types(schema: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = schema.get("type") else { return };
    let nullable = types.iter().any(|t| t == "null");
    let others: Vec<Value> = types.iter().filter(|t| *t != "null").cloned().collect();
    match others.as_slice() {
        [one] => _ = schema.insert("type".into(), one.clone()),
        _ => _ = schema.shift_remove("type"),
    }
    if nullable && others.len() == 1 {
        schema.insert("nullable".into(), json!(true));
    }
}

/// `const` becomes `enum`, `examples` the first of them. A null that `nullable` allows need not be a member too, and
/// many a generator stumbles over it.
fn literals(schema: &mut Map<String, Value>) {
    if let Some(only) = schema.shift_remove("const") {
        schema.insert("enum".into(), json!([only]));
    }
    if schema.get("nullable") == Some(&json!(true))
        && let Some(Value::Array(members)) = schema.get_mut("enum")
    {
        members.retain(|member| !member.is_null());
    }
    if let Some(Value::Array(examples)) = schema.shift_remove("examples")
        && let Some(first) = examples.into_iter().next()
    {
        schema.insert("example".into(), first);
    }
}

/// Where names were allowed by pattern, all names are.
fn patterns(schema: &mut Map<String, Value>) {
    if schema.shift_remove("patternProperties").is_some() {
        schema.shift_remove("additionalProperties");
    }
    schema.shift_remove("propertyNames");
}

/// Conditions are left out, and so are the limits of texts: what generators of 3.0 make of them (a type of its own for
/// every text with a limit, say) gets in a client's way, and the server checks in any case.
fn limits(schema: &mut Map<String, Value>) {
    for name in ["minLength", "maxLength", "pattern", "not", "if", "then", "else"] {
        schema.shift_remove(name);
    }
}

/// Exclusive bounds become bounds that are marked as exclusive.
fn bounds(schema: &mut Map<String, Value>) {
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if schema.get(exclusive).is_some_and(Value::is_number)
            && let Some(value) = schema.insert(exclusive.into(), json!(true))
        {
            schema.insert(bound.into(), value);
        }
    }
}

/// An alternative of null becomes `nullable`, which needs a type beside it.
fn alternatives(schema: &mut Map<String, Value>, components: &Types) {
    for name in ["anyOf", "oneOf"] {
        let Some(Value::Array(items)) = schema.get_mut(name) else { continue };
        let before = items.len();
        items.retain(|item| item.get("type") != Some(&json!("null")));
        if items.len() == before {
            continue;
        }
        let target = items.first().and_then(|item| item.get(REF)).and_then(Value::as_str);
        let ty = target.and_then(|target| components.get(target)).cloned();
        if items.len() == 1 {
            let one = schema.shift_remove(name).unwrap_or_default();
            schema.insert("allOf".into(), one);
        }
        if let Some(ty) = ty {
            schema.insert("type".into(), ty);
            schema.insert("nullable".into(), json!(true));
        }
    }
}

/// Nothing may stand beside a `$ref`: it moves into an `allOf`.
fn beside_reference(schema: &mut Map<String, Value>) {
    if schema.len() > 1
        && let Some(target) = schema.shift_remove(REF)
    {
        schema.insert("allOf".into(), json!([{ REF: target }]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn downgraded(mut value: Value) -> Value {
        schema(&mut value, &Types::from([("#/x".to_owned(), json!("object"))]));
        value
    }

    #[test]
    fn types_and_null() {
        assert_eq!(
            downgraded(json!({ "type": ["string", "null"], "enum": ["a", null], "examples": ["a", "b"] })),
            json!({ "type": "string", "enum": ["a"], "nullable": true, "example": "a" })
        );
        assert_eq!(downgraded(json!({ "const": 1 })), json!({ "enum": [1] }));
        assert_eq!(downgraded(json!({ "type": ["string", "integer"] })), json!({}));
    }

    #[test]
    fn alternatives_and_references() {
        let reference = json!({ "$ref": "#/x" });
        assert_eq!(
            downgraded(json!({ "anyOf": [reference, { "type": "null" }], "description": "d" })),
            json!({ "description": "d", "allOf": [reference], "type": "object", "nullable": true })
        );
        assert_eq!(
            downgraded(json!({ "$ref": "#/x", "readOnly": true })),
            json!({ "readOnly": true, "allOf": [reference] })
        );
        assert_eq!(downgraded(reference.clone()), reference);
    }

    #[test]
    fn names_by_pattern_and_bounds() {
        assert_eq!(
            downgraded(json!({ "patternProperties": { "@": {} }, "additionalProperties": false, "not": {} })),
            json!({})
        );
        assert_eq!(
            downgraded(json!({ "type": "string", "pattern": "a", "maxLength": 1 })),
            json!({ "type": "string" })
        );
        assert_eq!(downgraded(json!({ "exclusiveMinimum": 3 })), json!({ "exclusiveMinimum": true, "minimum": 3 }));
        let map = json!({ "additionalProperties": { "type": ["string", "null"] } });
        assert_eq!(downgraded(map), json!({ "additionalProperties": { "type": "string", "nullable": true } }));
    }

    #[test]
    fn the_document_around_the_schemas() {
        let document = json!({
            "openapi": "3.1.0",
            "info": { "license": { "name": "A", "identifier": "Apache-2.0" } },
            "paths": { "/": { "get": {
                "security": [{ "bearer": ["a"] }, { "bearer": ["b"] }],
                "parameters": [{ "schema": { "type": ["string", "null"] }, "example": { "type": ["kept", "null"] } }],
            } } },
        });
        let document = downgrade(document);
        assert_eq!(document["openapi"], "3.0.3");
        assert_eq!(
            document["info"]["license"],
            json!({ "name": "A", "url": "https://spdx.org/licenses/Apache-2.0.html" })
        );
        let get = &document["paths"]["/"]["get"];
        assert_eq!(get["security"], json!([{ "bearer": [] }]));
        assert_eq!(get["parameters"][0]["schema"], json!({ "type": "string", "nullable": true }));
        assert_eq!(get["parameters"][0]["example"], json!({ "type": ["kept", "null"] }));
    }
}
