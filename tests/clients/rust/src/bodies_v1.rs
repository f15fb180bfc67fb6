//! The request bodies that differ between the versions of the API: v1.0.

use crate::graph::types::{
    MicrosoftGraphAccessPackageCatalogCreate as Catalog, MicrosoftGraphAccessPackageCatalogState as State,
    MicrosoftGraphAccessPackageCreate as AccessPackage, MicrosoftGraphCatalogReference as CatalogReference, builder,
};

pub fn catalog(name: &str) -> builder::MicrosoftGraphAccessPackageCatalogCreate {
    Catalog::builder().display_name(name).state(State::Published)
}

pub fn access_package(name: &str, catalog_id: &str) -> builder::MicrosoftGraphAccessPackageCreate {
    AccessPackage::builder().display_name(name).catalog(CatalogReference { id: catalog_id.to_owned() })
}
