//! The parameters: query options and headers that operations share, and the keys in paths.

use serde_json::{Value, json};
use utoipa::openapi::{
    ComponentsBuilder, KnownFormat, ObjectBuilder, Ref, Required, SchemaFormat, Type,
    path::{Parameter, ParameterBuilder, ParameterIn},
    schema::Schema,
};

use super::bodies;
use crate::{
    api::operations::Kind,
    model::{
        ENTITY_TYPES,
        meta::{EntityType, Face, Navigation, Version},
    },
};

/// A shared parameter: its name among the components, where it is and what it is called there, what it is.
struct Shared {
    component: &'static str,
    place: ParameterIn,
    name: &'static str,
    description: &'static str,
    ty: Ty,
    example: fn() -> Value,
}

/// The few types that parameters have.
#[derive(Clone, Copy)]
enum Ty {
    Text,
    Bool,
    /// A count, at most this large.
    Count(u64),
}

/// The largest number of rows that `$skip` skips, and the largest page that `$top` may ask for.
const LARGEST: u64 = i32::MAX as u64;

const SHARED: &[Shared] = &[
    Shared {
        component: "select",
        place: ParameterIn::Query,
        name: "$select",
        description: "The properties to return, separated by commas. All of them when left out.",
        ty: Ty::Text,
        example: || json!("id,displayName"),
    },
    Shared {
        component: "expand",
        place: ParameterIn::Query,
        name: "$expand",
        description: "The navigation properties to return inside, separated by commas; `*` for all. Options of their own \
                      stand in parentheses, separated by semicolons: `accessPackages($select=id;$top=5)`.",
        ty: Ty::Text,
        example: || json!("*"),
    },
    Shared {
        component: "filter",
        place: ParameterIn::Query,
        name: "$filter",
        description: "Which to return: an expression of properties, literals, `eq ne gt ge lt le in`, `and or not`, \
                      functions such as `contains` and `startswith`, and `any`/`all` over navigation properties. \
                      A quote inside a text is doubled.",
        ty: Ty::Text,
        example: || json!("startswith(displayName,'S')"),
    },
    Shared {
        component: "orderby",
        place: ParameterIn::Query,
        name: "$orderby",
        description: "The order: properties, separated by commas, each with `asc` or `desc`. What it leaves open, the id \
                      decides.",
        ty: Ty::Text,
        example: || json!("displayName desc"),
    },
    Shared {
        component: "top",
        place: ParameterIn::Query,
        name: "$top",
        description: "How many to return on a page, 999 at most. What is left follows by `@odata.nextLink`.",
        ty: Ty::Count(LARGEST),
        example: || json!(5),
    },
    Shared {
        component: "skip",
        place: ParameterIn::Query,
        name: "$skip",
        description: "How many to leave out at the beginning. To read on from page to page, follow `@odata.nextLink`.",
        ty: Ty::Count(LARGEST),
        example: || json!(0),
    },
    Shared {
        component: "skiptoken",
        place: ParameterIn::Query,
        name: "$skiptoken",
        description: "Where the page begins. It is taken from an `@odata.nextLink`; its inside is the server's own.",
        ty: Ty::Text,
        example: || Value::Null,
    },
    Shared {
        component: "count",
        place: ParameterIn::Query,
        name: "$count",
        description: "Whether to tell how many there are in all, as `@odata.count`.",
        ty: Ty::Bool,
        example: || json!(true),
    },
    Shared {
        component: "search",
        place: ParameterIn::Query,
        name: "$search",
        description: "What to find in names and descriptions, in any letter case: words or \"phrases\", with `AND`, `OR` \
                      and `NOT`, or one property by `\"displayName:text\"`.",
        ty: Ty::Text,
        example: || json!("\"sales\""),
    },
    Shared {
        component: "format",
        place: ParameterIn::Query,
        name: "$format",
        description: "`xml` or `json`; it goes before the `Accept` header.",
        ty: Ty::Text,
        example: || json!("json"),
    },
    Shared {
        component: "Prefer",
        place: ParameterIn::Header,
        name: "Prefer",
        description: "`return=minimal` or `return=representation`: whether a change answers with the entity. \
                      `odata.maxpagesize=n`: the most to return in a page. What was honoured is in \
                      `Preference-Applied`; what is not known is not looked at.",
        ty: Ty::Text,
        example: || json!("return=representation"),
    },
    Shared {
        component: "ConsistencyLevel",
        place: ParameterIn::Header,
        name: "ConsistencyLevel",
        description: "Accepted, as Graph's clients send it, and not needed: every question is answered by what is there \
                      just now.",
        ty: Ty::Text,
        example: || json!("eventual"),
    },
    Shared {
        component: "If-Match",
        place: ParameterIn::Header,
        name: "If-Match",
        description: "An `ETag`: the change is made only if the entity still has it; otherwise 412.",
        ty: Ty::Text,
        example: || json!("*"),
    },
    Shared {
        component: "If-None-Match",
        place: ParameterIn::Header,
        name: "If-None-Match",
        description: "An `ETag`: if the entity still has it, the answer is 304.",
        ty: Ty::Text,
        example: || Value::Null,
    },
    Shared {
        component: "client-request-id",
        place: ParameterIn::Header,
        name: "client-request-id",
        description: "The caller's own id of the request, which the response and the server's log repeat.",
        ty: Ty::Text,
        example: || json!("4d1f9b5c-0000-4000-8000-0a6a3b1c9d21"),
    },
];

/// The components that an operation of this kind refers to, in order.
pub(super) const fn of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::List => &[
            "select",
            "expand",
            "filter",
            "search",
            "orderby",
            "top",
            "skip",
            "skiptoken",
            "count",
            "Prefer",
            "client-request-id",
        ],
        Kind::ListReferences(_) => {
            &["filter", "search", "orderby", "top", "skip", "skiptoken", "count", "Prefer", "client-request-id"]
        }
        Kind::Count => &["filter", "search", "client-request-id"],
        Kind::Get => &["select", "expand", "If-None-Match", "client-request-id"],
        Kind::Create => &["Prefer", "client-request-id"],
        Kind::Update => &["If-Match", "Prefer", "client-request-id"],
        Kind::Delete => &["If-Match", "client-request-id"],
        Kind::AddReference(_) | Kind::RemoveReference(_) | Kind::RemoveReferenceById(_) | Kind::Call(_) => {
            &["client-request-id"]
        }
    }
}

/// What operations on the directory take beside.
pub(super) fn of_directory(kind: Kind, face: &Face) -> &'static [&'static str] {
    let in_directory = face.entity.kind.is_some() || !face.entity.derived.is_empty();
    match kind {
        Kind::List | Kind::Count | Kind::ListReferences(_) | Kind::Get if in_directory => &["ConsistencyLevel"],
        _ => &[],
    }
}

/// A reference to a shared parameter.
pub(super) fn reference(component: &str) -> Ref {
    Ref::new(format!("#/components/parameters/{component}"))
}

/// Adds the shared parameters that are `used`.
pub(super) fn components(components: ComponentsBuilder, used: &[&str]) -> ComponentsBuilder {
    let used = SHARED.iter().filter(|shared| used.contains(&shared.component));
    used.fold(components, |components, shared| components.parameter(shared.component, shared.build()))
}

impl Shared {
    fn build(&self) -> Parameter {
        ParameterBuilder::new()
            .name(self.name)
            .parameter_in(self.place.clone())
            .required(Required::False)
            .description(Some(self.description))
            .schema(Some(self.ty.schema()))
            .example(Some((self.example)()).filter(|example| !example.is_null()))
            .build()
    }
}

impl Ty {
    fn schema(self) -> Schema {
        let schema = match self {
            Self::Text => ObjectBuilder::new().schema_type(Type::String),
            Self::Bool => ObjectBuilder::new().schema_type(Type::Boolean),
            Self::Count(most) => ObjectBuilder::new()
                .schema_type(Type::Integer)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
                .minimum(Some(0_u32))
                .maximum(Some(most)),
        };
        schema.build().into()
    }
}

/// `@id`, which names the target of a link to remove.
pub(super) fn reference_to_remove(navigation: &Navigation, version: Version) -> Parameter {
    let pattern = bodies::url_pattern(version, &bodies::leading_to(navigation, version));
    ParameterBuilder::new()
        .name("@id")
        .parameter_in(ParameterIn::Query)
        .required(Required::True)
        .description(Some("The URL of the entity to which the link leads."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern))))
        .build()
}

/// The parameters in a template, in order: `{accessPackage-id}`, `{uniqueName}`.
pub(super) fn in_path(template: &str) -> Vec<Parameter> {
    names_in(template).map(path_parameter).collect()
}

/// The names of the parameters in a template, in order.
pub(super) fn names_in(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}

fn path_parameter(name: &str) -> Parameter {
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let another = if plain == name { "the" } else { "the other" };
    let schema = ObjectBuilder::new().schema_type(Type::String);
    let (description, example, schema) = match plain.strip_suffix("-id") {
        Some(ty) => (format!("The id of {another} {}.", words(ty)), example_of(entity(ty), "id"), schema),
        None => (
            format!("The `{plain}`. A quote inside is doubled."),
            ENTITY_TYPES.iter().find_map(|e| example_of(Some(e), plain)),
            schema.pattern(Some("^([^']|'')*$")),
        ),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(schema))
        .example(example)
        .build()
}

fn entity(name: &str) -> Option<&'static EntityType> {
    let types = ENTITY_TYPES.iter().copied();
    types.into_iter().find(|e| Version::ALL.iter().any(|v| e.face(*v).name == name))
}

fn example_of(entity: Option<&'static EntityType>, property: &str) -> Option<Value> {
    let faces = entity?.faces.iter();
    let example = faces.flat_map(|face| face.properties).find(|p| p.name == property)?.example?;
    serde_json::from_str(example).ok()
}

/// A name as words: `accessPackage` is "access package".
pub(super) fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_in_a_template_become_parameters() {
        let names = |template| names_in(template).collect::<Vec<_>>();
        assert_eq!(
            names("/a/{accessPackage-id}/b/{accessPackage-id1}/$ref"),
            ["accessPackage-id", "accessPackage-id1"]
        );
        assert_eq!(names("/a(uniqueName='{uniqueName}')"), ["uniqueName"]);
        assert!(names("/a/$count").is_empty());
    }

    #[test]
    fn a_name_reads_as_words() {
        assert_eq!(words("accessPackageCatalog"), "access package catalog");
    }

    #[test]
    fn every_parameter_of_a_kind_is_a_component() {
        for kind in [Kind::List, Kind::Count, Kind::Get, Kind::Create, Kind::Update, Kind::Delete] {
            for component in of(kind) {
                assert!(SHARED.iter().any(|shared| shared.component == *component), "{component}");
            }
        }
    }
}
