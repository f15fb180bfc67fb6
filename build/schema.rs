//! The schema files, read. `openapi/schemas/README.md` says what the keys mean.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;
use serde_yaml_ng::{Mapping, Value};

use super::Result;

/// The versions, in the order of `model::meta::Version`.
pub(crate) const VERSIONS: [&str; 2] = ["v1.0", "beta"];

/// What collections hang below unless their schema says otherwise.
pub(crate) const ROOT: &str = "identityGovernance/entitlementManagement";

/// One file: one resource.
#[derive(Deserialize)]
pub(crate) struct Schema {
    pub(crate) title: String,
    pub(crate) description: String,
    #[serde(rename = "type")]
    _type: String,
    #[serde(rename = "x-table")]
    pub(crate) table: String,
    #[serde(rename = "x-sets")]
    pub(crate) sets: BTreeMap<String, String>,
    /// The type it is derived from, whose table it shares.
    #[serde(rename = "x-base")]
    pub(crate) base: Option<String>,
    /// What the rows of a derived type have in the column `kind`.
    #[serde(rename = "x-kind")]
    pub(crate) kind: Option<String>,
    /// Where those are that were deleted and can be restored.
    #[serde(rename = "x-deleted-items")]
    pub(crate) deleted_items: Option<String>,
    #[serde(rename = "x-actions", default)]
    pub(crate) actions: Vec<String>,
    #[serde(rename = "x-set-actions", default)]
    pub(crate) set_actions: Vec<String>,
    #[serde(rename = "x-scope", default)]
    pub(crate) scope: Scope,
    #[serde(rename = "x-indexes", default)]
    pub(crate) indexes: Vec<Vec<String>>,
    #[serde(rename = "x-hidden-links")]
    pub(crate) hidden_links: Option<HiddenLinks>,
    #[serde(rename = "x-names")]
    pub(crate) names: Names,
    #[serde(rename = "x-documented", default)]
    pub(crate) documented: BTreeMap<String, Wording>,
    /// Name to property, in the order of the file.
    properties: Mapping,
}

/// Links of an entity that only those see who are linked to it themselves.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HiddenLinks {
    /// The tables of links.
    pub(crate) tables: Vec<String>,
    /// Their column with the entity's id.
    pub(crate) column: String,
    /// The entity's column, and what it holds while the links are hidden.
    pub(crate) when: (String, String),
    /// The links by which somebody sees them: table, column of the entity, column of the other end.
    pub(crate) seen_by: Vec<(String, String, String)>,
}

/// What one and many of a type are called, and what operation ids call it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    pub(crate) one: String,
    pub(crate) many: String,
    /// The name of the type in Pascal case, when left out.
    pub(crate) id: Option<String>,
}

/// What the targets of a navigation property are called together, and each.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetNames {
    pub(crate) many: Option<String>,
    pub(crate) each: Option<String>,
}

/// How an operation that has no code of its own is documented, where that does not follow from the names.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wording {
    pub(crate) id: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
}

/// How a row is found to belong to a catalog.
#[derive(Deserialize, Default)]
#[serde(untagged)]
pub(crate) enum Scope {
    /// It belongs to none, and is hidden from those who see single catalogs.
    #[default]
    Tenant,
    /// The column with the catalog's id, or the word `everyone`.
    Named(String),
    /// The column with the id of another entity, which it belongs with.
    Through { column: String, of: String },
}

/// A property or navigation property.
#[expect(clippy::struct_excessive_bools, reason = "the keys of the file")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Property {
    pub(crate) description: String,
    #[serde(rename = "type")]
    types: Option<Value>,
    pub(crate) format: Option<String>,
    #[serde(rename = "enum", default)]
    pub(crate) members: Vec<String>,
    #[serde(rename = "readOnly", default)]
    pub(crate) read_only: bool,
    #[serde(rename = "minLength", default)]
    pub(crate) min_length: usize,
    #[serde(rename = "maxLength", default)]
    pub(crate) max_length: usize,
    pub(crate) default: Option<Value>,
    #[serde(default)]
    pub(crate) examples: Vec<Value>,
    #[serde(rename = "x-versions")]
    versions: Option<Vec<String>>,
    #[serde(rename = "x-accepts", default)]
    accepts: Vec<String>,
    #[serde(rename = "x-column")]
    pub(crate) column: Option<String>,
    #[serde(rename = "x-write", default)]
    pub(crate) write: Write,
    #[serde(rename = "x-required", default)]
    pub(crate) required: bool,
    #[serde(rename = "x-enum", default)]
    pub(crate) enum_names: BTreeMap<String, String>,
    #[serde(rename = "x-omit-null", default)]
    pub(crate) omit_null: bool,
    #[serde(rename = "x-on-request", default)]
    pub(crate) on_request: bool,
    #[serde(rename = "x-secret", default)]
    pub(crate) secret: bool,
    #[serde(rename = "x-derived", default)]
    pub(crate) derived: bool,
    #[serde(rename = "x-transient", default)]
    pub(crate) transient: bool,
    #[serde(rename = "x-items")]
    pub(crate) items: Option<String>,
    #[serde(rename = "x-folded")]
    pub(crate) folded: Option<String>,
    #[serde(rename = "x-search", default)]
    pub(crate) search: bool,
    #[serde(rename = "x-alternate-key", default)]
    pub(crate) alternate_key: bool,
    #[serde(rename = "x-type")]
    pub(crate) complex: Option<String>,
    #[serde(rename = "x-members", default)]
    pub(crate) complex_members: BTreeMap<String, String>,
    #[serde(rename = "x-navigation")]
    pub(crate) navigation: Option<Navigation>,
    #[serde(rename = "x-names", default)]
    pub(crate) names: TargetNames,
    #[serde(rename = "x-documented", default)]
    pub(crate) documented: BTreeMap<String, Wording>,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Write {
    #[default]
    Always,
    Create,
    Never,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Navigation {
    pub(crate) target: String,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(rename = "by-reference", default)]
    pub(crate) by_reference: bool,
    /// The kinds of targets that may be linked; any, where it is empty.
    #[serde(default)]
    pub(crate) kinds: Vec<String>,
    /// With `table`: those reached by any number of these links between things of the source's or the target's own type.
    nesting: Option<Nesting>,
    column: Option<String>,
    inverse: Option<String>,
    table: Option<String>,
    source: Option<String>,
    through: Option<String>,
}

/// The links of a closure.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nesting {
    pub(crate) table: String,
    pub(crate) source: String,
    pub(crate) through: String,
    /// Whether these are followed before the last link, or after the first.
    pub(crate) first: bool,
}

/// How a navigation property finds its targets.
pub(crate) enum Link<'a> {
    Column(&'a str),
    Inverse(&'a str),
    Table { table: &'a str, source: &'a str, through: &'a str, nesting: Option<&'a Nesting> },
}

impl Navigation {
    /// The one way that is given.
    pub(crate) fn link(&self) -> std::result::Result<Link<'_>, String> {
        let text = Option::as_deref;
        match (text(&self.column), text(&self.inverse), text(&self.table), text(&self.source), text(&self.through)) {
            (Some(column), None, None, None, None) => Ok(Link::Column(column)),
            (None, Some(inverse), None, None, None) => Ok(Link::Inverse(inverse)),
            (None, None, Some(table), Some(source), Some(through)) => {
                Ok(Link::Table { table, source, through, nesting: self.nesting.as_ref() })
            }
            _ => Err("a navigation property has column, or inverse, or table with source and through".to_owned()),
        }
    }
}

impl Schema {
    /// The properties by name, in order.
    pub(crate) fn properties(&self) -> Result<Vec<(String, Property)>> {
        let read = |(name, value): (&Value, &Value)| {
            let name: String = serde_yaml_ng::from_value(name.clone())?;
            let property =
                serde_yaml_ng::from_value(value.clone()).map_err(|e| format!("{}.{name}: {e}", self.title))?;
            Ok((name, property))
        };
        self.properties.iter().map(read).collect()
    }
}

impl Property {
    /// The JSON type, and whether null is one too.
    pub(crate) fn json_type(&self) -> std::result::Result<(String, bool), String> {
        let types: Vec<String> = match &self.types {
            Some(Value::String(one)) => vec![one.clone()],
            Some(list) => serde_yaml_ng::from_value(list.clone()).map_err(|e| e.to_string())?,
            None => return Err("a property needs a type".into()),
        };
        let nullable = types.iter().any(|t| t == "null");
        let name = types.into_iter().find(|t| t != "null").ok_or("a property needs a type beside null")?;
        Ok((name, nullable))
    }

    /// Whether `version` shows it.
    pub(crate) fn shown_in(&self, version: &str) -> bool {
        self.versions.as_ref().is_none_or(|v| v.iter().any(|v| v == version))
    }

    /// Whether `version` shows it or takes it in bodies.
    pub(crate) fn known_in(&self, version: &str) -> bool {
        self.shown_in(version) || self.accepts.iter().any(|v| v == version)
    }
}

/// All schema files of a folder, by title.
pub(crate) fn read_all(folder: &Path) -> Result<Vec<Schema>> {
    let mut schemas = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "yaml") {
            let text = fs::read_to_string(&path)?;
            let schema: Schema = serde_yaml_ng::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
            schemas.push(schema);
        }
    }
    schemas.sort_by(|a, b| a.title.cmp(&b.title));
    Ok(schemas)
}
