//! The authorization endpoint (RFC 6749 §3.1): a person signs in, and the client gets a code.
//!
//! Nothing is kept between the page and its form but what stands in the address: there are no cookies, so another site cannot
//! make use of anybody's session. Errors go to the client only when it is known that the address is the client's.

use std::{collections::HashMap, sync::Arc};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};

use super::{
    Asked,
    page::{self, SignIn},
    refusal::Refusal,
    token,
};
use crate::{
    authority::{PasswordSignIn, SignInError, may_redirect},
    store::{GrantDetails, ServicePrincipal, Tenant, User},
};

/// The method of [`GrantDetails::challenge`].
const S256: &str = "S256";

/// GET: shows the page.
pub(super) async fn show(asked: Asked) -> Response {
    match read(&asked).await {
        Ok(wanted) if wanted.prompt == "none" => {
            wanted.refuse("login_required", "AADSTS50058: A silent sign-in request was sent but no user is signed in.")
        }
        Ok(wanted) => wanted.page(&asked, &wanted.login_hint, None, false),
        Err(response) => response,
    }
}

/// POST: what was filled in.
pub(super) async fn enter(asked: Asked, body: Body) -> Response {
    let wanted = match read(&asked).await {
        Ok(wanted) => wanted,
        Err(response) => return response,
    };
    let form = match token::form(&asked, body).await {
        Ok(form) => form,
        Err(refusal) => return broken(&refusal),
    };
    let username = form.get("username").map(String::as_str).unwrap_or_default();
    let user = match sign_in(&asked, &wanted, username, &form).await {
        Ok(user) => user,
        Err(SignInError::Store(error)) => return broken(&Refusal::store(&error)),
        Err(SignInError::Busy) => {
            let renew = page::renews(&form);
            return page::busy(wanted.page(&asked, username, Some(page::BUSY), renew));
        }
        Err(error) => {
            let renew = page::renews(&form) || matches!(error, SignInError::MustChangePassword);
            return wanted.page(&asked, username, Some(&page::told(&error)), renew);
        }
    };
    let (tenant, app, authority) = (&wanted.tenant, &wanted.app, &asked.api.authority);
    match authority.code(tenant, app, &user, wanted.details.clone()).await {
        Ok(code) => wanted.answer(&[("code", &code)]),
        Err(error) => {
            tracing::error!(%error, "a code could not be made");
            wanted.refuse("temporarily_unavailable", "The service is temporarily unavailable: try again.")
        }
    }
}

async fn sign_in(
    asked: &Asked,
    wanted: &Wanted,
    upn: &str,
    form: &HashMap<String, String>,
) -> Result<User, SignInError> {
    let password = form.get("password").map(String::as_str).unwrap_or_default();
    let (tenant, app, new_password) = (&wanted.tenant, &wanted.app, page::new_password(form)?);
    let grant = "authorization_code";
    let sign_in = PasswordSignIn { tenant, app, upn, password, new_password, grant, visit: asked.visit() };
    asked.api.authority.sign_in(sign_in).await
}

/// What a client wants.
struct Wanted {
    tenant: Arc<Tenant>,
    app: ServicePrincipal,
    details: GrantDetails,
    mode: Mode,
    state: Option<String>,
    prompt: String,
    login_hint: String,
}

/// How the answer gets to the client.
#[derive(Clone, Copy)]
enum Mode {
    Query,
    Fragment,
    FormPost,
}

/// Reads a request; what is wrong with it is an answer.
async fn read(asked: &Asked) -> Result<Wanted, Response> {
    let query = asked.uri.query().unwrap_or_default();
    let mut given: HashMap<String, String> = HashMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if given.insert(name.clone().into_owned(), value.into_owned()).is_some() {
            return Err(bad(&format!("The parameter '{}' is there more than once.", super::refusal::shown(&name))));
        }
    }
    let mut take = |name: &str| given.remove(name).filter(|value| !value.is_empty());
    let missing = |name: &str| bad(&format!("The parameter '{name}' is missing."));
    let tenant = token::tenant(asked).await.map_err(|refusal| broken(&refusal))?;
    let client_id = take("client_id").ok_or_else(|| missing("client_id"))?;
    let found = asked.api.authority.client(&tenant, &client_id, &asked.origin).await;
    let app = found.map_err(|error| broken(&Refusal::store(&error)))?;
    let app = app.ok_or_else(|| bad("AADSTS700016: There is no application with this client_id in this tenant."))?;
    if !app.account_enabled {
        return Err(bad("AADSTS7000112: The application is disabled."));
    }
    let redirect_uri = take("redirect_uri").ok_or_else(|| missing("redirect_uri"))?;
    if !may_redirect(&app, &redirect_uri) {
        return Err(bad("AADSTS50011: The redirect_uri is not one that is registered for the application."));
    }
    let mode = match take("response_mode").as_deref() {
        None | Some("query") => Mode::Query,
        Some("fragment") => Mode::Fragment,
        Some("form_post") => Mode::FormPost,
        Some(_) => return Err(bad("The response_mode must be query, fragment or form_post.")),
    };
    let (challenge, method) = (take("code_challenge"), take("code_challenge_method"));
    let (response_type, scope) = (take("response_type"), take("scope").unwrap_or_default());
    let details = GrantDetails { redirect_uri, scope, nonce: take("nonce"), challenge };
    let (state, prompt) = (take("state"), take("prompt").unwrap_or_default());
    let login_hint = take("login_hint").unwrap_or_default();
    let wanted = Wanted { tenant, app, details, mode, state, prompt, login_hint };
    match wanted.fault(asked, response_type.as_deref(), method.as_deref()) {
        Some((error, description)) => Err(wanted.refuse(error, description)),
        None => Ok(wanted),
    }
}

impl Wanted {
    /// What is wrong with what the client asks, which it is told at its own address.
    fn fault(
        &self,
        asked: &Asked,
        response_type: Option<&str>,
        method: Option<&str>,
    ) -> Option<(&'static str, &'static str)> {
        if response_type != Some("code") {
            return Some(("unsupported_response_type", "AADSTS700054: The response_type must be code."));
        }
        match asked.api.authority.scopes(&self.app, &self.details.scope, &asked.origin) {
            Some(scopes) if scopes.openid || !scopes.permissions.is_empty() => {}
            Some(_) => {
                let text = "AADSTS65001: The application has not been granted any of the scopes that it asks for.";
                return Some(("invalid_scope", text));
            }
            None => return Some(("invalid_scope", "AADSTS70011: The scope names what is not here.")),
        }
        match (self.details.challenge.as_deref(), method) {
            (None, _) if self.app.sign_in.public => {
                let text = "AADSTS9002325: Proof Key for Code Exchange is required for this application.";
                Some(("invalid_request", text))
            }
            (None, None) => None,
            (Some(challenge), Some(S256)) if challenge.len() == 43 => None,
            _ => Some(("invalid_request", "AADSTS501491: The code_challenge must be made by S256.")),
        }
    }

    fn page(&self, asked: &Asked, username: &str, alert: Option<&str>, renew: bool) -> Response {
        let action = asked.uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
        let (app, tenant) = (self.app.display_name.as_str(), self.tenant.display_name.as_str());
        let redirect_uri = self.details.redirect_uri.as_str();
        page::sign_in(&SignIn { app, tenant, action, username, alert, renew, redirect_uri })
    }

    fn refuse(&self, error: &str, description: &str) -> Response {
        self.answer(&[("error", error), ("error_description", description)])
    }

    /// An answer to the client, at its own address.
    fn answer(&self, fields: &[(&str, &str)]) -> Response {
        let mut fields = fields.to_vec();
        if let Some(state) = &self.state {
            fields.push(("state", state));
        }
        let uri = &self.details.redirect_uri;
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let location = match self.mode {
            Mode::FormPost => return page::post_back(uri, &fields),
            Mode::Query => format!("{uri}{}{encoded}", if uri.contains('?') { '&' } else { '?' }),
            Mode::Fragment => format!("{uri}#{encoded}"),
        };
        let Ok(location) = HeaderValue::from_str(&location) else { return bad("The redirect_uri cannot be used.") };
        let mut response = StatusCode::SEE_OTHER.into_response();
        response.headers_mut().insert(header::LOCATION, location);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        response
    }
}

fn bad(text: &str) -> Response {
    page::message(StatusCode::BAD_REQUEST, "This cannot be done", text)
}

pub(super) fn broken(refusal: &Refusal) -> Response {
    page::message(refusal.status(), "This cannot be done", refusal.message())
}
