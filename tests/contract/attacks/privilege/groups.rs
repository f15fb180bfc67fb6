//! Groups that hold something.

use serde_json::json;

use super::scene::administrator;
use crate::{
    directory::{caller, group, link, new_group, new_user, reference},
    engines,
    scim::Scim,
    support::{TestApp, fixtures::give},
};

engines! { nobody_joins_a_group_that_holds_more, role_assignable_groups_are_made_by_those_who_give_roles }

async fn nobody_joins_a_group_that_holds_more(app: TestApp) {
    let root = administrator(&app, "root", &["Global Administrator"]).await;
    let thief = new_user(&root, "thief").await;
    let [outer, inner, plain] =
        [new_group(&root, "outer").await, new_group(&root, "inner").await, new_group(&root, "plain").await];
    link(&root, &format!("/groups/{outer}/members"), &inner).await;
    give(&app.client(), &outer, "Catalog owner", None).await;
    let mut body = group("admins");
    body["isAssignableToRole"] = json!(true);
    let admins = root.post("/groups", body).await.expect(201).id();
    let attackers = [
        caller(&app, "v1.0").await,
        app.application(&["GroupMember.ReadWrite.All"]).await.below("/beta"),
        administrator(&app, "ga", &["Groups Administrator"]).await,
        administrator(&app, "ua", &["User Administrator"]).await,
    ];
    let scim = Scim::new(&app).await;
    for id in [&outer, &inner, &admins] {
        for attacker in &attackers {
            attacker.post(format!("/groups/{id}/members/$ref"), reference(attacker, &thief)).await.problem(403);
            attacker.post(format!("/groups/{id}/owners/$ref"), reference(attacker, &thief)).await.problem(403);
            let bind = json!({ "members@odata.bind": [root.url(&format!("/users/{thief}"))] });
            attacker.patch(format!("/groups/{id}"), bind).await.problem(403);
        }
        let members = json!([{ "op": "add", "path": "members", "value": [{ "value": thief }] }]);
        scim.patch(format!("/Groups/{id}"), &members).await.expect(403);
        let mut whole = scim.get(format!("/Groups/{id}")).await.expect(200).json();
        whole["members"] = json!([{ "value": thief }]);
        scim.send(http::Method::PUT, format!("/Groups/{id}"), &whole).await.expect(403);
        let there = root.get(format!("/groups/{id}/members")).await.expect(200).column("id");
        assert!(!there.contains(&thief), "{id}");
        root.post(format!("/groups/{id}/members/$ref"), reference(&root, &thief)).await.expect(204);
        // To go is free.
        attackers[0].delete(format!("/groups/{id}/members/{thief}/$ref")).await.expect(204);
    }
    attackers[2].post(format!("/groups/{plain}/members/$ref"), reference(&root, &thief)).await.expect(204);
    let governor = app.application(&["GroupMember.ReadWrite.All", "EntitlementManagement.ReadWrite.All"]).await;
    governor.below("/v1.0").post(format!("/groups/{outer}/members/$ref"), reference(&root, &thief)).await.expect(204);
}

async fn role_assignable_groups_are_made_by_those_who_give_roles(app: TestApp) {
    let mut body = group("admins");
    body["isAssignableToRole"] = json!(true);
    for attacker in [caller(&app, "v1.0").await, administrator(&app, "ga", &["Groups Administrator"]).await] {
        attacker.post("/groups", body.clone()).await.problem(403).says(
            "Authorization_RequestDenied",
            "",
            "Privileged Role Administrator",
        );
    }
    let able = administrator(&app, "both", &["Groups Administrator", "Privileged Role Administrator"]).await;
    able.post("/groups", body).await.expect(201);
    // Nor does a group become one later: nobody's account is shielded so.
    let (all, plain) = (caller(&app, "v1.0").await, new_group(&able, "plain").await);
    for one in [&all, &able] {
        let problem = one.patch(format!("/groups/{plain}"), json!({ "isAssignableToRole": true })).await.problem(400);
        assert!(problem.message.contains("when the group is created"), "{problem:?}");
    }
    assert_ne!(all.get(format!("/groups/{plain}")).await.expect(200).json()["isAssignableToRole"], json!(true));
}
