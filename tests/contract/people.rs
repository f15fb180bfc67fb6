//! People sign in: the page, the code, the tokens that come of it, and everything that a thief would try.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cardea::{
    authority::AppSettings,
    authz::{READ_ALL, READ_WRITE_ALL},
    store::SignInSettings,
};
use http::Method;
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{TestApp, client::Response, fixtures::PACKAGES},
};

engines! {
    a_person_signs_in_and_may_what_role_and_scope_allow,
    the_answer_goes_to_the_client_as_it_wishes,
    a_wrong_name_and_a_wrong_password_are_told_alike_and_slowed,
    nobody_is_sent_to_an_address_that_is_not_registered,
    what_the_client_asks_wrongly_is_told_at_its_own_address,
    a_code_counts_once_and_ends_what_came_of_it_if_shown_again,
    a_code_is_for_who_asked_for_it_where_it_was_sent_to_and_not_for_long,
    a_refresh_token_is_another_one_each_time,
    what_was_granted_ends_with_the_password_and_with_the_person,
    a_confidential_client_proves_itself,
    tokens_of_one_kind_are_no_tokens_of_another,
    people_are_managed_and_no_password_is_kept,
    tokens_end_with_the_person_the_password_and_the_application,
    keys_rotate_without_failing_live_tokens_and_can_be_withdrawn,
}

pub const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-0123456789";
pub const REDIRECT: &str = "https://app.example/callback";
pub const PASSWORD: &str = "Correct horse 1";
pub const FORM: &str = "application/x-www-form-urlencoded";

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

pub fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A client, and a person who signs in through it.
pub struct Scene {
    pub client_id: String,
    pub secret: Option<String>,
}

pub async fn scene(app: &TestApp, public: bool) -> Scene {
    let authority = &app.api.authority;
    let tenant = authority.default_tenant();
    let sign_in = SignInSettings {
        redirect_uris: vec![REDIRECT.to_owned(), "http://localhost/cb".to_owned()],
        scopes: vec![READ_ALL.to_owned(), READ_WRITE_ALL.to_owned()],
        public,
        ..SignInSettings::default()
    };
    let settings = AppSettings { sign_in, ..AppSettings::default() };
    let made = authority.app_create(tenant, "Portal", settings, Duration::from_hours(1)).await.unwrap();
    let roles = ["Identity Governance Administrator".to_owned()];
    let password = Some(PASSWORD.to_owned());
    authority.user_create(tenant, "Ada@contoso.example", Some("Ada"), &roles, password).await.unwrap();
    Scene { client_id: made.principal.app_id, secret: made.secret }
}

impl Scene {
    /// What a client asks, with some of it changed; an empty value leaves it out.
    fn address(&self, changed: &[(&str, &str)]) -> String {
        let challenge = challenge(VERIFIER);
        let mut fields = vec![
            ("client_id", self.client_id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("scope", "openid offline_access https://graph.microsoft.com/EntitlementManagement.ReadWrite.All"),
            ("state", "the state"),
            ("nonce", "the nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changed {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        fields.retain(|(_, value)| !value.is_empty());
        format!("/common/oauth2/v2.0/authorize?{}", form(&fields))
    }

    pub async fn page(&self, app: &TestApp, changed: &[(&str, &str)]) -> Response {
        app.anonymous().get(self.address(changed)).undocumented("a page").unchecked().await
    }

    pub async fn enter(&self, app: &TestApp, changed: &[(&str, &str)], name: &str, password: &str) -> Response {
        let request = app.anonymous().request(Method::POST, self.address(changed));
        let request = request.body(FORM, form(&[("username", name), ("password", password)]));
        request.undocumented("a page").unchecked().await
    }

    /// A code for Ada.
    pub async fn code(&self, app: &TestApp, changed: &[(&str, &str)]) -> String {
        let answer = self.enter(app, changed, "ada@CONTOSO.example", PASSWORD).await.expect(303);
        parameters(answer.header("location"))["code"].as_str().unwrap().to_owned()
    }

    pub async fn token(&self, app: &TestApp, changed: &[(&str, &str)]) -> Response {
        let mut fields = vec![
            ("client_id", self.client_id.as_str()),
            ("grant_type", "authorization_code"),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
            ("client_secret", self.secret.as_deref().unwrap_or_default()),
        ];
        for (name, value) in changed {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        fields.retain(|(_, value)| !value.is_empty());
        let request = app.anonymous().request(Method::POST, "/common/oauth2/v2.0/token").body(FORM, form(&fields));
        request.undocumented("authority endpoint").unchecked().await
    }

    pub async fn refresh(&self, app: &TestApp, token: &str) -> Response {
        self.token(app, &[("grant_type", "refresh_token"), ("refresh_token", token), ("code_verifier", "")]).await
    }
}

/// The parameters of an address.
pub fn parameters(address: &str) -> Json {
    let encoded = address.split_once(['?', '#']).map_or("", |(_, rest)| rest);
    form_urlencoded::parse(encoded.as_bytes())
        .map(|(name, value)| (name.into_owned(), json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

pub fn claims(token: &Json) -> Json {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[track_caller]
pub fn invalid_grant(answer: Response) {
    let body = answer.expect(400).json();
    assert_eq!(body["error"], "invalid_grant", "{body}");
}

async fn a_person_signs_in_and_may_what_role_and_scope_allow(app: TestApp) {
    let scene = scene(&app, true).await;
    let page = scene.page(&app, &[("login_hint", "ada\"><script>")]).await.expect(200);
    assert!(page.text().contains("Portal") && page.text().contains("type=\"password\""));
    assert!(page.text().contains("ada&quot;&gt;&lt;script&gt;") && !page.text().contains("<script"));
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("form-action 'self' https://app.example"),
        "{policy}"
    );
    assert_eq!(page.header("x-frame-options"), "DENY");
    let answer = scene.enter(&app, &[], "ada@contoso.example", PASSWORD).await.expect(303);
    let location = answer.header("location");
    assert!(location.starts_with(&format!("{REDIRECT}?")), "{location}");
    let told = parameters(location);
    assert_eq!(told["state"], "the state");
    let tokens = scene.token(&app, &[("code", told["code"].as_str().unwrap())]).await.expect(200);
    assert_eq!((tokens.header("cache-control"), tokens.header("pragma")), ("no-store, no-cache", "no-cache"));
    let tokens = tokens.json();
    let id = claims(&tokens["id_token"]);
    assert_eq!((&id["nonce"], &id["aud"], &id["name"]), (&json!("the nonce"), &json!(scene.client_id), &json!("Ada")));
    assert_eq!(id["preferred_username"], "Ada@contoso.example");
    let access = claims(&tokens["access_token"]);
    assert_eq!((&access["scp"], &access["upn"]), (&json!(READ_WRITE_ALL), &json!("Ada@contoso.example")));
    assert_eq!(access["oid"], id["oid"]);
    let who: Json =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(tokens["client_info"].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!((&who["uid"], &who["utid"]), (&id["oid"], &id["tid"]));
    let ada = app.with_token(tokens["access_token"].as_str().unwrap());
    let made = ada.beta().post("/accessPackageCatalogs", json!({ "displayName": "Ada's" })).await.expect(201);
    assert_eq!(made.json()["createdBy"], "Ada@contoso.example");
    // The scope bounds what the client may do in her name.
    let scope = "https://graph.microsoft.com/EntitlementManagement.Read.All";
    let code = scene.code(&app, &[("scope", scope)]).await;
    let tokens = scene.token(&app, &[("code", &code)]).await.expect(200).json();
    assert_eq!((&tokens["id_token"], &tokens["refresh_token"]), (&Json::Null, &Json::Null));
    let reader = app.with_token(tokens["access_token"].as_str().unwrap());
    reader.v1().get(PACKAGES).await.expect(200);
    reader.beta().post("/accessPackageCatalogs", json!({ "displayName": "No" })).await.expect(403);
    let auditor = app.application(&[cardea::authz::AUDIT_LOG_READ_ALL]).await.below("/v1.0/auditLogs");
    let records =
        auditor.get("/signIns").query("$filter", "userPrincipalName eq 'ada@contoso.example'").await.expect(200).rows();
    assert_eq!((&records[0]["isInteractive"], &records[0]["userId"]), (&json!(true), &id["oid"]));
}

async fn the_answer_goes_to_the_client_as_it_wishes(app: TestApp) {
    let scene = scene(&app, true).await;
    let fragment =
        scene.enter(&app, &[("response_mode", "fragment")], "ada@contoso.example", PASSWORD).await.expect(303);
    assert!(fragment.header("location").starts_with(&format!("{REDIRECT}#")));
    let posted =
        scene.enter(&app, &[("response_mode", "form_post")], "ada@contoso.example", PASSWORD).await.expect(200);
    assert!(posted.text().contains(&format!("action=\"{REDIRECT}\"")) && posted.text().contains("name=\"code\""));
    let native = [("redirect_uri", "http://localhost:45678/cb")];
    let native = scene.enter(&app, &native, "ada@contoso.example", PASSWORD).await.expect(303);
    assert!(native.header("location").starts_with("http://localhost:45678/cb?"));
    let silent = scene.page(&app, &[("prompt", "none")]).await.expect(303);
    assert_eq!(parameters(silent.header("location"))["error"], "login_required");
}

async fn a_wrong_name_and_a_wrong_password_are_told_alike_and_slowed(app: TestApp) {
    let scene = scene(&app, true).await;
    let wrong = scene.enter(&app, &[], "ada@contoso.example", "wrong").await.expect(401);
    let nobody = scene.enter(&app, &[], "nob@contoso.example", "wrong").await.expect(401);
    assert_eq!(wrong.text().replace("ada@", "nob@"), nobody.text());
    for _ in 0..5 {
        scene.enter(&app, &[], "ada@contoso.example", "wrong").await.expect(401);
    }
    let slowed = scene.enter(&app, &[], "ada@contoso.example", PASSWORD).await.expect(401);
    assert!(slowed.text().contains("Too many attempts"), "{}", slowed.text());
    app.advance(Duration::from_mins(1)).await;
    scene.enter(&app, &[], "ada@contoso.example", PASSWORD).await.expect(303);
}

async fn nobody_is_sent_to_an_address_that_is_not_registered(app: TestApp) {
    let scene = scene(&app, true).await;
    for uri in [
        "https://evil.example/",
        "https://app.example/callback/x",
        "https://app.example/callback?x=y",
        "javascript:alert(1)",
        "",
    ] {
        for answer in [
            scene.page(&app, &[("redirect_uri", uri)]).await,
            scene.enter(&app, &[("redirect_uri", uri)], "ada@contoso.example", PASSWORD).await,
        ] {
            assert_eq!((answer.expect(400).header("location"), uri), ("", uri));
        }
    }
    scene.page(&app, &[("client_id", "nobody")]).await.expect(400);
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example", scene.address(&[]));
    app.anonymous().get(twice).undocumented("a page").unchecked().await.expect(400);
}

async fn what_the_client_asks_wrongly_is_told_at_its_own_address(app: TestApp) {
    let scene = scene(&app, true).await;
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "unsupported_response_type"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("scope", "https://other.example/x", "invalid_scope"),
        ("scope", "User.Read", "invalid_scope"),
        ("scope", "", "invalid_scope"),
    ] {
        let answer = scene.page(&app, &[(name, value)]).await.expect(303);
        let told = parameters(answer.header("location"));
        assert_eq!((&told["error"], &told["state"]), (&json!(error), &json!("the state")), "{name}={value}");
    }
}

async fn a_code_counts_once_and_ends_what_came_of_it_if_shown_again(app: TestApp) {
    let scene = scene(&app, true).await;
    let code = scene.code(&app, &[]).await;
    let tokens = scene.token(&app, &[("code", &code)]).await.expect(200).json();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    invalid_grant(scene.token(&app, &[("code", &code)]).await);
    invalid_grant(scene.refresh(&app, refresh).await);
}

async fn a_code_is_for_who_asked_for_it_where_it_was_sent_to_and_not_for_long(app: TestApp) {
    let scene = scene(&app, true).await;
    let other = {
        let settings = AppSettings {
            sign_in: SignInSettings {
                redirect_uris: vec![REDIRECT.to_owned()],
                scopes: vec![],
                public: true,
                ..SignInSettings::default()
            },
            ..AppSettings::default()
        };
        let authority = &app.api.authority;
        authority.app_create(authority.default_tenant(), "Other", settings, Duration::from_hours(1)).await.unwrap()
    };
    for (name, value) in [
        ("code_verifier", "another-verifier-that-is-long-enough-0123456789"),
        ("code_verifier", "short"),
        ("code_verifier", ""),
        ("redirect_uri", "http://localhost/cb"),
        ("client_id", other.principal.app_id.as_str()),
    ] {
        let code = scene.code(&app, &[]).await;
        invalid_grant(scene.token(&app, &[("code", &code), (name, value)]).await);
    }
    invalid_grant(scene.token(&app, &[("code", "made-up")]).await);
    let code = scene.code(&app, &[]).await;
    // In another tenant nobody knows it.
    let authority = &app.api.authority;
    let tenant = authority.tenant_create("Other", &[], cardea::app::catalog::first_catalog).await.unwrap();
    let fields = [
        ("client_id", scene.client_id.as_str()),
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let request =
        app.anonymous().request(Method::POST, format!("/{}/oauth2/v2.0/token", tenant.id)).body(FORM, form(&fields));
    request.undocumented("authority endpoint").unchecked().await.expect(401);
    app.advance(Duration::from_mins(5)).await;
    let tenant = &authority.default_tenant().id;
    let request =
        app.anonymous().request(Method::POST, format!("/{tenant}/oauth2/v2.0/token")).body(FORM, form(&fields));
    invalid_grant(request.undocumented("authority endpoint").unchecked().await);
}

async fn a_refresh_token_is_another_one_each_time(app: TestApp) {
    let scene = scene(&app, true).await;
    let code = scene.code(&app, &[]).await;
    let first = scene.token(&app, &[("code", &code)]).await.expect(200).json();
    let first = first["refresh_token"].as_str().unwrap();
    let second = scene.refresh(&app, first).await.expect(200).json();
    let second_token = second["refresh_token"].as_str().unwrap();
    assert_ne!(first, second_token);
    app.with_token(second["access_token"].as_str().unwrap()).v1().get(PACKAGES).await.expect(200);
    let less = [
        ("grant_type", "refresh_token"),
        ("refresh_token", second_token),
        ("scope", READ_WRITE_ALL),
        ("code_verifier", ""),
    ];
    let third = scene.token(&app, &less).await.expect(200).json();
    let third = third["refresh_token"].as_str().unwrap();
    // Who shows an old one again ends all of them.
    invalid_grant(scene.refresh(&app, first).await);
    invalid_grant(scene.refresh(&app, third).await);
    let code = scene.code(&app, &[]).await;
    let old = scene.token(&app, &[("code", &code)]).await.expect(200).json();
    app.advance(Duration::from_hours(24 * 90)).await;
    invalid_grant(scene.refresh(&app, old["refresh_token"].as_str().unwrap()).await);
}

async fn what_was_granted_ends_with_the_password_and_with_the_person(app: TestApp) {
    let scene = scene(&app, true).await;
    let authority = &app.api.authority;
    let tenant = authority.default_tenant();
    let grant = async |code: String| {
        let tokens = scene.token(&app, &[("code", &code)]).await.expect(200).json();
        tokens["refresh_token"].as_str().unwrap().to_owned()
    };
    let refresh = grant(scene.code(&app, &[]).await).await;
    let code = scene.code(&app, &[]).await;
    let (_, password) = authority.user_set_password(tenant, "ada@contoso.example", None).await.unwrap();
    invalid_grant(scene.refresh(&app, &refresh).await);
    invalid_grant(scene.token(&app, &[("code", &code)]).await);
    scene.enter(&app, &[], "ada@contoso.example", PASSWORD).await.expect(401);
    let answer = scene.enter(&app, &[], "ada@contoso.example", &password.unwrap()).await.expect(303);
    let code = parameters(answer.header("location"))["code"].as_str().unwrap().to_owned();
    let refresh = grant(code).await;
    authority.user_delete(tenant, "ada@contoso.example").await.unwrap();
    invalid_grant(scene.refresh(&app, &refresh).await);
}

async fn a_confidential_client_proves_itself(app: TestApp) {
    let scene = scene(&app, false).await;
    // It may do without PKCE, not without its secret.
    let plain = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = scene.code(&app, &plain).await;
    scene.token(&app, &[("code", &code), ("client_secret", "")]).await.expect(401);
    scene.token(&app, &[("code", &code), ("client_secret", "wrong")]).await.expect(401);
    scene.token(&app, &[("code", &code), ("code_verifier", "")]).await.expect(200);
    // Nobody shows a verifier for a code that was asked for without: it may be somebody else's.
    let code = scene.code(&app, &plain).await;
    invalid_grant(scene.token(&app, &[("code", &code)]).await);
}

async fn tokens_of_one_kind_are_no_tokens_of_another(app: TestApp) {
    let scene = scene(&app, true).await;
    let code = scene.code(&app, &[]).await;
    invalid_grant(scene.refresh(&app, &code).await);
    let code = scene.code(&app, &[]).await;
    let tokens = scene.token(&app, &[("code", &code)]).await.expect(200).json();
    app.with_token(tokens["id_token"].as_str().unwrap()).v1().get(PACKAGES).await.problem(401).says(
        "InvalidAuthenticationToken",
        "",
        "audience",
    );
    invalid_grant(scene.token(&app, &[("code", tokens["refresh_token"].as_str().unwrap())]).await);
    app.with_token(tokens["refresh_token"].as_str().unwrap()).v1().get(PACKAGES).await.expect(401);
}

async fn people_are_managed_and_no_password_is_kept(app: TestApp) {
    scene(&app, true).await;
    let authority = &app.api.authority;
    let tenant = authority.default_tenant();
    let again = authority.user_create(tenant, "ADA@contoso.example", None, &[], None).await;
    assert!(again.unwrap_err().to_string().contains("already"));
    for (upn, roles, password, part) in [
        ("ada", vec![], None, "not a user principal name"),
        ("bob@contoso.example", vec!["King".to_owned()], None, "directory role"),
        ("bob@contoso.example", vec![], Some("short".to_owned()), "8 to 256"),
    ] {
        let error = authority.user_create(tenant, upn, None, &roles, password).await.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    let users = authority.user_list(tenant).await.unwrap();
    assert_eq!(users.iter().map(|user| user.display_name.as_str()).collect::<Vec<_>>(), ["Ada"]);
    let (_, password) = app.store.user_named(tenant.key, "ada@contoso.example").await.unwrap().unwrap();
    assert!(password.unwrap().hash.starts_with("$argon2id$"));
}

async fn tokens_end_with_the_person_the_password_and_the_application(app: TestApp) {
    let scene = scene(&app, true).await;
    let authority = &app.api.authority;
    let tenant = authority.default_tenant();
    let status = async |token: &str| app.with_token(token).v1().get(PACKAGES).await.status;
    let access = async |code: String| {
        let tokens = scene.token(&app, &[("code", &code)]).await.expect(200).json();
        tokens["access_token"].as_str().unwrap().to_owned()
    };
    let token = access(scene.code(&app, &[]).await).await;
    assert_eq!(status(&token).await, 200);
    let (_, password) = authority.user_set_password(tenant, "ada@contoso.example", None).await.unwrap();
    // What the server does every few seconds.
    authority.refresh().await.unwrap();
    app.with_token(&token).v1().get(PACKAGES).await.problem(401).says("InvalidAuthenticationToken", "", "revoked");
    app.advance(Duration::from_secs(1)).await;
    let answer = scene.enter(&app, &[], "ada@contoso.example", &password.unwrap()).await.expect(303);
    let token = access(parameters(answer.header("location"))["code"].as_str().unwrap().to_owned()).await;
    assert_eq!(status(&token).await, 200, "a token of the new password");
    authority.user_delete(tenant, "ada@contoso.example").await.unwrap();
    authority.refresh().await.unwrap();
    assert_eq!(status(&token).await, 401);

    let settings = AppSettings { roles: vec![READ_ALL.to_owned()], ..AppSettings::default() };
    let made = authority.app_create(tenant, "Robot", settings, Duration::from_hours(1)).await.unwrap();
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", made.principal.app_id.as_str()),
        ("client_secret", made.secret.as_deref().unwrap()),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let request = app.anonymous().request(Method::POST, "/common/oauth2/v2.0/token").body(FORM, form(&fields));
    let token = request.undocumented("authority endpoint").unchecked().await.expect(200).json();
    let token = token["access_token"].as_str().unwrap();
    assert_eq!(status(token).await, 200);
    authority.app_delete(tenant, &made.principal.app_id).await.unwrap();
    authority.refresh().await.unwrap();
    assert_eq!(status(token).await, 401);
    assert_eq!(app.client().v1().get(PACKAGES).await.status, 200, "others' tokens go on counting");
}

async fn keys_rotate_without_failing_live_tokens_and_can_be_withdrawn(app: TestApp) {
    let authority = &app.api.authority;
    let token = async || {
        let subject = cardea::authority::Subject::Application { roles: vec![READ_ALL.to_owned()] };
        app.issue(subject, Duration::from_hours(1)).await
    };
    let kid = |token: &str| {
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        serde_json::from_slice::<Json>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
    };
    let old = token().await;
    app.advance(Duration::from_secs(1)).await;
    let made = authority.key_rotate().await.unwrap();
    authority.refresh().await.unwrap();
    let new = token().await;
    assert_eq!(kid(&new), made.kid);
    for token in [&old, &new] {
        app.with_token(token).v1().get(PACKAGES).await.expect(200);
    }
    let keys = app.anonymous().get("/common/discovery/v2.0/keys").undocumented("authority endpoint").unchecked().await;
    let kids: Vec<_> =
        keys.expect(200).json()["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect();
    assert_eq!(kids, [json!(made.kid), json!(kid(&old))]);
    authority.key_withdraw(&kid(&old)).await.unwrap();
    authority.refresh().await.unwrap();
    app.with_token(&old).v1().get(PACKAGES).await.problem(401).says("InvalidAuthenticationToken", "", "unknown key");
    app.with_token(&new).v1().get(PACKAGES).await.expect(200);
    let last = authority.key_withdraw(&made.kid).await.unwrap_err().to_string();
    assert!(last.contains("no other"), "{last}");
    app.with_token(&token().await).v1().get(PACKAGES).await.expect(200);
}
