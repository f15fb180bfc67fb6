//! Operations of people.

use super::{actions, parts};
use crate::{
    api::{
        declared::{Declared, operations},
        error::Error,
        handler::{Called, Created, Deleted, Failure, Json, Linked, Unlinked, Updated},
        links::linked,
        operations::Call,
    },
    app::{Error as AppError, Named},
    model::{DirectoryObjectReference, User, UserCreate, UserInput, UserUpdate},
};

/// The operations, and what each takes.
pub(super) fn operations() -> Vec<Declared> {
    operations![
        ManageUsers:
            create_user, update_user, delete_user, set_user_manager, remove_user_manager, revoke_user_sign_in_sessions;
    ]
}

/// Create a user
///
/// Makes a user. It can be used at once.
#[utoipa::path(post, path = "/users")]
async fn create_user(call: Call, Json(body): Json<UserCreate>) -> Result<Created<User>, Failure> {
    let hash = password(&call, None, &body.0.input).await?;
    Ok(Created(call.api.app.user_create(call.caller(), parts(body.0), hash).await?))
}

/// Update a user
///
/// Changes what the body names and leaves the rest.
#[utoipa::path(patch, path = "/users/{user-id}")]
async fn update_user(call: Call, Json(body): Json<UserUpdate>) -> Result<Updated<User>, Failure> {
    let (named, expected) = (call.named()?, call.expected());
    let hash = password(&call, Some(named), &body.0.input).await?;
    Ok(Updated(call.api.app.user_update(call.caller(), (named, &expected), parts(body.0), hash).await?))
}

/// The hash of the password that a body gives.
async fn password(call: &Call, named: Option<Named<'_>>, input: &UserInput) -> Result<Option<String>, Failure> {
    match call.api.app.new_password(call.caller(), named, input).await? {
        Some(password) => {
            Ok(Some(call.api.authority.hash(call.caller.tenant, password).await.map_err(|_| Error::busy())?))
        }
        None => Ok(None),
    }
}

/// Delete a user
///
/// It is gone from all lists, and can be restored from `/directory/deletedItems`.
#[utoipa::path(delete, path = "/users/{user-id}")]
async fn delete_user(call: Call) -> Result<Deleted, Failure> {
    call.api.app.user_delete(call.caller(), call.named()?, &call.expected()).await?;
    Ok(Deleted)
}

/// Set the manager of a user
///
/// The user is a direct report of the object that the body refers to.
#[utoipa::path(put, path = "/users/{user-id}/manager/$ref")]
async fn set_user_manager(call: Call, Json(other): Json<DirectoryObjectReference>) -> Result<Linked, Failure> {
    let (_, named, _) = linked(&call).ok_or(AppError::NoSuchPath)?;
    call.api.app.manager_set(call.caller(), named, Some(other.id)).await?;
    Ok(Linked)
}

/// Remove the manager of a user
///
/// The user is nobody's direct report any more.
#[utoipa::path(delete, path = "/users/{user-id}/manager/$ref")]
async fn remove_user_manager(call: Call) -> Result<Unlinked, Failure> {
    let (_, named, _) = linked(&call).ok_or(AppError::NoSuchPath)?;
    call.api.app.manager_set(call.caller(), named, None).await?;
    Ok(Unlinked)
}

/// Sign a user out
///
/// Tokens and sessions that the user has got so far count no more.
#[utoipa::path(post, path = "/users/{user-id}/revokeSignInSessions")]
async fn revoke_user_sign_in_sessions(call: Call) -> Result<Called, Failure> {
    call.api.app.sessions_revoke(call.caller(), call.named()?).await?;
    Ok(Called(actions::answer(&call, "Edm.Boolean", &true.into())))
}
