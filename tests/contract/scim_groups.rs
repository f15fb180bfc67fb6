//! Groups pushed by a provisioning client, and who may push.

use std::time::Duration;

use cardea::authority::ManageError;
use http::Method;
use serde_json::{Value as Json, json};

use super::scim::{GROUP, Scim, USER, refused};
use crate::{
    engines,
    support::{TestApp, fixtures::PACKAGES},
};

engines! {
    members_come_and_go_one_by_one,
    a_replacement_is_the_whole_list,
    members_are_shown_only_where_they_are_asked_for,
    thousands_of_members,
    who_cannot_be_in_a_group_is_refused,
    a_token_is_for_one_tenants_directory_and_nothing_else,
    tokens_end_when_they_are_replaced_expire_or_are_taken_away,
    other_tokens_need_the_permissions,
    what_was_done_is_remembered_of_the_client,
    who_may_sign_in_no_more_has_no_tokens,
}

async fn person(scim: &Scim, name: &str) -> String {
    let body = json!({ "schemas": [USER], "userName": format!("{name}@contoso.example"), "displayName": name });
    scim.made("/Users", &body).await["id"].as_str().unwrap().to_owned()
}

async fn group(scim: &Scim, name: &str, members: &[&str]) -> String {
    let members: Vec<Json> = members.iter().map(|id| json!({ "value": id })).collect();
    let body =
        json!({ "schemas": [GROUP], "displayName": name, "externalId": format!("ext-{name}"), "members": members });
    scim.made("/Groups", &body).await["id"].as_str().unwrap().to_owned()
}

/// The ids of the members, in order.
async fn members(scim: &Scim, group: &str) -> Vec<String> {
    let shown = scim.get(format!("/Groups/{group}")).await.expect(200).json();
    let all = shown["members"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<String> = all.iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

fn sorted(ids: &[&str]) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(|&id| id.to_owned()).collect();
    ids.sort();
    ids
}

async fn members_come_and_go_one_by_one(app: TestApp) {
    let scim = Scim::new(&app).await;
    let [a, b, c] = [person(&scim, "a").await, person(&scim, "b").await, person(&scim, "c").await];
    let engines = group(&scim, "Engines", &[&a]).await;
    let one = format!("/Groups/{engines}");
    let tag = scim.get(&one).await.expect(200).header("etag").to_owned();

    // Entra ID.
    let operations = json!([{ "op": "Add", "path": "members", "value": [{ "value": b }, { "value": a }] }]);
    let answer = scim.patch(&one, &operations).await.expect(204);
    assert_ne!(answer.header("etag"), tag, "who is in a group is part of its state");
    assert_eq!(members(&scim, &engines).await, sorted(&[&a, &b]));
    let same = scim.patch(&one, &operations).await.expect(204);
    assert_eq!(same.header("etag"), answer.header("etag"));
    refused(
        scim.patch(&one, &json!([{ "op": "add", "path": "members", "value": [{ "value": c }] }]))
            .header("if-match", &tag)
            .await,
        412,
    );
    scim.patch(&one, &json!([{ "op": "remove", "path": format!("members[value eq \"{a}\"]") }])).await.expect(204);
    assert_eq!(members(&scim, &engines).await, [b.as_str()]);
    // Others.
    let operations = json!([
        { "op": "remove", "path": "members", "value": [{ "value": b }] },
        { "op": "add", "path": "members", "value": [{ "value": c }] },
        { "op": "replace", "path": "displayName", "value": "Mills" },
    ]);
    let shown = scim.patch(&one, &operations).query("attributes", "displayName,members").await.expect(200).json();
    assert_eq!((&shown["displayName"], &shown["members"][0]["value"]), (&json!("Mills"), &json!(c)));
    scim.patch(&one, &json!([{ "op": "remove", "path": "members[value eq \"nobody\"]" }])).await.expect(204);
    scim.patch(&one, &json!([{ "op": "remove", "path": "members" }])).await.expect(204);
    assert_eq!(members(&scim, &engines).await, [] as [&str; 0]);

    let graph = app.application(&["Directory.ReadWrite.All"]).await.below("/v1.0");
    let before = scim.get(&one).await.expect(200).header("etag").to_owned();
    let reference = json!({ "@odata.id": graph.url(&format!("/directoryObjects/{a}")) });
    graph.post(format!("/groups/{engines}/members/$ref"), reference).await.expect(204);
    assert_ne!(scim.get(&one).await.expect(200).header("etag"), before, "also when Graph's callers change them");
    assert_eq!(members(&scim, &engines).await, [a.as_str()]);
    let shown = graph.get(format!("/groups/{engines}")).await.expect(200).json();
    assert_eq!((&shown["securityEnabled"], &shown["mailEnabled"]), (&json!(true), &json!(false)));
    scim.request(Method::DELETE, &one).await.expect(204);
    refused(scim.patch(&one, &json!([{ "op": "remove", "path": "members" }])).await, 404);
}

async fn a_replacement_is_the_whole_list(app: TestApp) {
    let scim = Scim::new(&app).await;
    let [a, b, c] = [person(&scim, "a").await, person(&scim, "b").await, person(&scim, "c").await];
    let engines = group(&scim, "Engines", &[&a, &b]).await;
    let one = format!("/Groups/{engines}");
    let body = json!({ "schemas": [GROUP], "displayName": "Mills", "members": [{ "value": b }, { "value": c }] });
    let shown = scim.send(Method::PUT, &one, &body).await.expect(200).json();
    assert_eq!((&shown["displayName"], &shown["externalId"]), (&json!("Mills"), &Json::Null));
    assert_eq!(members(&scim, &engines).await, sorted(&[&b, &c]));
    let replace = json!([{ "op": "replace", "path": "members", "value": [{ "value": a }] }]);
    scim.patch(&one, &replace).await.expect(204);
    assert_eq!(members(&scim, &engines).await, [a.as_str()]);
}

async fn members_are_shown_only_where_they_are_asked_for(app: TestApp) {
    let scim = Scim::new(&app).await;
    let a = person(&scim, "a").await;
    let inner = group(&scim, "Inner", &[&a]).await;
    let outer = group(&scim, "Outer", &[&inner, &a]).await;
    let one = format!("/Groups/{outer}");
    let shown = scim.get(&one).query("attributes", "members.display,members.type").await.expect(200).json();
    let mut told: Vec<String> =
        shown["members"].as_array().unwrap().iter().map(|m| format!("{} {}", m["type"], m["display"])).collect();
    told.sort();
    assert_eq!(told, ["\"Group\" \"Inner\"", "\"User\" \"a\""]);
    let shown = scim.get(&one).query("excludedAttributes", "members").await.expect(200).json();
    assert_eq!((&shown["displayName"], &shown["members"]), (&json!("Outer"), &Json::Null));
    let filter = format!("members[value eq \"{a}\"]");
    assert_eq!(scim.found("/Groups", &filter, "displayName").await, ["Inner", "Outer"]);
    assert_eq!(scim.found("/Groups", "displayName eq \"INNER\"", "displayName").await, ["Inner"]);
    assert_eq!(scim.found("/Groups", "externalId eq \"ext-Outer\"", "id").await, [outer.as_str()]);
    assert_eq!(scim.found("/Groups", "members pr", "displayName").await, ["Inner", "Outer"]);
    assert_eq!(scim.found("/Users", &format!("groups.value eq \"{inner}\""), "id").await, [a.as_str()]);
    let groups = scim.get(format!("/Users/{a}")).query("attributes", "groups").await.expect(200).json();
    assert_eq!(groups["groups"].as_array().unwrap().len(), 2);
}

async fn thousands_of_members(app: TestApp) {
    const MANY: usize = 600;
    let scim = Scim::new(&app).await;
    let operations: Vec<Json> = (0..MANY)
        .map(|at| json!({ "method": "POST", "path": "/Users", "bulkId": format!("u{at}"), "data": { "schemas": [USER], "userName": format!("u{at}@contoso.example") } }))
        .collect();
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations });
    let answer = scim.send(Method::POST, "/Bulk", &body).await.expect(200).json();
    let ids: Vec<String> = answer["Operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["location"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
        .collect();
    let engines = group(&scim, "Engines", &[]).await;
    let one = format!("/Groups/{engines}");
    let all: Vec<Json> = ids.iter().map(|id| json!({ "value": id })).collect();
    scim.patch(&one, &json!([{ "op": "add", "path": "members", "value": all }])).await.expect(204);
    assert_eq!(members(&scim, &engines).await.len(), MANY);
    scim.patch(&one, &json!([{ "op": "remove", "path": "members", "value": all[..300] }])).await.expect(204);
    assert_eq!(members(&scim, &engines).await.len(), MANY - 300);
    scim.patch(&one, &json!([{ "op": "replace", "path": "members", "value": all[299..301] }])).await.expect(204);
    assert_eq!(members(&scim, &engines).await, sorted(&[&ids[299], &ids[300]]));
    // Each of them is on record.
    let auditor = app.application(&["AuditLog.Read.All"]).await.below("/v1.0/auditLogs");
    let records = auditor
        .get("/directoryAudits")
        .query("$filter", "activityDisplayName eq 'Add members of group'")
        .query("$top", "999")
        .await
        .expect(200)
        .rows();
    let named: usize = records.iter().map(|record| record["targetResources"].as_array().unwrap().len()).sum();
    assert!(named >= 2 * MANY, "{named}");
}

async fn who_cannot_be_in_a_group_is_refused(app: TestApp) {
    let scim = Scim::new(&app).await;
    let inner = group(&scim, "Inner", &[]).await;
    let outer = group(&scim, "Outer", &[&inner]).await;
    let add = |id: &str| json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
    for (group, member) in [(&inner, &outer), (&inner, &inner), (&inner, &"nobody".to_owned())] {
        let (keyword, _) = refused(scim.patch(format!("/Groups/{group}"), &add(member)).await, 400);
        assert_eq!(keyword, "invalidValue");
    }
    let graph = app.application(&["Directory.ReadWrite.All"]).await.below("/v1.0");
    let dynamic = json!({
        "displayName": "All", "mailEnabled": false, "mailNickname": "all", "securityEnabled": true,
        "groupTypes": ["DynamicMembership"], "membershipRule": "user.department -eq \"x\"",
    });
    let dynamic = graph.post("/groups", dynamic).await.expect(201).id();
    let a = person(&scim, "a").await;
    assert_eq!(refused(scim.patch(format!("/Groups/{dynamic}"), &add(&a)).await, 400).0, "invalidValue");
    let body = json!({ "schemas": [GROUP], "displayName": "X", "members": [{ "value": "nobody" }] });
    assert_eq!(refused(scim.send(Method::POST, "/Groups", &body).await, 400).0, "invalidValue");
    assert_eq!(scim.found("/Groups", "displayName eq \"X\"", "id").await, [] as [&str; 0], "whole or not at all");
    assert_eq!(
        refused(scim.patch(format!("/Groups/{outer}"), &json!([{ "op": "remove", "path": "displayName" }])).await, 400)
            .0,
        "mutability"
    );
}

async fn a_token_is_for_one_tenants_directory_and_nothing_else(app: TestApp) {
    let authority = &app.api.authority;
    let (_, token) = authority.provisioning_create(authority.default_tenant(), "Okta", None).await.unwrap();
    let scim = Scim::with(&app.with_token(&token));
    let a = person(&scim, "a").await;
    for path in ["/v1.0/users", "/beta/groups"] {
        app.with_token(&token).get(path).await.problem(401).says("InvalidAuthenticationToken", "", "malformed");
    }
    app.with_token(&token).v1().get(PACKAGES).await.expect(401);

    let domains = ["other.example".to_owned()];
    let other = authority.tenant_create("Other", &domains, |_| cardea::model::changeset::Changeset::default());
    let other = other.await.unwrap();
    let (_, token) = authority.provisioning_create(&other, "Okta", None).await.unwrap();
    // Another server may have made it: it is looked for once a second.
    app.advance(Duration::from_secs(1)).await;
    let others = Scim::with(&app.with_token(&token));
    assert_eq!(others.get("/Users").await.expect(200).json()["totalResults"], 0);
    refused(others.get(format!("/Users/{a}")).await, 404);
    refused(others.request(Method::DELETE, format!("/Users/{a}")).await, 404);
    let body = json!({ "schemas": [GROUP], "displayName": "X", "members": [{ "value": a }] });
    refused(others.send(Method::POST, "/Groups", &body).await, 400);
    person(&others, "a").await;
}

async fn tokens_end_when_they_are_replaced_expire_or_are_taken_away(app: TestApp) {
    let authority = &app.api.authority;
    let tenant = authority.default_tenant();
    let (client, token) = authority.provisioning_create(tenant, "Okta", Some(Duration::from_hours(1))).await.unwrap();
    let status = async |token: &str| Scim::with(&app.with_token(token)).get("/Users").await.status;
    assert_eq!(status(&token).await, 200);
    let secret = token.rsplit_once(&format!("{}_", client.id)).unwrap().1;
    assert!(!format!("{:?}", app.store.provisioning_clients().await.unwrap()).contains(secret));
    for wrong in [format!("{token}x"), token.replace(secret, "x"), format!("scim_{}", client.id), "scim_x_y".to_owned()]
    {
        assert_eq!(status(&wrong).await, 401, "{wrong}");
    }
    let answer = Scim::with(&app.anonymous()).get("/Users").await;
    assert!(answer.header("www-authenticate").starts_with("Bearer"));
    refused(answer, 401);
    app.advance(Duration::from_hours(1)).await;
    assert_eq!(status(&token).await, 401);

    let (_, second) = authority.provisioning_rotate(tenant, &client.id, None).await.unwrap();
    app.advance(Duration::from_secs(1)).await;
    assert_eq!((status(&second).await, status(&token).await), (200, 401));
    authority.provisioning_delete(tenant, &client.id).await.unwrap();
    authority.refresh().await.unwrap();
    assert_eq!(status(&second).await, 401);
    let gone = authority.provisioning_delete(tenant, &client.id).await;
    assert!(matches!(gone, Err(ManageError::NoProvisioningClient(_))));
}

async fn other_tokens_need_the_permissions(app: TestApp) {
    let statuses = async |roles: &[&str]| {
        let scim = Scim::with(&app.application(roles).await);
        let body = json!({ "schemas": [GROUP], "displayName": "X" });
        [
            scim.get("/Users").await.status,
            scim.get("/Groups").await.status,
            scim.send(Method::POST, "/Groups", &body).await.status,
        ]
    };
    assert_eq!(statuses(&["Directory.ReadWrite.All"]).await, [200, 200, 201]);
    assert_eq!(statuses(&["User.ReadWrite.All", "Group.ReadWrite.All"]).await, [200, 200, 201]);
    assert_eq!(statuses(&["User.Read.All"]).await, [200, 403, 403]);
    assert_eq!(statuses(&["EntitlementManagement.ReadWrite.All"]).await, [403; 3]);
    let person = Scim::with(&app.person("ada@contoso.example", &["Directory.ReadWrite.All"], &[]).await);
    assert_eq!(person.get("/Users").await.status, 200);
    refused(person.send(Method::POST, "/Users", &json!({ "schemas": [USER], "userName": "x@y.example" })).await, 403);
}

async fn what_was_done_is_remembered_of_the_client(app: TestApp) {
    let scim = Scim::new(&app).await;
    let id = person(&scim, "a").await;
    let change = json!([{ "op": "replace", "path": "title", "value": "Countess" }]);
    scim.patch(format!("/Users/{id}"), &change).header("client-request-id", "push-1").await.expect(200);
    let auditor = app.application(&["AuditLog.Read.All"]).await.below("/v1.0/auditLogs");
    let records = auditor.get("/directoryAudits").query("$orderby", "id desc").await.expect(200).rows();
    let update = records.iter().find(|record| record["activityDisplayName"] == "Update user").unwrap();
    assert_eq!(update["initiatedBy"]["app"]["displayName"], "Okta");
    assert_eq!(update["correlationId"], "push-1");
    assert_eq!(update["targetResources"][0]["modifiedProperties"][0]["displayName"], "jobTitle");
    assert!(records.iter().any(|record| record["activityDisplayName"] == "Add provisioning client"));
}

async fn who_may_sign_in_no_more_has_no_tokens(app: TestApp) {
    let scim = Scim::new(&app).await;
    let [a, b] = [person(&scim, "a").await, person(&scim, "b").await];
    scim.patch(format!("/Users/{a}"), &json!([{ "op": "replace", "path": "active", "value": false }]))
        .await
        .expect(200);
    scim.request(Method::DELETE, format!("/Users/{b}")).await.expect(204);
    let revoked: Vec<String> = app.store.revocations().await.unwrap().into_iter().map(|(_, id, _)| id).collect();
    assert!(revoked.contains(&a) && revoked.contains(&b), "{revoked:?}");
}
