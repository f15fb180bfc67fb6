//! Addresses that a browser would be sent to, or that a page would link to.

use std::time::Duration;

use cardea::{authority::AppSettings, store::SignInSettings};
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{Client, TestApp},
};

engines! {
    a_redirect_goes_by_one_rule_whoever_registers_it,
    what_people_are_sent_to_after_signing_out_goes_by_the_same_rule,
    nothing_that_a_page_would_link_to_is_a_script,
    an_identifier_is_no_script,
}

const BAD: [&str; 18] = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "DATA:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://a.example/x",
    "about:blank",
    "view-source:https://a.example",
    "http://evil.example",
    "HTTP://evil.example/",
    "http://localhost.evil.example/",
    "http://localhost@evil.example/",
    "http://127.0.0.1:80@evil.example/",
    "https://",
    "https://a.example/#fragment",
    "https://a.example/\\evil.example",
    "callback",
];

const GOOD: [&str; 6] = [
    "https://a.example/callback",
    "https://a.example:8443/cb?x=y",
    "http://localhost/cb",
    "http://localhost:4711/",
    "http://127.0.0.1:4711/cb",
    "msal1234://auth",
];

async fn manager(app: &TestApp) -> Client {
    app.application(&["Application.ReadWrite.All"]).await
}

/// An application with this, and one that is changed to have it.
async fn set(client: &Client, path: &str, body: &Json) -> [u16; 2] {
    let whole = |body: &Json| {
        let mut whole = body.clone();
        whole["displayName"] = json!("Tool");
        whole
    };
    let posted = client.post(path, whole(body)).await;
    let id = client.post(path, json!({ "displayName": "Tool" })).await.expect(201).id();
    let patched = client.patch(format!("{path}/{id}"), body.clone()).await;
    if posted.status == 400 {
        let (member, _) = body.as_object().unwrap().iter().next().unwrap();
        for answer in [posted, patched] {
            assert!(answer.problem(400).target.starts_with(member.as_str()), "{body}");
        }
        return [400, 400];
    }
    [posted.status, patched.status]
}

async fn a_redirect_goes_by_one_rule_whoever_registers_it(app: TestApp) {
    let client = manager(&app).await;
    let authority = &app.api.authority;
    let by_command = async |uri: &str| {
        let sign_in = SignInSettings { redirect_uris: vec![uri.to_owned()], ..SignInSettings::default() };
        let settings = AppSettings { sign_in, ..AppSettings::default() };
        authority.app_create(authority.default_tenant(), "Tool", settings, Duration::from_hours(1)).await.is_ok()
    };
    for (uris, good) in [(&BAD[..], false), (&GOOD[..], true)] {
        for uri in uris {
            assert_eq!(by_command(uri).await, good, "{uri}");
            for platform in ["web", "spa", "publicClient"] {
                let body = json!({ platform: { "redirectUris": ["https://b.example/", uri] } });
                let version = if platform == "spa" { "v1.0" } else { "beta" };
                let expected = if good { [201, 204] } else { [400, 400] };
                let client = client.below(&format!("/{version}"));
                assert_eq!(set(&client, "/applications", &body).await, expected, "{version} {body}");
            }
        }
    }
}

async fn what_people_are_sent_to_after_signing_out_goes_by_the_same_rule(app: TestApp) {
    let client = manager(&app).await.below("/v1.0");
    let out = |uri: &str| json!({ "web": { "logoutUrl": uri } });
    for uri in BAD {
        assert_eq!(set(&client, "/applications", &out(uri)).await, [400, 400], "{uri}");
    }
    assert_eq!(set(&client, "/applications", &out("https://a.example/out")).await, [201, 204]);
}

async fn nothing_that_a_page_would_link_to_is_a_script(app: TestApp) {
    let client = manager(&app).await.below("/v1.0");
    let applications = |uri: &str| {
        [
            json!({ "web": { "homePageUrl": uri } }),
            json!({ "info": { "marketingUrl": uri } }),
            json!({ "info": { "termsOfServiceUrl": uri } }),
        ]
    };
    for uri in ["javascript:alert(1)", " JAVASCRIPT:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "ftp://a"] {
        for body in applications(uri) {
            assert_eq!(set(&client, "/applications", &body).await, [400, 400], "{body}");
        }
    }
    for body in applications("http://intranet/page") {
        assert_eq!(set(&client, "/applications", &body).await, [201, 204], "{body}");
    }
    let made = client.post("/applications", json!({ "displayName": "Tool" })).await.expect(201).json();
    let principal = client.post("/servicePrincipals", json!({ "appId": made["appId"] })).await.expect(201).id();
    for member in ["homepage", "loginUrl", "logoutUrl"] {
        let change = |uri: &str| client.patch(format!("/servicePrincipals/{principal}"), json!({ member: uri }));
        change("javascript:alert(1)").await.problem(400).says("Request_BadRequest", member, member);
        change("https://a.example/x").await.expect(204);
    }
    let change = json!({ "replyUrls": ["https://a.example/x", "javascript:alert(1)"] });
    let problem = client.patch(format!("/servicePrincipals/{principal}"), change).await.problem(400);
    problem.says("Request_BadRequest", "replyUrls", "javascript:");
}

async fn an_identifier_is_no_script(app: TestApp) {
    let client = manager(&app).await.below("/v1.0");
    for uri in ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "api:", "1:2"] {
        assert_eq!(set(&client, "/applications", &json!({ "identifierUris": [uri] })).await, [400, 400], "{uri}");
    }
    for uri in ["api://my-tool", "urn:example:tool", "https://a.example/tool"] {
        let body = json!({ "displayName": "Tool", "identifierUris": [uri] });
        client.post("/applications", body).await.expect(201);
    }
}
