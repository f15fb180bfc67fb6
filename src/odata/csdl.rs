//! The metadata document: OData's Common Schema Definition Language 4.01, as JSON and as XML.
//!
//! The JSON form is made from the entity types; the XML form is made from the JSON form, so that the two cannot say
//! different things. Sources: OData CSDL JSON Representation 4.01, OData CSDL XML Representation 4.01.

mod xml;

use serde_json::{Map, Value, json};

use crate::model::{
    COMPLEX_TYPES, ENTITY_TYPES,
    meta::{Complex, Enum, Face, ID, Link, MemberType, Navigation, Property, Structured, Type, Version, Write},
};

/// The namespace of all types.
const NAMESPACE: &str = "microsoft.graph";
/// What the namespace is called within the document.
const ALIAS: &str = "graph";
/// The type that every entity type is derived from.
const BASE: &str = "entity";
/// Where the vocabulary of annotations is defined.
const CORE: &str = "https://oasis-tcs.github.io/odata-vocabularies/vocabularies/Org.OData.Core.V1";

/// The metadata document of a version, as XML.
pub fn metadata_xml(version: Version) -> String {
    xml::write(&metadata_json(version), NAMESPACE)
}

/// The metadata document of a version, as JSON.
pub fn metadata_json(version: Version) -> Value {
    // What others are derived from comes before them.
    let mut faces: Vec<&'static Face> = ENTITY_TYPES.iter().map(|entity| entity.face(version)).collect();
    faces.sort_by_key(|face| face.entity.base.is_some());
    let faces = || faces.iter().copied();
    let mut schema = Map::new();
    schema.insert("$Alias".into(), json!(ALIAS));
    schema.insert(BASE.into(), json!({ "$Kind": "EntityType", "$Abstract": true, "$Key": ["id"], "id": {} }));
    for face in faces() {
        schema.insert(face.name.into(), entity_type(face));
    }
    for face in faces() {
        for (name, enumeration) in face.properties.iter().filter_map(named_enum) {
            schema.insert(name.into(), enum_type(enumeration));
        }
    }
    for complex in COMPLEX_TYPES {
        schema.insert(complex.name.into(), complex_type(complex));
    }
    for (path, members) in folders(&faces().collect::<Vec<_>>()) {
        schema.insert(folder_type(path).into(), Value::Object(members));
    }
    schema.insert("GraphService".into(), container(faces()));
    let core = json!({ "$Include": [{ "$Namespace": "Org.OData.Core.V1", "$Alias": "Core" }] });
    json!({
        "$Version": "4.01",
        "$Reference": { (format!("{CORE}.json")): core },
        "$EntityContainer": format!("{NAMESPACE}.GraphService"),
        (NAMESPACE): schema,
    })
}

fn qualified(name: &str) -> String {
    format!("{ALIAS}.{name}")
}

fn entity_type(face: &'static Face) -> Value {
    let mut members = Map::new();
    members.insert("$Kind".into(), json!("EntityType"));
    let base = face.entity.base.map(|base| base.face(face.version));
    members.insert("$BaseType".into(), json!(qualified(base.map_or(BASE, |base| base.name))));
    if !face.entity.derived.is_empty() {
        members.insert("$Abstract".into(), json!(true));
    }
    members.insert("@Core.Description".into(), json!(face.description));
    let keys: Vec<Value> = face.shown().filter(|p| p.alternate_key).map(alternate_key).collect();
    if !keys.is_empty() {
        members.insert("@Core.AlternateKeys".into(), json!(keys));
    }
    let inherited = |p: &Property| p.column == ID || base.is_some_and(|base| base.shown().any(|of| of.name == p.name));
    for property in face.shown().filter(|p| !inherited(p)) {
        members.insert(property.name.into(), structural(face, property));
    }
    for navigation in face.navigations {
        members.insert(navigation.name.into(), navigational(face, navigation));
    }
    Value::Object(members)
}

fn complex_type(complex: &Complex) -> Value {
    let mut members = Map::new();
    members.insert("$Kind".into(), json!("ComplexType"));
    members.insert("@Core.Description".into(), json!(complex.description));
    for member in complex.members {
        let mut described = Map::new();
        if member.collection {
            described.insert("$Collection".into(), json!(true));
        }
        match member.ty {
            MemberType::Complex(of) => _ = described.insert("$Type".into(), json!(qualified(of.name))),
            MemberType::Scalar(ty) => type_of_scalar(ty, &mut described),
        }
        if !member.collection {
            described.insert("$Nullable".into(), json!(true));
        }
        described.insert("@Core.Description".into(), json!(member.description));
        members.insert(member.name.into(), Value::Object(described));
    }
    Value::Object(members)
}

/// The type of what has no members, but for `Edm.String`, which is the default and not written.
fn type_of_scalar(ty: Type, into: &mut Map<String, Value>) {
    let name = match ty {
        Type::Enum(Enum { name: Some(name), .. }) => qualified(name),
        Type::Enum(_) | Type::String | Type::Strings | Type::Structured(_) => return,
        Type::Boolean => "Edm.Boolean".to_owned(),
        Type::Int32 => "Edm.Int32".to_owned(),
        Type::Int64 => "Edm.Int64".to_owned(),
        Type::DateTimeOffset => {
            into.insert("$Precision".into(), json!(6));
            "Edm.DateTimeOffset".to_owned()
        }
    };
    into.insert("$Type".into(), json!(name));
}

fn alternate_key(property: &Property) -> Value {
    json!({ "Key": [{ "Name": property.name, "Alias": property.name }] })
}

fn structural(face: &Face, property: &Property) -> Value {
    let mut members = Map::new();
    match property.ty {
        Type::Structured(of) => _ = members.insert("$Type".into(), json!(qualified(of.complex.name))),
        ty => type_of_scalar(ty, &mut members),
    }
    if matches!(property.ty, Type::Strings | Type::Structured(Structured { collection: true, .. })) {
        members.insert("$Collection".into(), json!(true));
    }
    if face.shows_null(property) {
        members.insert("$Nullable".into(), json!(true));
    }
    if matches!(property.ty, Type::String) && property.max_length != usize::MAX {
        members.insert("$MaxLength".into(), json!(property.max_length));
    }
    match property.write {
        Write::Always => {}
        Write::Create => _ = members.insert("@Core.Immutable".into(), json!(true)),
        Write::Never => _ = members.insert("@Core.Computed".into(), json!(true)),
    }
    members.insert("@Core.Description".into(), json!(property.description));
    Value::Object(members)
}

fn navigational(face: &Face, navigation: &Navigation) -> Value {
    let mut members = Map::new();
    members.insert("$Kind".into(), json!("NavigationProperty"));
    if navigation.is_collection() {
        members.insert("$Collection".into(), json!(true));
    }
    members.insert("$Type".into(), json!(qualified(navigation.target.face(face.version).name)));
    if !navigation.is_collection() && !navigation.required {
        members.insert("$Nullable".into(), json!(true));
    }
    if let Some(partner) = partner(face, navigation) {
        members.insert("$Partner".into(), json!(partner.name));
    }
    members.insert("@Core.Description".into(), json!(navigation.description));
    Value::Object(members)
}

/// The navigation property that leads the other way.
fn partner(face: &Face, navigation: &Navigation) -> Option<&'static Navigation> {
    let others = navigation.target.face(face.version).navigations.iter();
    others.filter(|other| other.target == face.entity).find(|other| match (navigation.link, other.link) {
        (Link::Column(one), Link::Inverse(other)) | (Link::Inverse(one), Link::Column(other)) => one == other,
        (Link::Table(one), Link::Table(other)) => {
            one.table == other.table && one.source == other.target && one.target == other.source
        }
        _ => false,
    })
}

fn named_enum(property: &Property) -> Option<(&'static str, &'static Enum)> {
    match property.ty {
        Type::Enum(enumeration) => Some((enumeration.name?, enumeration)),
        _ => None,
    }
}

fn enum_type(enumeration: &Enum) -> Value {
    let mut members = Map::new();
    members.insert("$Kind".into(), json!("EnumType"));
    for (value, member) in enumeration.members.iter().enumerate() {
        members.insert(member.wire.into(), json!(value));
    }
    Value::Object(members)
}

/// Folders of collections whose type has another name than their own.
const FOLDER_TYPES: [(&str, &str); 2] =
    [("auditLogs", "auditLogRoot"), ("roleManagement/entitlementManagement", "rbacApplication")];

fn folder_type(path: &str) -> &str {
    let other = FOLDER_TYPES.iter().find(|(of, _)| *of == path).map(|(_, ty)| *ty);
    other.unwrap_or_else(|| path.rsplit('/').next().unwrap_or(path))
}

/// The collections: what each holds, and where it is.
fn collections(faces: impl Iterator<Item = &'static Face>) -> impl Iterator<Item = (&'static Face, &'static str)> {
    faces.flat_map(|face| face.paths().map(move |path| (face, path)))
}

/// What holds the collections: the path of each folder, the outermost first, and its type.
fn folders(faces: &[&'static Face]) -> Vec<(&'static str, Map<String, Value>)> {
    let mut folders: Vec<(&str, Map<String, Value>)> = Vec::new();
    for (face, of) in collections(faces.iter().copied()) {
        for (end, _) in of.match_indices('/') {
            let (path, rest) = (of.get(..end).unwrap_or_default(), of.get(end + 1..).unwrap_or_default());
            let at = folders.iter().position(|(folder, _)| *folder == path).unwrap_or_else(|| {
                let kind = Map::from_iter([("$Kind".to_owned(), json!("EntityType"))]);
                folders.push((path, kind));
                folders.len() - 1
            });
            let member = match rest.split_once('/') {
                None => json!({
                    "$Kind": "NavigationProperty", "$Collection": true, "$Type": qualified(face.name),
                    "$ContainsTarget": true,
                }),
                Some((inner, _)) => json!({
                    "$Kind": "NavigationProperty",
                    "$Type": qualified(folder_type(&format!("{path}/{inner}"))),
                    "$Nullable": true, "$ContainsTarget": true,
                }),
            };
            if let Some((_, members)) = folders.get_mut(at) {
                members.insert(rest.split('/').next().unwrap_or(rest).into(), member);
            }
        }
    }
    folders
}

/// Who calls, as if it were a place of its own: its name and its type.
const ME: (&str, &str) = ("me", "user");

fn container(faces: impl Iterator<Item = &'static Face>) -> Value {
    let mut members = Map::from_iter([("$Kind".to_owned(), json!("EntityContainer"))]);
    members.insert(ME.0.into(), json!({ "$Type": qualified(ME.1) }));
    for (face, at) in collections(faces) {
        let (first, below) = at.split_once('/').unwrap_or((at, ""));
        let member = members.entry(first).or_insert_with(|| {
            if below.is_empty() {
                json!({ "$Collection": true, "$Type": qualified(face.name) })
            } else {
                json!({ "$Type": qualified(folder_type(first)) })
            }
        });
        for navigation in face.navigations {
            let target = navigation.target.face(face.version).path;
            if !target.is_empty() {
                let path = [below, navigation.name].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
                member["$NavigationPropertyBinding"][path.join("/")] = json!(target);
            }
        }
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_describes_properties_and_links() {
        let document = metadata_json(Version::Beta);
        let ty = &document[NAMESPACE]["accessPackage"];
        assert_eq!(ty["$BaseType"], "graph.entity");
        assert_eq!(ty["description"]["$Nullable"], true);
        assert_eq!(ty["createdDateTime"]["@Core.Computed"], true);
        assert_eq!(ty["accessPackageCatalog"]["$Partner"], "accessPackages");
        assert_eq!(ty["@Core.AlternateKeys"][0]["Key"][0]["Name"], "uniqueName");
        assert_eq!(ty["incompatibleAccessPackages"]["$Partner"], "accessPackagesIncompatibleWith");
        let v1 = metadata_json(Version::V1);
        assert_eq!(v1[NAMESPACE]["accessPackageCatalogState"]["published"], 1);
        assert!(v1[NAMESPACE]["accessPackage"].get("catalogId").is_none(), "not shown in v1.0");
    }

    #[test]
    fn xml_says_the_same() {
        let text = metadata_xml(Version::Beta);
        for part in [
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>",
            "<Schema Namespace=\"microsoft.graph\" Alias=\"graph\" xmlns=",
            "<EntityType Name=\"entity\" Abstract=\"true\">",
            "<PropertyRef Name=\"id\"/>",
            "<EntityType Name=\"accessPackage\" BaseType=\"graph.entity\">",
            "<Property Name=\"isHidden\" Type=\"Edm.Boolean\" Nullable=\"false\">",
            "Type=\"Collection(graph.accessPackage)\"",
            "<PropertyValue Property=\"Name\" PropertyPath=\"uniqueName\"/>",
            "<NavigationPropertyBinding Path=\"entitlementManagement/accessPackages/accessPackageCatalog\" \
             Target=\"identityGovernance/entitlementManagement/accessPackageCatalogs\"/>",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}
