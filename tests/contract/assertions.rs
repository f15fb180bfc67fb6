//! Applications that sign what they say, and those who would like to be them.

use std::time::Duration;

use cardea::{
    authority::{AppSettings, certificate},
    authz::READ_ALL,
    store::SignInSettings,
};
use http::Method;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{TestApp, client::Response, fixtures::PACKAGES},
};

engines! {
    an_application_signs_in_by_its_certificate,
    an_assertion_counts_once_for_us_now_and_from_its_application,
}

pub struct Signer {
    pub client_id: String,
    x5t_s256: String,
    x5t: String,
    key: EncodingKey,
}

fn certified() -> (String, EncodingKey) {
    let pair = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::new(vec!["robot.example".to_owned()]).unwrap().self_signed(&pair).unwrap();
    (certificate.pem(), EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap())
}

pub async fn signer(app: &TestApp) -> Signer {
    let (pem, key) = certified();
    let known = certificate(&pem).unwrap();
    let (x5t_s256, x5t) = (known.x5t_s256.clone(), known.x5t.clone());
    let sign_in = SignInSettings { certificates: vec![known], ..SignInSettings::default() };
    let settings = AppSettings { roles: vec![READ_ALL.to_owned()], sign_in };
    let authority = &app.api.authority;
    let made =
        authority.app_create(authority.default_tenant(), "Robot", settings, Duration::from_hours(1)).await.unwrap();
    Signer { client_id: made.principal.app_id, x5t_s256, x5t, key }
}

impl Signer {
    pub fn header(&self) -> Header {
        Header { x5t_s256: Some(self.x5t_s256.clone()), ..Header::new(Algorithm::PS256) }
    }

    pub fn claims(&self, app: &TestApp, jti: &str) -> Json {
        let now = app.clock.now().0 / 1_000_000;
        let aud = format!("{}/{}/oauth2/v2.0/token", app.base, app.api.authority.default_tenant().id);
        json!({ "iss": self.client_id, "sub": self.client_id, "aud": aud, "nbf": now, "exp": now + 600, "jti": jti })
    }

    pub fn sign(&self, header: &Header, claims: &Json) -> String {
        jsonwebtoken::encode(header, claims, &self.key).unwrap()
    }

    pub async fn ask(&self, app: &TestApp, assertion: &str) -> Response {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", self.client_id.as_str()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = app.anonymous().request(Method::POST, "/common/oauth2/v2.0/token");
        let request = request.body("application/x-www-form-urlencoded", form);
        request.undocumented("authority endpoint").unchecked().await
    }
}

async fn an_application_signs_in_by_its_certificate(app: TestApp) {
    let signer = signer(&app).await;
    let older = Header { x5t: Some(signer.x5t.clone()), ..Header::new(Algorithm::RS256) };
    for (jti, header) in [("1", signer.header()), ("2", older)] {
        let token = signer.ask(&app, &signer.sign(&header, &signer.claims(&app, jti))).await.expect(200).json();
        app.with_token(token["access_token"].as_str().unwrap()).v1().get(PACKAGES).await.expect(200);
    }
    assert!(certificate("nonsense").is_err());
}

async fn an_assertion_counts_once_for_us_now_and_from_its_application(app: TestApp) {
    let signer = signer(&app).await;
    let good = signer.sign(&signer.header(), &signer.claims(&app, "once"));
    signer.ask(&app, &good).await.expect(200);
    let replayed = signer.ask(&app, &good).await.expect(401).json();
    assert!(replayed["error_description"].as_str().unwrap().contains("used before"), "{replayed}");
    let now = app.clock.now().0 / 1_000_000;
    let with = |name: &str, value: Json| {
        let mut claims = signer.claims(&app, name);
        claims[name] = value;
        signer.sign(&signer.header(), &claims)
    };
    let (_, stranger) = certified();
    let unnamed = signer.sign(&Header::new(Algorithm::PS256), &signer.claims(&app, "unnamed"));
    let hmac = {
        let header = Header { x5t_s256: Some(signer.x5t_s256.clone()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &signer.claims(&app, "hmac"), &EncodingKey::from_secret(b"x")).unwrap()
    };
    let good = |number: usize| signer.sign(&signer.header(), &signer.claims(&app, &format!("good {number}")));
    let all = [
        jsonwebtoken::encode(&signer.header(), &signer.claims(&app, "stranger"), &stranger).unwrap(),
        unnamed,
        hmac,
        with("aud", json!("https://elsewhere.example/token")),
        with("iss", json!("somebody")),
        with("sub", json!("somebody")),
        with("exp", json!(now - 61)),
        with("exp", json!(now + 2 * 24 * 3600)),
        with("nbf", json!(now + 61)),
        with("jti", json!("")),
        "nonsense".to_owned(),
    ];
    for (number, bad) in all.iter().enumerate() {
        signer.ask(&app, bad).await.expect(401);
        // Who fails often has to wait, unless it succeeds meanwhile.
        signer.ask(&app, &good(number)).await.expect(200);
    }
}
