//! Which pages of other origins may call (Fetch standard, CORS protocol). None, unless they are configured.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

/// For how long a browser may remember what it was told, in seconds; browsers have lower limits of their own.
const MAX_AGE: Duration = Duration::from_hours(1);

/// What a page may read of an answer's head.
const EXPOSED: [HeaderName; 8] = [
    HeaderName::from_static("request-id"),
    HeaderName::from_static("client-request-id"),
    HeaderName::from_static("odata-version"),
    HeaderName::from_static("odata-entityid"),
    HeaderName::from_static("preference-applied"),
    header::ETAG,
    header::LOCATION,
    header::RETRY_AFTER,
];

/// Origins, as browsers name them; `*` is all.
pub(super) fn layer(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    // Callers show tokens, not cookies: no origin is allowed to send those.
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    let methods = [Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::PUT, Method::DELETE];
    let layer = CorsLayer::new().allow_origin(allowed).allow_methods(methods).max_age(MAX_AGE);
    Some(layer.allow_headers(AllowHeaders::mirror_request()).expose_headers(EXPOSED))
}
