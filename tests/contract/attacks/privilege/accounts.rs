//! Accounts that hold something.

use http::Method;
use serde_json::json;

use super::scene::{PASSWORD, STOLEN, administrator, application, grant, password, person, signs_in};
use crate::{
    directory::{ALL, caller, link, new_user},
    engines,
    scim::Scim,
    support::{TestApp, fixtures::give},
};

engines! {
    the_password_of_an_administrator_is_set_by_nobody_lesser,
    an_account_is_privileged_by_what_it_owns_and_by_its_groups_and_by_entitlement_management,
    the_lesser_roles_of_the_published_table_are_reached,
    a_provisioning_client_disables_an_administrator_and_does_nothing_else,
    attempts_are_recorded,
}

async fn the_password_of_an_administrator_is_set_by_nobody_lesser(app: TestApp) {
    let root = person(&app, "root", &["Global Administrator"]).await;
    let one = format!("/users/{root}");
    let application = app.application(ALL).await;
    let user_administrator = administrator(&app, "ua", &["User Administrator"]).await;
    for version in ["v1.0", "beta"] {
        for attacker in [user_administrator.below(&format!("/{version}")), application.below(&format!("/{version}"))] {
            let problem = attacker.patch(&one, password(STOLEN)).await.problem(403);
            problem.says("Authorization_RequestDenied", "", "setting its password");
            for body in [
                json!({ "userPrincipalName": "nobody@contoso.example" }),
                json!({ "accountEnabled": false }),
                json!({ "mobilePhone": "+49 30 1" }),
                json!({ "businessPhones": ["+49 30 1"] }),
                json!({ "otherMails": ["thief@example.com"] }),
                json!({ "onPremisesImmutableId": "x" }),
                json!({ "identities": [{ "signInType": "emailAddress", "issuer": "x", "issuerAssignedId": "thief" }] }),
            ] {
                attacker.patch(&one, body.clone()).await.problem(403);
            }
            attacker.delete(&one).await.problem(403);
            attacker.request(Method::POST, format!("{one}/revokeSignInSessions")).await.problem(403);
            // What concerns neither sign-in nor existence is changed as ever.
            attacker.patch(&one, json!({ "jobTitle": "Root", "department": version })).await.expect(204);
        }
    }
    assert!(!signs_in(&app, "root", STOLEN).await);
    assert!(signs_in(&app, "root", PASSWORD).await);
    // In a batch it is the same.
    let request = json!({
        "id": "1", "method": "PATCH", "url": one, "headers": { "Content-Type": "application/json" },
        "body": password(STOLEN),
    });
    let answer = user_administrator.post("/$batch", json!({ "requests": [request] })).await.expect(200).json();
    assert_eq!(answer["responses"][0]["status"], 403, "{answer}");
    let privileged = administrator(&app, "paa", &["Privileged Authentication Administrator"]).await;
    privileged.patch(&one, password(STOLEN)).await.expect(204);
    assert!(signs_in(&app, "root", STOLEN).await);
    // Deleted administrators are neither restored nor removed for good by lesser ones.
    person(&app, "other", &["Global Administrator"]).await;
    privileged.delete(&one).await.expect(204);
    let deleted = format!("/directory/deletedItems/{root}");
    for attacker in [&user_administrator, &application.below("/v1.0")] {
        attacker.delete(&deleted).await.problem(403);
        attacker.request(Method::POST, format!("{deleted}/restore")).await.problem(403);
    }
    privileged.request(Method::POST, format!("{deleted}/restore")).await.expect(200);
}

async fn an_account_is_privileged_by_what_it_owns_and_by_its_groups_and_by_entitlement_management(app: TestApp) {
    let all = caller(&app, "v1.0").await;
    let root = administrator(&app, "root", &["Global Administrator"]).await;
    let [owner, governor, member, plain] = [
        new_user(&all, "owner").await,
        new_user(&all, "governor").await,
        new_user(&all, "member").await,
        new_user(&all, "plain").await,
    ];
    let (tool, principal) = application(&all, "Tool").await;
    link(&all, &format!("/applications/{tool}/owners"), &owner).await;
    let attacker = administrator(&app, "ua", &["User Administrator"]).await;
    // An application that holds nothing makes nobody privileged.
    attacker.patch(format!("/users/{owner}"), password("Another horse 3")).await.expect(204);
    grant(&root, &principal, "Directory.ReadWrite.All").await.expect(201);
    give(&app.client(), &governor, "Catalog creator", None).await;
    let body = json!({
        "displayName": "Admins", "mailEnabled": false, "mailNickname": "admins", "securityEnabled": true,
        "isAssignableToRole": true,
    });
    let group = root.post("/groups", body).await.expect(201).id();
    link(&root, &format!("/groups/{group}/members"), &member).await;
    for id in [&owner, &governor, &member] {
        attacker.patch(format!("/users/{id}"), password(STOLEN)).await.problem(403);
        all.patch(format!("/users/{id}"), password(STOLEN)).await.problem(403);
        root.patch(format!("/users/{id}"), password("Another horse 4")).await.expect(204);
    }
    for id in [&owner, &member] {
        attacker.delete(format!("/users/{id}")).await.problem(403);
    }
    // A role that any owner of a catalog can give keeps nobody from being sent away.
    attacker.patch(format!("/users/{governor}"), json!({ "accountEnabled": false })).await.expect(204);
    attacker.patch(format!("/users/{governor}"), json!({ "accountEnabled": true })).await.problem(403);
    attacker.delete(format!("/users/{governor}")).await.expect(204);
    attacker.patch(format!("/users/{plain}"), password(STOLEN)).await.expect(204);
    all.delete(format!("/users/{plain}")).await.expect(204);
}

async fn the_lesser_roles_of_the_published_table_are_reached(app: TestApp) {
    let attacker = administrator(&app, "ua", &["User Administrator"]).await;
    for (name, roles, expected) in [
        ("groups", vec!["Groups Administrator"], 204),
        ("users", vec!["User Administrator"], 204),
        ("both", vec!["User Administrator", "Groups Administrator"], 204),
        ("mixed", vec!["User Administrator", "Global Reader"], 403),
        ("reader", vec!["Global Reader"], 403),
        ("security", vec!["Security Reader"], 403),
        ("apps", vec!["Application Administrator"], 403),
        ("governance", vec!["Identity Governance Administrator"], 403),
        ("roles", vec!["Privileged Role Administrator"], 403),
    ] {
        let id = person(&app, name, &roles).await;
        assert_eq!(attacker.patch(format!("/users/{id}"), password(STOLEN)).await.status, expected, "{name}");
    }
}

async fn a_provisioning_client_disables_an_administrator_and_does_nothing_else(app: TestApp) {
    let [root, other] =
        [person(&app, "root", &["Global Administrator"]).await, person(&app, "other", &["Global Administrator"]).await];
    let scim = Scim::new(&app).await;
    let at = format!("/Users/{root}");
    let replace = |path: &str, value: serde_json::Value| json!([{ "op": "replace", "path": path, "value": value }]);
    for operations in [
        replace("password", json!(STOLEN)),
        json!([{ "op": "add", "value": { "password": STOLEN } }]),
        json!([{ "op": "remove", "path": "password" }]),
        replace("userName", json!("thief@contoso.example")),
    ] {
        let (_, detail) = crate::scim::refused(scim.patch(&at, &operations).await, 403);
        assert!(detail.contains("privileged"), "{detail}");
    }
    let mut whole = scim.get(&at).await.expect(200).json();
    whole["password"] = json!(STOLEN);
    scim.send(Method::PUT, &at, &whole).await.expect(403);
    scim.request(Method::DELETE, &at).await.expect(403);
    let bulk = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{ "method": "DELETE", "path": at }],
    });
    let answer = scim.send(Method::POST, "/Bulk", &bulk).await.expect(200).json();
    assert_eq!(answer["Operations"][0]["status"], "403", "{answer}");
    assert!(!signs_in(&app, "root", STOLEN).await);
    assert!(signs_in(&app, "root", PASSWORD).await);
    // A password that comes together with something that is taken is not taken either.
    let both = json!([
        { "op": "replace", "path": "active", "value": false }, { "op": "replace", "path": "password", "value": STOLEN },
    ]);
    scim.patch(&at, &both).await.expect(403);
    scim.patch(&at, &replace("active", json!(false))).await.expect(200);
    assert!(!signs_in(&app, "root", PASSWORD).await);
    let (_, detail) =
        crate::scim::refused(scim.patch(format!("/Users/{other}"), &replace("active", json!(false))).await, 400);
    assert!(detail.contains("last"), "{detail}");
    assert!(signs_in(&app, "other", PASSWORD).await);
    // An application is no provisioning client, also at its address.
    let third = person(&app, "third", &["Global Administrator"]).await;
    let impostor = Scim::with(&app.application(&["User.ReadWrite.All"]).await);
    impostor.patch(format!("/Users/{third}"), &replace("active", json!(false))).await.expect(403);
}

async fn attempts_are_recorded(app: TestApp) {
    let one = person(&app, "root", &["Global Administrator"]).await;
    let attacker = administrator(&app, "ua", &["User Administrator"]).await;
    attacker.patch(format!("/users/{one}"), password(STOLEN)).await.problem(403);
    let scim = Scim::new(&app).await;
    let operations = json!([{ "op": "replace", "path": "password", "value": STOLEN }]);
    scim.patch(format!("/Users/{one}"), &operations).await.expect(403);
    let reader = app.application(&["AuditLog.Read.All"]).await.below("/v1.0/auditLogs");
    let found = reader.get("/directoryAudits").query("$filter", "result eq 'failure'").await.expect(200);
    let mut names = found.column("activityDisplayName");
    names.sort();
    assert_eq!(names, ["SCIM PATCH /Users/{id}", "Update a user"]);
    assert!(found.column("resultReason").iter().all(|reason| reason.contains("the account is privileged")));
}
