//! The schemas of request bodies: what [`crate::model::bind`] accepts, no more and no less.
//!
//! What JSON Schema cannot say, the descriptions do: that the ways to name a target must agree, and that an update may
//! repeat what only a create can set but not change it.

mod structured;

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

pub(super) use self::structured::{input, input_name, taken};
use super::{
    protocol::reference_to_one,
    schemas::{NAMESPACE, example, format, members, name, raw, reference_name, types},
};
use crate::model::{
    ENTITY_TYPES,
    bind::{MAX_LINKS, Purpose, bound_as_list, leads_to},
    body::{Create, Reference, Update},
    meta::{Enum, Face, ID, Link, Navigation, Property, Type, Version, Write},
    record::{Input, Record},
    spoken::version,
};

/// Characters that no text may have, as the inside of a character class. ECMA-262 spells them so, and with it JSON
/// Schema; Python's, Java's and Rust's regular expressions know the spelling too.
const REFUSED: &str =
    r"\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069";

/// Names that are annotations, which bodies may have and which are skipped; but for those that bind, which are known each.
pub(super) const ANNOTATION: &str = r"@(?!odata\.bind$)";

/// White space that is not refused. Not `\s`, which every dialect understands a little differently.
const BLANK: &str = r"\t\n\r \u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000";

/// The largest number of characters of an id.
const LONGEST_ID: usize = 128;

/// The body of a create.
pub(super) fn create(face: &'static Face) -> Value {
    let required: Vec<&str> = face.properties.iter().filter(|p| p.required).map(|p| p.name).collect();
    let mut schema = body(face, Purpose::Create);
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    // A required target can be named in several ways. Of the keywords that can say "one of these must be there", `if` is
    // the one that leaves the type a plain object for code generators.
    let required = face.navigations.iter().filter(|n| n.required);
    let mut rules: Vec<Value> = required.map(|navigation| must_be_named(face, navigation)).collect();
    match rules.pop() {
        Some(Value::Object(only)) if rules.is_empty() => schema.extend(only),
        Some(last) => _ = schema.insert("allOf".into(), json!([rules, vec![last]].concat())),
        None => {}
    }
    Value::Object(schema)
}

/// The body of an update.
pub(super) fn update(face: &'static Face) -> Value {
    Value::Object(body(face, Purpose::Update))
}

/// An entity named by its id, inside the body of another.
pub(super) fn reference(navigation: &Navigation, version: Version) -> Value {
    let target = navigation.target.face(version).name;
    let id = json!({
        "type": "string",
        "description": format!("The id of an existing {target}."),
        "minLength": 1,
        "maxLength": LONGEST_ID,
        "pattern": text_pattern(1),
    });
    json!({
        "type": "object",
        "description": "Names an entity by its id. What else the object says of the entity is not looked at.",
        "required": ["id"],
        "properties": { "id": id },
    })
}

/// The regular expression of URLs that lead to one entity of the sets, in the words of this version or, if they say so, of
/// the other.
pub(super) fn url_pattern(version: Version, targets: &[&Face]) -> String {
    let path = |face: &Face| match face.path.rsplit_once('/') {
        Some((root, set)) => format!("({root}/)?{set}"),
        None => face.set.to_owned(),
    };
    let within = |spoken: Version| {
        let paths = targets.iter().map(|face| path(face.entity.face(spoken))).collect::<Vec<_>>().join("|");
        let segment = match spoken {
            Version::V1 => r"v1\.0",
            Version::Beta => "(beta|localtest)",
        };
        format!("({segment}/){}({paths})", if spoken == version { "?" } else { "" })
    };
    let paths = Version::ALL.map(within).join("|");
    // A key is not blank. As a segment it does not begin with a dollar, in quotes it holds no single quote.
    let plain = "[A-Za-z0-9._~-]|%[3-6][0-9A-Fa-f]";
    let key = format!("(%20)*({plain}|%2[1-35-9A-Fa-f])({plain}|%2[0-9A-Fa-f])*");
    let quoted = format!("(%20)*({plain}|%2[1-689A-Fa-f])({plain}|%2[0-689A-Fa-f]|'')*");
    format!(r"^((https?://[^/?#\s]+)?/)?({paths})(/{key}|\('{quoted}'\))$")
}

/// The regular expression of texts without control characters.
pub(super) fn one_line() -> &'static str {
    r"^[^\u0000-\u001F\u007F-\u009F]*$"
}

/// What creates and updates have in common.
fn body(face: &'static Face, purpose: Purpose) -> Map<String, Value> {
    let mut properties = Map::new();
    properties.insert("@odata.type".into(), declared_type(face));
    for property in face.properties {
        properties.insert(property.name.into(), body_property(property, purpose));
    }
    for navigation in face.navigations {
        body_navigation(face, navigation, &mut properties);
    }
    object(json!({
        "type": "object",
        "description": face.description,
        "properties": properties,
        // Names with an @ are annotations: they are skipped, but for those above.
        "patternProperties": { (ANNOTATION): {} },
        "additionalProperties": false,
    }))
}

/// The members of an object.
fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}

fn declared_type(face: &Face) -> Value {
    let qualified = face.qualified_name();
    json!({
        "type": "string",
        "description": "The type, which can be left out.",
        "pattern": format!("^#?{}$", qualified.replace('.', r"\.")),
        "examples": [format!("#{qualified}")],
    })
}

fn body_property(property: &Property, purpose: Purpose) -> Value {
    if property.write == Write::Never {
        let description =
            format!("{} The server's to set: what a body says here is not looked at.", property.description);
        return json!({ "description": description });
    }
    let nullable = takes_null(property, purpose);
    let mut description = property.description.to_owned();
    if property.write == Write::Create {
        description.push_str(" Set by a create; an update may repeat it but not change it.");
    }
    if nullable && !property.nullable {
        description.push_str(" Null counts as left out.");
    }
    if let Type::Enum(Enum { name: Some(name), .. }) = property.ty {
        let named = json!({ "$ref": format!("#/components/schemas/{NAMESPACE}.{name}") });
        let schemas = if nullable { vec![named, json!({ "type": "null" })] } else { vec![named] };
        return json!({ "description": description, "anyOf": schemas });
    }
    let mut schema = match property.ty {
        Type::Strings => object(structured::strings(property.max_length, nullable)),
        Type::Structured(of) => object(structured::value(of, nullable)),
        ty => Map::from_iter([("type".to_owned(), types(ty, nullable))]),
    };
    schema.insert("description".into(), json!(description));
    if let Some(format) = format(property.ty) {
        schema.insert("format".into(), json!(format));
    }
    match property.ty {
        Type::Enum(enumeration) => _ = schema.insert("enum".into(), members(enumeration, nullable)),
        Type::String => limit_text(property, &mut schema),
        ty => limit_number(ty, &mut schema),
    }
    // What an update leaves out stays as it is; a default here would make clients send it.
    let default = property.default.filter(|_| purpose == Purpose::Create);
    // What is filled in by a rule has an empty text until then, which no body may say.
    let said = |default: &Value| property.min_length == 0 || *default != json!("");
    if let Some(default) = default.and_then(|d| serde_json::from_str(d).ok()).filter(said) {
        schema.insert("default".into(), default);
    }
    if let Some(example) = example(property) {
        schema.insert("examples".into(), json!([example]));
    }
    Value::Object(schema)
}

/// What a number is at the least and at the most, which its format does not say to everybody.
fn limit_number(ty: Type, schema: &mut Map<String, Value>) {
    if matches!(ty, Type::Int32) {
        schema.insert("minimum".into(), json!(i32::MIN));
        schema.insert("maximum".into(), json!(i32::MAX));
    }
}

/// Whether a body may say null: to store nothing, or to leave the matter to the server.
const fn takes_null(property: &Property, purpose: Purpose) -> bool {
    let needed = property.required && matches!(purpose, Purpose::Create);
    property.nullable || property.default.is_some() || (matches!(property.write, Write::Create) && !needed)
}

fn limit_text(property: &Property, schema: &mut Map<String, Value>) {
    if property.min_length > 0 {
        schema.insert("minLength".into(), json!(property.min_length));
    }
    if property.max_length != usize::MAX {
        schema.insert("maxLength".into(), json!(property.max_length));
    }
    let pattern = if property.column == ID { key_pattern() } else { text_pattern(property.min_length) };
    schema.insert("pattern".into(), json!(pattern));
}

/// The regular expression of keys that a create may choose: a path has other uses for a dollar and for dots.
fn key_pattern() -> String {
    format!(r"^[{BLANK}]*[^{BLANK}{REFUSED}$.][^{REFUSED}]*$")
}

/// The regular expression of texts without refused characters and, if something must be there, not blank.
fn text_pattern(min_length: usize) -> String {
    match min_length {
        0 => format!("^[^{REFUSED}]*$"),
        _ => format!("^[{BLANK}]*[^{BLANK}{REFUSED}][^{REFUSED}]*$"),
    }
}

fn body_navigation(face: &Face, navigation: &Navigation, properties: &mut Map<String, Value>) {
    let name = navigation.name;
    let (version, target) = (face.version, navigation.target.face(face.version));
    let bind = format!("{name}@odata.bind");
    let url = json!({
        "type": "string",
        "pattern": url_pattern(version, &leading_to(navigation, version)),
        "examples": [format!("{}/7c1f9e0a-52a3-4d4b-8d8f-0a6a3b1c9d21", target.path)],
    });
    if navigation.is_collection() {
        let how = if navigation.by_reference { "through `$ref`" } else { "on the other side" };
        let description =
            format!("{} Links are changed {how}: here only an empty array or null is taken.", navigation.description);
        properties.insert(
            name.into(),
            json!({ "type": ["array", "null"], "description": description, "maxItems": 0, "items": {} }),
        );
        if bound_as_list(navigation) {
            let description = format!("Names `{name}` by their URLs, each once.");
            let list = json!({
                "type": "array", "description": description, "maxItems": MAX_LINKS, "uniqueItems": true, "items": url,
            });
            properties.insert(bind, list);
        }
        return;
    }
    let reference = json!({ "$ref": format!("#/components/schemas/{NAMESPACE}.{}", reference_name(navigation)) });
    let description = format!("{} Null counts as left out.", navigation.description);
    properties.insert(name.into(), json!({ "description": description, "anyOf": [reference, { "type": "null" }] }));
    let mut url = object(url);
    url.insert("description".into(), json!(format!("Names `{name}` by its URL.")));
    properties.insert(bind, Value::Object(url));
}

/// The faces whose entities a navigation property can lead to, and that have a collection by which to name them.
pub(super) fn leading_to(navigation: &Navigation, version: Version) -> Vec<&'static Face> {
    let faces = ENTITY_TYPES.iter().map(|entity| entity.face(version));
    faces.filter(|face| !face.path.is_empty() && leads_to(navigation, face)).collect()
}

/// If a body names the target of a navigation property in no way, then the first way is the one that is missing.
fn must_be_named(face: &'static Face, navigation: &Navigation) -> Value {
    let by_id = face.properties.iter().filter(|p| matches!(navigation.link, Link::Column(c) if c == p.column));
    let plain = by_id.clone().find(|p| p.shown).map(|p| p.name);
    let bind = format!("{}@odata.bind", navigation.name);
    let ways = by_id.map(|p| p.name).chain([navigation.name, bind.as_str()]);
    let unnamed: Map<String, Value> = ways.map(|way| (way.to_owned(), json!({ "type": "null" }))).collect();
    let (first, ty) = plain.map_or((navigation.name, "object"), |plain| (plain, "string"));
    json!({
        "if": { "properties": unnamed },
        "then": { "required": [first], "properties": { (first): { "type": ty } } },
    })
}

impl<I: Input> ToSchema for Create<I> {
    fn name() -> Cow<'static, str> {
        name(&format!("{}Create", I::Record::ENTITY.face(version()).name)).into()
    }
}

impl<I: Input> PartialSchema for Create<I> {
    fn schema() -> RefOr<Schema> {
        raw(create(I::Record::ENTITY.face(version())))
    }
}

/// The body of a request that links by a navigation property is documented for each of those, which takes fewer types.
impl<R: Record> ToSchema for Reference<R> {
    fn name() -> Cow<'static, str> {
        name(&format!("{}ReferenceCreate", R::ENTITY.face(version()).name)).into()
    }
}

impl<R: Record> PartialSchema for Reference<R> {
    fn schema() -> RefOr<Schema> {
        let face = R::ENTITY.face(version());
        raw(reference_to_one(face.version, &[face], Some(face)))
    }
}

impl<I: Input> ToSchema for Update<I> {
    fn name() -> Cow<'static, str> {
        name(&format!("{}Update", I::Record::ENTITY.face(version()).name)).into()
    }
}

impl<I: Input> PartialSchema for Update<I> {
    fn schema() -> RefOr<Schema> {
        raw(update(I::Record::ENTITY.face(version())))
    }
}

#[cfg(test)]
mod tests;
