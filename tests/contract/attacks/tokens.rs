//! One kind of token shown as another.

use std::time::Duration;

use cardea::{
    api, authority,
    authz::{GRAPH_APP_ID, READ_ALL, READ_WRITE_ALL},
    ids,
    model::{self, changeset::Changeset, record::RowVersion},
    store::{ServicePrincipal, SignInSettings, directory::find},
};
use http::Method;
use serde_json::{Value as Json, json};

use crate::{
    assertions::signer,
    engines,
    people::{FORM, PASSWORD, REDIRECT, Scene, claims, form, invalid_grant, scene},
    support::{Engine, TestApp, client::Response, fixtures::PACKAGES},
};

engines! {
    an_id_token_of_this_api_as_a_client_is_no_access_token,
    nothing_but_an_access_token_is_a_bearer_token,
    an_access_token_is_no_credential_of_a_client_and_no_grant,
    the_type_in_the_header_tells_access_tokens_from_id_tokens,
}

/// How people sign in through a client that may read and write.
fn sign_in() -> SignInSettings {
    SignInSettings {
        redirect_uris: vec![REDIRECT.to_owned()],
        scopes: vec![READ_ALL.to_owned(), READ_WRITE_ALL.to_owned()],
        public: true,
        ..SignInSettings::default()
    }
}

#[track_caller]
fn unauthenticated(answer: &Response, what: &str) {
    assert_eq!(answer.status, 401, "{what}: {}", answer.text());
}

async fn post(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Response {
    let request = app.anonymous().request(Method::POST, path).body(FORM, form(fields));
    request.undocumented("authority endpoint").unchecked().await
}

/// Somebody must not get in with this, neither at Graph's addresses nor at SCIM's.
async fn opens_nothing(app: &TestApp, token: &str, what: &str) {
    unauthenticated(&app.with_token(token).v1().get(PACKAGES).await, what);
    let scim = app.with_token(token).get("/scim/v2/Users").undocumented("SCIM").unchecked().await;
    unauthenticated(&scim, what);
}

#[tokio::test]
async fn an_id_token_whose_client_id_is_an_audience_is_no_access_token() {
    let client_id = ids::new_id();
    let trust = authority::Options {
        audiences: vec![authority::GRAPH.to_owned(), client_id.clone()],
        ..authority::Options::default()
    };
    let app = TestApp::start_set(Engine::Sqlite, api::Options::default(), trust).await;
    scene(&app, true).await;
    let tenant = app.api.authority.default_tenant();
    let client = ServicePrincipal {
        id: ids::new_id(),
        version: RowVersion(1),
        app_id: client_id.clone(),
        display_name: "Audience".to_owned(),
        account_enabled: true,
        roles: Vec::new(),
        sign_in: sign_in(),
        created_at: app.clock.now(),
    };
    let changes = Changeset::default().insert(client.record(), RowVersion(1));
    app.store.commit(tenant.key, changes).await.unwrap();
    let scene = Scene { client_id: client_id.clone(), secret: None };
    let tokens = scene.token(&app, &[("code", &scene.code(&app, &[]).await)]).await.expect(200).json();
    let id_token = tokens["id_token"].as_str().unwrap();
    assert_eq!(claims(&tokens["id_token"])["aud"], json!(client_id));
    opens_nothing(&app, id_token, "an ID token for an audience").await;
    app.with_token(tokens["access_token"].as_str().unwrap()).v1().get(PACKAGES).await.expect(200);
}

async fn an_id_token_of_this_api_as_a_client_is_no_access_token(app: TestApp) {
    scene(&app, true).await;
    let key = app.api.authority.default_tenant().key;
    let column = model::ServicePrincipal::APP_ID;
    let found = find::<model::ServicePrincipal>(&*app.store, key, column, GRAPH_APP_ID).await.unwrap().unwrap();
    let after = model::ServicePrincipal { sign_in: json!(sign_in()).to_string(), ..found.record.clone() };
    app.store.commit(key, Changeset::default().update(found, after, RowVersion(9))).await.unwrap();
    // What stands for this API signs nobody in, whatever it is set to.
    let scene = Scene { client_id: GRAPH_APP_ID.to_owned(), secret: None };
    scene.page(&app, &[]).await.expect(400);
    scene.enter(&app, &[], "ada@contoso.example", PASSWORD).await.expect(400);
}

async fn nothing_but_an_access_token_is_a_bearer_token(app: TestApp) {
    let scene = scene(&app, true).await;
    let authority = &app.api.authority;
    let code = scene.code(&app, &[]).await;
    let tokens = scene.token(&app, &[("code", &scene.code(&app, &[]).await)]).await.expect(200).json();
    let text = |name: &str| tokens[name].as_str().unwrap();
    let fields = [("client_id", scene.client_id.as_str()), ("scope", "openid")];
    let device = post(&app, "/common/oauth2/v2.0/devicecode", &fields).await.expect(200).json();
    let signer = signer(&app).await;
    let assertion = signer.sign(&signer.header(), &signer.claims(&app, "shown"));
    for (what, shown) in [
        ("an ID token", text("id_token")),
        ("a refresh token", text("refresh_token")),
        ("a code", code.as_str()),
        ("a device code", device["device_code"].as_str().unwrap()),
        ("a user code", device["user_code"].as_str().unwrap()),
        ("a client assertion", assertion.as_str()),
        ("client information", text("client_info")),
        ("a password", PASSWORD),
    ] {
        opens_nothing(&app, shown, what).await;
    }
    let tenant = authority.default_tenant();
    let (_, scim) = authority.provisioning_create(tenant, "Okta", Some(Duration::from_hours(1))).await.unwrap();
    unauthenticated(&app.with_token(&scim).v1().get(PACKAGES).await, "a provisioning token");
    let scim = app.with_token(&scim).get("/scim/v2/Users").undocumented("SCIM").unchecked().await;
    scim.expect(200);
    app.with_token(text("access_token")).v1().get(PACKAGES).await.expect(200);
}

async fn an_access_token_is_no_credential_of_a_client_and_no_grant(app: TestApp) {
    let scene = scene(&app, true).await;
    let tokens = scene.token(&app, &[("code", &scene.code(&app, &[]).await)]).await.expect(200).json();
    let signer = signer(&app).await;
    let fresh = signer.sign(&signer.header(), &signer.claims(&app, "used"));
    let application = signer.ask(&app, &fresh).await.expect(200).json();
    for shown in [&tokens["access_token"], &tokens["id_token"], &application["access_token"]] {
        let shown = shown.as_str().unwrap();
        // Not so fast that they are sent away unheard.
        let pause = async || app.advance(Duration::from_mins(2)).await;
        pause().await;
        signer.ask(&app, shown).await.expect(401);
        pause().await;
        let of_client = [
            ("grant_type", "client_credentials"),
            ("client_id", signer.client_id.as_str()),
            ("client_secret", &shown[..256]),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        post(&app, "/common/oauth2/v2.0/token", &of_client).await.expect(401);
        invalid_grant(scene.refresh(&app, shown).await);
        pause().await;
        invalid_grant(scene.token(&app, &[("code", shown)]).await);
        pause().await;
        let device = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", scene.client_id.as_str()),
            ("device_code", shown),
        ];
        post(&app, "/common/oauth2/v2.0/token", &device).await.expect(400);
    }
    app.advance(Duration::from_mins(2)).await;
    // An assertion that says that it is an access token is none.
    let header = jsonwebtoken::Header { typ: Some("at+jwt".to_owned()), ..signer.header() };
    signer.ask(&app, &signer.sign(&header, &signer.claims(&app, "typed"))).await.expect(401);
}

async fn the_type_in_the_header_tells_access_tokens_from_id_tokens(app: TestApp) {
    let scene = scene(&app, true).await;
    let tokens = scene.token(&app, &[("code", &scene.code(&app, &[]).await)]).await.expect(200).json();
    let typ = |token: &str| jsonwebtoken::decode_header(token).unwrap().typ;
    assert_eq!(typ(tokens["access_token"].as_str().unwrap()).as_deref(), Some("at+jwt"));
    assert_eq!(typ(tokens["id_token"].as_str().unwrap()).as_deref(), Some("JWT"));
    let roles = vec![READ_ALL.to_owned()];
    let command = app.issue(authority::Subject::Application { roles }, Duration::from_hours(1)).await;
    assert_eq!(typ(&command).as_deref(), Some("at+jwt"));
    let said: Json = claims(&json!(command));
    assert_eq!((&said["idtyp"], &said["scp"]), (&json!("app"), &Json::Null));
}
