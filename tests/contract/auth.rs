//! Who may call: tokens and permissions.

use std::time::Duration;

use cardea::authority::Subject;
use http::Method;
use serde_json::json;

use crate::{
    engines,
    support::{
        TestApp,
        fixtures::{self, PACKAGES, VERSIONS, refused},
    },
};

engines! {
    without_a_token_nothing_is_answered,
    a_caller_without_a_token_is_told_how_to_get_one,
    what_is_no_token_is_refused,
    a_token_of_another_server_is_refused,
    a_token_that_was_tampered_with_is_refused,
    a_token_expires_by_the_servers_clock,
    reading_needs_a_permission,
    writing_needs_more_than_reading,
    a_user_may_do_what_was_delegated,
    permission_is_asked_before_anything_is_told,
    the_scheme_counts_in_any_letter_case,
}

/// An application with these permissions.
pub fn application(roles: &[&str]) -> Subject {
    Subject::Application { roles: roles.iter().map(|&role| role.to_owned()).collect() }
}

async fn without_a_token_nothing_is_answered(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.anonymous());
        for request in [
            client.get(PACKAGES),
            client.get(format!("{PACKAGES}/x")),
            client.get(format!("{PACKAGES}/$count")),
            client.post(PACKAGES, json!({})),
            client.patch(format!("{PACKAGES}/x"), json!({})),
            client.delete(format!("{PACKAGES}/x")),
            client.get(words.catalogs),
            client.below(&format!("/{}", words.version)).get("/"),
            client.below(&format!("/{}", words.version)).get("/$metadata"),
            client.get("/nothing").undocumented("an unknown path tells nothing without a token"),
        ] {
            request.await.problem(401).says("InvalidAuthenticationToken", "", "Access token is missing");
        }
    }
}

async fn a_caller_without_a_token_is_told_how_to_get_one(app: TestApp) {
    let answer = app.anonymous().beta().get(PACKAGES).await.expect(401);
    let challenge = answer.header("www-authenticate");
    assert!(challenge.starts_with("Bearer ") && challenge.contains("authorization_uri=\""), "{challenge}");
    assert!(!challenge.contains("error="), "{challenge}");
}

async fn what_is_no_token_is_refused(app: TestApp) {
    let client = app.anonymous().v1();
    for (value, part) in [
        ("Bearer nonsense", "malformed"),
        ("Bearer a.b.c", "malformed"),
        ("Bearer ", "missing"),
        ("Basic dXNlcjpwYXNz", "scheme Bearer"),
        ("nonsense", "scheme Bearer"),
        // {"alg":"none","typ":"JWT"}
        ("Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.e30.", "not signed with an algorithm"),
    ] {
        let answer = client.get(PACKAGES).header("authorization", value).await.expect(401);
        let challenge = answer.header("www-authenticate").to_owned();
        answer.problem(401).says("InvalidAuthenticationToken", "", part);
        let told = challenge.contains("error=\"invalid_token\"") || challenge.contains("error=\"invalid_request\"");
        assert!(told || part == "missing", "{value}: {challenge}");
    }
    let long = format!("Bearer {}", "a".repeat(20_000));
    client.get(PACKAGES).header("authorization", long).await.problem(401).says(
        "InvalidAuthenticationToken",
        "",
        "too long",
    );
}

async fn a_token_of_another_server_is_refused(app: TestApp) {
    // All servers of these tests have the same key, and each its own tenant.
    let other = TestApp::start(app.engine).await;
    let token = other.issue(application(&[cardea::authz::READ_WRITE_ALL]), Duration::from_hours(1)).await;
    let problem = app.with_token(&token).beta().get(PACKAGES).await.problem(401);
    problem.says("InvalidAuthenticationToken", "", "unknown tenant");
}

async fn a_token_that_was_tampered_with_is_refused(app: TestApp) {
    let token = app.issue(application(&[cardea::authz::READ_ALL]), Duration::from_hours(1)).await;
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let claims = base64_decoded(&parts[1]).replace("Read.All", "ReadWrite.All");
    parts[1] = base64_encoded(&claims);
    let problem = app.with_token(&parts.join(".")).beta().get(PACKAGES).await.problem(401);
    problem.says("InvalidAuthenticationToken", "", "invalid signature");
}

fn base64_decoded(text: &str) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

fn base64_encoded(text: &str) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

async fn a_token_expires_by_the_servers_clock(app: TestApp) {
    let token = app.issue(application(&[cardea::authz::READ_ALL]), Duration::from_mins(10)).await;
    let client = app.with_token(&token).beta();
    client.get(PACKAGES).await.expect(200);
    app.advance(Duration::from_mins(10)).await;
    // The clocks of those who issue tokens and those who check them may differ a little.
    client.get(PACKAGES).await.expect(200);
    app.advance(Duration::from_secs(11)).await;
    let answer = client.get(PACKAGES).await.expect(401);
    assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
    answer.problem(401).says("InvalidAuthenticationToken", "", "has expired");
}

async fn reading_needs_a_permission(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let package = fixtures::package(&app.client(), &catalog, "P").await;
    for roles in [&[][..], &["User.Read"], &["entitlementmanagement.read.all"]] {
        let token = app.issue(application(roles), Duration::from_hours(1)).await;
        for words in VERSIONS {
            let client = words.of(&app.with_token(&token));
            for path in [
                PACKAGES.to_owned(),
                format!("{PACKAGES}/{package}"),
                format!("{PACKAGES}/$count"),
                format!("{PACKAGES}/{package}/{}", words.catalog),
                format!("{PACKAGES}/{package}/incompatibleAccessPackages/$ref"),
                words.catalogs.to_owned(),
                format!("{}/{catalog}{PACKAGES}", words.catalogs),
            ] {
                let problem = client.get(path).await.problem(403);
                problem.says("Authorization_RequestDenied", "", "Insufficient privileges");
                assert!(problem.message.contains("EntitlementManagement.Read.All"), "{problem:?}");
            }
        }
    }
}

async fn writing_needs_more_than_reading(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let package = fixtures::package(&app.client(), &catalog, "P").await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let one = format!("{PACKAGES}/{package}");
        let reference = json!({ "@odata.id": format!("{PACKAGES}/{package}") });
        for request in [
            client.post(PACKAGES, words.package(&catalog, "Q")),
            client.post(format!("{PACKAGES}/$ref"), words.package(&catalog, "Q")),
            client.patch(&one, json!({ "displayName": "Q" })),
            client.delete(&one),
            client.post(format!("{one}/incompatibleAccessPackages/$ref"), reference),
            client.delete(format!("{one}/incompatibleAccessPackages/{package}/$ref")),
            client.post(words.catalogs, json!({ "displayName": "C" })),
            client.patch(format!("{}/{catalog}", words.catalogs), json!({ "displayName": "C" })),
            client.delete(format!("{}/{catalog}", words.catalogs)),
        ] {
            let problem = refused(&app.client(), request, 403).await;
            problem.says("Authorization_RequestDenied", "", "EntitlementManagement.ReadWrite.All");
        }
    }
}

async fn a_user_may_do_what_was_delegated(app: TestApp) {
    let reader = app.user("ada@contoso.example", &["User.Read", cardea::authz::READ_ALL]).await;
    let writer = app.user("ada@contoso.example", &[cardea::authz::READ_WRITE_ALL]).await;
    let nobody = app.user("ada@contoso.example", &["User.Read"]).await;
    for words in VERSIONS {
        let body = || json!({ "displayName": "C" });
        words.of(&reader).get(words.catalogs).await.expect(200);
        words.of(&reader).post(words.catalogs, body()).await.expect(403);
        words.of(&writer).post(words.catalogs, body()).await.expect(201);
        words.of(&nobody).get(words.catalogs).await.expect(403);
    }
}

async fn permission_is_asked_before_anything_is_told(app: TestApp) {
    let token = app.issue(application(&["User.Read"]), Duration::from_hours(1)).await;
    for words in VERSIONS {
        let client = words.of(&app.with_token(&token));
        client.get(format!("{PACKAGES}/nothing")).await.expect(403);
        client.get(format!("{PACKAGES}/nothing/{}", words.catalog)).await.expect(403);
        client.delete(format!("{PACKAGES}/nothing")).await.expect(403);
    }
}

async fn the_scheme_counts_in_any_letter_case(app: TestApp) {
    let token = app.issue(application(&[cardea::authz::READ_ALL]), Duration::from_hours(1)).await;
    let client = app.anonymous().beta();
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let request = client.request(Method::GET, PACKAGES).header("authorization", format!("{scheme} {token}"));
        request.await.expect(200);
    }
}
