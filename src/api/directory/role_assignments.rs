//! Operations of app role assignments: the roles that people, groups and applications have in applications.

use crate::{
    api::{
        declared::{Declared, operations},
        handler::{Created, Deleted, Failure, Json},
        operations::Call,
        write,
    },
    app::{Error as AppError, Named},
    model::{AppRoleAssignment, AppRoleAssignmentCreate, meta::EntityType},
    odata::{path::Resource, query::Rows},
};

/// The operations, and what each takes.
pub(super) fn operations() -> Vec<Declared> {
    operations![
        AssignAppRoles:
            create_user_app_role_assignments, delete_user_app_role_assignments,
            create_group_app_role_assignments, delete_group_app_role_assignments,
            create_service_principal_app_role_assignments, delete_service_principal_app_role_assignments,
            create_service_principal_app_role_assigned_to, delete_service_principal_app_role_assigned_to;
    ]
}

async fn assign(call: Call, Json(body): Json<AppRoleAssignmentCreate>) -> Result<Created<AppRoleAssignment>, Failure> {
    let source = hangs_on(&call).ok_or(AppError::NoSuchPath)?;
    call.api.app.check_assigned(call.caller(), source, &body.0.input).await?;
    Ok(Created(call.api.app.app_role_assignment_create(call.caller(), body.0.input).await?))
}

async fn unassign(call: Call) -> Result<Deleted, Failure> {
    let Resource::Rows(rows) = &call.path.resource else { return Err(AppError::NoSuchPath.into()) };
    let (named, expected) = (call.named()?, call.expected());
    call.api.app.app_role_assignment_delete(call.caller(), rows.clone(), named, &expected).await?;
    Ok(Deleted)
}

/// The object that the path hangs on: its type, and its key.
fn hangs_on(call: &Call) -> Option<(&'static EntityType, Named<'_>)> {
    match call.path.resource.rows()? {
        Rows::Related { of, .. } => Some((of.face().entity, write::keyed(of)?)),
        _ => None,
    }
}

/// Give a role by a user
///
/// Gives a person, a group or an application a role in an application.
#[utoipa::path(post, path = "/users/{user-id}/appRoleAssignments")]
async fn create_user_app_role_assignments(
    call: Call,
    body: Json<AppRoleAssignmentCreate>,
) -> Result<Created<AppRoleAssignment>, Failure> {
    assign(call, body).await
}

/// Take a role by a user
///
/// Takes the role away.
#[utoipa::path(delete, path = "/users/{user-id}/appRoleAssignments/{appRoleAssignment-id}")]
async fn delete_user_app_role_assignments(call: Call) -> Result<Deleted, Failure> {
    unassign(call).await
}

/// Give a role by a group
///
/// Gives a person, a group or an application a role in an application.
#[utoipa::path(post, path = "/groups/{group-id}/appRoleAssignments")]
async fn create_group_app_role_assignments(
    call: Call,
    body: Json<AppRoleAssignmentCreate>,
) -> Result<Created<AppRoleAssignment>, Failure> {
    assign(call, body).await
}

/// Take a role by a group
///
/// Takes the role away.
#[utoipa::path(delete, path = "/groups/{group-id}/appRoleAssignments/{appRoleAssignment-id}")]
async fn delete_group_app_role_assignments(call: Call) -> Result<Deleted, Failure> {
    unassign(call).await
}

/// Give a role by a service principal
///
/// Gives a person, a group or an application a role in an application.
#[utoipa::path(post, path = "/servicePrincipals/{servicePrincipal-id}/appRoleAssignments")]
async fn create_service_principal_app_role_assignments(
    call: Call,
    body: Json<AppRoleAssignmentCreate>,
) -> Result<Created<AppRoleAssignment>, Failure> {
    assign(call, body).await
}

/// Take a role by a service principal
///
/// Takes the role away.
#[utoipa::path(delete, path = "/servicePrincipals/{servicePrincipal-id}/appRoleAssignments/{appRoleAssignment-id}")]
async fn delete_service_principal_app_role_assignments(call: Call) -> Result<Deleted, Failure> {
    unassign(call).await
}

/// Give a role by a service principal
///
/// Gives a person, a group or an application a role in an application.
#[utoipa::path(post, path = "/servicePrincipals/{servicePrincipal-id}/appRoleAssignedTo")]
async fn create_service_principal_app_role_assigned_to(
    call: Call,
    body: Json<AppRoleAssignmentCreate>,
) -> Result<Created<AppRoleAssignment>, Failure> {
    assign(call, body).await
}

/// Take a role by a service principal
///
/// Takes the role away.
#[utoipa::path(delete, path = "/servicePrincipals/{servicePrincipal-id}/appRoleAssignedTo/{appRoleAssignment-id}")]
async fn delete_service_principal_app_role_assigned_to(call: Call) -> Result<Deleted, Failure> {
    unassign(call).await
}
