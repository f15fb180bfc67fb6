//! The request bodies that differ between the versions of the API: beta.

use anyhow::Result;

use crate::graph::types::{
    MicrosoftGraphAccessPackageCatalogCreate as Catalog,
    MicrosoftGraphAccessPackageCatalogCreateCatalogStatus as Status,
    MicrosoftGraphAccessPackageCreate as AccessPackage,
};

pub fn catalog(name: &str) -> Result<Catalog> {
    Ok(Catalog::builder().display_name(name).catalog_status(Status::Published).try_into()?)
}

pub fn access_package(name: &str, catalog_id: &str) -> Result<AccessPackage> {
    Ok(AccessPackage::builder().display_name(name).is_hidden(true).catalog_id(catalog_id.to_owned()).try_into()?)
}
