//! What clients written for Microsoft Graph ask of an authority: discovery, keys, tokens.

use std::time::Duration;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use cardea::{
    authority::AppSettings,
    authz::{READ_ALL, READ_WRITE_ALL},
    model::{changeset::Changeset, value::Timestamp},
    store::ServicePrincipal,
};
use http::Method;
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{Client, TestApp, client::Response},
};

engines! {
    discovery_leads_from_one_address_to_everything,
    any_tenant_can_be_discovered,
    the_cloud_is_described_for_terraform,
    another_authority_is_not_vouched_for,
    an_application_gets_a_token_and_may_what_it_was_granted,
    a_token_is_for_the_resource_that_was_asked_for,
    the_secret_may_come_in_a_header,
    a_wrong_client_and_a_wrong_secret_are_told_alike,
    an_application_signs_in_to_its_own_tenant_only,
    a_secret_expires,
    whoever_fails_often_has_to_wait,
    a_request_that_is_none_is_refused_in_oauths_words,
    an_unknown_tenant_is_refused_in_entras_words,
    no_token_can_be_asked_for_by_get,
}

const FORM: &str = "application/x-www-form-urlencoded";
const GRAPH: &str = "https://graph.microsoft.com/.default";

async fn fetch(client: &Client, path: &str) -> Response {
    client.get(path).undocumented("authority endpoint").unchecked().await
}

/// An application with a secret.
struct Robot {
    principal: ServicePrincipal,
    secret: String,
}

async fn application(app: &TestApp, roles: &[&str]) -> Robot {
    let authority = &app.api.authority;
    let roles: Vec<String> = roles.iter().map(|&role| role.to_owned()).collect();
    let settings = AppSettings { roles, ..AppSettings::default() };
    let made = authority.app_create(authority.default_tenant(), "Terraform", settings, Duration::from_hours(24)).await;
    let made = made.unwrap();
    Robot { principal: made.principal, secret: made.secret.unwrap() }
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

async fn ask(app: &TestApp, tenant: &str, fields: &[(&str, &str)]) -> Response {
    let request = app.anonymous().request(Method::POST, format!("/{tenant}/oauth2/v2.0/token"));
    request.body(FORM, form(fields)).undocumented("authority endpoint").unchecked().await
}

async fn sign_in(app: &TestApp, tenant: &str, id: &str, secret: &str, scope: &str) -> Response {
    let grant = ("grant_type", "client_credentials");
    ask(app, tenant, &[("client_id", id), ("client_secret", secret), grant, ("scope", scope)]).await
}

fn tenant(app: &TestApp) -> &str {
    &app.api.authority.default_tenant().id
}

fn claims(token: &str) -> Json {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The refusal must have this status, OAuth's word and Entra's number, and nothing that it must not have.
#[track_caller]
fn refused(answer: Response, status: u16, word: &str, number: u64) -> Json {
    let answer = answer.expect(status);
    assert!(answer.header("cache-control").contains("no-store"));
    let body = answer.json();
    assert_eq!((body["error"].as_str(), body["error_codes"][0].as_u64()), (Some(word), Some(number)), "{body}");
    assert!(body["error_description"].as_str().unwrap().starts_with(&format!("AADSTS{number}: ")), "{body}");
    for name in ["timestamp", "trace_id", "correlation_id", "error_uri"] {
        assert!(body[name].is_string(), "{body}");
    }
    body
}

async fn discovery_leads_from_one_address_to_everything(app: TestApp) {
    let (client, tenant) = (app.anonymous(), tenant(&app).to_owned());
    for path in [
        format!("/{tenant}/v2.0/.well-known/openid-configuration"),
        format!("/{tenant}/.well-known/openid-configuration"),
    ] {
        let found = fetch(&client, &path).await.expect(200).json();
        assert_eq!(found["issuer"], format!("{}/{tenant}/v2.0", app.base));
        assert_eq!(found["token_endpoint"], format!("{}/{tenant}/oauth2/v2.0/token", app.base));
        let keys = fetch(&client, found["jwks_uri"].as_str().unwrap()).await.expect(200).json();
        let key = &keys["keys"][0];
        assert_eq!(
            (&key["kty"], &key["use"], &key["alg"], &key["e"]),
            (&json!("RSA"), &json!("sig"), &json!("RS256"), &json!("AQAB"))
        );
        assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap().len(), 256);
        assert!(key.get("d").is_none() && key.get("p").is_none(), "a private key");
    }
    let endpoint = format!("{}/{tenant}/oauth2/v2.0/authorize", app.base);
    let instance =
        client.get("/common/discovery/instance").query("api-version", "1.1").query("authorization_endpoint", &endpoint);
    let instance = instance.undocumented("authority endpoint").unchecked().await.expect(200).json();
    assert_eq!(
        instance["tenant_discovery_endpoint"],
        format!("{}/{tenant}/v2.0/.well-known/openid-configuration", app.base)
    );
    let host = app.base.trim_start_matches("http://");
    assert_eq!(instance["metadata"][0]["aliases"], json!([host]));
}

async fn any_tenant_can_be_discovered(app: TestApp) {
    for name in ["common", "organizations"] {
        let found =
            fetch(&app.anonymous(), &format!("/{name}/v2.0/.well-known/openid-configuration")).await.expect(200).json();
        assert_eq!(found["issuer"], format!("{}/{{tenantid}}/v2.0", app.base));
        assert_eq!(found["token_endpoint"], format!("{}/{name}/oauth2/v2.0/token", app.base));
    }
}

async fn the_cloud_is_described_for_terraform(app: TestApp) {
    let found = fetch(&app.anonymous(), "/metadata/endpoints?api-version=2022-09-01").await.expect(200).json();
    assert_eq!(found["microsoftGraphResourceId"], app.base);
    assert_eq!(found["authentication"]["loginEndpoint"], app.base);
    assert!(!found["name"].as_str().unwrap().is_empty() && !found["resourceManager"].as_str().unwrap().is_empty());
}

async fn another_authority_is_not_vouched_for(app: TestApp) {
    for endpoint in ["https://evil.example/common/oauth2/v2.0/authorize", "nonsense", "https://", "javascript://x/y"] {
        let request = app.anonymous().get("/common/discovery/instance").query("authorization_endpoint", endpoint);
        let answer = request.undocumented("authority endpoint").unchecked().await;
        refused(answer, 400, "invalid_instance", 50_049);
    }
    refused(fetch(&app.anonymous(), "/common/discovery/instance").await, 400, "invalid_request", 900_144);
}

async fn an_application_gets_a_token_and_may_what_it_was_granted(app: TestApp) {
    let made = application(&app, &[READ_ALL]).await;
    let answer = sign_in(&app, tenant(&app), &made.principal.app_id, &made.secret, GRAPH).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store, no-cache");
    let body = answer.json();
    assert_eq!(
        (&body["token_type"], &body["expires_in"], &body["ext_expires_in"]),
        (&json!("Bearer"), &json!(3599), &json!(3599))
    );
    let token = body["access_token"].as_str().unwrap();
    let claims = claims(token);
    for (name, value) in [
        ("aud", json!("https://graph.microsoft.com")),
        ("iss", json!(format!("{}/{}/v2.0", app.base, tenant(&app)))),
        ("tid", json!(tenant(&app))),
        ("oid", json!(made.principal.id)),
        ("sub", json!(made.principal.id)),
        ("appid", json!(made.principal.app_id)),
        ("azp", json!(made.principal.app_id)),
        ("app_displayname", json!("Terraform")),
        ("idtyp", json!("app")),
        ("roles", json!([READ_ALL])),
        ("ver", json!("2.0")),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert!(claims.get("scp").is_none());
    let client = app.with_token(token).beta();
    client.get("/accessPackageCatalogs").await.expect(200);
    client.post("/accessPackageCatalogs", json!({ "displayName": "C" })).await.expect(403);
}

async fn a_token_is_for_the_resource_that_was_asked_for(app: TestApp) {
    let made = application(&app, &[READ_ALL]).await;
    let (id, secret) = (&made.principal.app_id, &made.secret);
    for scope in
        [GRAPH.to_owned(), format!("{}/.default", app.base), "00000003-0000-0000-c000-000000000000/.default".to_owned()]
    {
        let answer = sign_in(&app, tenant(&app), id, secret, &scope).await.expect(200).json();
        let token = answer["access_token"].as_str().unwrap();
        assert_eq!(claims(token)["aud"].as_str(), scope.strip_suffix("/.default"));
        app.with_token(token).v1().get("/catalogs").await.expect(200);
    }
    for scope in
        ["https://management.azure.com/.default", "User.Read", "openid", "https://graph.microsoft.com/User.Read.All"]
    {
        refused(sign_in(&app, tenant(&app), id, secret, scope).await, 400, "invalid_scope", 1_002_012);
    }
}

async fn the_secret_may_come_in_a_header(app: TestApp) {
    let made = application(&app, &[READ_ALL]).await;
    let send = async |id: &str, secret: &str, more: &[(&str, &str)]| {
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")));
        let fields = [&[("grant_type", "client_credentials"), ("scope", GRAPH)], more].concat();
        let request = app.anonymous().request(Method::POST, format!("/{}/oauth2/v2.0/token", tenant(&app)));
        request
            .header("authorization", basic)
            .body(FORM, form(&fields))
            .undocumented("authority endpoint")
            .unchecked()
            .await
    };
    let (id, secret) = (made.principal.app_id.as_str(), made.secret.as_str());
    send(id, secret, &[]).await.expect(200);
    send(id, secret, &[("client_id", id)]).await.expect(200);
    let wrong = send(id, "wrong", &[]).await;
    assert!(wrong.header("www-authenticate").starts_with("Basic "));
    refused(wrong, 401, "invalid_client", 7_000_215);
    refused(send(id, secret, &[("client_secret", secret)]).await, 400, "invalid_request", 90_013);
    refused(send(id, secret, &[("client_id", "another")]).await, 400, "invalid_request", 90_013);
}

async fn a_wrong_client_and_a_wrong_secret_are_told_alike(app: TestApp) {
    let made = application(&app, &[READ_ALL]).await;
    let mut told = Vec::new();
    for (id, secret) in [
        (made.principal.app_id.as_str(), "wrong"),
        ("nobody", made.secret.as_str()),
        (&made.principal.id, &made.secret),
    ] {
        let body = refused(sign_in(&app, tenant(&app), id, secret, GRAPH).await, 401, "invalid_client", 7_000_215);
        assert!(!body.to_string().contains(&made.secret));
        told.push(body["error_description"].as_str().unwrap().split(" Trace ID").next().unwrap().to_owned());
    }
    told.dedup();
    assert_eq!(told.len(), 1);
}

async fn an_application_signs_in_to_its_own_tenant_only(app: TestApp) {
    let made = application(&app, &[READ_WRITE_ALL]).await;
    let (id, secret) = (&made.principal.app_id, &made.secret);
    sign_in(&app, "common", id, secret, GRAPH).await.expect(200);
    let authority = &app.api.authority;
    authority
        .tenant_create("Contoso", &["Contoso.example".to_owned()], |_: Timestamp| Changeset::default())
        .await
        .unwrap();
    for name in ["contoso.example", "CONTOSO.EXAMPLE"] {
        refused(sign_in(&app, name, id, secret, GRAPH).await, 401, "invalid_client", 7_000_215);
    }
    sign_in(&app, &tenant(&app).to_uppercase(), id, secret, GRAPH).await.expect(200);
    // Now that there are two, one must be named.
    refused(sign_in(&app, "common", id, secret, GRAPH).await, 400, "invalid_request", 50_059);
}

async fn a_secret_expires(app: TestApp) {
    let made = application(&app, &[READ_ALL]).await;
    app.advance(Duration::from_hours(24)).await;
    let answer = sign_in(&app, tenant(&app), &made.principal.app_id, &made.secret, GRAPH).await;
    refused(answer, 401, "invalid_client", 7_000_222);
}

async fn whoever_fails_often_has_to_wait(app: TestApp) {
    let (made, other) = (application(&app, &[READ_ALL]).await, application(&app, &[READ_ALL]).await);
    let id = &made.principal.app_id;
    for _ in 0..5 {
        refused(sign_in(&app, tenant(&app), id, "wrong", GRAPH).await, 401, "invalid_client", 7_000_215);
    }
    let slowed = sign_in(&app, tenant(&app), id, &made.secret, GRAPH).await;
    assert_eq!(slowed.header("retry-after"), "1");
    refused(slowed, 429, "temporarily_unavailable", 50_196);
    sign_in(&app, tenant(&app), &other.principal.app_id, &other.secret, GRAPH).await.expect(200);
    app.advance(Duration::from_secs(1)).await;
    sign_in(&app, tenant(&app), id, &made.secret, GRAPH).await.expect(200);
    refused(sign_in(&app, tenant(&app), id, "wrong", GRAPH).await, 401, "invalid_client", 7_000_215);
}

async fn a_request_that_is_none_is_refused_in_oauths_words(app: TestApp) {
    let grant = ("grant_type", "client_credentials");
    for (fields, word, number) in [
        (vec![], "invalid_request", 900_144),
        (vec![("grant_type", "")], "invalid_request", 900_144),
        (vec![("grant_type", "password")], "unsupported_grant_type", 70_003),
        (vec![grant], "invalid_request", 900_144),
        (vec![grant, ("client_id", "a"), ("client_secret", "b")], "invalid_request", 900_144),
        (vec![grant, grant], "invalid_request", 90_013),
    ] {
        refused(ask(&app, tenant(&app), &fields).await, 400, word, number);
    }
    refused(ask(&app, tenant(&app), &[grant, ("client_id", "a")]).await, 401, "invalid_client", 7_000_218);
    let path = format!("/{}/oauth2/v2.0/token", tenant(&app));
    for (media, body) in [("application/json", "{}".to_owned()), (FORM, format!("grant_type={}", "x".repeat(40_000)))] {
        let request = app.anonymous().request(Method::POST, &path).body(media, body);
        refused(request.undocumented("authority endpoint").unchecked().await, 400, "invalid_request", 90_013);
    }
}

async fn an_unknown_tenant_is_refused_in_entras_words(app: TestApp) {
    for path in ["v2.0/.well-known/openid-configuration", "discovery/v2.0/keys"] {
        let answer = fetch(&app.anonymous(), &format!("/nobody.example/{path}")).await;
        let body = refused(answer, 400, "invalid_tenant", 90_002);
        assert!(body["error_description"].as_str().unwrap().contains("'nobody.example'"));
    }
    refused(sign_in(&app, "nobody.example", "a", "b", GRAPH).await, 400, "invalid_tenant", 90_002);
    let client =
        app.anonymous().get("/x%0d%0aSet-Cookie:%20a=b/discovery/v2.0/keys").header("client-request-id", "my-id");
    let body = refused(client.undocumented("authority endpoint").unchecked().await, 400, "invalid_tenant", 90_002);
    assert_eq!(body["correlation_id"], "my-id");
}

async fn no_token_can_be_asked_for_by_get(app: TestApp) {
    let answer =
        fetch(&app.anonymous(), &format!("/{}/oauth2/v2.0/token?grant_type=client_credentials", tenant(&app))).await;
    assert_eq!(answer.header("allow"), "POST");
    refused(answer, 405, "invalid_request", 900_561);
}
