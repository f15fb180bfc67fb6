//! A property, as each version shows it.

use proc_macro2::TokenStream;
use quote::quote;
use serde_yaml_ng::Value;

use super::{
    Result,
    entity::{Entity, column_name},
    names::{lower_first, upper_first},
    schema::{Property, Write},
    types,
};

impl Entity<'_> {
    /// The property that a column is declared by.
    pub(super) fn property_of_column(&self, column: &str, version: &str) -> Result<TokenStream> {
        let declared =
            self.properties.iter().find(|(name, p)| p.navigation.is_none() && column_name(name, p) == column);
        let (name, property) = declared.ok_or_else(|| format!("{} has no column {column}", self.schema.title))?;
        self.property(name, property, version)
    }

    /// The `Property` of one version.
    pub(super) fn property(&self, name: &str, property: &Property, version: &str) -> Result<TokenStream> {
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
        let ty = match types::structured(name, property, self, version)? {
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
pub(super) fn json(value: &Value) -> String {
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

/// `Some(…)` or `None`.
pub(super) fn optional(value: Option<String>) -> TokenStream {
    value.map_or_else(|| quote!(None), |v| quote!(Some(#v)))
}
