//! The token endpoint: a form in, a token out.

use std::{collections::HashMap, sync::Arc};

use axum::{body::Body, response::Response};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde_json::json;

use super::{
    Asked, Named, json,
    refusal::{Kind, Refusal, shown},
};
use crate::{
    authority::{
        ClientCredentials, DeviceError, PERSON_TOKEN_LIFETIME, Redemption, SWAGGER_UI, Shown, SignInError,
        TOKEN_LIFETIME, Tokens,
    },
    store::{ServicePrincipal, Tenant},
};

/// The grant by which devices get tokens (RFC 8628 §3.4).
pub(super) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// How a client says that it signs (RFC 7523 §2.2).
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// No form is larger.
const MAX_FORM: usize = 32 * 1024;

/// Answers a request for a token.
pub(super) async fn issue(asked: Asked, body: Body) -> Response {
    let outcome = grant(&asked, body).await;
    asked.answer(outcome)
}

async fn grant(asked: &Asked, body: Body) -> Result<Response, Refusal> {
    let form = form(asked, body).await?;
    let grant = form.get("grant_type").ok_or_else(|| Refusal::missing("grant_type"))?;
    match grant.as_str() {
        "client_credentials" => client_credentials(asked, &form).await,
        // MSAL for Node.js says the last in short.
        "authorization_code" | "refresh_token" | DEVICE_CODE | "device_code" => for_a_person(asked, &form, grant).await,
        other => {
            let message = format!("The grant type '{}' is not supported.", shown(other));
            Err(Refusal::new(Kind::Grant, message))
        }
    }
}

async fn client_credentials(asked: &Asked, form: &Form) -> Result<Response, Refusal> {
    let tenant = tenant(asked).await?;
    let (client_id, secret, assertion) = client(asked, form)?;
    let scope = form.get("scope").ok_or_else(|| Refusal::missing("scope"))?;
    let credentials = ClientCredentials {
        tenant: &tenant,
        client_id: &client_id,
        secret: &secret,
        assertion,
        scope,
        origin: &asked.origin,
        visit: asked.visit(),
    };
    let token = asked.api.authority.client_credentials(credentials).await.map_err(|error| refusal(error, scope))?;
    // One second less than it lives, as Entra says it.
    let seconds = TOKEN_LIFETIME.as_secs() - 1;
    let body = json!({
        "token_type": "Bearer",
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": token,
    });
    let mut response = json(StatusCode::OK, &body, "no-store, no-cache");
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// Tokens for a code, a refresh token or a device's code.
async fn for_a_person(asked: &Asked, form: &Form, grant: &str) -> Result<Response, Refusal> {
    let tenant = tenant(asked).await?;
    let app = app(asked, form, &tenant).await?;
    let authority = &asked.api.authority;
    let scope = form.get("scope").map(String::as_str);
    let shown = scope.unwrap_or_default();
    let field = |name: &str| form.get(name).ok_or_else(|| Refusal::missing(name));
    let named = match grant {
        "authorization_code" => "code",
        "refresh_token" => "refresh_token",
        _ => "device_code",
    };
    let redemption = Redemption {
        tenant: &tenant,
        app: &app,
        shown: field(named)?,
        redirect_uri: if named == "code" { field("redirect_uri")? } else { "" },
        verifier: form.get("code_verifier").map(String::as_str),
        // What a code is for was agreed on when it was asked for.
        scope: scope.filter(|_| named == "refresh_token"),
        origin: &asked.origin,
    };
    let way = match named {
        "code" => Shown::Code,
        "refresh_token" => Shown::RefreshToken,
        _ => Shown::DeviceCode,
    };
    let tokens = authority.redeem(redemption, way, asked.visit()).await;
    let Tokens { access_token, id_token, refresh_token, scope } =
        tokens.map_err(|error| device_refusal(error, shown))?;
    let seconds = PERSON_TOKEN_LIFETIME.as_secs() - 1;
    let mut body = json!({
        "token_type": "Bearer", "scope": scope, "expires_in": seconds, "ext_expires_in": seconds,
        "access_token": access_token,
    });
    // What Microsoft's libraries tell accounts apart by.
    if let Some(who) = id_token.as_deref().and_then(client_info) {
        body["client_info"] = who.into();
    }
    body["id_token"] = id_token.into();
    body["refresh_token"] = refresh_token.into();
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    let mut response = json(StatusCode::OK, &body, "no-store, no-cache");
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// The client that asks for a person: a public one says who it is, any other proves it.
pub(super) async fn app(asked: &Asked, form: &Form, tenant: &Tenant) -> Result<ServicePrincipal, Refusal> {
    let (client_id, secret, assertion) = match client(asked, form) {
        Ok((id, secret, assertion)) => (id, Some(secret), assertion),
        // A public client has none.
        Err(_) if !asked.headers.contains_key(header::AUTHORIZATION) && !form.contains_key("client_secret") => {
            (form.get("client_id").cloned().ok_or_else(|| Refusal::missing("client_id"))?, None, false)
        }
        Err(refusal) => return Err(refusal),
    };
    let credentials = ClientCredentials {
        tenant,
        client_id: &client_id,
        secret: "",
        assertion,
        scope: "",
        origin: &asked.origin,
        visit: asked.visit(),
    };
    let app = asked.api.authority.authenticate_client(credentials, secret.as_deref()).await;
    let app = app.map_err(|error| refusal(error, ""))?;
    if app.app_id == SWAGGER_UI && asked.is_from_elsewhere() {
        let message = "This client gets tokens for pages of this server alone.";
        return Err(Refusal::new(Kind::Malformed, message));
    }
    Ok(app)
}

/// `client_info`: the ids of the person and the tenant that an ID token names.
fn client_info(id_token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(id_token.split('.').nth(1)?).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    Some(URL_SAFE_NO_PAD.encode(json!({ "uid": claims["oid"], "utid": claims["tid"] }).to_string()))
}

/// The tenant that the application belongs to. It must be named, unless there is but one.
pub(super) async fn tenant(asked: &Asked) -> Result<Arc<Tenant>, Refusal> {
    match asked.tenant().await? {
        Named::One(tenant) => Ok(tenant),
        Named::Any => {
            let only = asked.api.authority.only_tenant().await.map_err(|error| Refusal::store(&error))?;
            let message = "No tenant-identifying information found in either the request or implied by any provided \
                           credentials: name the tenant by its ID or a domain name in the address.";
            only.map(Arc::new).ok_or_else(|| Refusal::new(Kind::NoTenant, message))
        }
    }
}

pub(super) type Form = HashMap<String, String>;

/// The form. An empty parameter is none, and no parameter may come twice (RFC 6749 §3.2).
pub(super) async fn form(asked: &Asked, body: Body) -> Result<Form, Refusal> {
    let malformed = |message: &str| Refusal::new(Kind::Malformed, message);
    let media = asked.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(malformed("The request must have the Content-Type application/x-www-form-urlencoded."));
    }
    let collect = Limited::new(body, MAX_FORM).collect();
    let collected = tokio::time::timeout(asked.api.options.request_timeout, collect).await;
    let collected = collected.map_err(|_| Refusal::new(Kind::Late, "The request took too long to arrive."))?;
    let bytes = collected.map_err(|_| malformed("The request is too long, or did not arrive whole."))?.to_bytes();
    let mut form = Form::new();
    for (name, value) in form_urlencoded::parse(&bytes).filter(|(_, value)| !value.is_empty()) {
        if form.insert(name.clone().into_owned(), value.into_owned()).is_some() {
            return Err(malformed(&format!("The parameter '{}' is there more than once.", shown(&name))));
        }
    }
    Ok(form)
}

/// Client id and secret, from the body or from HTTP Basic but not from both; or an assertion, and that it is one.
fn client(asked: &Asked, form: &Form) -> Result<(String, String, bool), Refusal> {
    if let Some(assertion) = form.get("client_assertion") {
        let id = form.get("client_id").ok_or_else(|| Refusal::missing("client_id"))?;
        let two = form.contains_key("client_secret") || asked.headers.contains_key(header::AUTHORIZATION);
        if two || form.get("client_assertion_type").is_none_or(|kind| kind != ASSERTION) {
            let message = format!("A client_assertion comes alone, and its client_assertion_type is {ASSERTION}.");
            return Err(Refusal::new(Kind::Malformed, message));
        }
        return Ok((id.clone(), assertion.clone(), true));
    }
    let Some(header) = asked.headers.get(header::AUTHORIZATION) else {
        let id = form.get("client_id").ok_or_else(|| Refusal::missing("client_id"))?;
        let secret = form.get("client_secret").ok_or_else(|| {
            Refusal::new(Kind::NoCredential, "The request must contain the following parameter: 'client_secret'.")
        })?;
        return Ok((id.clone(), secret.clone(), false));
    };
    let malformed = |message: &str| Refusal::new(Kind::Malformed, message);
    let (id, secret) = basic(header).ok_or_else(|| malformed("The Authorization header is not readable as Basic."))?;
    if form.contains_key("client_secret") || form.get("client_id").is_some_and(|said| *said != id) {
        return Err(malformed("The request must say client_id and client_secret in one place."));
    }
    Ok((id, secret, false))
}

/// What `Basic` says: both parts are encoded as in a form before they are put together (RFC 6749 §2.3.1).
fn basic(header: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
    };
    Some((decode(id)?, decode(secret)?))
}

fn device_refusal(error: DeviceError, scope: &str) -> Refusal {
    let (kind, message) = match error {
        DeviceError::Pending => {
            (Kind::DevicePending, "Nobody has signed in for the device yet: ask again after the interval.")
        }
        DeviceError::TooSoon => (Kind::DeviceTooSoon, "The device asks too often: wait five seconds longer each time."),
        DeviceError::Declined => (Kind::DeviceDeclined, "The person declined to let the application in."),
        DeviceError::Expired => (Kind::DeviceExpired, "The 'device_code' has expired: start again."),
        DeviceError::Unknown => {
            (Kind::DeviceUnknown, "The 'device_code' is not known, is of another client, or has been used.")
        }
        DeviceError::SignIn(error) => return refusal(error, scope),
    };
    Refusal::new(kind, message)
}

pub(super) fn refusal(error: SignInError, scope: &str) -> Refusal {
    match error {
        SignInError::Credentials => Refusal::new(
            Kind::Credential,
            "Invalid client ID or client secret provided. Ensure the secret being sent in the request is the client \
             secret value that was shown when it was made.",
        ),
        SignInError::Replayed => Refusal::new(Kind::Credential, "The client assertion has been used before."),
        SignInError::Password => Refusal::new(Kind::InvalidGrant, "The name or the password is not right."),
        SignInError::MustChangePassword | SignInError::NewPassword(_) => {
            Refusal::new(Kind::InvalidGrant, "The password must be changed at the sign-in page.")
        }
        SignInError::Grant(reason) => {
            Refusal::new(Kind::InvalidGrant, format!("The provided grant is invalid: {reason}."))
        }
        SignInError::GrantExpired => Refusal::new(Kind::InvalidGrant, "The provided grant is invalid: it has expired."),
        SignInError::Expired => {
            Refusal::new(Kind::ExpiredCredential, "The provided client secret keys for the application are expired.")
        }
        SignInError::Disabled => Refusal::new(Kind::Disabled, "The application is disabled."),
        SignInError::Flow => Refusal::new(Kind::Flow, "The application may not get tokens by this grant."),
        SignInError::Scope => {
            let message = format!(
                "The provided value for scope '{}' is not valid. Client credential flows must have a scope value with \
                 /.default suffixed to the resource identifier, which is https://graph.microsoft.com or the address \
                 of this server.",
                shown(scope)
            );
            Refusal::new(Kind::Scope, message)
        }
        SignInError::Slow(wait) => Refusal::slow(wait),
        SignInError::Busy => Refusal::unavailable(),
        SignInError::Store(error) => Refusal::store(&error),
        SignInError::Signing => {
            tracing::error!("a token could not be signed");
            Refusal::unavailable()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_read_as_oauth_writes_it() {
        let read = |text: &str| basic(&HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(text))).unwrap());
        assert_eq!(read("a:b"), Some(("a".to_owned(), "b".to_owned())));
        assert_eq!(read("a%3Ab:c+d%2Be:f"), Some(("a:b".to_owned(), "c d+e:f".to_owned())));
        assert_eq!(read("a"), None);
        for header in ["Basic", "Basic !", "Bearer YTpi", "Basic /w==", ""] {
            assert_eq!(basic(&HeaderValue::from_str(header).unwrap()), None, "{header}");
        }
    }
}
