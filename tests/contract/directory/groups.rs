//! Groups.

use http::Method;
use serde_json::{Value as Json, json};

use super::{caller, group, link, new_group, new_user, reference};
use crate::{engines, support::TestApp};

engines! {
    a_group_is_made_read_changed_and_deleted,
    kinds_of_groups_are_told_apart,
    a_body_names_members_and_owners,
    what_a_body_names_wrongly_leaves_no_trace,
    the_last_owner_stays,
    a_person_who_makes_a_group_owns_it,
    a_rule_makes_the_members_of_a_dynamic_group,
    a_new_group_can_be_used_at_once,
}

async fn a_group_is_made_read_changed_and_deleted(app: TestApp) {
    for version in ["v1.0", "beta"] {
        let client = caller(&app, version).await;
        let id = new_group(&client, "sales").await;
        let one = format!("/groups/{id}");
        let read = client.get(&one).await.expect(200).json();
        assert_eq!(
            (&read["securityEnabled"], &read["groupTypes"], &read["mail"]),
            (&json!(true), &json!([]), &Json::Null)
        );
        assert!(read["securityIdentifier"].as_str().unwrap().starts_with("S-1-12-1-"));
        client.patch(&one, json!({ "description": "Everybody in sales." })).await.expect(204);
        assert_eq!(client.get(&one).await.expect(200).json()["description"], "Everybody in sales.");
        app.advance(std::time::Duration::from_mins(1)).await;
        caller(&app, version).await.request(Method::POST, format!("{one}/renew")).await.expect(204);
        let client = caller(&app, version).await;
        assert_ne!(client.get(&one).await.expect(200).json()["renewedDateTime"], read["renewedDateTime"]);
        client.delete(&one).await.expect(204);
        client.get(&one).await.problem(404);
    }
}

async fn kinds_of_groups_are_told_apart(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let unified = json!({
        "displayName": "Team", "groupTypes": ["Unified"], "mailEnabled": true, "mailNickname": "team",
        "securityEnabled": false, "visibility": "Private",
    });
    let made = client.post("/groups", unified.clone()).await.expect(201).json();
    assert!(made["mail"].as_str().unwrap().starts_with("team@"), "{made}");
    assert!(made["proxyAddresses"][0].as_str().unwrap().starts_with("SMTP:team@"));
    for (member, value, target) in [
        ("mailEnabled", json!(false), "mailEnabled"),
        ("groupTypes", json!(["Other"]), "groupTypes"),
        ("groupTypes", json!([]), "mailEnabled"),
        ("visibility", json!("Secret"), "visibility"),
        ("mailNickname", json!("a b"), "mailNickname"),
        ("membershipRule", json!("user.city -eq \"London\""), "membershipRule"),
    ] {
        let mut body = unified.clone();
        body[member] = value;
        let problem = client.post("/groups", body).await.problem(400);
        assert_eq!((problem.code.as_str(), problem.target.as_str()), ("Request_BadRequest", target), "{problem:?}");
    }
    let found = client.get("/groups").query("$filter", "groupTypes/any(t:t eq 'Unified')").await.expect(200);
    assert_eq!(found.column("displayName"), ["Team"]);
    let found = client.get("/groups").query("$filter", "not groupTypes/any(t:t eq 'Unified')").await.expect(200);
    assert!(found.rows().is_empty());
}

async fn a_body_names_members_and_owners(app: TestApp) {
    for version in ["v1.0", "beta"] {
        let client = caller(&app, version).await;
        let tag = version.replace('.', "");
        let (ada, nested) =
            (new_user(&client, &format!("ada{tag}")).await, new_group(&client, &format!("in{tag}")).await);
        let mut body = group("sales");
        body["members@odata.bind"] =
            json!([client.url(&format!("/users/{ada}")), client.url(&format!("/directoryObjects/{nested}")),]);
        body["owners@odata.bind"] = json!([client.url(&format!("/users/{ada}"))]);
        let id = client.post("/groups", body).await.expect(201).id();
        let mut members = client.get(format!("/groups/{id}/members")).await.expect(200).column("id");
        members.sort();
        let mut expected = vec![ada.clone(), nested.clone()];
        expected.sort();
        assert_eq!(members, expected);
        assert_eq!(
            client.get(format!("/groups/{id}/owners")).await.expect(200).column("id"),
            std::slice::from_ref(&ada)
        );
        // An update adds.
        let grace = new_user(&client, &format!("grace{tag}")).await;
        let body = json!({ "members@odata.bind": [client.url(&format!("/directoryObjects/{grace}"))] });
        client.patch(format!("/groups/{id}"), body).await.expect(204);
        assert_eq!(client.get(format!("/groups/{id}/members/$count")).await.expect(200).text(), "3");
    }
}

async fn what_a_body_names_wrongly_leaves_no_trace(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let ada = client.url(&format!("/users/{}", new_user(&client, "ada").await));
    let nested = client.url(&format!("/groups/{}", new_group(&client, "nested").await));
    let many: Vec<String> = (0..21).map(|n| client.url(&format!("/users/{n}"))).collect();
    for (member, value, status) in [
        ("members@odata.bind", json!([ada, ada]), 400),
        ("members@odata.bind", json!(many), 400),
        ("members@odata.bind", json!(ada), 400),
        ("members@odata.bind", json!([7]), 400),
        ("members@odata.bind", json!(["nowhere"]), 400),
        ("owners@odata.bind", json!([nested]), 400),
        ("members@odata.bind", json!([client.url("/users/nobody")]), 400),
        ("members", json!([{ "id": "x" }]), 400),
    ] {
        let mut body = group("sales");
        body[member] = value.clone();
        let request = client.post("/groups", body);
        let problem = request.await.problem(status);
        assert!(problem.message.contains(member.split('@').next().unwrap()), "{value}: {problem:?}");
        let found = client.get("/groups").query("$filter", "displayName eq 'sales'").await.expect(200);
        assert!(found.rows().is_empty(), "{member} {value}");
    }
}

async fn the_last_owner_stays(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let (id, ada, grace) =
        (new_group(&client, "sales").await, new_user(&client, "ada").await, new_user(&client, "grace").await);
    let owners = format!("/groups/{id}/owners");
    link(&client, &owners, &ada).await;
    let problem = client.delete(format!("{owners}/{ada}/$ref")).await.problem(400);
    problem.says("Request_BadRequest", "owners", "must keep an owner");
    link(&client, &owners, &grace).await;
    client.delete(format!("{owners}/{ada}/$ref")).await.expect(204);
    assert_eq!(client.get(&owners).await.expect(200).column("id"), [grace]);
}

async fn a_person_who_makes_a_group_owns_it(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let ada = new_user(&client, "ada").await;
    let person =
        app.person("ada@contoso.example", &["Group.ReadWrite.All"], &["Groups Administrator"]).await.below("/v1.0");
    assert_eq!(person.oid(), ada);
    let id = person.post("/groups", group("sales")).await.expect(201).id();
    assert_eq!(person.get(format!("/groups/{id}/owners")).await.expect(200).column("id"), [ada]);
}

async fn a_rule_makes_the_members_of_a_dynamic_group(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let mut body = group("londoners");
    body["groupTypes"] = json!(["DynamicMembership"]);
    client.post("/groups", body.clone()).await.problem(400).says("Request_BadRequest", "membershipRule", "is required");
    body["membershipRule"] = json!("user.city -eq \"London\"");
    let made = client.post("/groups", body).await.expect(201);
    assert_eq!(made.json()["membershipRuleProcessingState"], "On");
    let ada = new_user(&client, "ada").await;
    let members = format!("/groups/{}/members", made.id());
    let problem = client.post(format!("{members}/$ref"), reference(&client, &ada)).await.problem(400);
    problem.says("Request_BadRequest", "members", "A rule makes the members");
    let nested = new_group(&client, "static").await;
    link(&client, &format!("/groups/{nested}/members"), &made.id()).await;
    client.post(format!("{members}/$ref"), reference(&client, &nested)).await.problem(400);
}

async fn a_new_group_can_be_used_at_once(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let id = new_group(&client, "sales").await;
    let ada = new_user(&client, "ada").await;
    link(&client, &format!("/groups/{id}/members"), &ada).await;
    let body = json!({ "groupIds": [id] });
    let answer = client.post(format!("/users/{ada}/checkMemberGroups"), body).await.expect(200);
    assert_eq!(answer.json()["value"], json!([id]));
}
