//! Failing to sign in, again and again: by every way there is, under many names, from many addresses.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use cardea::{
    api,
    authority::{self, AppSettings, ClientCredentials, Credentials, FailureLimits, PasswordSignIn, SignInError, Visit},
    authz::{AUDIT_LOG_READ_ALL, READ_ALL},
    store::{self, SignInSettings, Tenant},
};
use http::Method;
use serde_json::Value as Json;

use crate::{
    engines,
    support::{TestApp, client::Response, fixtures::PACKAGES},
};

engines! {
    an_assertion_that_fails_is_slowed_as_a_secret_is,
    one_password_tried_on_many_names_is_slowed_and_nobody_else_is,
    every_way_of_signing_in_passes_the_gate,
    failures_are_recorded_in_sums,
    sums_survive_a_server_that_stops,
    devices_are_started_so_many_at_a_time_from_one_address,
    guesses_in_one_tenant_delay_no_sign_in_in_another,
    refusals_at_many_paths_are_few_records,
}

const GRAPH: &str = "https://graph.microsoft.com/.default";
const PASSWORD: &str = "Correct horse 1";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

async fn post(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Response {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = app.anonymous().request(Method::POST, path).body("application/x-www-form-urlencoded", form);
    request.undocumented("authority endpoint").unchecked().await
}

async fn ask(app: &TestApp, fields: &[(&str, &str)]) -> Response {
    let tenant = &app.api.authority.default_tenant().id;
    post(app, &format!("/{tenant}/oauth2/v2.0/token"), fields).await
}

async fn application(app: &TestApp, tenant: &Tenant, public: bool) -> Credentials {
    let redirect_uris = vec!["https://app.example/".to_owned()];
    let sign_in =
        SignInSettings { scopes: vec![READ_ALL.to_owned()], public, redirect_uris, ..SignInSettings::default() };
    let settings = AppSettings { sign_in, ..AppSettings::default() };
    app.api.authority.app_create(tenant, "Portal", settings, Duration::from_hours(1)).await.unwrap()
}

/// What was asked must not be heard, and it must be told when to come again.
#[track_caller]
fn slowed(answer: Response) {
    let answer = answer.expect(429);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
}

fn credentials<'a>(tenant: &'a Tenant, client_id: &'a str, secret: &'a str, from: &str) -> ClientCredentials<'a> {
    ClientCredentials {
        tenant,
        client_id,
        secret,
        assertion: false,
        scope: GRAPH,
        origin: "https://here.example",
        visit: Visit { address: Some(from.parse::<IpAddr>().unwrap()), correlation_id: None },
    }
}

/// Fails once, without anything that takes long.
async fn fail(app: &TestApp, name: &str, from: &str) {
    let asked = ClientCredentials {
        assertion: true,
        ..credentials(app.api.authority.default_tenant(), name, "nonsense", from)
    };
    let outcome = app.api.authority.client_credentials(asked).await;
    assert!(matches!(outcome, Err(SignInError::Credentials)), "{outcome:?}");
}

/// A server with other limits.
async fn limited(app: &TestApp, failures: FailureLimits) -> TestApp {
    let trust = authority::Options { failures, ..authority::Options::default() };
    TestApp::start_set(app.engine, api::Options::default(), trust).await
}

async fn unlimited(app: &TestApp) -> TestApp {
    limited(app, FailureLimits { per_address: None, per_tenant: None }).await
}

/// The failed sign-ins on record, the oldest first.
async fn failed(app: &TestApp) -> Vec<Json> {
    let auditor = app.application(&[AUDIT_LOG_READ_ALL]).await.below("/v1.0/auditLogs");
    let list = auditor.get("/signIns").query("$filter", "status/errorCode ne 0").query("$orderby", "id");
    list.query("$top", "999").await.expect(200).rows()
}

async fn an_assertion_that_fails_is_slowed_as_a_secret_is(app: TestApp) {
    let tenant = app.api.authority.default_tenant();
    let made = application(&app, tenant, false).await;
    let (id, secret) = (made.principal.app_id.as_str(), made.secret.as_deref().unwrap());
    let grant = [("grant_type", "client_credentials"), ("scope", GRAPH), ("client_id", id)];
    let by_assertion = [&grant[..], &[("client_assertion_type", ASSERTION), ("client_assertion", "nonsense")]].concat();
    for _ in 0..5 {
        ask(&app, &by_assertion).await.expect(401);
    }
    slowed(ask(&app, &by_assertion).await);
    let by_secret = [&grant[..], &[("client_secret", secret)]].concat();
    slowed(ask(&app, &by_secret).await);
    app.advance(Duration::from_secs(1)).await;
    ask(&app, &by_secret).await.expect(200);
}

async fn one_password_tried_on_many_names_is_slowed_and_nobody_else_is(app: TestApp) {
    let authority = &app.api.authority;
    let tenant = authority.default_tenant();
    let portal = application(&app, tenant, true).await.principal;
    authority.user_create(tenant, "ada@x.example", None, &[], Some(PASSWORD.to_owned())).await.unwrap();
    let sign_in = async |upn: &str, password: &str, from: &str| {
        let visit = Visit { address: Some(from.parse().unwrap()), correlation_id: None };
        let asked = PasswordSignIn {
            tenant,
            app: &portal,
            upn,
            password,
            new_password: None,
            grant: "authorization_code",
            visit,
        };
        authority.sign_in(asked).await
    };
    sign_in("ada@x.example", PASSWORD, "192.0.2.1").await.unwrap();
    let mut heard = 0;
    for number in 0..150 {
        match sign_in(&format!("user{number}@x.example"), "Spring2026!", "192.0.2.1").await {
            Err(SignInError::Password) => heard += 1,
            Err(SignInError::Slow(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(heard, FailureLimits::PER_ADDRESS);
    sign_in("ada@x.example", PASSWORD, "192.0.2.1").await.expect("she has signed in from there of late");
    let elsewhere = sign_in("bob@x.example", "wrong", "192.0.2.2").await;
    assert!(matches!(elsewhere, Err(SignInError::Password)), "{elsewhere:?}");
    // From many addresses it is the tenant's limit that counts, which concerns neither known names nor known addresses.
    let mut failures = 0;
    while failures < 2 * FailureLimits::PER_TENANT {
        let (name, from) = (format!("app {failures}"), format!("203.0.{}.{}", failures / 200, failures % 200));
        let asked = ClientCredentials { assertion: true, ..credentials(tenant, &name, "nonsense", &from) };
        match authority.client_credentials(asked).await {
            Err(SignInError::Credentials) => failures += 1,
            Err(SignInError::Slow(_)) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(failures < FailureLimits::PER_TENANT, "{failures}");
    let stranger = sign_in("bob@x.example", "wrong", "192.0.2.3").await;
    assert!(matches!(stranger, Err(SignInError::Slow(_))), "{stranger:?}");
    sign_in("ada@x.example", PASSWORD, "192.0.2.3").await.expect("a known name, from elsewhere");
    app.advance(Duration::from_mins(1)).await;
    let again = sign_in("bob@x.example", "wrong", "192.0.2.3").await;
    assert!(matches!(again, Err(SignInError::Password)), "{again:?}");
}

async fn every_way_of_signing_in_passes_the_gate(app: TestApp) {
    let few = std::num::NonZeroU32::new(3);
    let app = limited(&app, FailureLimits { per_address: few, per_tenant: None }).await;
    let authority = &app.api.authority;
    let tenant = authority.default_tenant();
    let portal = application(&app, tenant, true).await.principal.app_id;
    let (client, _) = authority.provisioning_create(tenant, "Okta", None).await.unwrap();
    let credentials = [("grant_type", "client_credentials"), ("scope", GRAPH)];
    let signed = [("client_id", "nobody else"), ("client_assertion", "x"), ("client_assertion_type", ASSERTION)];
    let for_a_person = |grant: &'static str, name: &'static str| {
        vec![("grant_type", grant), ("client_id", &*portal), (name, "x"), ("redirect_uri", "https://app.example/")]
    };
    let ways: [(&str, Vec<(&str, &str)>); 5] = [
        ("secret", [&credentials[..], &[("client_id", "nobody"), ("client_secret", "x")]].concat()),
        ("assertion", [&credentials[..], &signed].concat()),
        ("code", for_a_person("authorization_code", "code")),
        ("refresh token", for_a_person("refresh_token", "refresh_token")),
        ("device code", for_a_person(DEVICE, "device_code")),
    ];
    for (way, fields) in &ways {
        for _ in 0..3 {
            let status = ask(&app, fields).await.status;
            assert!(matches!(status, 400 | 401), "{way}: {status}");
        }
        slowed(ask(&app, fields).await);
        app.advance(Duration::from_mins(1)).await;
    }
    let authorize = form_urlencoded::Serializer::new("/common/oauth2/v2.0/authorize?".to_owned())
        .extend_pairs([("client_id", &*portal), ("response_type", "code"), ("redirect_uri", "https://app.example/")])
        .extend_pairs([("scope", "openid"), ("code_challenge", &*"x".repeat(43)), ("code_challenge_method", "S256")])
        .finish();
    let pages = [
        ("/devicelogin", vec![("code", "BBBBBBBBB")], 400),
        (&*authorize, vec![("username", "ada@x.example"), ("password", "x")], 401),
    ];
    for (page, fields, status) in &pages {
        for _ in 0..3 {
            let answer = post(&app, page, fields).await.expect(*status);
            assert!(answer.text().contains("not right"), "{}", answer.text());
        }
        let answer = post(&app, page, fields).await;
        assert!(answer.text().contains("Too many attempts"), "{}", answer.text());
        app.advance(Duration::from_mins(1)).await;
    }
    for token in [format!("scim_{}_x", client.id), "scim_nobody_x".to_owned()] {
        let scim = app.with_token(&token).below("/scim/v2");
        let call = async || scim.get("/Users").undocumented("SCIM describes itself").unchecked().await;
        for _ in 0..3 {
            call().await.expect(401);
        }
        slowed(call().await);
        app.advance(Duration::from_mins(1)).await;
    }
    authority.record_failures().await.unwrap();
    let kinds: Vec<_> =
        failed(&app).await.iter().map(|one| one["clientAppUsed"].as_str().unwrap().to_owned()).collect();
    let expected = [
        "client_credentials",
        "client_credentials",
        "authorization_code",
        "refresh_token",
        "device_code",
        "authorization_code",
        "provisioning_token",
    ];
    assert_eq!(kinds, expected, "what nobody knows the tenant of is in no tenant's records");
}

async fn failures_are_recorded_in_sums(app: TestApp) {
    let app = unlimited(&app).await;
    let before = failed(&app).await.len();
    for number in 0..1_500 {
        fail(&app, &format!("made-up {number}"), &format!("2001:db8:0:{}::{number}", number % 3)).await;
    }
    app.api.authority.record_failures().await.unwrap();
    assert_eq!(failed(&app).await.len(), before, "the minute is not over");
    app.advance(Duration::from_mins(1)).await;
    app.api.authority.record_failures().await.unwrap();
    let mut sums = failed(&app).await;
    sums.sort_by_key(|sum| sum["appId"].to_string());
    assert_eq!(sums.len(), before + 3);
    for (number, sum) in sums.iter().skip(before).enumerate() {
        let first = sum["appId"].as_str().unwrap();
        assert_eq!((first, &sum["clientAppUsed"]), (&*format!("made-up {number}"), &"client_credentials".into()));
        let network = if number == 0 { "2001:db8::/64".to_owned() } else { format!("2001:db8:0:{number}::/64") };
        assert_eq!(sum["ipAddress"], network);
        let details = sum["status"]["additionalDetails"].as_str().unwrap();
        let last = format!("the last one of 'made-up {}'", 1_497 + number);
        assert!(details.starts_with("500 failed sign-ins from ") && details.ends_with(&last), "{details}");
    }
    // Beyond what a tenant has in a minute, all others are one.
    for number in 0..3_000 {
        fail(&app, &format!("name {number}"), &format!("198.51.{}.{}", number / 200, number % 200)).await;
    }
    app.advance(Duration::from_mins(1)).await;
    app.api.authority.record_failures().await.unwrap();
    let key = app.api.authority.default_tenant().key;
    let auditor = app.application(&[AUDIT_LOG_READ_ALL]).await.below("/v1.0/auditLogs");
    let count = auditor.get("/signIns/$count").query("$filter", "status/errorCode ne 0").await.expect(200);
    assert_eq!(count.text(), (before + 3 + 1_001).to_string());
    let others = auditor.get("/signIns").query("$filter", "clientAppUsed eq 'several'").await.expect(200).rows();
    assert!(
        others[0]["status"]["additionalDetails"].as_str().unwrap().starts_with("2000 failed sign-ins from"),
        "{others:?}"
    );
    store::verify(&*app.store, key, None).await.unwrap().unwrap();
}

async fn sums_survive_a_server_that_stops(app: TestApp) {
    fail(&app, "nobody", "192.0.2.1").await;
    app.api.authority.record_last_failures().await.unwrap();
    let records = failed(&app).await;
    assert_eq!((records.len(), records[0]["ipAddress"].as_str()), (1, Some("192.0.2.1")));
    app.api.authority.record_last_failures().await.unwrap();
    assert_eq!(failed(&app).await.len(), 1);
}

async fn devices_are_started_so_many_at_a_time_from_one_address(app: TestApp) {
    let authority = &app.api.authority;
    let tenant = authority.default_tenant();
    let portal = application(&app, tenant, true).await.principal;
    let start = async |from: &str| {
        let visit = Visit { address: Some(from.parse().unwrap()), correlation_id: None };
        authority.device_start(tenant, &portal, "openid".to_owned(), visit).await
    };
    let mut started = 0;
    for _ in 0..200 {
        match start("192.0.2.1").await {
            Ok(_) => started += 1,
            Err(SignInError::Slow(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(started, 120);
    assert!(start("192.0.2.2").await.is_ok());
    let begin = async || {
        let fields = [("client_id", portal.app_id.as_str()), ("scope", "openid")];
        post(&app, &format!("/{}/oauth2/v2.0/devicecode", tenant.id), &fields).await
    };
    for _ in 0..120 {
        begin().await.expect(200);
    }
    slowed(begin().await);
}

async fn guesses_in_one_tenant_delay_no_sign_in_in_another(app: TestApp) {
    let app = unlimited(&app).await;
    let authority = &app.api.authority;
    let attacked = authority.default_tenant();
    let innocent = authority.tenant_create("Innocent", &[], cardea::app::catalog::first_catalog).await.unwrap();
    let made = application(&app, &innocent, false).await;
    let (id, secret) = (made.principal.app_id.as_str(), made.secret.as_deref().unwrap());
    let guess = async |number: usize| {
        let name = format!("guess {number}");
        authority.client_credentials(credentials(attacked, &name, "wrong", "192.0.2.1")).await
    };
    let guesses = async {
        let mut busy = 0;
        for round in 0..2 {
            let all = (0..200).map(|number| guess(round * 200 + number));
            let outcomes = futures_util::future::join_all(all).await;
            busy += outcomes.iter().filter(|outcome| matches!(outcome, Err(SignInError::Busy))).count();
        }
        busy
    };
    let mut slowest = Duration::ZERO;
    let sign_ins = async {
        for _ in 0..10 {
            let begin = Instant::now();
            authority.client_credentials(credentials(&innocent, id, secret, "192.0.2.2")).await.unwrap();
            slowest = slowest.max(begin.elapsed());
        }
    };
    let (busy, ()) = tokio::join!(guesses, sign_ins);
    assert!(busy > 0, "the line of a tenant has an end");
    assert!(slowest < Duration::from_secs(4), "{slowest:?}");
}

async fn refusals_at_many_paths_are_few_records(app: TestApp) {
    let nobody = app.application(&["Mail.Read"]).await;
    let count = async || {
        let auditor = app.application(&[AUDIT_LOG_READ_ALL]).await.below("/v1.0/auditLogs");
        let list = auditor.get("/directoryAudits/$count").query("$filter", "operationType eq 'Refuse'");
        list.await.expect(200).text().parse::<usize>().unwrap()
    };
    let beta = nobody.beta();
    let mut refused = 0;
    let names = ["displayName", "description", "createdBy", "createdDateTime", "isHidden", "modifiedBy"];
    for depth in 0..4 {
        let path = format!("{}/x{}", PACKAGES, "/accessPackageCatalog/accessPackages/x".repeat(depth));
        for name in names {
            let answer = beta.get(format!("{path}/{name}")).undocumented("one property").unchecked().await;
            assert_eq!(answer.status, 403, "{path}/{name} {}", answer.text());
            refused += 1;
        }
    }
    assert!(refused >= 24);
    assert!(count().await <= 3, "{}", count().await);
}
