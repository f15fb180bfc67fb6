//! What the directory says of people and applications decides whether they sign in: who is disabled or deleted does not, and
//! what an application was registered with counts.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cardea::{
    authority::{AppSettings, Credentials},
    authz::READ_ALL,
    model::{
        self,
        changeset::Changeset,
        meta::{Link, Version},
        record::{Record, RowVersion},
        value::Timestamp,
    },
    odata::{options, path},
    store::{SignInSettings, TenantKey, directory::find},
};
use http::Method;
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{TestApp, client::Response},
};

engines! {
    a_disabled_application_gets_nothing_and_is_told_why,
    nobody_signs_in_through_a_disabled_application,
    who_is_disabled_or_deleted_signs_in_no_more,
    what_an_application_was_registered_with_counts,
    secrets_are_those_of_both_and_all_are_replaced,
    what_goes_takes_along_what_it_owns,
}

const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-0123456789";
const REDIRECT: &str = "https://app.example/callback";
const ADA: &str = "ada@contoso.example";
const PASSWORD: &str = "Correct horse 1";
const FORM: &str = "application/x-www-form-urlencoded";

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn tenant(app: &TestApp) -> TenantKey {
    app.api.authority.default_tenant().key
}

/// Changes a row as a caller of the directory would.
async fn change<R: Record>(app: &TestApp, column: usize, value: &str, change: impl FnOnce(&mut R)) {
    let row = find::<R>(&*app.store, tenant(app), column, value).await.unwrap().unwrap();
    let (mut after, version) = (row.record.clone(), RowVersion(row.version.0.wrapping_add(1)));
    change(&mut after);
    app.store.commit(tenant(app), Changeset::default().update(row, after, version)).await.unwrap();
}

async fn change_app(app: &TestApp, made: &Credentials, change_it: impl FnOnce(&mut model::ServicePrincipal)) {
    change(app, model::ServicePrincipal::APP_ID, &made.principal.app_id, change_it).await;
}

async fn register(app: &TestApp, made: &Credentials, change_it: impl FnOnce(&mut model::Application)) {
    change(app, model::Application::APP_ID, &made.principal.app_id, change_it).await;
}

async fn application(app: &TestApp, public: bool) -> Credentials {
    let sign_in = SignInSettings {
        redirect_uris: vec![REDIRECT.to_owned()],
        scopes: vec![READ_ALL.to_owned()],
        public,
        ..SignInSettings::default()
    };
    let settings = AppSettings { sign_in, ..AppSettings::default() };
    let authority = &app.api.authority;
    authority.app_create(authority.default_tenant(), "Portal", settings, Duration::from_hours(1)).await.unwrap()
}

async fn ada(app: &TestApp) {
    let authority = &app.api.authority;
    let password = Some(PASSWORD.to_owned());
    authority.user_create(authority.default_tenant(), ADA, None, &[], password).await.unwrap();
}

async fn post(app: &TestApp, fields: &[(&str, &str)]) -> Response {
    let request = app.anonymous().request(Method::POST, "/common/oauth2/v2.0/token").body(FORM, form(fields));
    request.undocumented("authority endpoint").unchecked().await
}

/// An application signs in for itself.
async fn sign_in(app: &TestApp, made: &Credentials, secret: &str) -> Response {
    let scope = ("scope", "https://graph.microsoft.com/.default");
    let client = [("client_id", made.principal.app_id.as_str()), ("client_secret", secret)];
    post(app, &[client[0], client[1], ("grant_type", "client_credentials"), scope]).await
}

/// Ada signs in through an application that has no secret.
async fn enter(app: &TestApp, made: &Credentials, redirect: &str) -> Response {
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
    let fields = [
        ("client_id", made.principal.app_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", redirect),
        ("scope", "openid offline_access https://graph.microsoft.com/EntitlementManagement.Read.All"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let request = app.anonymous().request(Method::POST, format!("/common/oauth2/v2.0/authorize?{}", form(&fields)));
    let request = request.body(FORM, form(&[("username", ADA), ("password", PASSWORD)]));
    request.undocumented("a page").unchecked().await
}

async fn code(app: &TestApp, made: &Credentials) -> String {
    let answer = enter(app, made, REDIRECT).await.expect(303);
    let query = answer.header("location").split_once('?').unwrap().1.to_owned();
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "code").unwrap().1.into_owned()
}

async fn redeem(app: &TestApp, made: &Credentials, code: &str) -> Response {
    let fields = [("client_id", made.principal.app_id.as_str()), ("code", code), ("code_verifier", VERIFIER)];
    let rest = [("grant_type", "authorization_code"), ("redirect_uri", REDIRECT)];
    post(app, &[fields.as_slice(), &rest].concat()).await
}

async fn refresh(app: &TestApp, made: &Credentials, tokens: &Json) -> Response {
    let token = tokens["refresh_token"].as_str().unwrap();
    let client = ("client_id", made.principal.app_id.as_str());
    post(app, &[client, ("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

#[track_caller]
fn refused(answer: Response, status: u16, word: &str, number: u64) {
    let body = answer.expect(status).json();
    assert_eq!((&body["error"], &body["error_codes"]), (&json!(word), &json!([number])), "{body}");
}

async fn a_disabled_application_gets_nothing_and_is_told_why(app: TestApp) {
    let made = application(&app, false).await;
    let secret = made.secret.clone().unwrap();
    change_app(&app, &made, |row| row.account_enabled = false).await;
    refused(sign_in(&app, &made, &secret).await, 400, "unauthorized_client", 7_000_112);
    // Who does not know the secret is not told.
    refused(sign_in(&app, &made, "wrong").await, 401, "invalid_client", 7_000_215);
    change_app(&app, &made, |row| row.account_enabled = true).await;
    sign_in(&app, &made, &secret).await.expect(200);
    change_app(&app, &made, |row| row.deleted_at = Some(Timestamp(1))).await;
    refused(sign_in(&app, &made, &secret).await, 401, "invalid_client", 7_000_215);
}

async fn nobody_signs_in_through_a_disabled_application(app: TestApp) {
    ada(&app).await;
    let made = application(&app, true).await;
    let (first, second) = (code(&app, &made).await, code(&app, &made).await);
    let tokens = redeem(&app, &made, &first).await.expect(200).json();
    change_app(&app, &made, |row| row.account_enabled = false).await;
    let page = enter(&app, &made, REDIRECT).await.expect(400);
    assert!(page.text().contains("AADSTS7000112"), "{}", page.text());
    refused(redeem(&app, &made, &second).await, 400, "unauthorized_client", 7_000_112);
    refused(refresh(&app, &made, &tokens).await, 400, "unauthorized_client", 7_000_112);
    let begin = app.anonymous().request(Method::POST, "/common/oauth2/v2.0/devicecode");
    let begin = begin.body(FORM, form(&[("client_id", &made.principal.app_id), ("scope", "openid")]));
    refused(begin.undocumented("authority endpoint").unchecked().await, 400, "unauthorized_client", 7_000_112);
    // None of that used anything up.
    change_app(&app, &made, |row| row.account_enabled = true).await;
    refresh(&app, &made, &tokens).await.expect(200);
    redeem(&app, &made, &second).await.expect(200);
}

async fn who_is_disabled_or_deleted_signs_in_no_more(app: TestApp) {
    ada(&app).await;
    let made = application(&app, true).await;
    let disable = |row: &mut model::User| row.account_enabled = false;
    let delete = |row: &mut model::User| row.deleted_at = Some(Timestamp(1));
    for (end, begin) in [(disable as fn(&mut model::User), Some(())), (delete, None)] {
        let (first, second) = (code(&app, &made).await, code(&app, &made).await);
        let tokens = redeem(&app, &made, &first).await.expect(200).json();
        change(&app, model::User::UPN_KEY, ADA, end).await;
        enter(&app, &made, REDIRECT).await.expect(401);
        refused(redeem(&app, &made, &second).await, 400, "invalid_grant", 70_000);
        refused(refresh(&app, &made, &tokens).await, 400, "invalid_grant", 70_000);
        if begin.is_some() {
            change::<model::User>(&app, model::User::UPN_KEY, ADA, |row| row.account_enabled = true).await;
        }
    }
    // Somebody else may have the name then.
    ada(&app).await;
    code(&app, &made).await;
}

async fn what_an_application_was_registered_with_counts(app: TestApp) {
    ada(&app).await;
    let made = application(&app, true).await;
    let [web, spa, native] = ["https://web.example/cb", "https://spa.example/cb", "tool://cb"];
    for uri in [web, spa, native] {
        enter(&app, &made, uri).await.expect(400);
    }
    let uris = |uri: &str| Some(json!({ "redirectUris": [uri] }).to_string());
    register(&app, &made, |row| (row.web, row.spa, row.public_client) = (uris(web), uris(spa), uris(native))).await;
    for uri in [web, spa, native, REDIRECT] {
        enter(&app, &made, uri).await.expect(303);
    }
    enter(&app, &made, "https://web.example/cb/").await.expect(400);

    // One that has a secret proves itself, unless it is a public client as well.
    let made = application(&app, false).await;
    let without = async || {
        let code = code(&app, &made).await;
        redeem(&app, &made, &code).await.status
    };
    assert_eq!(without().await, 401);
    register(&app, &made, |row| row.spa = uris(spa)).await;
    assert_eq!(without().await, 401);
    register(&app, &made, |row| row.is_fallback_public_client = Some(true)).await;
    assert_eq!(without().await, 200);
}

async fn secrets_are_those_of_both_and_all_are_replaced(app: TestApp) {
    let authority = &app.api.authority;
    let made = application(&app, false).await;
    let (first, app_id) = (made.secret.clone().unwrap(), made.principal.app_id.clone());
    let other = application(&app, false).await;
    let second = other.secret.clone().unwrap();
    // The other's secret is this one's, too: in the tenant alone.
    let lent = model::Application::APP_ID;
    let lent = find::<model::Application>(&*app.store, tenant(&app), lent, &other.principal.app_id).await;
    let lent = lent.unwrap().unwrap().record;
    change_app(&app, &made, |row| {
        (row.password_credentials, row.secret_hashes) = (lent.password_credentials, lent.secret_hashes);
    })
    .await;
    for secret in [&first, &second] {
        sign_in(&app, &made, secret).await.expect(200);
    }
    let date = |row: &mut model::Application, name: &str, time: &str| {
        let mut shown: Json = serde_json::from_str(&row.password_credentials).unwrap();
        shown[0][name] = time.into();
        row.password_credentials = shown.to_string();
    };
    register(&app, &made, |row| date(row, "startDateTime", "2026-01-31T08:00:30Z")).await;
    refused(sign_in(&app, &made, &first).await, 401, "invalid_client", 7_000_215);
    app.advance(Duration::from_secs(30)).await;
    sign_in(&app, &made, &first).await.expect(200);
    register(&app, &made, |row| date(row, "endDateTime", "2026-01-31T08:00:30Z")).await;
    refused(sign_in(&app, &made, &first).await, 401, "invalid_client", 7_000_222);

    let lifetime = Duration::from_hours(1);
    let third = authority.app_rotate_secret(authority.default_tenant(), &app_id, lifetime).await.unwrap();
    for secret in [&first, &second] {
        refused(sign_in(&app, &made, secret).await, 401, "invalid_client", 7_000_215);
    }
    sign_in(&app, &made, &third.secret.unwrap()).await.expect(200);
    authority.app_delete(authority.default_tenant(), &app_id).await.unwrap();
    let gone = find::<model::Application>(&*app.store, tenant(&app), model::Application::APP_ID, &app_id).await;
    assert_eq!(gone.unwrap(), None);
}

async fn what_goes_takes_along_what_it_owns(app: TestApp) {
    ada(&app).await;
    let authority = &app.api.authority;
    let password = Some(PASSWORD.to_owned());
    let (bob, _) =
        authority.user_create(authority.default_tenant(), "bob@contoso.example", None, &[], password).await.unwrap();
    let (user, _) = app.store.user_named(tenant(&app), ADA).await.unwrap().unwrap();
    let manager = user.id.clone();
    change::<model::User>(&app, model::User::ID, &bob.id, |row| row.manager_id = Some(manager)).await;
    let face = model::Group::ENTITY.face(Version::V1);
    let Link::Table(members) = face.navigation("members").unwrap().link else { panic!("groups have members") };
    let group = model::Group { id: "g".into(), display_name: "G".into(), ..model::Group::default() };
    let mut changes = Changeset::default().insert(group, RowVersion(1));
    for id in [&user.id, &bob.id] {
        let (source, target) = ("g".to_owned(), id.clone());
        changes.writes.push(model::changeset::RowWrite::Link { table: members, source, target });
    }
    app.store.commit(tenant(&app), changes).await.unwrap();
    authority.user_delete(authority.default_tenant(), ADA).await.unwrap();
    let bob = find::<model::User>(&*app.store, tenant(&app), model::User::ID, &bob.id).await.unwrap().unwrap();
    assert_eq!(bob.record.manager_id, None);
    let path::Resource::Rows(rows) = path::parse(Version::V1, "/groups/g/members").unwrap().resource else {
        panic!("not rows")
    };
    let query = options::parse_count("", rows, Timestamp(0)).unwrap();
    assert_eq!(app.store.count(tenant(&app), query).await.unwrap(), Some(1));
}
