//! Complex types: the values with members of `openapi/schemas/types`, stored as the JSON that answers show.

use std::{collections::BTreeMap, fs, path::Path};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use serde::Deserialize;
use serde_yaml_ng::{Mapping, Value};

use super::{Result, entity::Entity, names::snake, schema::Property};

/// A type of values with members.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComplexType {
    pub(crate) description: String,
    properties: Mapping,
}

/// A member of a complex type.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComplexMember {
    pub(crate) description: String,
    #[serde(rename = "type")]
    pub(crate) json: Option<String>,
    pub(crate) format: Option<String>,
    #[serde(rename = "x-type")]
    pub(crate) complex: Option<String>,
    #[serde(default)]
    pub(crate) list: bool,
    /// Whether a body must give it.
    #[serde(rename = "x-required", default)]
    pub(crate) required: bool,
}

impl ComplexType {
    /// The members by name, in order.
    pub(crate) fn members(&self) -> Result<Vec<(String, ComplexMember)>> {
        let read = |(name, value): (&Value, &Value)| {
            Ok((serde_yaml_ng::from_value(name.clone())?, serde_yaml_ng::from_value(value.clone())?))
        };
        self.properties.iter().map(read).collect()
    }
}

/// All complex types of a folder, by name.
pub(crate) fn read_types(folder: &Path) -> Result<BTreeMap<String, ComplexType>> {
    let mut types = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let read: BTreeMap<String, ComplexType> =
            serde_yaml_ng::from_str(&fs::read_to_string(&path)?).map_err(|e| format!("{}: {e}", path.display()))?;
        types.extend(read);
    }
    Ok(types)
}

/// A static for each complex type, and the list of all.
pub(crate) fn statics(types: &BTreeMap<String, ComplexType>) -> Result<TokenStream> {
    let names: Vec<Ident> = types.keys().map(|name| constant(name)).collect();
    let mut items = TokenStream::new();
    for (name, complex) in types {
        let constant = constant(name);
        let description = &complex.description;
        let members = complex.members()?;
        let members = members.iter().map(|(name, one)| member(name, one, types)).collect::<Result<Vec<_>>>()?;
        items.extend(quote! {
            #[doc = #description]
            pub static #constant: Complex =
                Complex { name: #name, description: #description, members: &[#(#members),*] };
        });
    }
    Ok(quote! {
        /// All complex types, by name.
        pub static COMPLEX_TYPES: &[&Complex] = &[#(&#names),*];
        #items
    })
}

fn member(name: &str, member: &ComplexMember, types: &BTreeMap<String, ComplexType>) -> Result<TokenStream> {
    let ty = match (&member.complex, member.json.as_deref(), member.format.as_deref()) {
        (Some(complex), None, None) if types.contains_key(complex) => {
            let constant = constant(complex);
            quote!(MemberType::Complex(&#constant))
        }
        (None, Some("string"), None) => quote!(MemberType::Scalar(Type::String)),
        (None, Some("boolean"), None) => quote!(MemberType::Scalar(Type::Boolean)),
        (None, Some("string"), Some("date-time")) => quote!(MemberType::Scalar(Type::DateTimeOffset)),
        (None, Some("integer"), Some("int32")) => quote!(MemberType::Scalar(Type::Int32)),
        _ => return Err(format!("{name}: no such type of a member").into()),
    };
    let ComplexMember { description, list, required, .. } = member;
    Ok(quote!(ComplexMember {
        name: #name,
        description: #description,
        ty: #ty,
        collection: #list,
        required: #required,
    }))
}

/// The type of a property that has a complex one; none for any other.
pub(crate) fn structured(
    name: &str,
    property: &Property,
    entity: &Entity<'_>,
    version: &str,
) -> Result<Option<TokenStream>> {
    let (json, _) = property.json_type()?;
    let collection = match json.as_str() {
        "object" => false,
        "array" => true,
        _ => return Ok(None),
    };
    if property.items.is_some() {
        return Ok(Some(quote!(Type::Strings)));
    }
    let complex = property.complex.as_ref().ok_or_else(|| format!("{name}: x-type is missing"))?;
    let constant = constant(complex);
    let stored = property.complex_members.iter().map(|(path, column)| {
        let property = entity.property_of_column(column, version)?;
        Ok(quote!((#path, #property)))
    });
    let stored = stored.collect::<Result<Vec<_>>>()?;
    Ok(Some(quote! {
        Type::Structured(&Structured { complex: &#constant, collection: #collection, stored: &[#(#stored),*] })
    }))
}

fn constant(name: &str) -> Ident {
    format_ident!("COMPLEX_{}", snake(name).to_uppercase())
}
