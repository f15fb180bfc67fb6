//! Operations of access packages.

use super::{
    declared::{Declared, operations},
    handler::{Created, Deleted, Failure, Json, Linked, Target, Unlinked, Updated},
    operations::Call,
};
use crate::model::{AccessPackage, AccessPackageCreate, AccessPackageReference, AccessPackageUpdate};

/// The operations, and what each takes.
pub(super) fn operations() -> Vec<Declared> {
    operations![
        ManagePackages:
            create_access_package, create_access_package_by_reference, update_access_package, delete_access_package,
            add_incompatible_access_package, remove_incompatible_access_package,
            remove_incompatible_access_package_by_id;
    ]
}

/// Create an access package
///
/// Makes an access package in a catalog.
#[utoipa::path(post, path = "/identityGovernance/entitlementManagement/accessPackages")]
async fn create_access_package(
    call: Call,
    Json(body): Json<AccessPackageCreate>,
) -> Result<Created<AccessPackage>, Failure> {
    Ok(Created(call.api.app.access_package_create(call.caller(), body.0.input).await?))
}

/// Create an access package at $ref
///
/// Makes an access package in a catalog: the same as a create at the collection itself.
#[utoipa::path(post, path = "/identityGovernance/entitlementManagement/accessPackages/$ref")]
async fn create_access_package_by_reference(
    call: Call,
    body: Json<AccessPackageCreate>,
) -> Result<Created<AccessPackage>, Failure> {
    create_access_package(call, body).await
}

/// Update an access package
///
/// Changes what the body names and leaves the rest. A package stays in its catalog.
#[utoipa::path(patch, path = "/identityGovernance/entitlementManagement/accessPackages/{accessPackage-id}")]
async fn update_access_package(
    call: Call,
    Json(body): Json<AccessPackageUpdate>,
) -> Result<Updated<AccessPackage>, Failure> {
    let (named, expected) = (call.named()?, call.expected());
    Ok(Updated(call.api.app.access_package_update(call.caller(), named, &expected, body.0.input).await?))
}

/// Delete an access package
///
/// Removes an access package for good.
#[utoipa::path(delete, path = "/identityGovernance/entitlementManagement/accessPackages/{accessPackage-id}")]
async fn delete_access_package(call: Call) -> Result<Deleted, Failure> {
    call.api.app.access_package_delete(call.caller(), call.named()?, &call.expected()).await?;
    Ok(Deleted)
}

/// Add an incompatible access package
///
/// From now on holders of the access package that the body refers to may not be given this one. One that is listed
/// already stays listed.
#[utoipa::path(
    post,
    path = "/identityGovernance/entitlementManagement/accessPackages/{accessPackage-id}/incompatibleAccessPackages/$ref"
)]
async fn add_incompatible_access_package(
    call: Call,
    Json(other): Json<AccessPackageReference>,
) -> Result<Linked, Failure> {
    let (package, table) = call.linked()?;
    call.api.app.access_package_add_incompatible(call.caller(), package, table, &other.id).await?;
    Ok(Linked)
}

/// Remove an incompatible access package
///
/// Holders of the other access package may be given this one again.
#[utoipa::path(
    delete,
    path = "/identityGovernance/entitlementManagement/accessPackages/{accessPackage-id}/incompatibleAccessPackages/\
            {accessPackage-id1}/$ref"
)]
async fn remove_incompatible_access_package(call: Call, other: Target<AccessPackage>) -> Result<Unlinked, Failure> {
    let (package, table) = call.linked()?;
    call.api.app.access_package_remove_incompatible(call.caller(), package, table, &other.id).await?;
    Ok(Unlinked)
}

/// Remove an incompatible access package by its address
///
/// Holders of the access package that the query option refers to may be given this one again.
#[utoipa::path(
    delete,
    path = "/identityGovernance/entitlementManagement/accessPackages/{accessPackage-id}/incompatibleAccessPackages/$ref"
)]
async fn remove_incompatible_access_package_by_id(
    call: Call,
    other: Target<AccessPackage>,
) -> Result<Unlinked, Failure> {
    remove_incompatible_access_package(call, other).await
}
