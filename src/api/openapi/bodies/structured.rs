//! Values with members, and lists, as bodies may have them: what `model::bind::structured` accepts.

use serde_json::{Map, Value, json};

use super::{limit_number, text_pattern};
use crate::{
    api::openapi::schemas::{format, reference_to, types},
    model::{
        bind::{MAX_ITEMS, MAX_TEXT},
        meta::{Complex, ComplexMember, Face, MemberType, Structured, Type, Write},
    },
};

/// The name of the schema of a complex type in bodies. What answers show may have any member that there is; a body may
/// have these and no others.
pub(in crate::api::openapi) fn input_name(complex: &Complex) -> String {
    format!("{}Input", complex.name)
}

/// The complex types that bodies of a face may have, also inside of others.
pub(in crate::api::openapi) fn taken(face: &'static Face) -> Vec<&'static Complex> {
    let written = face.properties.iter().filter(|p| p.write != Write::Never);
    let mut found: Vec<&'static Complex> = Vec::new();
    let mut open: Vec<&'static Complex> = written
        .filter_map(|p| match p.ty {
            Type::Structured(of) => Some(of.complex),
            _ => None,
        })
        .collect();
    while let Some(complex) = open.pop() {
        if !found.iter().any(|known| std::ptr::eq(*known, complex)) {
            found.push(complex);
            open.extend(complex.members.iter().filter_map(|member| match member.ty {
                MemberType::Complex(of) => Some(of),
                MemberType::Scalar(_) => None,
            }));
        }
    }
    found
}

/// The schema of a complex type in bodies.
pub(in crate::api::openapi) fn input(complex: &Complex) -> Value {
    let required: Vec<&str> = complex.members.iter().filter(|m| m.required).map(|m| m.name).collect();
    let properties: Map<String, Value> =
        complex.members.iter().map(|member| (member.name.to_owned(), member_schema(member))).collect();
    let mut schema = json!({
        "type": "object",
        "description": complex.description,
        "properties": properties,
        "patternProperties": { "@": {} },
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn member_schema(member: &ComplexMember) -> Value {
    let nullable = !member.required;
    let item = |nullable: bool| match member.ty {
        MemberType::Complex(of) if nullable => json!({ "anyOf": [reference_to(&input_name(of)), { "type": "null" }] }),
        MemberType::Complex(of) => reference_to(&input_name(of)),
        MemberType::Scalar(ty) => scalar(ty, nullable),
    };
    let mut schema = if member.collection { list(&item(false), nullable) } else { item(nullable) };
    schema["description"] = json!(member.description);
    schema
}

fn scalar(ty: Type, nullable: bool) -> Value {
    let mut schema = Map::from_iter([("type".to_owned(), types(ty, nullable))]);
    match format(ty) {
        Some(format) => {
            schema.insert("format".into(), json!(format));
            limit_number(ty, &mut schema);
        }
        None if matches!(ty, Type::String) => {
            schema.insert("maxLength".into(), json!(MAX_TEXT));
            schema.insert("pattern".into(), json!(text_pattern(0)));
        }
        None => {}
    }
    Value::Object(schema)
}

fn list(item: &Value, nullable: bool) -> Value {
    let ty = if nullable { json!(["array", "null"]) } else { json!("array") };
    json!({ "type": ty, "maxItems": MAX_ITEMS, "items": item })
}

/// A list of texts, each with at most so many characters.
pub(super) fn strings(max_length: usize, nullable: bool) -> Value {
    let item = json!({
        "type": "string", "minLength": 1, "maxLength": max_length.min(MAX_TEXT), "pattern": text_pattern(1),
    });
    list(&item, nullable)
}

/// The value of a property, or a list of such values.
pub(super) fn value(of: &Structured, nullable: bool) -> Value {
    let named = reference_to(&input_name(of.complex));
    match (of.collection, nullable) {
        (true, _) => list(&named, nullable),
        (false, true) => json!({ "anyOf": [named, { "type": "null" }] }),
        (false, false) => json!({ "anyOf": [named] }),
    }
}
