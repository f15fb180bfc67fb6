//! Changing one's own password.

use super::actions;
use crate::{
    api::{
        declared::{Declared, operations},
        error::{Code, Error},
        handler::{Called, Failure},
        limits,
        operations::Call,
    },
    app::Error as AppError,
    authority::{PasswordChange, SignInError, Visit},
    model::{USER, bind::Violation, meta::Face},
};

const NOT_ONESELF: &str =
    "The key is not that of the signed-in user. Set the password of another user by updating 'passwordProfile'.";

/// The operations, and what each takes.
pub(super) fn operations() -> Vec<Declared> {
    operations![ChangePassword: change_my_password, change_user_password]
}

/// Change one's own password
///
/// Changes the password of the signed-in user, and of nobody else. Tokens and sessions of the user that were issued
/// before end.
#[utoipa::path(post, path = "/me/changePassword")]
async fn change_my_password(call: Call) -> Result<Called, Failure> {
    change_user_password(call).await
}

/// Change a user's password
///
/// Changes the password of the signed-in user, and of nobody else. Tokens and sessions of the user that were issued
/// before end.
#[utoipa::path(post, path = "/users/{user-id}/changePassword")]
async fn change_user_password(call: Call) -> Result<Called, Failure> {
    let asked = actions::body(&call)?;
    let (current, new) = (actions::text(&asked, "currentPassword")?, actions::text(&asked, "newPassword")?);
    let user = call.api.app.oneself(call.caller(), call.named()?).await?;
    // Whether there is another of this key is not told.
    let user = user.ok_or_else(|| Error::new(Code::DIRECTORY_NOT_FOUND, NOT_ONESELF))?;
    let principal = &call.caller.principal;
    let change = PasswordChange {
        tenant_id: &principal.tenant_id,
        upn: &user.user_principal_name,
        app_id: principal.app_id.as_deref(),
        current: &current,
        new: &new,
        visit: Visit { address: call.provenance.address, correlation_id: Some(&call.provenance.correlation_id) },
    };
    match call.api.authority.change_password(change).await {
        Ok(()) => Ok(Called::nothing()),
        Err(error) => Err(refused(error, USER.face(call.version)).into()),
    }
}

fn refused(error: SignInError, face: &'static Face) -> Error {
    let wrong = |name: &str, message: String| Error::invalid_for(face, vec![Violation::new(name, message)]);
    match error {
        SignInError::Password => wrong("currentPassword", "'currentPassword' is not the current password.".to_owned()),
        SignInError::NewPassword(message) => wrong("newPassword", message),
        SignInError::Slow(wait) => limits::refusal("with a wrong password", wait),
        SignInError::Store(error) => Error::app(AppError::Store(error), face),
        SignInError::Busy => Error::busy(),
        other => {
            tracing::warn!(error = %other, "a password could not be changed");
            Error::new(Code::UNAVAILABLE, "The password could not be changed just now: try again.")
        }
    }
}
