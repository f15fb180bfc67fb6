//! Where a device begins to wait, and where a person lets it in (RFC 8628).

use axum::{body::Body, response::Response};
use http::StatusCode;
use serde_json::json;

use super::{
    Asked, json as json_answer,
    page::{self, SignIn},
    refusal::{Kind, Refusal, shown},
    token,
};
use crate::authority::{DEVICE_INTERVAL, DEVICE_LIFETIME, PasswordSignIn, SignInError};

/// POST: a device begins to wait.
pub(super) async fn begin(asked: Asked, body: Body) -> Response {
    let outcome = wait(&asked, body).await;
    asked.answer(outcome)
}

async fn wait(asked: &Asked, body: Body) -> Result<Response, Refusal> {
    let form = token::form(asked, body).await?;
    let tenant = token::tenant(asked).await?;
    let authority = &asked.api.authority;
    let client_id = form.get("client_id").ok_or_else(|| Refusal::missing("client_id"))?;
    let app = authority.client(&tenant, client_id, &asked.origin).await.map_err(|error| Refusal::store(&error))?;
    let app = app.ok_or_else(|| Refusal::new(Kind::Credential, "There is no application with this client_id."))?;
    let scope = form.get("scope").ok_or_else(|| Refusal::missing("scope"))?;
    let scopes = authority.scopes(&app, scope, &asked.origin);
    if !scopes.is_some_and(|scopes| scopes.openid || !scopes.permissions.is_empty()) {
        let message = format!("The application has not been granted the scope '{}'.", shown(scope));
        return Err(Refusal::new(Kind::Scope, message));
    }
    let begun = authority.device_begin(&tenant, &app, scope).await;
    let (device_code, user_code) = begun.map_err(|error| {
        tracing::error!(%error, "a device cannot wait");
        Refusal::unavailable()
    })?;
    let uri = format!("{}/{}/oauth2/deviceauth", asked.origin, tenant.id);
    let message = format!("To sign in, open the page {uri} in a browser and enter the code {user_code}.");
    let body = json!({
        "user_code": user_code, "device_code": device_code, "verification_uri": uri,
        "expires_in": DEVICE_LIFETIME.as_secs(), "interval": DEVICE_INTERVAL.as_secs(), "message": message,
    });
    Ok(json_answer(StatusCode::OK, &body, "no-store, no-cache"))
}

/// GET: asks for the code, and once that is known, who lets the device in.
pub(super) async fn show(asked: Asked) -> Response {
    step(&asked, None).await
}

/// POST: a person has filled in name and password.
pub(super) async fn enter(asked: Asked, body: Body) -> Response {
    match token::form(&asked, body).await {
        Ok(form) => step(&asked, Some(form)).await,
        Err(refusal) => page::message(refusal.status(), "This cannot be done", refusal.message()),
    }
}

async fn step(asked: &Asked, form: Option<token::Form>) -> Response {
    let tenant = match token::tenant(asked).await {
        Ok(tenant) => tenant,
        Err(refusal) => return page::message(refusal.status(), "This cannot be done", refusal.message()),
    };
    let Some(entered) = asked.query("user_code").filter(|entered| !entered.is_empty()) else {
        return page::device_code(None);
    };
    let broken = |error: SignInError| {
        tracing::error!(%error, "a device cannot be let in");
        page::message(StatusCode::SERVICE_UNAVAILABLE, "This cannot be done", "That did not work just now: try again.")
    };
    let authority = &asked.api.authority;
    let device = match authority.device_waiting(&tenant, &entered).await {
        Ok(Some(device)) => device,
        Ok(None) => return page::device_code(Some("No device waits for this code.")),
        Err(error) => return broken(error),
    };
    let app = match authority.client(&tenant, &device.app_id, &asked.origin).await {
        Ok(Some(app)) => app,
        Ok(None) => return page::device_code(Some("No device waits for this code.")),
        Err(error) => return broken(error.into()),
    };
    let action = asked.uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
    let again = |username: &str, alert: Option<&str>| {
        let (app, tenant) = (app.display_name.as_str(), tenant.display_name.as_str());
        page::sign_in(&SignIn { app, tenant, action, username, alert, redirect_uri: "" })
    };
    let Some(form) = form else { return again("", None) };
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let (upn, password) = (field("username"), field("password"));
    let sign_in = PasswordSignIn { tenant: &tenant, app: &app, upn, password, visit: asked.visit() };
    let user = match authority.sign_in(sign_in).await {
        Ok(user) => user,
        Err(SignInError::Password) => return again(upn, Some("The name or the password is not right.")),
        Err(SignInError::Slow(wait)) => {
            return again(upn, Some(&format!("Too many attempts: wait {} seconds.", wait.as_secs() + 1)));
        }
        Err(error) => return broken(error),
    };
    match authority.device_approve(&tenant, &device, &user).await {
        Ok(true) => {
            page::message(StatusCode::OK, "You are signed in", "You may close this page, and go on where you began.")
        }
        Ok(false) => page::device_code(Some("No device waits for this code.")),
        Err(error) => broken(error),
    }
}
