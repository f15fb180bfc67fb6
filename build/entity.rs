//! An entity type: its schema and what follows from it, before any Rust is written.

use proc_macro2::Ident;
use quote::format_ident;
use serde_yaml_ng::Value;

use super::{
    Result,
    names::{lower_first, snake},
    schema::{Property, Schema},
};

/// A schema with what was worked out of it.
pub(crate) struct Entity<'a> {
    pub(super) schema: &'a Schema,
    /// Those of the type it is derived from come first.
    pub(super) properties: Vec<(String, Property)>,
    pub(super) columns: Vec<Column>,
    /// What bodies say that is not stored: fields of the input alone.
    pub(super) transient: Vec<Column>,
}

/// A column and what the record shows it as.
pub(super) struct Column {
    pub(super) name: String,
    /// A variant of `Kind`.
    pub(super) kind: &'static str,
    pub(super) nullable: bool,
    /// Whether it is kept from the records of what was changed.
    pub(super) secret: bool,
    pub(super) default: Option<Value>,
}

impl<'a> Entity<'a> {
    /// Reads the schema, with what it inherits from its base.
    pub(super) fn new(schema: &'a Schema, all: &[Schema]) -> Result<Self> {
        let mut properties = match &schema.base {
            Some(base) => named(all, base)?.properties()?,
            None => Vec::new(),
        };
        for (name, property) in schema.properties()? {
            match properties.iter_mut().find(|(known, _)| *known == name) {
                Some((_, inherited)) => *inherited = property,
                None => properties.push((name, property)),
            }
        }
        let (mut columns, mut transient): (Vec<Column>, Vec<Column>) = (Vec::new(), Vec::new());
        for (name, property) in properties.iter().filter(|(_, p)| p.navigation.is_none()) {
            let name = column_name(name, property);
            if columns.iter().chain(&transient).all(|c| c.name != name) {
                let (json, nullable) = property.json_type()?;
                let kind = kind(&json, property)?;
                let of_kind = schema.kind.clone().filter(|_| name == "kind").map(Value::String);
                let stored = |default: &Value| match default {
                    Value::String(member) if !property.members.is_empty() => Value::String(lower_first(member)),
                    other => other.clone(),
                };
                let default = of_kind.or_else(|| property.default.as_ref().map(stored));
                let column = Column { name, kind, nullable, secret: property.secret, default };
                if property.transient { &mut transient } else { &mut columns }.push(column);
            }
        }
        if columns.first().is_none_or(|c| c.name != "id") {
            return Err(format!("{}: the first property is the key, id", schema.title).into());
        }
        Ok(Self { schema, properties, columns, transient })
    }

    /// The name of its static.
    pub(super) fn constant(&self) -> Ident {
        format_ident!("{}", snake(&self.schema.title).to_uppercase())
    }

    /// The position of a column; what is transient comes after what is stored.
    pub(crate) fn column(&self, name: &str) -> Result<usize> {
        let position = self.columns.iter().chain(&self.transient).position(|c| c.name == name);
        position.ok_or_else(|| format!("{} has no column {name}", self.schema.title).into())
    }
}

fn kind(json: &str, property: &Property) -> Result<&'static str> {
    Ok(match (json, property.format.as_deref()) {
        ("string", Some("date-time")) => "Time",
        // What has members or items is stored as the JSON that it is.
        ("string" | "object" | "array", None) => "Text",
        ("boolean", None) => "Bool",
        ("integer", Some("int32" | "int64")) => "Int",
        other => return Err(format!("no column kind for {other:?}").into()),
    })
}

fn named<'a>(all: &'a [Schema], title: &str) -> Result<&'a Schema> {
    let found = all.iter().find(|schema| schema.title == title);
    found.ok_or_else(|| format!("no schema is called {title}").into())
}

/// The column that stores a property.
pub(super) fn column_name(name: &str, property: &Property) -> String {
    property.column.clone().unwrap_or_else(|| snake(name))
}
