//! The embedded authority's endpoints, where Microsoft's identity libraries ask for them. None of them needs a token.
//!
//! They speak OAuth 2.0's language rather than Graph's: forms come in, and errors have OAuth's shape with Entra's numbers
//! ([`refusal`]). What they answer depends on the address they are asked at, which is therefore part of every answer.

mod authorize;
mod device;
mod discovery;
mod page;
mod refusal;
mod token;

use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts};
use serde_json::Value as Json;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use self::refusal::{Kind, Refusal};
use super::{Api, dispatch, panics::caught};
use crate::{authority::Visit, ids, store::Tenant};

/// The routes.
pub(super) fn router() -> Router<Arc<Api>> {
    // Whoever asks these shows what it has in the request itself: pages of any origin may.
    let headers = AllowHeaders::mirror_request();
    let open = CorsLayer::new().allow_origin(Any).allow_methods([Method::GET, Method::POST]).allow_headers(headers);
    Router::new()
        .route("/metadata/endpoints", get(discovery::cloud))
        .route("/common/discovery/instance", get(discovery::instance))
        .route("/{tenant}/discovery/instance", get(discovery::instance))
        .route("/{tenant}/.well-known/openid-configuration", get(discovery::configuration))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::configuration))
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys))
        .route("/{tenant}/discovery/keys", get(discovery::keys))
        .route("/{tenant}/oauth2/v2.0/token", post(token::issue).fallback(only_post))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device::start).fallback(only_post))
        .layer(open)
        .route(device::PAGE, get(device::show).post(device::enter))
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::show).post(authorize::enter))
}

/// A layer that answers where what is behind it panics.
pub(super) async fn guard(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    match caught(&ids::new_id(), next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::new(Kind::Failed, "The service could not do this.").response(api.now(), &headers),
    }
}

async fn only_post(method: Method, asked: Asked) -> Response {
    let message = format!("The endpoint only accepts POST requests. Received a {method} request.");
    let mut response = asked.refuse(&Refusal::new(Kind::MethodNotAllowed, message));
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

/// What every endpoint wants to know of a request.
struct Asked {
    api: Arc<Api>,
    /// Scheme and authority under which the caller reaches us.
    origin: String,
    /// The tenant, as the path names it.
    tenant: String,
    uri: Uri,
    headers: HeaderMap,
    /// The caller's address.
    address: Option<IpAddr>,
}

impl FromRequestParts<Arc<Api>> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Self::Rejection> {
        let State(api): State<Arc<Api>> = State(Arc::clone(api));
        let segment = parts.uri.path().trim_start_matches('/').split('/').next().unwrap_or_default();
        let tenant = percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned();
        let origin = dispatch::origin(&api.options, &parts.uri, &parts.headers);
        Ok(Self {
            api,
            origin,
            tenant,
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
            address: dispatch::address(&parts.extensions),
        })
    }
}

/// A tenant in a path.
enum Named {
    /// This one.
    One(Arc<Tenant>),
    /// `common`, `organizations`: whichever the caller belongs to.
    Any,
}

impl Asked {
    /// From where it comes, and by which request.
    fn visit(&self) -> Visit<'_> {
        let correlation_id = self.headers.get("client-request-id").and_then(|id| id.to_str().ok());
        Visit { address: self.address, correlation_id }
    }

    /// The tenant that the path names by an id, a domain name or a word.
    async fn tenant(&self) -> Result<Named, Refusal> {
        if ["common", "organizations"].iter().any(|word| self.tenant.eq_ignore_ascii_case(word)) {
            return Ok(Named::Any);
        }
        match self.api.authority.tenant_named(&self.tenant).await {
            Ok(Some(tenant)) => Ok(Named::One(tenant)),
            Ok(None) => Err(Refusal::unknown_tenant(&self.tenant)),
            Err(error) => Err(Refusal::store(&error)),
        }
    }

    /// Whether a page of another origin asks, as browsers say.
    fn is_from_elsewhere(&self) -> bool {
        let Some(page) = self.headers.get(header::ORIGIN).filter(|origin| !origin.is_empty()) else { return false };
        let (scheme, rest) = self.origin.split_once("://").unwrap_or_default();
        let here = format!("{scheme}://{}", rest.split('/').next().unwrap_or_default());
        !page.as_bytes().eq_ignore_ascii_case(here.as_bytes())
    }

    /// The value of a query option.
    fn query(&self, name: &str) -> Option<String> {
        let query = self.uri.query().unwrap_or_default().as_bytes();
        form_urlencoded::parse(query).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    fn refuse(&self, refusal: &Refusal) -> Response {
        refusal.response(self.api.now(), &self.headers)
    }

    /// The answer, or the refusal as an answer.
    fn answer(&self, outcome: Result<Response, Refusal>) -> Response {
        outcome.unwrap_or_else(|refusal| self.refuse(&refusal))
    }
}

/// JSON that anybody may know; what it says depends on the host.
fn public(body: &Json) -> Response {
    json(StatusCode::OK, body, "public, max-age=300")
}

fn json(status: StatusCode, body: &Json, cache: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CACHE_CONTROL, cache),
        (header::VARY, "host"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, Body::from(body.to_string())).into_response()
}
