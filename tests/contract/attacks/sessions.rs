//! Tokens that must end with what they came of.

use std::time::Duration;

use cardea::{authority::AppSettings, authz::READ_ALL, store::SignInSettings};
use http::Method;
use serde_json::{Value as Json, json};

use crate::{
    engines,
    people::{REDIRECT, Scene, invalid_grant, scene},
    support::{Client, TestApp, fixtures::PACKAGES},
};

engines! {
    the_access_token_of_a_code_that_was_shown_twice_ends,
    the_access_tokens_of_a_refresh_token_that_was_shown_twice_end,
    of_many_who_show_a_refresh_token_at_once_none_keeps_a_successor,
    of_many_who_show_a_code_at_once_none_keeps_a_token,
    a_refresh_that_meets_a_new_password_leaves_no_successor,
    a_persons_tokens_end_with_the_application_that_is_disabled,
    a_persons_tokens_end_with_the_application_that_is_deleted,
    a_persons_tokens_end_with_the_application_that_the_command_deletes,
    other_families_and_applications_go_on,
}

const ROUNDS: usize = 12;
const AT_ONCE: usize = 8;

fn text<'a>(tokens: &'a Json, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

async fn tokens(app: &TestApp, scene: &Scene) -> Json {
    scene.token(app, &[("code", &scene.code(app, &[]).await)]).await.expect(200).json()
}

/// What a server answers to the token once it has learnt what was revoked.
async fn ended(app: &TestApp, token: &str) {
    app.api.authority.refresh().await.unwrap();
    let problem = app.with_token(token).v1().get(PACKAGES).await.problem(401);
    problem.says("InvalidAuthenticationToken", "", "revoked");
}

async fn counts(app: &TestApp, token: &str) {
    app.api.authority.refresh().await.unwrap();
    app.with_token(token).v1().get(PACKAGES).await.expect(200);
}

async fn the_access_token_of_a_code_that_was_shown_twice_ends(app: TestApp) {
    let scene = scene(&app, true).await;
    let code = scene.code(&app, &[]).await;
    let tokens = scene.token(&app, &[("code", &code)]).await.expect(200).json();
    counts(&app, text(&tokens, "access_token")).await;
    invalid_grant(scene.token(&app, &[("code", &code)]).await);
    ended(&app, text(&tokens, "access_token")).await;
}

async fn the_access_tokens_of_a_refresh_token_that_was_shown_twice_end(app: TestApp) {
    let scene = scene(&app, true).await;
    let first = tokens(&app, &scene).await;
    app.advance(Duration::from_mins(10)).await;
    let second = scene.refresh(&app, text(&first, "refresh_token")).await.expect(200).json();
    counts(&app, text(&second, "access_token")).await;
    invalid_grant(scene.refresh(&app, text(&first, "refresh_token")).await);
    // As a server says it whose clock is ahead.
    app.advance(Duration::from_secs(2)).await;
    for tokens in [&first, &second] {
        ended(&app, text(tokens, "access_token")).await;
    }
}

/// What comes of it when many show the same at once: all but one are refused, and what the one got has ended.
async fn race(app: &TestApp, scene: &Scene, changed: &[(&str, &str)]) -> Vec<Json> {
    let all = futures_util::future::join_all((0..AT_ONCE).map(|_| scene.token(app, changed))).await;
    let lucky: Vec<Json> = all.into_iter().filter(|answer| answer.status == 200).map(|answer| answer.json()).collect();
    assert!(lucky.len() <= 1, "{} got tokens", lucky.len());
    for tokens in &lucky {
        invalid_grant(scene.refresh(app, text(tokens, "refresh_token")).await);
    }
    lucky
}

async fn of_many_who_show_a_refresh_token_at_once_none_keeps_a_successor(app: TestApp) {
    let scene = scene(&app, true).await;
    for _ in 0..ROUNDS {
        let tokens = tokens(&app, &scene).await;
        let shown = text(&tokens, "refresh_token");
        let changed = [("grant_type", "refresh_token"), ("refresh_token", shown), ("code_verifier", "")];
        for lucky in race(&app, &scene, &changed).await {
            ended(&app, text(&lucky, "access_token")).await;
        }
        ended(&app, text(&tokens, "access_token")).await;
    }
}

async fn of_many_who_show_a_code_at_once_none_keeps_a_token(app: TestApp) {
    let scene = scene(&app, true).await;
    for _ in 0..ROUNDS {
        let code = scene.code(&app, &[]).await;
        for lucky in race(&app, &scene, &[("code", &code)]).await {
            ended(&app, text(&lucky, "access_token")).await;
        }
    }
}

async fn a_refresh_that_meets_a_new_password_leaves_no_successor(app: TestApp) {
    let scene = scene(&app, true).await;
    let (authority, mut password) = (&app.api.authority, crate::people::PASSWORD.to_owned());
    let tenant = authority.default_tenant();
    for round in 0..6 {
        app.advance(Duration::from_secs(1)).await;
        let mut shown = Vec::new();
        for _ in 0..4 {
            let answer = scene.enter(&app, &[], "ada@contoso.example", &password).await.expect(303);
            let code = crate::people::parameters(answer.header("location"));
            let tokens = scene.token(&app, &[("code", text(&code, "code"))]).await.expect(200).json();
            shown.push(text(&tokens, "refresh_token").to_owned());
        }
        password = format!("another password {round}");
        let change = authority.user_set_password(tenant, "ada@contoso.example", Some(password.clone()));
        let refreshed = futures_util::future::join_all(shown.iter().map(|token| scene.refresh(&app, token)));
        let (changed, refreshed) = tokio::join!(change, refreshed);
        changed.unwrap();
        for answer in refreshed.into_iter().filter(|answer| answer.status == 200) {
            invalid_grant(scene.refresh(&app, text(&answer.json(), "refresh_token")).await);
        }
    }
}

/// Somebody who may manage applications, also those by which people act: what they hold comes back with them.
async fn manager(app: &TestApp) -> Client {
    let scopes = ["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"];
    app.person("manager@contoso.example", &scopes, &["Global Administrator"]).await.below("/v1.0")
}

async fn principal(client: &Client, scene: &Scene) -> String {
    client.get(format!("/servicePrincipals(appId='{}')", scene.client_id)).await.expect(200).id()
}

async fn a_persons_tokens_end_with_the_application_that_is_disabled(app: TestApp) {
    let scene = scene(&app, true).await;
    let tokens = tokens(&app, &scene).await;
    let client = manager(&app).await;
    let one = format!("/servicePrincipals/{}", principal(&client, &scene).await);
    counts(&app, text(&tokens, "access_token")).await;
    client.patch(&one, json!({ "accountEnabled": false })).await.expect(204);
    ended(&app, text(&tokens, "access_token")).await;
    scene.refresh(&app, text(&tokens, "refresh_token")).await.expect(400);
    // What has ended does not begin again.
    client.patch(&one, json!({ "accountEnabled": true })).await.expect(204);
    ended(&app, text(&tokens, "access_token")).await;
    invalid_grant(scene.refresh(&app, text(&tokens, "refresh_token")).await);
    app.advance(Duration::from_secs(1)).await;
    counts(&app, text(&self::tokens(&app, &scene).await, "access_token")).await;
}

async fn a_persons_tokens_end_with_the_application_that_is_deleted(app: TestApp) {
    let scene = scene(&app, true).await;
    let client = manager(&app).await;
    let restore = async |id: &str| {
        client.request(Method::POST, format!("/directory/deletedItems/{id}/restore")).await.expect(200);
    };
    for (path, id) in [
        ("/servicePrincipals", principal(&client, &scene).await),
        ("/applications", client.get(format!("/applications(appId='{}')", scene.client_id)).await.expect(200).id()),
    ] {
        let tokens = tokens(&app, &scene).await;
        counts(&app, text(&tokens, "access_token")).await;
        client.delete(format!("{path}/{id}")).await.expect(204);
        ended(&app, text(&tokens, "access_token")).await;
        let principal = match path {
            "/applications" => {
                let deleted = client.get("/directory/deletedItems/microsoft.graph.servicePrincipal").await.expect(200);
                restore(&id).await;
                deleted.column("id").remove(0)
            }
            _ => id,
        };
        restore(&principal).await;
        invalid_grant(scene.refresh(&app, text(&tokens, "refresh_token")).await);
        app.advance(Duration::from_secs(1)).await;
    }
}

async fn a_persons_tokens_end_with_the_application_that_the_command_deletes(app: TestApp) {
    let scene = scene(&app, true).await;
    let tokens = tokens(&app, &scene).await;
    let authority = &app.api.authority;
    authority.app_delete(authority.default_tenant(), &scene.client_id).await.unwrap();
    ended(&app, text(&tokens, "access_token")).await;
}

async fn other_families_and_applications_go_on(app: TestApp) {
    let scene = scene(&app, true).await;
    let authority = &app.api.authority;
    let sign_in = SignInSettings {
        redirect_uris: vec![REDIRECT.to_owned()],
        scopes: vec![READ_ALL.to_owned()],
        public: true,
        ..SignInSettings::default()
    };
    let settings = AppSettings { sign_in, ..AppSettings::default() };
    let made = authority.app_create(authority.default_tenant(), "Other", settings, Duration::from_hours(1)).await;
    let other = Scene { client_id: made.unwrap().principal.app_id, secret: None };
    let scope = [("scope", "offline_access https://graph.microsoft.com/EntitlementManagement.Read.All")];
    let answer = other.token(&app, &[("code", &other.code(&app, &scope).await)]).await.expect(200).json();
    let (mine, spoilt) = (tokens(&app, &scene).await, tokens(&app, &scene).await);
    scene.refresh(&app, text(&spoilt, "refresh_token")).await.expect(200);
    invalid_grant(scene.refresh(&app, text(&spoilt, "refresh_token")).await);
    ended(&app, text(&spoilt, "access_token")).await;
    counts(&app, text(&mine, "access_token")).await;
    authority.app_delete(authority.default_tenant(), &scene.client_id).await.unwrap();
    ended(&app, text(&mine, "access_token")).await;
    counts(&app, text(&answer, "access_token")).await;
    other.refresh(&app, text(&answer, "refresh_token")).await.expect(200);
}
