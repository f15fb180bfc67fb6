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

use crate::support::{Engine, TestApp, client::Response, fixtures::PACKAGES};

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
        let text = format!(
            "[{{issuer: '{}', audiences: [cardea], algorithms: [ES256], tenant: {{claim: org}}, \
             scopes: {{claim: scope, map: {{editors: [{READ_WRITE_ALL}]}}}}}}]",
            self.url
        );
        let issuers = Issuer::read_all(&text).unwrap();
        let options = authority::Options { issuers, ..authority::Options::default() };
        TestApp::start_set(Engine::Sqlite, api::Options::default(), options).await
    }

    /// The claims of a token that is believed: of an application that may read.
    fn claims(&self, app: &TestApp) -> Json {
        let (now, tenant) = (app.clock.now().0 / 1_000_000, &app.api.authority.default_tenant().id);
        json!({
            "iss": self.url, "aud": ["cardea", "others"], "sub": "robot", "org": tenant, "roles": [READ_ALL],
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
