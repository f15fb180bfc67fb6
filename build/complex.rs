//! Complex types, and the properties that have one: stored as the JSON that answers show.

use std::{collections::BTreeMap, error::Error};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::{
    emit::{Entity, snake},
    schema::{ComplexMember, ComplexType, Property},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

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
