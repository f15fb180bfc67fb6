//! Passwords that must be changed, that are changed by their owner, and that anybody would guess.

use std::time::Duration;

use cardea::{
    authority::{self, AppSettings},
    authz::READ_ALL,
    model::password::Policy,
    store::SignInSettings,
};
use http::Method;
use serde_json::{Value as Json, json};

use crate::{
    directory::{caller, new_user, user},
    engines,
    scim::{Scim, USER},
    support::{Client, TestApp, client::Response},
};

engines! {
    a_password_that_must_be_changed_grants_nothing_until_it_is,
    a_device_is_not_let_in_by_a_password_that_must_be_changed,
    a_person_changes_the_own_password_and_nobody_elses,
    a_wrong_current_password_is_slowed_as_a_failed_sign_in,
    no_way_of_setting_a_password_takes_one_that_everybody_guesses,
    the_least_score_can_be_set,
}

const OLD: &str = "Correct horse 1";
const NEW: &str = "Another horse 2";
const ADA: &str = "ada@contoso.example";
const FORM: &str = "application/x-www-form-urlencoded";
const REDIRECT: &str = "https://app.example/callback";

async fn post(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Response {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = app.anonymous().request(Method::POST, path).body(FORM, form);
    request.undocumented("authority endpoint").unchecked().await
}

/// The client id of an application through which people sign in.
async fn portal(app: &TestApp) -> String {
    let authority = &app.api.authority;
    let redirect_uris = vec![REDIRECT.to_owned()];
    let sign_in =
        SignInSettings { redirect_uris, scopes: vec![READ_ALL.to_owned()], public: true, ..Default::default() };
    let settings = AppSettings { sign_in, ..AppSettings::default() };
    let made = authority.app_create(authority.default_tenant(), "Portal", settings, Duration::from_hours(1)).await;
    made.unwrap().principal.app_id
}

/// The address of the sign-in page.
fn page(client_id: &str) -> String {
    let fields = [
        ("client_id", client_id),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid https://graph.microsoft.com/EntitlementManagement.Read.All"),
        ("state", "the state"),
        // The hash of the verifier below.
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("/common/oauth2/v2.0/authorize?{query}")
}

async fn redeem(app: &TestApp, client_id: &str, entered: Response) -> Json {
    let address = entered.expect(303).header("location").to_owned();
    let (_, query) = address.split_once('?').unwrap();
    let given: std::collections::HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    assert_eq!(given["state"], "the state");
    let fields = [
        ("client_id", client_id),
        ("grant_type", "authorization_code"),
        ("redirect_uri", REDIRECT),
        ("code", &given["code"]),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    ];
    post(app, "/common/oauth2/v2.0/token", &fields).await.expect(200).json()
}

async fn forced(app: &TestApp, flag: &str) -> (Client, String) {
    let admin = caller(app, "v1.0").await;
    let mut body = user("ada");
    body["passwordProfile"] = json!({ "password": OLD, flag: true });
    let id = admin.post("/users", body).await.expect(201).id();
    (admin, id)
}

async fn a_password_that_must_be_changed_grants_nothing_until_it_is(app: TestApp) {
    let (admin, id) = forced(&app, "forceChangePasswordNextSignIn").await;
    let client_id = portal(&app).await;
    let page = page(&client_id);
    let right = [("username", ADA), ("password", OLD)];
    let asked = post(&app, &page, &right).await.expect(401);
    for part in ["must be changed", "name=\"new_password\"", "name=\"new_password_again\"", "Current password"] {
        assert!(asked.text().contains(part), "{part} in {}", asked.text());
    }
    assert!(!asked.text().contains("<script") && !asked.text().contains(OLD), "{}", asked.text());
    assert!(asked.headers.get("set-cookie").is_none() && asked.headers.get("location").is_none());
    for (new, again, why) in [
        (NEW, "something else", "not the same"),
        (OLD, OLD, "It is the current one"),
        ("P@ssw0rd1!", "P@ssw0rd1!", "too easy to guess"),
        ("short1A", "short1A", "8 to 256"),
        ("", "", "must be changed"),
    ] {
        let fields = [right.as_slice(), &[("new_password", new), ("new_password_again", again)]].concat();
        let answer = post(&app, &page, &fields).await.expect(401);
        assert!(answer.text().contains(why) && answer.text().contains("name=\"new_password\""), "{}", answer.text());
    }
    let wrong = [("username", ADA), ("password", "wrong"), ("new_password", NEW), ("new_password_again", NEW)];
    assert!(post(&app, &page, &wrong).await.expect(401).text().contains("The name or the password is not right."));
    let half = [right.as_slice(), &[("new_password", NEW)]].concat();
    assert!(post(&app, &page, &half).await.expect(401).text().contains("not the same"));

    let fields = [right.as_slice(), &[("new_password", NEW), ("new_password_again", NEW)]].concat();
    let entered = post(&app, &page, &fields).await;
    let tokens = redeem(&app, &client_id, entered).await;
    // What came of the change counts, on every server; and the old password does not.
    app.api.authority.refresh().await.unwrap();
    let me = app.with_token(tokens["access_token"].as_str().unwrap()).v1();
    assert_eq!(me.get("/catalogs").await.status, 403, "known, without a role");
    assert!(post(&app, &page, &right).await.expect(401).text().contains("not right"));
    redeem(&app, &client_id, post(&app, &page, &[("username", ADA), ("password", NEW)]).await).await;

    let client = app.application(&["AuditLog.Read.All"]).await.below("/v1.0/auditLogs");
    let filter = "activityDisplayName eq 'Change password (self-service)'";
    let audits = client.get("/directoryAudits").query("$filter", filter).await.expect(200).rows();
    assert_eq!(audits.len(), 1, "{audits:?}");
    assert_eq!(audits[0]["initiatedBy"]["user"]["id"], id);
    assert!(!audits[0].to_string().contains(NEW) && !audits[0].to_string().contains("argon2"));
    // Failures are recorded when their minute is over.
    app.advance(Duration::from_mins(2)).await;
    app.api.authority.record_failures().await.unwrap();
    let filter = "status/errorCode eq 50055";
    let interrupted = client.get("/signIns").query("$filter", filter).await.expect(200).rows();
    assert_eq!(interrupted.len(), 1, "{interrupted:?}");
    let told = interrupted[0]["status"]["additionalDetails"].as_str().unwrap_or_default();
    assert!(told.contains('2'), "how often: {told}");

    // Asked for once more, by the other property, without another password.
    let body = json!({ "passwordProfile": { "forceChangePasswordNextSignInWithMfa": true } });
    admin.patch(format!("/users/{id}"), body).await.expect(204);
    assert!(post(&app, &page, &[("username", ADA), ("password", NEW)]).await.expect(401).text().contains("must be"));
    let body = json!({ "passwordProfile": { "forceChangePasswordNextSignIn": false } });
    admin.patch(format!("/users/{id}"), body).await.expect(204);
    post(&app, &page, &[("username", ADA), ("password", NEW)]).await.expect(303);
}

async fn a_device_is_not_let_in_by_a_password_that_must_be_changed(app: TestApp) {
    forced(&app, "forceChangePasswordNextSignInWithMfa").await;
    let client_id = portal(&app).await;
    let scope = "openid https://graph.microsoft.com/EntitlementManagement.Read.All";
    let started = post(&app, "/common/oauth2/v2.0/devicecode", &[("client_id", &client_id), ("scope", scope)]).await;
    let started = started.expect(200).json();
    let text = |name: &str| started[name].as_str().unwrap().to_owned();
    let (code, shown) = (text("user_code"), text("device_code"));
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let poll = [("grant_type", grant), ("client_id", &client_id), ("device_code", &shown)];
    let right = [("code", code.as_str()), ("username", ADA), ("password", OLD)];
    let asked = post(&app, "/devicelogin", &right).await.expect(401);
    assert!(asked.text().contains("must be changed") && asked.text().contains("name=\"new_password\""));
    assert!(asked.text().contains(&format!("value=\"{code}\"")), "the code is kept");
    assert_eq!(
        post(&app, "/common/oauth2/v2.0/token", &poll).await.expect(400).json()["error"],
        "authorization_pending"
    );
    let with = |new: &'static str, again: &'static str| {
        [right.as_slice(), &[("new_password", new), ("new_password_again", again)]].concat()
    };
    assert!(post(&app, "/devicelogin", &with("Password1", "Password1")).await.expect(401).text().contains("too easy"));
    post(&app, "/devicelogin", &with(NEW, NEW)).await.expect(200);
    app.advance(Duration::from_secs(6)).await;
    post(&app, "/common/oauth2/v2.0/token", &poll).await.expect(200);
}

async fn a_person_changes_the_own_password_and_nobody_elses(app: TestApp) {
    for (version, path, start) in [("v1.0", "/me", OLD), ("beta", "/users/{id}", NEW)] {
        let admin = caller(&app, version).await;
        let name = format!("ada{}", &version[..1]);
        let id = new_user(&admin, &name).await;
        admin.patch(format!("/users/{id}"), json!({ "passwordProfile": { "password": start } })).await.expect(204);
        let upn = format!("{name}@contoso.example");
        let scopes = ["Directory.AccessAsUser.All", "User.Read.All"];
        let me = app.person(&upn, &scopes, &[]).await.below(&format!("/{version}"));
        let own = format!("{}/changePassword", path.replace("{id}", &id));
        let body = |current: &str, new: &str| json!({ "currentPassword": current, "newPassword": new });
        for (body, target, part) in [
            (body("wrong", "A third horse 3"), "currentPassword", "not the current password"),
            (body(start, "P@ssw0rd1!"), "newPassword", "too easy to guess"),
            (body(start, &format!("{name}-{name}-{name}")), "newPassword", ""),
            (body(start, start), "newPassword", "the current one"),
        ] {
            me.post(&own, body).await.problem(400).says("Request_BadRequest", target, part);
        }
        me.post(&own, json!({ "currentPassword": start })).await.problem(400).says(
            "InvalidModel",
            "newPassword",
            "required",
        );
        let other = new_user(&admin, &format!("bob{}", &version[..1])).await;
        me.post(format!("/users/{other}/changePassword"), body(OLD, "A third horse 3")).await.problem(404);
        me.post("/users/nobody/changePassword", body(OLD, "A third horse 3")).await.problem(404);
        let robot = app.application(&["User.ReadWrite.All"]).await.below(&format!("/{version}"));
        robot.post(format!("/users/{id}/changePassword"), body(start, "A third horse 3")).await.problem(404);
        let reader = app.person(&upn, &["User.Read"], &[]).await.below(&format!("/{version}"));
        reader.post(&own, body(start, "A third horse 3")).await.problem(403);

        let before = app.person(&upn, &scopes, &[]).await.below(&format!("/{version}"));
        me.post(&own, body(start, "A third horse 3")).await.expect(204);
        app.api.authority.refresh().await.unwrap();
        before.get("/me").await.problem(401);
        app.advance(Duration::from_secs(2)).await;
        let me = app.person(&upn, &scopes, &[]).await.below(&format!("/{version}"));
        me.post(&own, body("A third horse 3", "A fourth horse 4")).await.expect(204);
    }
}

async fn a_wrong_current_password_is_slowed_as_a_failed_sign_in(app: TestApp) {
    let admin = caller(&app, "v1.0").await;
    new_user(&admin, "ada").await;
    let me = app.person(ADA, &["Directory.AccessAsUser.All"], &[]).await.below("/v1.0");
    let body = |current: &str| json!({ "currentPassword": current, "newPassword": NEW });
    let mut last = 400;
    for _ in 0..8 {
        last = me.post("/me/changePassword", body("wrong")).await.status;
    }
    assert_eq!(last, 429);
    let slowed = me.post("/me/changePassword", body(OLD)).await.expect(429);
    assert!(slowed.header("retry-after").parse::<u64>().unwrap() >= 1);
    let client_id = portal(&app).await;
    let page = post(&app, &page(&client_id), &[("username", ADA), ("password", OLD)]).await.expect(401);
    assert!(page.text().contains("Too many attempts"), "the same failures count at the sign-in page");
    app.advance(Duration::from_mins(2)).await;
    let me = app.person(ADA, &["Directory.AccessAsUser.All"], &[]).await.below("/v1.0");
    me.post("/me/changePassword", body(OLD)).await.expect(204);
}

async fn no_way_of_setting_a_password_takes_one_that_everybody_guesses(app: TestApp) {
    let admin = caller(&app, "v1.0").await;
    let id = new_user(&admin, "grace.hopper").await;
    for easy in ["P@ssw0rd1!", "Password1", "Grace.Hopper1", "Qwerty123!"] {
        let mut body = user("grace.hopper2");
        body["userPrincipalName"] = json!("grace.hopper@other.example");
        body["displayName"] = json!("Grace Hopper");
        body["passwordProfile"]["password"] = json!(easy);
        let problem = admin.post("/users", body).await.problem(400);
        assert_eq!((problem.code.as_str(), &*problem.target), ("Request_BadRequest", "passwordProfile/password"));
        let body = json!({ "passwordProfile": { "password": easy } });
        let problem = admin.patch(format!("/users/{id}"), body).await.problem(400);
        assert_eq!(problem.target, "passwordProfile/password", "{easy}");
    }
    let scim = Scim::new(&app).await;
    let body =
        json!({ "schemas": [USER], "userName": "eve@contoso.example", "displayName": "Eve", "password": "Password1" });
    let refused = scim.send(Method::POST, "/Users", &body).await.expect(400);
    assert!(refused.text().contains("too easy to guess"), "{}", refused.text());
    let body = json!({ "schemas": [USER], "userName": "grace.hopper@contoso.example", "displayName": "G",
        "password": "Grace.Hopper1" });
    assert_eq!(scim.send(Method::PUT, format!("/Users/{id}"), &body).await.status, 400);
    let authority = &app.api.authority;
    let tenant = authority.default_tenant();
    let easy = Some("Password1".to_owned());
    assert!(authority.user_create(tenant, "eve@contoso.example", None, &[], easy.clone()).await.is_err());
    assert!(authority.user_set_password(tenant, "grace.hopper@contoso.example", easy).await.is_err());
    // One that is made up is taken by all of them.
    let (_, made) = authority.user_create(tenant, "eve@contoso.example", None, &[], None).await.unwrap();
    let body = json!({ "passwordProfile": { "password": made.unwrap() } });
    admin.patch(format!("/users/{id}"), body).await.expect(204);
}

async fn the_least_score_can_be_set(app: TestApp) {
    for (min_score, easy, hard) in [(0, 201, 201), (4, 400, 201)] {
        let trust = authority::Options { passwords: Policy { min_score }, ..authority::Options::default() };
        let app = TestApp::start_set(app.engine, cardea::api::Options::default(), trust).await;
        let admin = caller(&app, "v1.0").await;
        for (name, password, status) in
            [("one", "P@ssw0rd1!", easy), ("two", "Nine green Elephants walk 77 miles", hard)]
        {
            let mut body = user(name);
            body["passwordProfile"]["password"] = json!(password);
            admin.post("/users", body).await.expect(status);
        }
    }
}
