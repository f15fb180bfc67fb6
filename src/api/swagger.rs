//! Swagger UI and the documents it reads. All of it is public: a document holds nothing that a caller may not know.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{self, Next},
    response::{Redirect, Response},
    routing::get,
};
use http::{
    HeaderMap, HeaderValue, StatusCode, Uri,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS},
};
use utoipa_swagger_ui::{Config, SwaggerUi, Url, oauth};

use super::{
    Api, dispatch,
    openapi::{Documents, Format, Oas},
    pieces,
};
use crate::{authority::SWAGGER_UI, model::meta::Version};

/// Where Swagger UI is.
const PATH: &str = "/swagger-ui/";

/// What the pages of Swagger UI may load: what the server itself serves. Its scripts set styles on elements and draw
/// their icons from `data:` URLs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// The routes: `/{version}/openapi.json` and `.yaml` for `v1.0`, `beta` and `localtest`, and, with pages, [`PATH`], what is
/// below it, and `/`, which leads there.
pub(super) fn router(with_pages: bool) -> Router<Arc<Api>> {
    let segments = [("v1.0", Version::V1), ("beta", Version::Beta), ("localtest", Version::Beta)];
    let first = if with_pages { pages() } else { Router::new() };
    segments.into_iter().fold(first, |router, (segment, version)| {
        let route = |format| {
            get(async move |State(api): State<Arc<Api>>, uri: Uri, headers: HeaderMap| {
                let origin = dispatch::origin(&api.options, &uri, &headers);
                document(&api.documents, version, format, uri.query().unwrap_or_default(), &origin)
            })
        };
        router
            .route(&format!("/{segment}/openapi.json"), route(Format::Json))
            .route(&format!("/{segment}/openapi.yaml"), route(Format::Yaml))
    })
}

/// The pages of Swagger UI.
fn pages<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let urls = [Url::with_primary("v1.0", "/v1.0/openapi.json", true), Url::new("beta", "/beta/openapi.json")];
    let config = Config::new(urls)
        // A token in the browser's storage outlives the page, and every script of the origin can read it.
        .persist_authorization(false)
        .try_it_out_enabled(true)
        .display_request_duration(true)
        .deep_linking(true)
        .filter(true)
        .doc_expansion("list")
        // Otherwise a validator elsewhere on the internet is asked for a badge.
        .validator_url("none");
    let client = oauth::Config::new().client_id(SWAGGER_UI).use_pkce_with_authorization_code_grant(true);
    Router::from(SwaggerUi::new(PATH).config(config).oauth(client))
        .layer(middleware::from_fn(protect))
        .route("/", get(async || Redirect::to(PATH)))
}

/// Adds what keeps a browser from loading, framing or telling anything that it should not.
async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// A document; `?oas=3.0` asks for OpenAPI 3.0.3.
fn document(documents: &Documents, version: Version, format: Format, query: &str, origin: &str) -> Response {
    let asked = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == "oas");
    match asked.map_or(Some(Oas::V31), |(_, value)| Oas::named(value)) {
        Some(oas) => {
            let [before, address, after] = documents.pieces(version, oas, format, origin);
            text(StatusCode::OK, format.media_type(), pieces::body(before, vec![address, after]))
        }
        None => text(StatusCode::BAD_REQUEST, "text/plain;charset=utf-8", Body::from("'oas' must be 3.1 or 3.0.\n")),
    }
}

fn text(status: StatusCode, media_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // The address of the server is in the body.
    headers.insert(VARY, HeaderValue::from_static("host"));
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn read(response: Response) -> (StatusCode, HeaderMap, String) {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
    }

    async fn fetch(path: &str) -> (StatusCode, HeaderMap, String) {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        read(pages::<()>().oneshot(request).await.unwrap()).await
    }

    #[tokio::test]
    async fn the_pages_are_there_and_protected() {
        let (status, headers, _) = fetch("/swagger-ui/").await;
        assert_eq!(status, StatusCode::OK);
        assert!(headers[CONTENT_SECURITY_POLICY].to_str().unwrap().contains("frame-ancestors 'none'"));
        let (_, _, script) = fetch("/swagger-ui/swagger-initializer.js").await;
        let set = [
            "/v1.0/openapi.json",
            "/beta/openapi.json",
            "\"persistAuthorization\": false",
            "\"tryItOutEnabled\": true",
        ];
        for part in set {
            assert!(script.contains(part), "{part}\n{script}");
        }
        for path in ["/", "/swagger-ui"] {
            let (status, headers, _) = fetch(path).await;
            assert_eq!((status, headers["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, PATH));
        }
    }

    #[tokio::test]
    async fn a_document_comes_in_the_form_asked_for() {
        let documents = Documents::new(crate::api::operations);
        let fetch = async |format, query| {
            read(document(&documents, Version::Beta, format, query, "http://127.0.0.1:8080")).await
        };
        for (format, query, number) in [
            (Format::Json, "", "\"openapi\": \"3.1.0\""),
            (Format::Json, "a=b&oas=3.0", "\"openapi\": \"3.0.3\""),
            (Format::Yaml, "oas=3.1", "openapi: 3.1.0"),
        ] {
            let (status, headers, body) = fetch(format, query).await;
            assert_eq!((status, headers[CONTENT_TYPE].to_str().unwrap()), (StatusCode::OK, format.media_type()));
            assert!(body.contains(number) && body.contains("http://127.0.0.1:8080/beta"), "{query}");
        }
        let (status, _, _) = fetch(Format::Json, "oas=2.0").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
}
