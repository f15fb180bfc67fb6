//! Devices on which nobody can type: the code, the page, and what the device is told meanwhile.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cardea::{
    authority::{AppSettings, Credentials},
    authz::READ_ALL,
    store::SignInSettings,
};
use http::Method;
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{TestApp, client::Response, fixtures::PACKAGES},
};

engines! {
    a_person_lets_a_device_in,
    a_device_waits_as_it_is_told,
    a_person_declines,
    a_code_is_entered_once_and_redeemed_once,
    a_code_expires,
    a_device_code_is_for_its_client_and_its_tenant,
    the_person_must_be_who_may_sign_in,
    what_was_let_in_ends_with_the_password,
    who_guesses_codes_has_to_wait,
    a_device_asks_for_what_its_application_was_granted,
    a_confidential_client_proves_itself_on_a_device,
}

const PASSWORD: &str = "Correct horse 1";
const FORM: &str = "application/x-www-form-urlencoded";
const SCOPE: &str = "openid profile offline_access https://graph.microsoft.com/EntitlementManagement.Read.All";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const INTERVAL: Duration = Duration::from_secs(5);

async fn post(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Response {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = app.anonymous().request(Method::POST, path).body(FORM, form);
    request.undocumented("authority endpoint").unchecked().await
}

async fn application(app: &TestApp, public: bool) -> Credentials {
    let authority = &app.api.authority;
    let sign_in = SignInSettings { scopes: vec![READ_ALL.to_owned()], public, ..SignInSettings::default() };
    let settings = AppSettings { sign_in, ..AppSettings::default() };
    authority.app_create(authority.default_tenant(), "<Terminal>", settings, Duration::from_hours(1)).await.unwrap()
}

/// A client, and Ada, who may sign in through it.
async fn scene(app: &TestApp) -> String {
    let authority = &app.api.authority;
    let roles = ["Global Reader".to_owned()];
    let password = Some(PASSWORD.to_owned());
    let tenant = authority.default_tenant();
    authority.user_create(tenant, "ada@contoso.example", Some("Ada"), &roles, password).await.unwrap();
    application(app, true).await.principal.app_id
}

struct Device {
    client_id: String,
    shown: String,
    user_code: String,
}

impl Device {
    async fn begin(app: &TestApp, client_id: &str) -> Self {
        let fields = [("client_id", client_id), ("scope", SCOPE)];
        let told = post(app, "/common/oauth2/v2.0/devicecode", &fields).await.expect(200).json();
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        Self { client_id: client_id.to_owned(), shown: text("device_code"), user_code: text("user_code") }
    }

    async fn poll(&self, app: &TestApp) -> Response {
        // `code` and `scope` are what Microsoft's libraries send besides.
        let fields = [
            ("grant_type", GRANT),
            ("client_id", &self.client_id),
            ("device_code", &self.shown),
            ("code", &self.shown),
            ("scope", SCOPE),
            ("client_info", "1"),
        ];
        post(app, "/common/oauth2/v2.0/token", &fields).await
    }

    async fn let_in(&self, app: &TestApp, password: &str) -> Response {
        let fields = [("code", self.user_code.as_str()), ("username", "ada@contoso.example"), ("password", password)];
        post(app, "/devicelogin", &fields).await
    }
}

#[track_caller]
fn refused(answer: Response, error: &str, number: u64) {
    let body = answer.expect(400).json();
    assert_eq!((&body["error"], &body["error_codes"]), (&json!(error), &json!([number])), "{body}");
    assert!(body["error_description"].as_str().unwrap().starts_with(&format!("AADSTS{number}: ")), "{body}");
}

#[track_caller]
fn asks_for_the_code(answer: Response) {
    let page = answer.expect(400);
    assert!(page.text().contains("The code is not right") && !page.text().contains("password"), "{}", page.text());
}

async fn a_person_lets_a_device_in(app: TestApp) {
    let client_id = scene(&app).await;
    let tenant = &app.api.authority.default_tenant().id;
    let found = app.anonymous().get(format!("/{tenant}/v2.0/.well-known/openid-configuration"));
    let found = found.undocumented("authority endpoint").unchecked().await.expect(200).json();
    let endpoint = found["device_authorization_endpoint"].as_str().unwrap();
    assert_eq!(endpoint, format!("{}/{tenant}/oauth2/v2.0/devicecode", app.base));
    assert!(found["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT)));
    let started = post(&app, &endpoint[app.base.len()..], &[("client_id", &client_id), ("scope", SCOPE)]).await;
    let started = started.expect(200);
    assert_eq!((started.header("cache-control"), started.header("pragma")), ("no-store, no-cache", "no-cache"));
    let told = started.json();
    assert_eq!((&told["expires_in"], &told["interval"]), (&json!(900), &json!(5)));
    let (page, code) = (told["verification_uri"].as_str().unwrap(), told["user_code"].as_str().unwrap());
    assert_eq!(page, format!("{}/devicelogin", app.base));
    let message = told["message"].as_str().unwrap();
    assert!(message.contains(page) && message.contains(code), "{message}");
    let shown = told["device_code"].as_str().unwrap().to_owned();
    let device = Device { client_id, shown, user_code: code.to_owned() };
    refused(device.poll(&app).await, "authorization_pending", 70_016);
    let page = app.anonymous().get("/devicelogin").undocumented("a page").unchecked().await.expect(200);
    assert!(page.text().contains("name=\"code\"") && !page.text().contains("<script"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
    // As people type it.
    let typed = format!("{} {}", &code[..4], code[4..].to_lowercase());
    let page = post(&app, "/devicelogin", &[("code", &typed)]).await.expect(200);
    assert!(page.text().contains("type=\"password\"") && page.text().contains("&lt;Terminal&gt;"), "{}", page.text());
    assert!(!page.text().contains("<Terminal>"));
    let fields = [("code", typed.as_str()), ("username", "ada@contoso.example"), ("password", PASSWORD)];
    let done = post(&app, "/devicelogin", &fields).await.expect(200);
    assert!(done.text().contains("Signed in"), "{}", done.text());
    // Somebody has signed in: now it need not wait.
    let tokens = device.poll(&app).await.expect(200).json();
    assert_eq!(tokens["scope"], format!("{READ_ALL} openid profile offline_access"));
    let payload = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let id: Json = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert_eq!((&id["name"], &id["aud"], &id["nonce"]), (&json!("Ada"), &json!(device.client_id), &Json::Null));
    let ada = app.with_token(tokens["access_token"].as_str().unwrap());
    ada.v1().get(PACKAGES).await.expect(200);
    ada.beta().post("/accessPackageCatalogs", json!({ "displayName": "No" })).await.expect(403);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", device.client_id.as_str()),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    post(&app, "/common/oauth2/v2.0/token", &refresh).await.expect(200);
    let auditor = app.application(&[cardea::authz::AUDIT_LOG_READ_ALL]).await.below("/v1.0/auditLogs");
    let records = auditor.get("/signIns").query("$filter", "userPrincipalName eq 'ada@contoso.example'");
    let records = records.await.expect(200).rows();
    assert_eq!((&records[0]["clientAppUsed"], &records[0]["userId"]), (&json!("device_code"), &id["oid"]));
}

async fn a_device_waits_as_it_is_told(app: TestApp) {
    let device = Device::begin(&app, &scene(&app).await).await;
    refused(device.poll(&app).await, "authorization_pending", 70_016);
    refused(device.poll(&app).await, "slow_down", 70_016);
    for _ in 0..3 {
        app.advance(INTERVAL).await;
        refused(device.poll(&app).await, "authorization_pending", 70_016);
    }
}

async fn a_person_declines(app: TestApp) {
    let device = Device::begin(&app, &scene(&app).await).await;
    let fields = [("code", device.user_code.as_str()), ("username", ""), ("password", ""), ("decline", "1")];
    let page = post(&app, "/devicelogin", &fields).await.expect(200);
    assert!(page.text().contains("Declined"), "{}", page.text());
    refused(device.poll(&app).await, "authorization_declined", 65_004);
    asks_for_the_code(device.let_in(&app, PASSWORD).await);
    refused(device.poll(&app).await, "authorization_declined", 65_004);
}

async fn a_code_is_entered_once_and_redeemed_once(app: TestApp) {
    let device = Device::begin(&app, &scene(&app).await).await;
    device.let_in(&app, PASSWORD).await.expect(200);
    asks_for_the_code(device.let_in(&app, PASSWORD).await);
    let tokens = device.poll(&app).await.expect(200).json();
    // Who shows it again ends what came of it.
    refused(device.poll(&app).await, "bad_verification_code", 70_018);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", device.client_id.as_str()),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    refused(post(&app, "/common/oauth2/v2.0/token", &refresh).await, "invalid_grant", 70_000);
}

async fn a_code_expires(app: TestApp) {
    let client_id = scene(&app).await;
    let (late, unused) = (Device::begin(&app, &client_id).await, Device::begin(&app, &client_id).await);
    unused.let_in(&app, PASSWORD).await.expect(200);
    app.advance(Duration::from_mins(15)).await;
    asks_for_the_code(late.let_in(&app, PASSWORD).await);
    for device in [&late, &unused] {
        refused(device.poll(&app).await, "expired_token", 70_020);
    }
    app.advance(Duration::from_mins(15)).await;
    Device::begin(&app, &client_id).await;
    refused(late.poll(&app).await, "bad_verification_code", 70_018);
}

async fn a_device_code_is_for_its_client_and_its_tenant(app: TestApp) {
    let device = Device::begin(&app, &scene(&app).await).await;
    let other = application(&app, true).await.principal.app_id;
    let stolen = Device { client_id: other, shown: device.shown.clone(), user_code: String::new() };
    refused(stolen.poll(&app).await, "bad_verification_code", 70_018);
    let made_up = Device { shown: device.user_code.clone(), client_id: device.client_id.clone(), ..stolen };
    refused(made_up.poll(&app).await, "bad_verification_code", 70_018);
    // It has not been a question of the device's.
    refused(device.poll(&app).await, "authorization_pending", 70_016);
    // As a code of another kind it is none.
    for (grant, name) in [("authorization_code", "code"), ("refresh_token", "refresh_token")] {
        let fields = [
            ("grant_type", grant),
            (name, device.shown.as_str()),
            ("client_id", device.client_id.as_str()),
            ("redirect_uri", "https://app.example/"),
        ];
        refused(post(&app, "/common/oauth2/v2.0/token", &fields).await, "invalid_grant", 70_000);
    }
    let authority = &app.api.authority;
    let tenant = authority.tenant_create("Other", &[], cardea::app::catalog::first_catalog).await.unwrap();
    let fields = [("grant_type", GRANT), ("client_id", &*device.client_id), ("device_code", &*device.shown)];
    post(&app, &format!("/{}/oauth2/v2.0/token", tenant.id), &fields).await.expect(401);
    // Who belongs to the other tenant is nobody here.
    let password = Some(PASSWORD.to_owned());
    authority.user_create(&tenant, "bob@other.example", None, &[], password).await.unwrap();
    let fields = [("code", device.user_code.as_str()), ("username", "bob@other.example"), ("password", PASSWORD)];
    post(&app, "/devicelogin", &fields).await.expect(401);
}

async fn the_person_must_be_who_may_sign_in(app: TestApp) {
    let device = Device::begin(&app, &scene(&app).await).await;
    let wrong = device.let_in(&app, "wrong").await.expect(401);
    assert!(wrong.text().contains("The name or the password is not right.") && !wrong.text().contains("wrong\""));
    refused(device.poll(&app).await, "authorization_pending", 70_016);
    for _ in 0..5 {
        device.let_in(&app, "wrong").await.expect(401);
    }
    let slowed = device.let_in(&app, PASSWORD).await.expect(401);
    assert!(slowed.text().contains("Too many attempts"), "{}", slowed.text());
    app.advance(Duration::from_mins(1)).await;
    device.let_in(&app, PASSWORD).await.expect(200);
    device.poll(&app).await.expect(200);
}

async fn what_was_let_in_ends_with_the_password(app: TestApp) {
    let client_id = scene(&app).await;
    let authority = &app.api.authority;
    let device = Device::begin(&app, &client_id).await;
    device.let_in(&app, PASSWORD).await.expect(200);
    let password = Some("Another horse 2".to_owned());
    authority.user_set_password(authority.default_tenant(), "ada@contoso.example", password).await.unwrap();
    refused(device.poll(&app).await, "bad_verification_code", 70_018);
    let device = Device::begin(&app, &client_id).await;
    device.let_in(&app, "Another horse 2").await.expect(200);
    authority.user_delete(authority.default_tenant(), "ada@contoso.example").await.unwrap();
    refused(device.poll(&app).await, "bad_verification_code", 70_018);
}

async fn who_guesses_codes_has_to_wait(app: TestApp) {
    let device = Device::begin(&app, &scene(&app).await).await;
    for code in ["", "BCDFGHJKL", "x", "' OR '1'='1", "\u{0}"] {
        asks_for_the_code(post(&app, "/devicelogin", &[("code", code)]).await);
    }
    let slowed = device.let_in(&app, PASSWORD).await.expect(400);
    assert!(slowed.text().contains("Too many attempts"), "{}", slowed.text());
    app.advance(Duration::from_mins(1)).await;
    device.let_in(&app, PASSWORD).await.expect(200);
    let shown = post(&app, "/devicelogin", &[("code", "\"><script>")]).await.expect(400);
    assert!(!shown.text().contains("<script"), "{}", shown.text());
}

async fn a_device_asks_for_what_its_application_was_granted(app: TestApp) {
    let client_id = scene(&app).await;
    let long = format!("openid {}", "openid ".repeat(400));
    for scope in ["User.Read", "offline_access", "https://other.example/x openid", &long] {
        let fields = [("client_id", client_id.as_str()), ("scope", scope)];
        refused(post(&app, "/common/oauth2/v2.0/devicecode", &fields).await, "invalid_scope", 70_011);
    }
    let without = [("client_id", client_id.as_str())];
    refused(post(&app, "/common/oauth2/v2.0/devicecode", &without).await, "invalid_request", 900_144);
    post(&app, "/common/oauth2/v2.0/devicecode", &[("scope", SCOPE)]).await.expect(400);
    post(&app, "/common/oauth2/v2.0/devicecode", &[("client_id", "nobody"), ("scope", SCOPE)]).await.expect(401);
    post(&app, "/nowhere/oauth2/v2.0/devicecode", &[("client_id", &client_id), ("scope", SCOPE)]).await.expect(400);
    let get = app.anonymous().get("/common/oauth2/v2.0/devicecode").undocumented("authority endpoint").unchecked();
    get.await.expect(405);
    let unnamed = [("grant_type", GRANT), ("client_id", client_id.as_str())];
    refused(post(&app, "/common/oauth2/v2.0/token", &unnamed).await, "invalid_request", 900_144);
}

async fn a_confidential_client_proves_itself_on_a_device(app: TestApp) {
    scene(&app).await;
    let made = application(&app, false).await;
    let (client_id, secret) = (made.principal.app_id, made.secret.unwrap());
    let fields = [("client_id", client_id.as_str()), ("scope", SCOPE)];
    post(&app, "/common/oauth2/v2.0/devicecode", &fields).await.expect(401);
    let fields = [("client_id", client_id.as_str()), ("scope", SCOPE), ("client_secret", &secret)];
    let told = post(&app, "/common/oauth2/v2.0/devicecode", &fields).await.expect(200).json();
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let device = Device { client_id, shown: text("device_code"), user_code: text("user_code") };
    device.let_in(&app, PASSWORD).await.expect(200);
    device.poll(&app).await.expect(401);
    let fields = [
        ("grant_type", GRANT),
        ("client_id", &*device.client_id),
        ("device_code", &*device.shown),
        ("client_secret", &secret),
    ];
    post(&app, "/common/oauth2/v2.0/token", &fields).await.expect(200);
}
