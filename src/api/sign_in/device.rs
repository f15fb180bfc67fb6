//! Signing in on a device on which nobody can type (RFC 8628): where the device begins, and the page at which the person
//! enters the code that it shows.
//!
//! The page keeps nothing between its forms, so that another site can send nobody's session through it: who allows a device
//! in says which, by its code, and signs in there and then. No link carries a code, since whoever follows one that somebody
//! else sent would let that somebody in.

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::{
    Asked,
    authorize::broken,
    json, page,
    refusal::{Kind, Refusal, shown},
    token,
};
use crate::authority::{DEVICE_CODE_LIFETIME, DEVICE_INTERVAL, SignInError, Waiting};

/// Where people enter codes: below the origin, and short, since they type it.
pub(super) const PAGE: &str = "/devicelogin";

/// No device asks for more: what it asks for is kept before anybody has signed in.
const MAX_SCOPE: usize = 2048;

/// POST: a device begins.
pub(super) async fn start(asked: Asked, body: Body) -> Response {
    let outcome = begin(&asked, body).await;
    asked.answer(outcome)
}

async fn begin(asked: &Asked, body: Body) -> Result<Response, Refusal> {
    let form = token::form(asked, body).await?;
    let tenant = token::tenant(asked).await?;
    let app = token::app(asked, &form, &tenant).await?;
    let scope = form.get("scope").ok_or_else(|| Refusal::missing("scope"))?;
    let authority = &asked.api.authority;
    let granted = authority.scopes(&app, scope, &asked.origin).filter(|_| scope.len() <= MAX_SCOPE);
    let granted = granted.filter(|scopes| scopes.openid || !scopes.permissions.is_empty());
    granted.ok_or_else(|| {
        let message = format!(
            "The provided value for scope '{}' is not valid: it names nothing that the application has been granted.",
            shown(scope)
        );
        Refusal::new(Kind::PersonScope, message)
    })?;
    let started = authority.device_start(&tenant, &app, scope.clone(), asked.visit()).await;
    let started = started.map_err(|error| token::refusal(error, scope))?;
    let page = format!("{}{PAGE}", asked.origin);
    let body = json!({
        "user_code": started.user_code,
        "device_code": started.device_code,
        "verification_uri": page,
        "expires_in": DEVICE_CODE_LIFETIME.as_secs(),
        "interval": DEVICE_INTERVAL.as_secs(),
        "message": format!("To sign in, open {page} in a browser and enter the code {}.", started.user_code),
    });
    let mut response = json(StatusCode::OK, &body, "no-store, no-cache");
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// GET: asks for the code.
pub(super) async fn show() -> Response {
    page::device_code("", None)
}

/// POST: a code; then the code with a name and a password, or with a no.
pub(super) async fn enter(asked: Asked, body: Body) -> Response {
    let form = match token::form(&asked, body).await {
        Ok(form) => form,
        Err(refusal) => return broken(&refusal),
    };
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let code = field("code");
    let authority = &asked.api.authority;
    let waiting = match authority.device_named(code, asked.visit(), &asked.origin).await {
        Ok(Some(waiting)) => waiting,
        Ok(None) => return page::device_code(code, Some("The code is not right, or it is too old.")),
        Err(SignInError::Store(error)) => return broken(&Refusal::store(&error)),
        Err(error) => return page::device_code(code, Some(&page::told(&error))),
    };
    if form.contains_key("decline") {
        return finish(authority.device_decline(&waiting).await, &waiting, code, ("", false), false);
    }
    if !form.contains_key("username") {
        return sign_in(&waiting, code, ("", false), None);
    }
    let (username, password, renew) = (field("username"), field("password"), page::renews(&form));
    let outcome = match page::new_password(&form) {
        Ok(new) => authority.device_approve(&waiting, username, (password, new), asked.visit()).await,
        Err(error) => Err(error),
    };
    finish(outcome, &waiting, code, (username, renew), true)
}

fn finish(
    outcome: Result<(), SignInError>,
    waiting: &Waiting,
    code: &str,
    (username, renew): (&str, bool),
    allowed: bool,
) -> Response {
    let app = &waiting.app.display_name;
    match outcome {
        Ok(()) if allowed => page::message(
            StatusCode::OK,
            "Signed in",
            &format!("Go back to {app} on your device, and close this page."),
        ),
        Ok(()) => page::message(StatusCode::OK, "Declined", &format!("{app} was not let in. You can close this page.")),
        Err(SignInError::GrantExpired) => page::device_code("", Some("The code is not right, or it is too old.")),
        Err(SignInError::Store(error)) => broken(&Refusal::store(&error)),
        Err(SignInError::Busy) => page::busy(sign_in(waiting, code, (username, renew), Some(page::BUSY))),
        Err(error) => {
            let renew = renew || matches!(error, SignInError::MustChangePassword);
            sign_in(waiting, code, (username, renew), Some(&page::told(&error)))
        }
    }
}

fn sign_in(waiting: &Waiting, code: &str, (username, renew): (&str, bool), alert: Option<&str>) -> Response {
    let (app, tenant) = (waiting.app.display_name.as_str(), waiting.tenant.display_name.as_str());
    page::sign_in_device(&page::SignInDevice { app, tenant, action: PAGE, code, username, alert, renew })
}
