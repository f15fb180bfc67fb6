//! Operations of groups.

use super::parts;
use crate::{
    api::{
        declared::{Declared, operations},
        handler::{Called, Created, Deleted, Failure, Json, Updated},
        operations::Call,
    },
    model::{Group, GroupCreate, GroupUpdate},
};

/// The operations, and what each takes.
pub(super) fn operations() -> Vec<Declared> {
    operations![ManageGroups: create_group, update_group, delete_group, renew_group]
}

/// Create a group
///
/// Makes a group. It can be used at once.
#[utoipa::path(post, path = "/groups")]
async fn create_group(call: Call, Json(body): Json<GroupCreate>) -> Result<Created<Group>, Failure> {
    Ok(Created(call.api.app.group_create(call.caller(), parts(body.0)).await?))
}

/// Update a group
///
/// Changes what the body names and leaves the rest.
#[utoipa::path(patch, path = "/groups/{group-id}")]
async fn update_group(call: Call, Json(body): Json<GroupUpdate>) -> Result<Updated<Group>, Failure> {
    let (named, expected) = (call.named()?, call.expected());
    Ok(Updated(call.api.app.group_update(call.caller(), (named, &expected), parts(body.0)).await?))
}

/// Delete a group
///
/// It is gone from all lists, and can be restored from `/directory/deletedItems`.
#[utoipa::path(delete, path = "/groups/{group-id}")]
async fn delete_group(call: Call) -> Result<Deleted, Failure> {
    call.api.app.group_delete(call.caller(), call.named()?, &call.expected()).await?;
    Ok(Deleted)
}

/// Renew a group
///
/// Begins the life of the group anew.
#[utoipa::path(post, path = "/groups/{group-id}/renew")]
async fn renew_group(call: Call) -> Result<Called, Failure> {
    call.api.app.group_renew(call.caller(), call.named()?).await?;
    Ok(Called::nothing())
}
