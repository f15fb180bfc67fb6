//! How often somebody may call, and which pages may.

use std::{num::NonZeroU32, time::Duration};

use cardea::api::{Options, limits::Rates};
use http::Method;
use serde_json::json;

use crate::support::{Client, Engine, TestApp, fixtures::PACKAGES};

/// A server on the embedded engine: what is limited here knows no store.
async fn limited(rates: Rates) -> TestApp {
    TestApp::start_with(Engine::Sqlite, Options { rates, ..Options::default() }).await
}

async fn status(client: &Client) -> u16 {
    client.v1().get(PACKAGES).await.status
}

#[tokio::test]
async fn a_client_that_calls_too_often_is_told_when_to_come_back() {
    let app = limited(Rates { client: NonZeroU32::new(2), ..Rates::default() }).await;
    let (one, other) = (app.client(), app.user("ada@contoso.example", &[cardea::authz::READ_ALL]).await);
    assert_eq!([status(&one).await, status(&one).await], [200; 2]);
    let refused = one.v1().get(PACKAGES).await;
    assert_eq!(refused.header("retry-after"), "1");
    refused.problem(429).says("TooManyRequests", "", "of this client");
    assert_eq!(status(&other).await, 200, "another client's calls are its own");
    app.advance(Duration::from_secs(1)).await;
    assert_eq!(status(&one).await, 200);
}

#[tokio::test]
async fn the_clients_of_a_tenant_share_its_limit() {
    let app = limited(Rates { tenant: NonZeroU32::new(2), ..Rates::default() }).await;
    let (one, other) = (app.client(), app.user("ada@contoso.example", &[cardea::authz::READ_ALL]).await);
    assert_eq!([status(&one).await, status(&other).await], [200; 2]);
    other.v1().get(PACKAGES).await.problem(429).says("TooManyRequests", "", "in this tenant");
}

#[tokio::test]
async fn every_request_of_a_batch_counts() {
    let app = limited(Rates { client: NonZeroU32::new(3), ..Rates::default() }).await;
    let requests: Vec<_> =
        (0..4).map(|id| json!({ "id": id.to_string(), "method": "GET", "url": format!("/identityGovernance/entitlementManagement{PACKAGES}?$top=1") })).collect();
    let answer = app.client().below("/v1.0").post("/$batch", json!({ "requests": requests })).await.expect(200).json();
    let statuses: Vec<_> = answer["responses"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 2, "{answer}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 2, "{answer}");
}

#[tokio::test]
async fn an_address_is_limited_before_anybody_knows_who_calls() {
    let app = limited(Rates { address: NonZeroU32::new(4), ..Rates::default() }).await;
    let anonymous = app.anonymous();
    let mut refused = anonymous.v1().get(PACKAGES).await.expect(401);
    for _ in 0..4 {
        refused = anonymous.v1().get(PACKAGES).await;
    }
    assert_eq!(refused.header("retry-after"), "1");
    refused.problem(429).says("TooManyRequests", "", "from this address");
    let health = anonymous.get("/healthz").undocumented("a page of the server's own").await;
    assert_eq!(health.status, 200, "who watches the server is not limited");
    app.advance(Duration::from_secs(1)).await;
    assert_eq!(status(&app.client()).await, 200);
}

const PORTAL: &str = "https://portal.example";

async fn preflight(app: &TestApp, origin: &str) -> crate::support::client::Response {
    let request = app.anonymous().v1().request(Method::OPTIONS, PACKAGES).header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    let request = request.header("access-control-request-headers", "authorization,content-type,consistencylevel");
    request.undocumented("what a browser asks before it calls").unchecked().await
}

#[tokio::test]
async fn no_page_of_another_origin_may_call_unless_it_is_allowed_to() {
    let closed = TestApp::start(Engine::Sqlite).await;
    assert_eq!(preflight(&closed, PORTAL).await.header("access-control-allow-origin"), "");
    let cors_origins = vec![PORTAL.to_owned()];
    let app = TestApp::start_with(Engine::Sqlite, Options { cors_origins, ..Options::default() }).await;
    assert_eq!(preflight(&app, "https://evil.example").await.header("access-control-allow-origin"), "");
    let allowed = preflight(&app, PORTAL).await.expect(200);
    assert_eq!(allowed.header("access-control-allow-origin"), PORTAL);
    assert_eq!(allowed.header("access-control-allow-headers"), "authorization,content-type,consistencylevel");
    assert_eq!(allowed.header("access-control-allow-credentials"), "", "cookies are not sent along");
    assert!(allowed.header("access-control-allow-methods").contains("PATCH"));
    let answer = app.client().v1().get(PACKAGES).header("origin", PORTAL);
    let answer = answer.undocumented("what a browser asks for a page").unchecked().await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), PORTAL);
    assert!(answer.header("access-control-expose-headers").contains("request-id"));
}
