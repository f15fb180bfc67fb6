//! Changing one's own password.

use http::StatusCode;

use super::{Answer, Call, Error, Operation, actions};
use crate::{
    api::{error::Code, limits},
    app::Error as AppError,
    authority::{PasswordChange, SignInError, Visit},
    authz::Action,
    model::{USER, bind::Violation, meta::Face},
    odata::options,
};

const NOT_ONESELF: &str =
    "The key is not that of the signed-in user. Set the password of another user by updating 'passwordProfile'.";

/// The operation on the person at a path.
pub(super) fn change(at: &str, face: &'static Face, id: &str, whose: &str) -> Operation {
    actions::call(format!("change{id}Password"), format!("{at}/changePassword"), face, "changePassword")
        .about(
            format!("Change {whose} password"),
            "Changes the password of the signed-in user, and of nobody else. Tokens and sessions of the user that were \
             issued before end.",
        )
        .takes(Action::ChangePassword)
        .by(|call| Box::pin(set(call)))
}

async fn set(call: Call) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    let face = USER.face(call.version);
    let asked = actions::body(&call)?;
    let (current, new) = (actions::text(&asked, "currentPassword")?, actions::text(&asked, "newPassword")?);
    let user = call.api.app.oneself(call.caller(), call.named()?).await.map_err(|e| Error::app(e, face))?;
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
        Ok(()) => Ok(Answer::empty(StatusCode::NO_CONTENT)),
        Err(error) => Err(refused(error, face)),
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
