//! Applications that hold something, and permissions that are given.

use std::time::Duration;

use cardea::{
    api,
    authority::{self, AppSettings},
    authz::PERMISSIONS,
    store::SignInSettings,
};
use http::Method;
use serde_json::json;

use super::scene::{administrator, application, grant};
use crate::{
    directory::{ALL, link, new_group, new_user, reference},
    engines,
    support::{Client, TestApp, fixtures::give},
};

engines! {
    permissions_of_this_api_are_given_by_those_who_may,
    an_application_that_holds_more_is_not_taken_over,
    whoever_could_give_it_may_change_the_credentials,
    an_application_that_its_caller_made_gets_passwords_as_ever,
    with_the_option_credentials_are_changed_as_in_graph,
}

async fn permissions_of_this_api_are_given_by_those_who_may(app: TestApp) {
    let permissions: Vec<&str> = PERMISSIONS.iter().filter(|one| one.id.is_some()).map(|one| one.name).collect();
    let attackers = [
        administrator(&app, "aa", &["Application Administrator"]).await,
        administrator(&app, "caa", &["Cloud Application Administrator"]).await,
    ];
    let (_, principal) = application(&attackers[0], "Mine").await;
    let given = format!("/servicePrincipals/{principal}/appRoleAssignments");
    for attacker in &attackers {
        for permission in &permissions {
            let problem = grant(attacker, &principal, permission).await.problem(403);
            problem.says("Authorization_RequestDenied", "", "Privileged Role Administrator");
        }
    }
    assert!(attackers[0].get(&given).await.expect(200).rows().is_empty());
    let givers = [
        administrator(&app, "pra", &["Privileged Role Administrator"]).await,
        administrator(&app, "root", &["Global Administrator"]).await,
        app.application(ALL).await.below("/v1.0"),
    ];
    for giver in &givers {
        let made = grant(giver, &principal, "User.Read.All").await.expect(201).id();
        giver.delete(format!("{given}/{made}")).await.expect(204);
    }
    // A role in another application is given by an application administrator, as in Entra.
    let role = json!({
        "id": "22222222-2222-4222-8222-222222222222", "allowedMemberTypes": ["Application"], "displayName": "R",
        "description": "R", "isEnabled": true, "value": "r",
    });
    let body = json!({ "displayName": "API", "appRoles": [role] });
    let made = attackers[0].post("/applications", body).await.expect(201).json();
    let resource = attackers[0].post("/servicePrincipals", json!({ "appId": made["appId"] })).await.expect(201).id();
    let body = json!({ "principalId": principal, "resourceId": resource, "appRoleId": role["id"] });
    attackers[0].post(&given, body).await.expect(201);
}

/// All that would take an application over, each with the status of success. The applications are as they were after that.
async fn takeovers(client: &Client, application: &str, principal: &str, owner: &str) -> Vec<(&'static str, u16)> {
    let (one, other) = (format!("/applications/{application}"), format!("/servicePrincipals/{principal}"));
    let key = json!({ "type": "AsymmetricX509Cert", "usage": "Verify", "key": "QUJD", "displayName": "mine" });
    let mut statuses = Vec::new();
    for at in [&one, &other] {
        statuses.push(("addPassword", client.post(format!("{at}/addPassword"), json!({})).await.status));
        let certificate = json!({ "keyCredentials": [key] });
        statuses.push(("keyCredentials", client.patch(at, certificate).await.status));
        let added = client.post(format!("{at}/owners/$ref"), reference(client, owner)).await.status;
        statuses.push(("owners", added));
    }
    let uris = json!({ "redirectUris": ["https://thief.example/callback"] });
    for body in [
        json!({ "web": uris }),
        json!({ "spa": uris }),
        json!({ "publicClient": uris }),
        json!({ "isFallbackPublicClient": true }),
        json!({ "identifierUris": [format!("api://{principal}")] }),
    ] {
        statuses.push(("sign-in", client.patch(&one, body).await.status));
    }
    statuses
}

/// What applications hold, each in its way: their ids and those of their service principals.
async fn holders(app: &TestApp, root: &Client) -> Vec<(&'static str, String, String)> {
    let mut all = Vec::new();
    let (id, principal) = application(root, "By permission").await;
    grant(root, &principal, "EntitlementManagement.ReadWrite.All").await.expect(201);
    all.push(("a permission", id, principal));
    let (id, principal) = application(root, "By role").await;
    give(&app.client(), &principal, "Catalog creator", None).await;
    all.push(("a role of entitlement management", id, principal));
    let (id, principal) = application(root, "By group").await;
    let [outer, inner] = [new_group(root, "outer").await, new_group(root, "inner").await];
    link(root, &format!("/groups/{outer}/members"), &inner).await;
    link(root, &format!("/groups/{inner}/members"), &principal).await;
    give(&app.client(), &outer, "Catalog owner", None).await;
    all.push(("a role through groups", id, principal));
    all
}

async fn an_application_that_holds_more_is_not_taken_over(app: TestApp) {
    let root = administrator(&app, "root", &["Global Administrator"]).await;
    let thief = new_user(&root, "thief").await;
    let attackers = [
        app.application(&["Application.ReadWrite.All"]).await.below("/v1.0"),
        app.application(&["Directory.ReadWrite.All"]).await.below("/beta"),
        administrator(&app, "aa", &["Application Administrator"]).await,
    ];
    let holders = holders(&app, &root).await;
    for (held, id, principal) in &holders {
        let before = [
            root.get(format!("/applications/{id}")).await.expect(200).json(),
            root.get(format!("/servicePrincipals/{principal}")).await.expect(200).json(),
        ];
        for attacker in &attackers {
            for (what, status) in takeovers(attacker, id, principal, &thief).await {
                assert_eq!(status, 403, "{what} of what holds {held}");
            }
            // Bound in a body, it is the same.
            let bind = json!({ "owners@odata.bind": [root.url(&format!("/users/{thief}"))] });
            attacker.patch(format!("/applications/{id}"), bind).await.problem(403);
        }
        let after = [
            root.get(format!("/applications/{id}")).await.expect(200).json(),
            root.get(format!("/servicePrincipals/{principal}")).await.expect(200).json(),
        ];
        assert_eq!(before, after, "{held}");
        assert!(root.get(format!("/applications/{id}/owners")).await.expect(200).rows().is_empty());
        // Names and notes are changed as ever; what was deleted with its secrets is not brought back.
        attackers[0].patch(format!("/applications/{id}"), json!({ "notes": "Theirs." })).await.expect(204);
        attackers[0].delete(format!("/applications/{id}")).await.expect(204);
        for deleted in [id, principal] {
            let at = format!("/directory/deletedItems/{deleted}/restore");
            attackers[0].request(Method::POST, &at).await.problem(403);
            root.request(Method::POST, &at).await.expect(200);
        }
    }
    // While what it is in the tenant is deleted, the application holds what that held.
    let (_, id, principal) = &holders[0];
    attackers[0].delete(format!("/servicePrincipals/{principal}")).await.expect(204);
    attackers[0].post(format!("/applications/{id}/addPassword"), json!({})).await.problem(403);
}

async fn whoever_could_give_it_may_change_the_credentials(app: TestApp) {
    let root = administrator(&app, "root", &["Global Administrator"]).await;
    let owner = new_user(&root, "owner").await;
    let names =
        |names: Vec<(&'static str, u16)>| names.into_iter().filter(|(_, status)| *status >= 300).collect::<Vec<_>>();
    let holders = holders(&app, &root).await;
    let (_, id, principal) = &holders[0];
    for (at, able) in [
        app.application(&["Application.ReadWrite.All", "EntitlementManagement.ReadWrite.All"]).await,
        app.application(&["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"]).await,
        administrator(&app, "both", &["Application Administrator", "Identity Governance Administrator"]).await,
        administrator(&app, "pra", &["Application Administrator", "Privileged Role Administrator"]).await,
    ]
    .into_iter()
    .enumerate()
    {
        let able = able.below("/v1.0");
        assert_eq!(able.post(format!("/applications/{id}/addPassword"), json!({})).await.status, 200, "{at}");
        able.post(format!("/servicePrincipals/{principal}/addPassword"), json!({})).await.expect(200);
    }
    assert_eq!(names(takeovers(&root, id, principal, &owner).await), []);
    // A client that may not give permissions does not gain them from the person for whom it calls.
    let client = app.person("root@contoso.example", &["Application.ReadWrite.All"], &["Global Administrator"]).await;
    client.below("/v1.0").post(format!("/applications/{id}/addPassword"), json!({})).await.problem(403);
}

async fn an_application_that_its_caller_made_gets_passwords_as_ever(app: TestApp) {
    for client in [
        app.application(&["Application.ReadWrite.All"]).await.below("/v1.0"),
        administrator(&app, "aa", &["Application Administrator"]).await,
    ] {
        let owner = new_user(&app.application(ALL).await.below("/v1.0"), &format!("o{}", client.oid())).await;
        let (id, principal) = application(&client, "Mine").await;
        let statuses = takeovers(&client, &id, &principal, &owner).await;
        assert!(statuses.iter().all(|(_, status)| *status < 300), "{statuses:?}");
        client.delete(format!("/applications/{id}")).await.expect(204);
        client.request(Method::POST, format!("/directory/deletedItems/{id}/restore")).await.expect(200);
    }
}

/// An application through which people sign in, with delegated permissions.
async fn portal(app: &TestApp) -> String {
    let authority = &app.api.authority;
    let sign_in = SignInSettings { scopes: vec!["User.ReadWrite.All".to_owned()], ..SignInSettings::default() };
    let settings = AppSettings { sign_in, ..AppSettings::default() };
    let made = authority.app_create(authority.default_tenant(), "Portal", settings, Duration::from_hours(1)).await;
    made.unwrap().principal.id
}

async fn with_the_option_credentials_are_changed_as_in_graph(app: TestApp) {
    let lax = TestApp::start_app(app.engine, api::Options::default(), authority::Options::default(), |uses| {
        uses.allowing_takeover(true)
    });
    for (app, expected) in [(app, 403), (lax.await, 200)] {
        let principal = portal(&app).await;
        let client = app.application(&["Application.ReadWrite.All"]).await.below("/v1.0");
        let at = format!("/servicePrincipals/{principal}/addPassword");
        assert_eq!(client.post(&at, json!({})).await.status, expected);
        let attacker = administrator(&app, "aa", &["Application Administrator"]).await;
        assert_eq!(attacker.post(&at, json!({})).await.status, expected);
    }
}
