//! Operations of catalogs.

use super::{
    declared::{Declared, operations},
    handler::{Created, Deleted, Failure, Json, Updated},
    operations::Call,
};
use crate::model::{AccessPackageCatalog, AccessPackageCatalogCreate, AccessPackageCatalogUpdate};

/// The operations, and what each takes.
pub(super) fn operations() -> Vec<Declared> {
    operations![
        CreateCatalog: create_catalog;
        ManageCatalog: update_catalog, delete_catalog;
    ]
}

/// Create a catalog
///
/// Makes an empty catalog. Who may do so by a role alone becomes its owner.
#[utoipa::path(post, path = "/identityGovernance/entitlementManagement/catalogs")]
async fn create_catalog(
    call: Call,
    Json(body): Json<AccessPackageCatalogCreate>,
) -> Result<Created<AccessPackageCatalog>, Failure> {
    Ok(Created(call.api.app.catalog_create(call.caller(), body.0.input).await?))
}

/// Update a catalog
///
/// Changes what the body names and leaves the rest.
#[utoipa::path(patch, path = "/identityGovernance/entitlementManagement/catalogs/{accessPackageCatalog-id}")]
async fn update_catalog(
    call: Call,
    Json(body): Json<AccessPackageCatalogUpdate>,
) -> Result<Updated<AccessPackageCatalog>, Failure> {
    let (named, expected) = (call.named()?, call.expected());
    Ok(Updated(call.api.app.catalog_update(call.caller(), named, &expected, body.0.input).await?))
}

/// Delete a catalog
///
/// Removes a catalog that holds no access packages.
#[utoipa::path(delete, path = "/identityGovernance/entitlementManagement/catalogs/{accessPackageCatalog-id}")]
async fn delete_catalog(call: Call) -> Result<Deleted, Failure> {
    call.api.app.catalog_delete(call.caller(), call.named()?, &call.expected()).await?;
    Ok(Deleted)
}
