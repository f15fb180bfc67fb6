//! The schemas of what the API answers: entities and collections of them.
//!
//! They are written as JSON Schema directly: utoipa's schema types have no `patternProperties` and no `not`, and would
//! sort properties by name where the metadata has an order worth keeping.
//!
//! Invariant: the schemas are complete. An answer with a property that they do not name is a bug, and the contract tests
//! find it. Nothing in an entity is required, because `$select` can leave out anything.

use serde_json::{Map, Value, json};
use utoipa::openapi::{
    ObjectBuilder, RefOr,
    extensions::Extensions,
    schema::{Schema, SchemaType},
};

use super::{bodies, protocol};
use crate::api::{operations::Signature, signatures::SIGNATURES};
use crate::model::{
    ENTITY_TYPES,
    meta::{Complex, ComplexMember, Enum, Face, MemberType, Navigation, Property, Type, Version, Write},
};

/// The namespace of all schema names.
pub(super) const NAMESPACE: &str = "microsoft.graph";

/// All schemas of a version, by name.
pub(super) fn all(version: Version) -> Map<String, Value> {
    let mut schemas = Map::new();
    for face in ENTITY_TYPES.iter().map(|entity| entity.face(version)) {
        schemas.insert(name(face.name), entity(face));
        schemas.insert(name(&format!("{}CollectionResponse", face.name)), collection(face));
        if face.properties.iter().any(|p| p.write != Write::Never) {
            schemas.insert(name(&format!("{}Create", face.name)), bodies::create(face));
        }
        if face.properties.iter().any(|p| p.write == Write::Always) {
            schemas.insert(name(&format!("{}Update", face.name)), bodies::update(face));
        }
        for navigation in face.navigations.iter().filter(|n| !n.is_collection()) {
            schemas.insert(name(&reference_name(navigation)), bodies::reference(navigation, version));
        }
        for (enumeration, property) in named_enums(face) {
            schemas.insert(name(enumeration), enumeration_schema(property));
        }
        for complex in bodies::taken(face) {
            schemas.insert(name(&bodies::input_name(complex)), bodies::input(complex));
        }
    }
    for complex in shown_complex_types(version) {
        schemas.insert(name(complex.name), complex_schema(complex));
    }
    for signature in SIGNATURES {
        if let Some(takes) = signature.takes {
            schemas.insert(name(&request_name(signature)), takes());
        }
        if let Some(gives) = signature.gives {
            schemas.insert(name(&answer_name(signature)), gives());
        }
    }
    protocol::schemas(version, &mut schemas);
    schemas.sort_keys();
    schemas
}

/// The name of the schema of an action's body.
pub(super) fn request_name(signature: &Signature) -> String {
    format!("{}Request", signature.name)
}

/// The name of the schema of an action's answer.
pub(super) fn answer_name(signature: &Signature) -> String {
    format!("{}Response", signature.name)
}

/// A schema's full name.
pub(super) fn name(of: &str) -> String {
    format!("{NAMESPACE}.{of}")
}

/// A reference to a schema.
pub(super) fn reference_to(of: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{NAMESPACE}.{of}") })
}

/// The name of the schema by which a body names the target of a navigation property.
pub(super) fn reference_name(navigation: &Navigation) -> String {
    format!("{}Reference", navigation.name)
}

/// The name of the schema of a body that links to a target of a navigation property.
pub(super) fn reference_create_name(navigation: &Navigation) -> String {
    format!("{}ReferenceCreate", navigation.name)
}

/// A schema whose keywords utoipa's types do not have: it writes them as they are.
pub(super) fn raw(schema: Value) -> RefOr<Schema> {
    let keywords = if let Value::Object(keywords) = schema { keywords } else { Map::new() };
    ObjectBuilder::new()
        .schema_type(SchemaType::AnyValue)
        .extensions(Some(Extensions::from_iter(keywords)))
        .build()
        .into()
}

/// An entity, as responses show it.
fn entity(face: &'static Face) -> Value {
    let mut properties = Map::new();
    properties.insert("@odata.context".into(), context());
    properties.insert("@odata.type".into(), declared_type(face));
    for property in face.shown() {
        properties.insert(property.name.into(), shown_property(property, face.shows_null(property)));
    }
    // What is of one of several types has the properties of the one that it names.
    for (face, property) in face.derived().flat_map(|face| face.shown().map(move |property| (face, property))) {
        properties.entry(property.name).or_insert_with(|| shown_property(property, face.shows_null(property)));
    }
    for navigation in face.navigations {
        expanded(face, navigation, &mut properties);
    }
    json!({ "type": "object", "description": face.description, "properties": properties })
}

fn collection(face: &Face) -> Value {
    json!({
        "type": "object",
        "description": "A page of a collection. As long as it has an `@odata.nextLink`, there is more.",
        "required": ["value"],
        "properties": {
            "@odata.context": context(),
            "@odata.count": count("How many there are in all pages together; there with `$count=true`."),
            "@odata.nextLink": next_link("The URL of the next page; not there on the last one."),
            "value": { "type": "array", "description": "What the page holds.", "items": reference_to(face.name) },
        },
    })
}

fn shown_property(property: &Property, nullable: bool) -> Value {
    let mut schema = Map::new();
    if matches!(property.ty, Type::Strings) {
        schema.insert("type".into(), types(property.ty, nullable));
        schema.insert("items".into(), json!({ "type": "string" }));
        schema.insert("description".into(), json!(property.description));
    } else if let Type::Structured(of) = property.ty {
        let named = reference_to(of.complex.name);
        if of.collection {
            schema.insert("type".into(), types(property.ty, nullable));
            schema.insert("items".into(), named);
        } else if nullable {
            schema.insert("anyOf".into(), json!([named, { "type": "null" }]));
        } else {
            schema.insert("$ref".into(), json!(format!("#/components/schemas/{NAMESPACE}.{}", of.complex.name)));
        }
        schema.insert("description".into(), json!(property.description));
    } else if let Type::Enum(Enum { name: Some(name), .. }) = property.ty {
        schema.insert("$ref".into(), json!(format!("#/components/schemas/{NAMESPACE}.{name}")));
        schema.insert("description".into(), json!(property.description));
    } else {
        schema.insert("type".into(), types(property.ty, nullable));
        if let Some(format) = format(property.ty) {
            schema.insert("format".into(), json!(format));
        }
        schema.insert("description".into(), json!(property.description));
        if let Type::Enum(enumeration) = property.ty {
            schema.insert("enum".into(), members(enumeration, nullable));
        }
        if property.max_length != usize::MAX && matches!(property.ty, Type::String) {
            schema.insert("maxLength".into(), json!(property.max_length));
        }
    }
    if property.write == Write::Never {
        schema.insert("readOnly".into(), json!(true));
    }
    if let Some(example) = example(property) {
        schema.insert("examples".into(), json!([example]));
    }
    Value::Object(schema)
}

/// A navigation property and its annotations, there when `$expand` asks for it.
fn expanded(face: &Face, navigation: &Navigation, properties: &mut Map<String, Value>) {
    let target = navigation.target.face(face.version).name;
    let description = format!("{} There only with `$expand`.", navigation.description);
    let schema = if navigation.is_collection() {
        json!({ "type": "array", "description": description, "items": reference_to(target) })
    } else if navigation.required {
        json!({ "$ref": format!("#/components/schemas/{NAMESPACE}.{target}"), "description": description })
    } else {
        json!({ "anyOf": [reference_to(target), { "type": "null" }], "description": description })
    };
    let name = navigation.name;
    properties.insert(name.into(), schema);
    properties.insert(format!("{name}@odata.context"), context());
    if navigation.is_collection() {
        let about = format!("How many `{name}` there are; there with `$expand={name}($count=true)`.");
        properties.insert(format!("{name}@odata.count"), count(&about));
        let about = format!("The URL of more `{name}`; not there when all of them are in `{name}`.");
        properties.insert(format!("{name}@odata.nextLink"), next_link(&about));
    }
}

/// The `type` keyword.
pub(super) fn types(ty: Type, nullable: bool) -> Value {
    let name = match ty {
        Type::String | Type::Enum(_) | Type::DateTimeOffset => "string",
        Type::Boolean => "boolean",
        Type::Int32 | Type::Int64 => "integer",
        Type::Strings => "array",
        Type::Structured(of) => {
            if of.collection {
                "array"
            } else {
                "object"
            }
        }
    };
    if nullable { json!([name, "null"]) } else { json!(name) }
}

/// The `format` keyword.
pub(super) const fn format(ty: Type) -> Option<&'static str> {
    match ty {
        Type::DateTimeOffset => Some("date-time"),
        Type::Int32 => Some("int32"),
        Type::Int64 => Some("int64"),
        Type::String | Type::Boolean | Type::Enum(_) | Type::Structured(_) | Type::Strings => None,
    }
}

/// The `enum` keyword. `unknownFutureValue` is left out: it is neither sent nor taken.
pub(super) fn members(enumeration: &Enum, nullable: bool) -> Value {
    let wires = enumeration.members.iter().map(|m| m.wire).filter(|w| *w != "unknownFutureValue");
    wires.map(|w| json!(w)).chain(nullable.then_some(Value::Null)).collect()
}

/// The example of a property, in its own type.
pub(super) fn example(property: &Property) -> Option<Value> {
    serde_json::from_str(property.example?).ok()
}

fn named_enums(face: &'static Face) -> impl Iterator<Item = (&'static str, &'static Enum)> {
    face.properties.iter().filter_map(|property| match property.ty {
        Type::Enum(enumeration) => enumeration.name.map(|name| (name, enumeration)),
        _ => None,
    })
}

/// The complex types that responses of a version reach. One that is only taken in bodies, such as a password, has no
/// schema of what is shown.
fn shown_complex_types(version: Version) -> Vec<&'static Complex> {
    let shown = ENTITY_TYPES.iter().flat_map(|entity| entity.face(version).shown());
    let mut reached: Vec<&Complex> = Vec::new();
    let mut ahead: Vec<&Complex> = shown.filter_map(|property| structured(property.ty)).collect();
    while let Some(complex) = ahead.pop() {
        if reached.iter().all(|known| known.name != complex.name) {
            reached.push(complex);
            ahead.extend(complex.members.iter().filter_map(|member| match member.ty {
                MemberType::Complex(of) => Some(of),
                MemberType::Scalar(_) => None,
            }));
        }
    }
    reached
}

const fn structured(ty: Type) -> Option<&'static Complex> {
    if let Type::Structured(of) = ty { Some(of.complex) } else { None }
}

fn complex_schema(complex: &Complex) -> Value {
    let property = |member: &ComplexMember| {
        let item = match member.ty {
            MemberType::Complex(of) if member.collection => reference_to(of.name),
            MemberType::Complex(of) => json!({ "anyOf": [reference_to(of.name), { "type": "null" }] }),
            MemberType::Scalar(ty) => {
                let mut schema = Map::from_iter([("type".to_owned(), types(ty, !member.collection))]);
                schema.extend(format(ty).map(|format| ("format".to_owned(), json!(format))));
                Value::Object(schema)
            }
        };
        let mut schema = if member.collection { json!({ "type": "array", "items": item }) } else { item };
        schema["description"] = json!(member.description);
        (member.name.to_owned(), schema)
    };
    let properties: Map<String, Value> = complex.members.iter().map(property).collect();
    json!({ "type": "object", "description": complex.description, "properties": properties })
}

fn enumeration_schema(enumeration: &Enum) -> Value {
    json!({
        "type": "string",
        "description": "Responses spell the members so; bodies and filters may use any letter case.",
        "enum": members(enumeration, false),
    })
}

/// `@odata.type`, as a response has it.
fn declared_type(face: &Face) -> Value {
    json!({
        "type": "string",
        "description": "The type. There in the answer to a body that declared it.",
        "examples": [format!("#{}", face.qualified_name())],
    })
}

/// `@odata.context`.
pub(super) fn context() -> Value {
    json!({
        "type": "string",
        "description": "The URL, into the metadata document, of what describes this.",
    })
}

/// `@odata.count`.
pub(super) fn count(description: &str) -> Value {
    json!({ "type": "integer", "format": "int64", "minimum": 0, "description": description })
}

/// `@odata.nextLink`.
pub(super) fn next_link(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}
