//! The built-in client of Swagger UI, which anybody can name: it must not be of use to anybody else.

use cardea::{
    api,
    authority::{self, SWAGGER_UI},
};
use http::Method;
use serde_json::Value as Json;

use crate::{
    engines,
    people::{FORM, PASSWORD, Scene, form, parameters, scene},
    support::{Engine, TestApp, client::Response, fixtures::PACKAGES},
};

engines! {
    nobody_signs_in_on_a_device_through_swagger_ui,
    swagger_ui_is_a_client_without_credentials,
    swagger_ui_sends_people_back_to_this_server_alone,
    swagger_ui_gets_an_access_token_and_nothing_that_lasts,
    the_page_keeps_no_tokens,
}

async fn post(app: &TestApp, path: &str, fields: &[(&str, &str)], origin: &str) -> Response {
    let request = app.anonymous().request(Method::POST, path).body(FORM, form(fields)).header("origin", origin);
    request.undocumented("authority endpoint").unchecked().await
}

#[track_caller]
fn refused(answer: &Response, error: &str) {
    let body = answer.json();
    assert!((400..=401).contains(&answer.status) && body["error"] == error, "{} {body}", answer.status);
}

async fn nobody_signs_in_on_a_device_through_swagger_ui(app: TestApp) {
    let fields = [("client_id", SWAGGER_UI), ("scope", "https://graph.microsoft.com/.default")];
    let answer = post(&app, "/common/oauth2/v2.0/devicecode", &fields, "").await;
    refused(&answer, "unauthorized_client");
}

async fn swagger_ui_is_a_client_without_credentials(app: TestApp) {
    let token = "/common/oauth2/v2.0/token";
    for fields in [
        vec![("grant_type", "client_credentials"), ("client_secret", "x")],
        vec![("grant_type", "client_credentials"), ("client_secret", "")],
        vec![("grant_type", "password"), ("username", "ada@contoso.example"), ("password", PASSWORD)],
        vec![("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", "x")],
        vec![("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", "x")],
        vec![("grant_type", "refresh_token"), ("refresh_token", "x")],
        vec![
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", "x"),
        ],
    ] {
        let common = [("client_id", SWAGGER_UI), ("scope", "https://graph.microsoft.com/.default")];
        let answer = post(&app, token, &[&common[..], &fields].concat(), "").await;
        assert!((400..=401).contains(&answer.status), "{fields:?}: {} {}", answer.status, answer.text());
    }
}

fn swagger() -> Scene {
    Scene { client_id: SWAGGER_UI.to_owned(), secret: None }
}

async fn swagger_ui_sends_people_back_to_this_server_alone(app: TestApp) {
    scene(&app, true).await;
    let page = "/swagger-ui/oauth2-redirect.html";
    let here = format!("{}{page}", app.base);
    swagger().page(&app, &[("redirect_uri", &here)]).await.expect(200);
    for other in [
        format!("http://127.0.0.1:1{page}"),
        format!("http://127.0.0.1{page}"),
        format!("http://localhost{page}"),
        format!("https://evil.example{page}"),
        format!("{here}?x"),
        format!("{here}/"),
        here.replace("oauth2-redirect.html", "index.html"),
        here.replace("http:", "https:"),
    ] {
        swagger().page(&app, &[("redirect_uri", &other)]).await.expect(400);
    }
    let without = swagger().page(&app, &[("redirect_uri", &here), ("code_challenge", "")]).await.expect(303);
    assert_eq!(parameters(without.header("location"))["error"], "invalid_request");
}

async fn swagger_ui_gets_an_access_token_and_nothing_that_lasts(app: TestApp) {
    scene(&app, true).await;
    let here = format!("{}/swagger-ui/oauth2-redirect.html", app.base);
    let redirect = ("redirect_uri", here.as_str());
    let redeem = async |origin: &str| {
        let code = swagger().code(&app, &[redirect]).await;
        let fields = [
            ("client_id", SWAGGER_UI),
            ("grant_type", "authorization_code"),
            redirect,
            ("code_verifier", crate::people::VERIFIER),
            ("code", code.as_str()),
        ];
        post(&app, "/common/oauth2/v2.0/token", &fields, origin).await
    };
    refused(&redeem("https://evil.example").await, "invalid_request");
    refused(&redeem("null").await, "invalid_request");
    let tokens = redeem(&app.base).await.expect(200).json();
    assert_eq!(tokens["refresh_token"], Json::Null);
    assert!(!tokens["scope"].as_str().unwrap().contains("offline_access"), "{tokens}");
    app.with_token(tokens["access_token"].as_str().unwrap()).v1().get(PACKAGES).await.expect(200);
}

async fn the_page_keeps_no_tokens(app: TestApp) {
    let script = app.anonymous().get("/swagger-ui/swagger-initializer.js").undocumented("a page").unchecked().await;
    assert!(script.expect(200).text().contains("\"persistAuthorization\": false"));
}

#[tokio::test]
async fn without_swagger_ui_there_is_neither_page_nor_client() {
    let options = api::Options { swagger_ui: false, ..api::Options::default() };
    let trust = authority::Options { swagger_ui: false, ..authority::Options::default() };
    let app = TestApp::start_set(Engine::Sqlite, options, trust).await;
    scene(&app, true).await;
    for path in ["/", "/swagger-ui", "/swagger-ui/", "/swagger-ui/swagger-initializer.js"] {
        let answer = app.anonymous().get(path).undocumented("a page that is switched off").unchecked().await;
        assert!(!answer.expect(404).text().contains("swagger"), "{path}");
    }
    let here = format!("{}/swagger-ui/oauth2-redirect.html", app.base);
    swagger().page(&app, &[("redirect_uri", &here)]).await.expect(400);
    let fields =
        [("client_id", SWAGGER_UI), ("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", &here)];
    refused(&post(&app, "/common/oauth2/v2.0/token", &fields, "").await, "invalid_client");
    app.anonymous().get("/v1.0/openapi.json").undocumented("the document").unchecked().await.expect(200);
}
