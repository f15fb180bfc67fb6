//! The request bodies that differ between the versions of the API: beta.

use crate::graph::types::{
    MicrosoftGraphAccessPackageCatalogCreate as Catalog, MicrosoftGraphAccessPackageCreate as AccessPackage, builder,
};

pub fn catalog(name: &str) -> builder::MicrosoftGraphAccessPackageCatalogCreate {
    Catalog::builder().display_name(name).catalog_status("Published".to_owned())
}

pub fn access_package(name: &str, catalog_id: &str) -> builder::MicrosoftGraphAccessPackageCreate {
    AccessPackage::builder().display_name(name).catalog_id(catalog_id)
}
