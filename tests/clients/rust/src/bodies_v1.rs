//! The request bodies that differ between the versions of the API: v1.0.

use anyhow::Result;

use crate::graph::types::{
    MicrosoftGraphAccessPackageCatalogCreate as Catalog, MicrosoftGraphAccessPackageCatalogState as State,
    MicrosoftGraphAccessPackageCreate as AccessPackage, MicrosoftGraphCatalogReference as CatalogReference,
};

pub fn catalog(name: &str) -> Result<Catalog> {
    Ok(Catalog::builder().display_name(name).state(State::Published).try_into()?)
}

pub fn access_package(name: &str, catalog_id: &str) -> Result<AccessPackage> {
    let catalog: CatalogReference = CatalogReference::builder().id(catalog_id).try_into()?;
    Ok(AccessPackage::builder().display_name(name).is_hidden(true).catalog(catalog).try_into()?)
}
