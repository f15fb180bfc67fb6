//! From the schemas of `openapi/schemas` to Rust: records, inputs and the metadata tables of `src/model`.

mod entity;
mod hidden;
mod names;
mod property;
mod records;
mod schema;
mod tables;
mod types;

use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
    path::Path,
};

use proc_macro2::TokenStream;
use quote::quote;

use self::{entity::Entity, schema::Schema, types::ComplexType};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The text of the module that the schemas of a folder make.
///
/// # Errors
/// A file cannot be read, or says something that has no meaning.
pub(crate) fn generate(folder: &Path) -> Result<String> {
    let schemas = schema::read_all(folder)?;
    let complex_types = types::read_types(&folder.join("types"))?;
    let tokens = model(&schemas, &complex_types)?;
    Ok(format!(
        "// Written by the build script from openapi/schemas.\n\n{}",
        prettyplease::unparse(&syn::parse2(tokens)?)
    ))
}

/// The whole module.
fn model(schemas: &[Schema], complex_types: &BTreeMap<String, ComplexType>) -> Result<TokenStream> {
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
    let complex = types::statics(complex_types)?;
    let hidden = entities.iter().map(Entity::hidden_links).collect::<Result<Vec<_>>>()?;
    Ok(quote! {
        #complex
        #(#hidden)*
        #[allow(unused_imports)]
        use super::{body::{Create, Reference, Update}, meta::*, record::{Authored, Authorship, Input, Record}, value::{Field, Timestamp, Value}};
        /// All entity types, by name.
        pub static ENTITY_TYPES: &[&EntityType] = &[#(&#statics),*];
        #(#items)*
    })
}
