//! A panic is a bug of the server's, and the end of one request: it is answered with a 500, and all others go on.
//!
//! Nothing that requests share is left half changed: what is stored changes in transactions, locks are released when a
//! thread unwinds, and what they guard is replaced whole.

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::{FutureExt, TryFutureExt};

use super::{Api, dispatch, error::Error, finish::finish};
use crate::ids;

/// The work has panicked; the log tells where.
#[derive(Debug)]
pub(super) struct Panicked;

/// Does some work of a request. The id is that of the request in the log.
pub(super) fn caught<T>(request_id: &str, work: impl Future<Output = T>) -> impl Future<Output = Result<T, Panicked>> {
    AssertUnwindSafe(work).catch_unwind().map_err(move |_| {
        tracing::error!(request_id, "a request panicked");
        Panicked
    })
}

/// A layer for what does not go through [`dispatch::dispatch`], with Graph's envelope for the error.
pub(super) async fn guard(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let (request_id, client_request_id) = (ids::new_id(), dispatch::client_request_id(request.headers()));
    match caught(&request_id, next.run(request)).await {
        Ok(response) => response,
        Err(panicked) => {
            let error = Err(Error::from(panicked));
            finish(&api, &request_id, client_request_id, error).into_response()
        }
    }
}

impl From<Panicked> for Error {
    fn from(Panicked: Panicked) -> Self {
        Self::internal()
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, middleware, routing::get};
    use http::{Response, StatusCode, header};
    use http_body_util::BodyExt;
    use serde_json::{Value as Json, json};
    use tempfile::TempDir;
    use tower::ServiceExt;

    use super::*;
    use crate::{
        api::{Options, router, sign_in},
        app::{App, catalog},
        authority::{self, Authority, MAX_LIFETIME, Subject, TokenRequest},
        authz,
        clock::Clock,
        model::meta::Version,
        store,
    };

    const PACKAGES: &str = "/identityGovernance/entitlementManagement/accessPackages";

    async fn api() -> (Api, TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let store = store::open(None, directory.path(), &store::Options::default()).await.unwrap();
        let options = authority::Options::default();
        let authority = Authority::open(Arc::clone(&store), Clock::System, options, catalog::first_catalog).await;
        (Api::new(App::new(store, Clock::System), authority.unwrap(), Options::default()), directory)
    }

    async fn json_of(response: Response<Body>) -> Json {
        serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
    }

    #[tokio::test]
    async fn an_operation_that_panics_is_a_500_and_the_next_one_works() {
        let (mut api, _directory) = api().await;
        let operations = api.operations[Version::V1 as usize].get_mut(PACKAGES).unwrap();
        operations.iter_mut().find(|o| o.method == "GET").unwrap().handler =
            Arc::new(|_| Box::pin(async { panic!("on purpose") }));
        let subject = Subject::Application { roles: vec![authz::READ_WRITE_ALL.to_owned()] };
        let token = api.authority.issue(&TokenRequest { tenant: None, subject, lifetime: MAX_LIFETIME }).await.unwrap();
        let router = router(Arc::new(api));
        let ask = |method: &str, path: &str, body: Body| {
            let request = http::Request::builder().method(method).uri(path);
            let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
            let request = request.header(header::CONTENT_TYPE, "application/json").header("client-request-id", "mine");
            router.clone().oneshot(request.body(body).unwrap())
        };
        let answer = ask("GET", &format!("/v1.0{PACKAGES}"), Body::empty()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let id = answer.headers()["request-id"].to_str().unwrap().to_owned();
        let body = json_of(answer).await;
        assert_eq!(body["error"]["code"], "InternalServerError");
        assert_eq!(body["error"]["innerError"]["request-id"], id.as_str());
        assert_eq!(body["error"]["innerError"]["client-request-id"], "mine");
        // In a batch it is one of the answers.
        let get = |id: &str, url: &str| json!({ "id": id, "method": "GET", "url": url });
        let requests = json!({ "requests": [get("1", PACKAGES), get("2", &format!("{PACKAGES}/$count"))] });
        let answer = ask("POST", "/v1.0/$batch", Body::from(requests.to_string())).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let body = json_of(answer).await;
        assert_eq!((&body["responses"][0]["status"], &body["responses"][1]["status"]), (&json!(500), &json!(200)));
        assert_eq!(ask("GET", &format!("/beta{PACKAGES}"), Body::empty()).await.unwrap().status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn pages_and_sign_in_that_panic_are_a_500() {
        let (api, _directory) = api().await;
        let api = Arc::new(api);
        let broken = || Router::new().route("/", get(async || -> &'static str { panic!("on purpose") }));
        let page = broken().layer(middleware::from_fn_with_state(Arc::clone(&api), guard));
        let sign_in = broken().layer(middleware::from_fn_with_state(api, sign_in::guard));
        let ask = || http::Request::builder().uri("/").body(Body::empty()).unwrap();
        let answer = page.oneshot(ask()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(json_of(answer).await["error"]["code"], "InternalServerError");
        let answer = sign_in.oneshot(ask()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(json_of(answer).await["error"], "server_error");
    }
}
