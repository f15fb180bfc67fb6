//! Tokens of other issuers: who is believed, how far, and what happens while an issuer cannot be asked.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing::get};
use cardea::{
    api,
    authority::{self, Issuer},
    authz::{READ_ALL, READ_WRITE_ALL},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use parking_lot::Mutex;
use serde_json::{Value as Json, json};

use crate::support::{Client, Engine, TestApp, client::Response, fixtures::PACKAGES};

/// An OpenID provider on this machine.
struct Provider {
    url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    keys: Mutex<Vec<Json>>,
    asked: AtomicUsize,
    down: Mutex<bool>,
}

struct Key {
    kid: String,
    key: EncodingKey,
}

impl Provider {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State::default());
        let (issuer, keys) = (url.clone(), Arc::clone(&state));
        let discovery = json!({ "issuer": issuer, "jwks_uri": format!("{url}/keys") }).to_string();
        let serve = move || {
            keys.asked.fetch_add(1, Ordering::Relaxed);
            if *keys.down.lock() {
                Err(http::StatusCode::BAD_GATEWAY)
            } else {
                Ok(json!({ "keys": *keys.keys.lock() }).to_string())
            }
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(async || discovery))
            .route("/keys", get(async move || serve()));
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { url, state }
    }

    /// A new key, which the provider shows from now on.
    fn key(&self, kid: &str) -> Key {
        let pair = rcgen::KeyPair::generate().unwrap();
        let key = EncodingKey::from_ec_der(&pair.serialize_der());
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap()).unwrap();
        (jwk["kid"], jwk["use"]) = (json!(kid), json!("sig"));
        self.state.keys.lock().push(jwk);
        Key { kid: kid.to_owned(), key }
    }

    fn asked(&self) -> usize {
        self.state.asked.load(Ordering::Relaxed)
    }

    fn go_down(&self, down: bool) {
        *self.state.down.lock() = down;
    }

    /// A server that believes the provider: roles are Graph's, `editors` is a word of its own.
    async fn app(&self) -> TestApp {
        Self::app_of(&[self], "").await
    }

    /// A server that believes these providers, of which more is written down.
    async fn app_of(providers: &[&Self], more: &str) -> TestApp {
        let issuer = |provider: &&Self| {
            format!(
                "{{issuer: '{}', audiences: [cardea], algorithms: [ES256], tenant: {{claim: org}}, {more} \
                 scopes: {{claim: scope, map: {{editors: [{READ_WRITE_ALL}]}}}}}}",
                provider.url
            )
        };
        let text = format!("[{}]", providers.iter().map(issuer).collect::<Vec<_>>().join(","));
        let issuers = Issuer::read_all(&text).unwrap();
        let options = authority::Options { issuers, ..authority::Options::default() };
        TestApp::start_set(Engine::Sqlite, api::Options::default(), options).await
    }

    /// The claims of a token that is believed: of an application that may read.
    fn claims(&self, app: &TestApp) -> Json {
        let (now, tenant) = (app.clock.now().0 / 1_000_000, &app.api.authority.default_tenant().id);
        json!({
            "iss": self.url, "aud": ["cardea", "others"], "sub": "robot", "azp": "robot", "org": tenant,
            "roles": [READ_ALL],
            "nbf": now, "exp": now + 7 * 24 * 3600,
        })
    }
}

impl Key {
    fn sign(&self, claims: &Json) -> String {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

/// What a GET answers to a token.
async fn get_with(app: &TestApp, token: &str) -> Response {
    app.with_token(token).v1().get(PACKAGES).await
}

#[tokio::test]
async fn an_application_and_a_person_may_do_what_their_claims_mean() {
    let provider = Provider::start().await;
    let (key, app) = (provider.key("a"), provider.app().await);
    let mut claims = provider.claims(&app);
    get_with(&app, &key.sign(&claims)).await.expect(200);
    let catalog = |token: &str| app.with_token(token).v1().post("/catalogs", json!({ "displayName": "Sales" }));
    catalog(&key.sign(&claims)).await.expect(403);
    claims["scope"] = json!("openid editors");
    claims["wids"] = json!(["45d8d3c5-c802-45c6-b32a-1d70b5e1e86e"]);
    claims["preferred_username"] = json!("ada@contoso.example");
    let made = catalog(&key.sign(&claims)).await.expect(201).id();
    let shown = app.client().beta().get(format!("/accessPackageCatalogs/{made}")).await.expect(200).json();
    assert_eq!(shown["createdBy"], "ada@contoso.example");
    assert_eq!(provider.asked(), 1, "one fetch serves all");
}

#[tokio::test]
async fn what_an_issuer_did_not_sign_for_us_is_refused() {
    let provider = Provider::start().await;
    let (key, app) = (provider.key("a"), provider.app().await);
    let stranger = Key { kid: "a".to_owned(), ..Provider::start().await.key("a") };
    let good = provider.claims(&app);
    get_with(&app, &key.sign(&good)).await.expect(200);
    let with = |name: &str, value: Json| {
        let mut claims = good.clone();
        claims[name] = value;
        key.sign(&claims)
    };
    let now = app.clock.now().0 / 1_000_000;
    let hmac = |secret: &[u8]| {
        let header = Header { kid: Some("a".to_owned()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &good, &EncodingKey::from_secret(secret)).unwrap()
    };
    let public = provider.state.keys.lock()[0].to_string();
    let other_kid = Key { kid: "b".to_owned(), key: key.key.clone() };
    let mut tampered = key.sign(&good);
    tampered.replace_range(60..61, if &tampered[60..61] == "A" { "B" } else { "A" });
    for (token, part) in [
        (stranger.sign(&good), "invalid signature"),
        (other_kid.sign(&good), "unknown key"),
        (hmac(public.as_bytes()), "algorithm"),
        (with("aud", json!("others")), "audience"),
        (with("aud", json!(["others"])), "audience"),
        (with("aud", Json::Null), "audience"),
        (with("iss", json!("https://evil.example")), "algorithm"),
        (with("org", json!("nowhere.example")), "tenant"),
        (with("org", json!(1)), "claim"),
        (with("sub", json!("")), "claim"),
        (with("exp", json!(now - 11)), "expired"),
        (with("exp", Json::Null), "claim"),
        (with("nbf", json!(now + 11)), "not valid yet"),
        (tampered, "Access token"),
    ] {
        let problem = get_with(&app, &token).await.problem(401);
        problem.says("InvalidAuthenticationToken", "", part);
    }
}

/// A good token's claims with some of them changed; null takes one away.
fn changed(good: &Json, changes: &Json) -> Json {
    let mut claims = good.clone();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Json::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

#[tokio::test]
async fn an_issuers_id_token_is_no_access_token() {
    let provider = Provider::start().await;
    let (key, app) = (provider.key("a"), provider.app().await);
    let good = provider.claims(&app);
    for changes in [
        json!({ "nonce": "n" }),
        json!({ "nonce": "n", "scope": "editors" }),
        json!({ "at_hash": "h", "scope": "editors" }),
        json!({ "typ": "ID", "scope": "editors" }),
        json!({ "token_use": "id", "scope": "editors" }),
        // A person who has roles is no application.
        json!({ "azp": null }),
        json!({ "preferred_username": "ada@contoso.example" }),
        json!({ "idtyp": "user" }),
        json!({ "roles": null }),
    ] {
        let problem = get_with(&app, &key.sign(&changed(&good, &changes))).await.problem(401);
        problem.says("InvalidAuthenticationToken", "", "not an access token");
    }
    let person = json!({ "scope": "editors", "preferred_username": "ada@contoso.example", "wids": ["45d8d3c5-c802-45c6-b32a-1d70b5e1e86e"] });
    get_with(&app, &key.sign(&changed(&good, &person))).await.expect(200);
    // What says in its header what it is, is that; some issuers put a nonce into all they make.
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT"] {
        let claims = changed(&good, &json!({ "nonce": typ }));
        let header = Header { kid: Some("a".to_owned()), typ: Some(typ.to_owned()), ..Header::new(Algorithm::ES256) };
        get_with(&app, &jsonwebtoken::encode(&header, &claims, &key.key).unwrap()).await.expect(200);
    }
    let header =
        Header { kid: Some("a".to_owned()), typ: Some("logout+jwt".to_owned()), ..Header::new(Algorithm::ES256) };
    get_with(&app, &jsonwebtoken::encode(&header, &good, &key.key).unwrap()).await.expect(401);
}

/// The id by which a token's bearer is known.
async fn oid(app: &TestApp, token: &str) -> String {
    let header = http::HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    app.api.authority.check(Some(&header)).await.unwrap().principal.oid.clone()
}

#[tokio::test]
async fn the_same_name_at_two_issuers_is_two_callers() {
    let (one, two) = (Provider::start().await, Provider::start().await);
    let (first, second) = (one.key("a"), two.key("a"));
    let app = Provider::app_of(&[&one, &two], "").await;
    let ids = [oid(&app, &first.sign(&one.claims(&app))).await, oid(&app, &second.sign(&two.claims(&app))).await];
    assert_ne!(ids[0], ids[1]);
    let again = changed(&one.claims(&app), &json!({ "jti": "again" }));
    assert_eq!(oid(&app, &first.sign(&again)).await, ids[0]);
    // Nobody becomes an object of the directory by being called like it, unless the operator says so.
    let authority = &app.api.authority;
    let tenant = authority.default_tenant();
    let (ada, _) = authority.user_create(tenant, "ada@contoso.example", None, &[], None).await.unwrap();
    let like_ada = changed(&one.claims(&app), &json!({ "sub": ada.id }));
    assert_ne!(oid(&app, &first.sign(&like_ada)).await, ada.id);
    let mapped = Provider::app_of(&[&one], "subject-is-object-id: true,").await;
    let like_ada = changed(&one.claims(&mapped), &json!({ "sub": ada.id }));
    assert_eq!(oid(&mapped, &first.sign(&like_ada)).await, ada.id);
}

#[tokio::test]
async fn an_issuers_tokens_end_with_the_person_too() {
    let provider = Provider::start().await;
    let key = provider.key("a");
    let app = Provider::app_of(&[&provider], "subject-is-object-id: true,").await;
    let authority = &app.api.authority;
    let tenant = authority.default_tenant();
    let (ada, _) = authority.user_create(tenant, "ada@contoso.example", None, &[], None).await.unwrap();
    let roles = json!(["45d8d3c5-c802-45c6-b32a-1d70b5e1e86e"]);
    let token = |issued: &str| {
        let changes = json!({ "sub": ada.id, "scope": "editors", "wids": roles, "iat": app.clock.now().0 / 1_000_000, "jti": issued });
        key.sign(&changed(&provider.claims(&app), &changes))
    };
    let revoked = async |token: &str| {
        authority.refresh().await.unwrap();
        get_with(&app, token).await.problem(401).says("InvalidAuthenticationToken", "", "revoked");
    };
    let before = token("before");
    get_with(&app, &before).await.expect(200);
    authority.user_set_password(tenant, "ada@contoso.example", None).await.unwrap();
    revoked(&before).await;
    app.advance(Duration::from_secs(1)).await;
    let after = token("after");
    get_with(&app, &after).await.expect(200);
    // Whatever the issuer makes for somebody who is disabled or deleted here does not count either.
    let one = format!("/users/{}", ada.id);
    manager(&app).await.patch(&one, json!({ "accountEnabled": false })).await.expect(204);
    revoked(&after).await;
    app.advance(Duration::from_hours(30)).await;
    revoked(&token("made while disabled")).await;
    manager(&app).await.patch(&one, json!({ "accountEnabled": true })).await.expect(204);
    get_with(&app, &token("enabled")).await.expect(200);
    manager(&app).await.delete(&one).await.expect(204);
    app.advance(Duration::from_secs(1)).await;
    revoked(&token("made while deleted")).await;
}

/// Who may manage people, with a token that counts now.
async fn manager(app: &TestApp) -> Client {
    app.application(&["User.ReadWrite.All"]).await.below("/v1.0")
}

#[tokio::test]
async fn no_token_outlives_what_is_remembered_of_revocations() {
    let provider = Provider::start().await;
    let (key, app) = (provider.key("a"), provider.app().await);
    let token = key.sign(&provider.claims(&app));
    get_with(&app, &token).await.expect(200);
    app.advance(Duration::from_hours(23)).await;
    get_with(&app, &key.sign(&changed(&provider.claims(&app), &json!({ "jti": "fresh" })))).await.expect(200);
    app.advance(Duration::from_secs(3600 + 11)).await;
    get_with(&app, &token).await.problem(401).says("InvalidAuthenticationToken", "", "expired");
    let ageless = changed(&provider.claims(&app), &json!({ "nbf": null }));
    get_with(&app, &key.sign(&ageless)).await.problem(401).says("InvalidAuthenticationToken", "", "claim");
}

#[tokio::test]
async fn keys_are_replaced_while_tokens_live() {
    let provider = Provider::start().await;
    let (old, app) = (provider.key("old"), provider.app().await);
    let claims = provider.claims(&app);
    get_with(&app, &old.sign(&claims)).await.expect(200);
    let new = provider.key("new");
    let token = new.sign(&claims);
    get_with(&app, &token).await.problem(401).says("InvalidAuthenticationToken", "", "unknown key");
    for _ in 0..5 {
        get_with(&app, &token).await.expect(401);
    }
    assert_eq!(provider.asked(), 1, "made-up names do not reach the provider");
    app.advance(Duration::from_secs(30)).await;
    get_with(&app, &token).await.expect(200);
    get_with(&app, &old.sign(&claims)).await.expect(200);
    assert_eq!(provider.asked(), 2);
}

#[tokio::test]
async fn an_issuer_that_is_down_is_asked_again_and_known_keys_go_on_counting() {
    let provider = Provider::start().await;
    provider.go_down(true);
    let (key, app) = (provider.key("a"), provider.app().await);
    let mut claims = provider.claims(&app);
    let mut token = || {
        claims["jti"] = json!(claims["jti"].as_u64().unwrap_or_default() + 1);
        key.sign(&claims)
    };
    let refused = get_with(&app, &token()).await;
    assert_eq!(refused.header("retry-after"), "1");
    refused.problem(503).says("ServiceUnavailable", "", "issuer");
    provider.go_down(false);
    get_with(&app, &token()).await.expect(503);
    assert_eq!(provider.asked(), 1, "not at once again");
    app.advance(Duration::from_secs(1)).await;
    get_with(&app, &token()).await.expect(200);
    provider.go_down(true);
    app.advance(Duration::from_hours(23)).await;
    get_with(&app, &token()).await.expect(200);
    app.advance(Duration::from_hours(2)).await;
    get_with(&app, &token()).await.problem(503).says("ServiceUnavailable", "", "issuer");
}

#[tokio::test]
async fn the_embedded_authority_can_be_switched_off() {
    let provider = Provider::start().await;
    let key = provider.key("a");
    let text =
        format!("[{{issuer: '{}', audiences: [cardea], algorithms: [ES256], tenant: {{claim: org}}}}]", provider.url);
    let options =
        authority::Options { issuers: Issuer::read_all(&text).unwrap(), embedded: false, ..Default::default() };
    let app = TestApp::start_set(Engine::Sqlite, api::Options::default(), options).await;
    app.client().v1().get(PACKAGES).await.problem(401).says("InvalidAuthenticationToken", "", "issuer");
    get_with(&app, &key.sign(&provider.claims(&app))).await.expect(200);
    for path in ["/common/oauth2/v2.0/token", "/common/v2.0/.well-known/openid-configuration", "/metadata/endpoints"] {
        app.anonymous().get(path).undocumented("what is switched off is not there").unchecked().await.expect(404);
    }
}
