//! From schemas to Rust: the tables of `model::meta` and a record and an input type for each entity.

use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use serde_yaml_ng::Value;

use crate::{
    complex, hidden,
    schema::{ComplexType, Link, Nesting, Property, ROOT, Schema, Scope, VERSIONS, Write},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The whole module.
pub(crate) fn model(schemas: &[Schema], types: &BTreeMap<String, ComplexType>) -> Result<TokenStream> {
    let entities = schemas.iter().map(|schema| Entity::new(schema, schemas)).collect::<Result<Vec<_>>>()?;
    let by_title: HashMap<&str, &Entity<'_>> = entities.iter().map(|e| (e.schema.title.as_str(), e)).collect();
    let statics: Vec<_> = entities.iter().map(Entity::constant).collect();
    let items = entities
        .iter()
        .map(|entity| {
            let (table, records) = (entity.table(&by_title)?, entity.records());
            Ok(quote!(#table #records))
        })
        .collect::<Result<Vec<_>>>()?;
    let complex = complex::statics(types)?;
    let hidden = entities.iter().map(Entity::hidden_links).collect::<Result<Vec<_>>>()?;
    Ok(quote! {
        #complex
        #(#hidden)*
        #[allow(unused_imports)]
        use super::{meta::*, record::{Authored, Authorship, Input, Record}, value::{Field, Timestamp, Value}};
        /// All entity types, by name.
        pub static ENTITY_TYPES: &[&EntityType] = &[#(&#statics),*];
        #(#items)*
    })
}

/// A schema with what was worked out of it.
pub(crate) struct Entity<'a> {
    pub(crate) schema: &'a Schema,
    /// Those of the type it is derived from come first.
    properties: Vec<(String, Property)>,
    columns: Vec<Column>,
    /// What bodies say that is not stored: fields of the input alone.
    transient: Vec<Column>,
}

/// A column and what the record shows it as.
struct Column {
    name: String,
    /// A variant of `Kind`.
    kind: &'static str,
    nullable: bool,
    /// Whether it is kept from the records of what was changed.
    secret: bool,
    default: Option<Value>,
}

impl<'a> Entity<'a> {
    fn new(schema: &'a Schema, all: &[Schema]) -> Result<Self> {
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

    pub(crate) fn constant(&self) -> Ident {
        format_ident!("{}", snake(&self.schema.title).to_uppercase())
    }

    /// The position of a column; what is transient comes after what is stored.
    pub(crate) fn column(&self, name: &str) -> Result<usize> {
        let position = self.columns.iter().chain(&self.transient).position(|c| c.name == name);
        position.ok_or_else(|| format!("{} has no column {name}", self.schema.title).into())
    }

    fn table(&self, by_title: &HashMap<&str, &Entity<'_>>) -> Result<TokenStream> {
        let (constant, name, table) = (self.constant(), &self.schema.title, &self.schema.table);
        let columns = self.columns.iter().map(|column| self.stored(column)).collect::<Result<Vec<_>>>()?;
        let index = |names: &Vec<String>| {
            let positions = names.iter().map(|c| self.column(c)).collect::<Result<Vec<_>>>()?;
            Ok(quote!(&[#(#positions),*]))
        };
        let indexes = self.schema.indexes.iter().map(index).collect::<Result<Vec<_>>>()?;
        let fixed = self
            .properties
            .iter()
            .filter(|(_, p)| matches!(p.write, Write::Create) && p.navigation.is_none() && !p.transient);
        let fixed = fixed.map(|(name, p)| self.column(&column_name(name, p))).collect::<Result<Vec<_>>>()?;
        let faces = VERSIONS.iter().map(|v| self.face(v, by_title)).collect::<Result<Vec<_>>>()?;
        let doc = &self.schema.description;
        let scope = self.scope(by_title)?;
        let kind = optional(self.schema.kind.clone());
        let base = self.schema.base.as_ref().and_then(|base| by_title.get(base.as_str())).map(|base| base.constant());
        let base = base.map_or_else(|| quote!(None), |constant| quote!(Some(&#constant)));
        let mut derived: Vec<_> =
            by_title.values().filter(|e| e.schema.base.as_ref() == Some(name)).map(|e| e.constant()).collect();
        derived.sort();
        let soft_delete = self.column("deleted_at").is_ok();
        let transient = self.transient.len();
        let (actions, set_actions) = (&self.schema.actions, &self.schema.set_actions);
        Ok(quote! {
            #[doc = #doc]
            pub static #constant: EntityType = EntityType {
                name: #name,
                table: #table,
                columns: &[#(#columns),*],
                fixed: &[#(#fixed),*],
                transient: #transient,
                scope: #scope,
                kind: #kind,
                base: #base,
                derived: &[#(&#derived),*],
                soft_delete: #soft_delete,
                actions: &[#(#actions),*],
                set_actions: &[#(#set_actions),*],
                indexes: &[#(#indexes),*],
                faces: [#(#faces),*],
            };
        })
    }

    fn stored(&self, column: &Column) -> Result<TokenStream> {
        let Column { name, kind, nullable, secret, .. } = column;
        let declares =
            |(property, p): &&(String, Property)| p.navigation.is_none() && column_name(property, p) == *name;
        // The latest version gives the name; what no version shows has that of the column.
        let shown = VERSIONS
            .iter()
            .rev()
            .find_map(|version| self.properties.iter().filter(|(_, p)| p.known_in(version)).find(declares));
        let told_as = shown.map_or(name, |(property, _)| property);
        let property = self.properties.iter().find(declares).map(|(_, property)| property);
        let property = property.ok_or_else(|| format!("{name}: no property declares it"))?;
        let (json, _) = property.json_type()?;
        let json = json == "object" || json == "array";
        let folded = self.properties.iter().any(|(_, p)| p.folded.as_ref() == Some(name));
        let made = name == "id" || property.derived || (property.read_only && *kind == "Time");
        let told = match (folded || name == "kind", made) {
            (true, _) => quote!(Told::Never),
            (false, true) => quote!(Told::OnceMade),
            (false, false) => quote!(Told::Always),
        };
        let kind = format_ident!("{kind}");
        Ok(quote!(Column {
            name: #name,
            kind: Kind::#kind,
            nullable: #nullable,
            secret: #secret,
            json: #json,
            told: #told,
            told_as: #told_as,
        }))
    }

    fn scope(&self, by_title: &HashMap<&str, &Entity<'_>>) -> Result<TokenStream> {
        Ok(match &self.schema.scope {
            Scope::Tenant => quote!(Scoping::Tenant),
            Scope::Named(word) if word == "everyone" => quote!(Scoping::Everyone),
            Scope::Named(column) => {
                let column = self.column(column)?;
                quote!(Scoping::Column(#column))
            }
            Scope::Through { column, of } => {
                let unknown = || format!("{}: no schema is called {of}", self.schema.title);
                let (column, other) = (self.column(column)?, by_title.get(of.as_str()).ok_or_else(unknown)?.constant());
                quote!(Scoping::Through(#column, &#other))
            }
        })
    }

    fn face(&self, version: &str, by_title: &HashMap<&str, &Entity<'_>>) -> Result<TokenStream> {
        let (constant, name) = (self.constant(), &self.schema.title);
        let description = &self.schema.description;
        // What has none is reached from other things.
        let set = self.schema.sets.get(version).map_or("/", String::as_str);
        let path = match set.strip_prefix('/') {
            Some(whole) => whole.to_owned(),
            None if set.contains('/') => set.to_owned(),
            None => format!("{ROOT}/{set}"),
        };
        let set = path.rsplit('/').next().unwrap_or_default();
        let deleted_items = optional(self.schema.deleted_items.clone());
        let variant = if version == "beta" { quote!(Version::Beta) } else { quote!(Version::V1) };
        let (mut properties, mut navigations) = (Vec::new(), Vec::new());
        for (name, property) in self.properties.iter().filter(|(_, p)| p.known_in(version)) {
            match &property.navigation {
                None => properties.push(self.property(name, property, version)?),
                Some(_) => navigations.push(self.navigation(name, property, by_title)?),
            }
        }
        Ok(quote!(Face {
            version: #variant,
            entity: &#constant,
            name: #name,
            description: #description,
            set: #set,
            path: #path,
            deleted_items: #deleted_items,
            properties: &[#(#properties),*],
            navigations: &[#(#navigations),*],
        }))
    }

    /// The property that a column is declared by.
    pub(crate) fn property_of_column(&self, column: &str, version: &str) -> Result<TokenStream> {
        let declared =
            self.properties.iter().find(|(name, p)| p.navigation.is_none() && column_name(name, p) == column);
        let (name, property) = declared.ok_or_else(|| format!("{} has no column {column}", self.schema.title))?;
        self.property(name, property, version)
    }

    fn property(&self, name: &str, property: &Property, version: &str) -> Result<TokenStream> {
        let (_, nullable) = property.json_type()?;
        let column_name = column_name(name, property);
        let column = self.column(&column_name)?;
        let folded = property.folded.as_ref().map(|column| self.property_of_column(column, version)).transpose()?;
        let folded = folded.map_or_else(|| quote!(None), |folded| quote!(Some(&#folded)));
        let by_default = !property.on_request;
        let json_name = format!("\"{name}\":");
        let Property { description, required, omit_null, search, alternate_key, min_length, .. } = property;
        let max_length = match property.max_length {
            0 => quote!(usize::MAX),
            n => quote!(#n),
        };
        let ty = match complex::structured(name, property, self, version)? {
            Some(structured) => structured,
            None => ty(property, version)?,
        };
        let shown = property.shown_in(version);
        let example = optional(property.examples.first().map(|v| json(&respelled(v, property, version))));
        let default = optional(property.default.as_ref().map(|v| json(&respelled(v, property, version))));
        let write = match property.write {
            Write::Always => quote!(Write::Always),
            Write::Create => quote!(Write::Create),
            Write::Never => quote!(Write::Never),
        };
        if matches!(property.write, Write::Never) != property.read_only {
            return Err(format!("{name}: readOnly goes with x-write: never").into());
        }
        Ok(quote!(Property {
            name: #name,
            json_name: #json_name,
            description: #description,
            example: #example,
            column: #column,
            column_name: #column_name,
            folded: #folded,
            by_default: #by_default,
            ty: #ty,
            nullable: #nullable,
            required: #required,
            write: #write,
            shown: #shown,
            omit_null: #omit_null,
            searchable: #search,
            alternate_key: #alternate_key,
            min_length: #min_length,
            max_length: #max_length,
            default: #default,
        }))
    }

    fn navigation(
        &self,
        name: &str,
        property: &Property,
        by_title: &HashMap<&str, &Entity<'_>>,
    ) -> Result<TokenStream> {
        let navigation = property.navigation.as_ref().ok_or("not a navigation property")?;
        let unknown = || format!("{name}: no schema is called {}", navigation.target);
        let other = by_title.get(navigation.target.as_str()).ok_or_else(unknown)?;
        let link = match navigation.link()? {
            Link::Column(column) => {
                let column = self.column(column)?;
                quote!(Link::Column(#column))
            }
            Link::Inverse(inverse) => {
                let column = other.column(inverse)?;
                quote!(Link::Inverse(#column))
            }
            Link::Table { table, source, through, nesting } => {
                let of_links = hidden::of_table(table, by_title);
                let links = quote!(LinkTable { table: #table, source: #source, target: #through, hidden: #of_links });
                match nesting {
                    None => quote!(Link::Table(#links)),
                    Some(Nesting { table, source, through, first }) => {
                        let hidden = hidden::of_table(table, by_title);
                        quote!(Link::Closure(&Closure {
                            links: #links,
                            nesting: LinkTable { table: #table, source: #source, target: #through, hidden: #hidden },
                            nesting_first: #first,
                        }))
                    }
                }
            }
        };
        let (target, json_name) = (other.constant(), format!("\"{name}\":"));
        let source = self.constant();
        let (description, required) = (&property.description, navigation.required);
        let (by_reference, kinds) = (navigation.by_reference, &navigation.kinds);
        Ok(quote!(Navigation {
            name: #name,
            json_name: #json_name,
            description: #description,
            source: &#source,
            target: &#target,
            link: #link,
            required: #required,
            by_reference: #by_reference,
            kinds: &[#(#kinds),*],
        }))
    }

    /// The record (what is stored) and the input (what a body may say of it).
    fn records(&self) -> TokenStream {
        let constant = self.constant();
        let record = format_ident!("{}", pascal(&self.schema.title));
        let input = format_ident!("{record}Input");
        let fields: Vec<_> = self.columns.iter().map(|c| format_ident!("{}", c.name)).collect();
        let types: Vec<_> = self.columns.iter().map(Column::rust_type).collect();
        let defaults: Vec<_> = self.columns.iter().map(Column::rust_default).collect();
        let said = self.columns.iter().chain(&self.transient);
        let said_fields: Vec<_> = said.clone().map(|c| format_ident!("{}", c.name)).collect();
        let said_types: Vec<_> = said.map(Column::rust_type).collect();
        let positions = 0..said_fields.len();
        let (doc, input_doc) = (
            format!("A stored `{}`.", self.schema.title),
            format!("What a body says of a `{}`: what it leaves out is none.", self.schema.title),
        );
        let names: Vec<_> = self.columns.iter().map(|c| format_ident!("{}", c.name.to_uppercase())).collect();
        let places = 0..self.columns.len();
        let authored = self.authored(&record);
        quote! {
            #authored

            #[doc = #doc]
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct #record { #(pub #fields: #types),* }

            /// The positions of the columns.
            impl #record { #(pub const #names: usize = #places;)* }

            /// What a create stores where the body says nothing.
            impl Default for #record {
                fn default() -> Self {
                    Self { #(#fields: #defaults),* }
                }
            }

            impl Record for #record {
                const ENTITY: &'static EntityType = &#constant;
                fn from_values(values: Vec<Value>) -> Option<Self> {
                    let mut values = values.into_iter();
                    Some(Self { #(#fields: Field::from_value(values.next()?)?),* })
                }
                fn into_values(self) -> Vec<Value> {
                    vec![#(self.#fields.into_value()),*]
                }
                fn id(&self) -> &str {
                    &self.id
                }
            }

            #[doc = #input_doc]
            #[derive(Clone, Debug, Default, PartialEq, Eq)]
            pub struct #input { #(pub #said_fields: Option<#said_types>),* }

            impl Input for #input {
                type Record = #record;
                fn set(&mut self, column: usize, value: Value) -> Option<()> {
                    match column {
                        #(#positions => self.#said_fields = Some(Field::from_value(value)?),)*
                        _ => return None,
                    }
                    Some(())
                }
                fn apply_to(self, record: &mut #record) {
                    #(if let Some(value) = self.#fields { record.#fields = value; })*
                }
            }
        }
    }
}

impl Entity<'_> {
    /// `impl Authored`, for a record that has all the columns it takes.
    fn authored(&self, record: &Ident) -> Option<TokenStream> {
        const COLUMNS: [&str; 4] = ["created_by", "created_at", "modified_by", "modified_at"];
        let all = COLUMNS.iter().all(|c| self.column(c).is_ok());
        all.then(|| {
            quote! {
                impl Authored for #record {
                    fn authorship(&mut self) -> Authorship<'_> {
                        Authorship {
                            created_by: &mut self.created_by,
                            created_at: &mut self.created_at,
                            modified_by: &mut self.modified_by,
                            modified_at: &mut self.modified_at,
                        }
                    }
                }
            }
        })
    }
}

impl Column {
    fn rust_type(&self) -> TokenStream {
        let base = match self.kind {
            "Text" => quote!(String),
            "Bool" => quote!(bool),
            "Int" => quote!(i64),
            _ => quote!(Timestamp),
        };
        if self.nullable { quote!(Option<#base>) } else { base }
    }

    fn rust_default(&self) -> TokenStream {
        let value = match (&self.default, self.kind) {
            (Some(Value::Bool(b)), _) => quote!(#b),
            (Some(list @ (Value::Sequence(_) | Value::Mapping(_))), _) => {
                let stored = json(list);
                quote!(#stored.to_owned())
            }
            (Some(Value::String(stored)), _) => quote!(#stored.to_owned()),
            (Some(Value::Number(n)), _) => {
                let n = n.as_i64();
                quote!(#n)
            }
            (None, "Time") if !self.nullable => quote!(Timestamp(0)),
            _ => return quote!(Default::default()),
        };
        if self.nullable { quote!(Some(#value)) } else { value }
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

fn ty(property: &Property, version: &str) -> Result<TokenStream> {
    if !property.members.is_empty() {
        let name = property.enum_names.get(version);
        let members = property.members.iter().filter(|m| name.is_some() || *m != "unknownFutureValue");
        let members = members.map(|m| {
            let (wire, stored) = (spelled(m, property, version), lower_first(m));
            quote!(Member { wire: #wire, stored: #stored })
        });
        let name = optional(name.cloned());
        return Ok(quote!(Type::Enum(&Enum { name: #name, members: &[#(#members),*] })));
    }
    let (json, _) = property.json_type()?;
    Ok(match (json.as_str(), property.format.as_deref()) {
        ("string", Some("date-time")) => quote!(Type::DateTimeOffset),
        ("string", _) => quote!(Type::String),
        ("boolean", _) => quote!(Type::Boolean),
        (_, Some("int64")) => quote!(Type::Int64),
        _ => quote!(Type::Int32),
    })
}

/// How `version` spells a member: as published where it declares the type, in Pascal case where it shows a string.
fn spelled(member: &str, property: &Property, version: &str) -> String {
    if property.enum_names.contains_key(version) { member.to_owned() } else { upper_first(member) }
}

fn respelled(value: &Value, property: &Property, version: &str) -> Value {
    match value {
        Value::String(s) if !property.members.is_empty() => Value::String(spelled(s, property, version)),
        other => other.clone(),
    }
}

/// A YAML value as JSON.
fn json(value: &Value) -> String {
    match value {
        Value::String(s) => format!("{s:?}"),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::Sequence(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(",")),
        Value::Mapping(members) => {
            let member = |(name, value): (&Value, &Value)| format!("{}:{}", json(name), json(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
        }
        _ => "null".to_owned(),
    }
}

fn named<'a>(all: &'a [Schema], title: &str) -> Result<&'a Schema> {
    let found = all.iter().find(|schema| schema.title == title);
    found.ok_or_else(|| format!("no schema is called {title}").into())
}

fn optional(value: Option<String>) -> TokenStream {
    value.map_or_else(|| quote!(None), |v| quote!(Some(#v)))
}

fn column_name(name: &str, property: &Property) -> String {
    property.column.clone().unwrap_or_else(|| snake(name))
}

pub(crate) fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn pascal(name: &str) -> String {
    upper_first(name)
}

fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}
