//! The token endpoint: a form in, a token out.

use std::{collections::HashMap, sync::Arc};

use axum::{body::Body, response::Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde_json::json;

use super::{
    Asked, Named, json,
    refusal::{Kind, Refusal, shown},
};
use crate::{
    authority::{ClientCredentials, SignInError, TOKEN_LIFETIME},
    store::Tenant,
};

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
        other => {
            let message = format!("The grant type '{}' is not supported.", shown(other));
            Err(Refusal::new(Kind::Grant, message))
        }
    }
}

async fn client_credentials(asked: &Asked, form: &Form) -> Result<Response, Refusal> {
    let tenant = tenant(asked).await?;
    let (client_id, secret) = client(asked, form)?;
    let scope = form.get("scope").ok_or_else(|| Refusal::missing("scope"))?;
    let credentials = ClientCredentials {
        tenant: &tenant,
        client_id: &client_id,
        secret: &secret,
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

/// The tenant that the application belongs to. It must be named, unless there is but one.
async fn tenant(asked: &Asked) -> Result<Arc<Tenant>, Refusal> {
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

type Form = HashMap<String, String>;

/// The form. An empty parameter is none, and no parameter may come twice (RFC 6749 §3.2).
async fn form(asked: &Asked, body: Body) -> Result<Form, Refusal> {
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

/// Client id and secret, from the body or from HTTP Basic but not from both.
fn client(asked: &Asked, form: &Form) -> Result<(String, String), Refusal> {
    let Some(header) = asked.headers.get(header::AUTHORIZATION) else {
        let id = form.get("client_id").ok_or_else(|| Refusal::missing("client_id"))?;
        let secret = form.get("client_secret").ok_or_else(|| {
            Refusal::new(Kind::NoCredential, "The request must contain the following parameter: 'client_secret'.")
        })?;
        return Ok((id.clone(), secret.clone()));
    };
    let malformed = |message: &str| Refusal::new(Kind::Malformed, message);
    let (id, secret) = basic(header).ok_or_else(|| malformed("The Authorization header is not readable as Basic."))?;
    if form.contains_key("client_secret") || form.get("client_id").is_some_and(|said| *said != id) {
        return Err(malformed("The request must say client_id and client_secret in one place."));
    }
    Ok((id, secret))
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

fn refusal(error: SignInError, scope: &str) -> Refusal {
    match error {
        SignInError::Credentials => Refusal::new(
            Kind::Credential,
            "Invalid client ID or client secret provided. Ensure the secret being sent in the request is the client \
             secret value that was shown when it was made.",
        ),
        SignInError::Expired => {
            Refusal::new(Kind::ExpiredCredential, "The provided client secret keys for the application are expired.")
        }
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
