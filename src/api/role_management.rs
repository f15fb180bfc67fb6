//! Operations of entitlement management's roles and their assignments.

use super::{
    declared::{Declared, operations},
    handler::{Created, Deleted, Failure, Json},
    operations::Call,
};
use crate::model::{UnifiedRoleAssignment, UnifiedRoleAssignmentCreate};

/// The operations, and what each takes.
pub(super) fn operations() -> Vec<Declared> {
    operations![AssignRoles: create_role_assignment, delete_role_assignment]
}

/// Assign a role
///
/// Gives somebody a role, in one catalog or in the whole tenant. It counts at once.
#[utoipa::path(post, path = "/roleManagement/entitlementManagement/roleAssignments")]
async fn create_role_assignment(
    call: Call,
    Json(body): Json<UnifiedRoleAssignmentCreate>,
) -> Result<Created<UnifiedRoleAssignment>, Failure> {
    Ok(Created(call.api.app.role_assignment_create(call.caller(), body.0.input).await?))
}

/// Take a role away
///
/// Takes a role from the one who has it. It counts at once.
#[utoipa::path(delete, path = "/roleManagement/entitlementManagement/roleAssignments/{unifiedRoleAssignment-id}")]
async fn delete_role_assignment(call: Call) -> Result<Deleted, Failure> {
    call.api.app.role_assignment_delete(call.caller(), call.named()?, &call.expected()).await?;
    Ok(Deleted)
}
