//! Links between objects: `$ref`, and casts of what is linked.

use serde_json::json;

use super::{caller, link, new_group, new_user, reference};
use crate::{engines, support::TestApp};

engines! {
    members_come_and_go,
    a_link_is_made_once_and_removed_once,
    what_cannot_be_a_member_is_refused,
    a_group_is_not_in_itself,
    rows_of_several_types_say_which_they_are,
    a_cast_narrows,
    expansions_lead_to_objects,
    a_sponsor_is_responsible,
}

async fn members_come_and_go(app: TestApp) {
    for version in ["v1.0", "beta"] {
        let client = caller(&app, version).await;
        let (id, ada) =
            (new_group(&client, "sales").await, new_user(&client, &format!("ada-{}", version.replace('.', "-"))).await);
        let members = format!("/groups/{id}/members");
        link(&client, &members, &ada).await;
        assert_eq!(client.get(&members).await.expect(200).column("id"), std::slice::from_ref(&ada));
        let references = client.get(format!("{members}/$ref")).await.expect(200).rows();
        assert!(
            references[0]["@odata.id"].as_str().unwrap().ends_with(&format!("/directoryObjects/{ada}")),
            "{references:?}"
        );
        assert_eq!(
            client.get(format!("/users/{ada}/memberOf")).await.expect(200).column("id"),
            std::slice::from_ref(&id)
        );
        client.delete(format!("{members}/{ada}/$ref")).await.expect(204);
        assert!(client.get(&members).await.expect(200).rows().is_empty());
        link(&client, &members, &ada).await;
        let address = client.url(&format!("/directoryObjects/{ada}"));
        client.delete(format!("{members}/$ref")).query("@id", &address).await.expect(204);
        assert!(client.get(&members).await.expect(200).rows().is_empty());
    }
}

async fn a_link_is_made_once_and_removed_once(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let (id, ada) = (new_group(&client, "sales").await, new_user(&client, "ada").await);
    let members = format!("/groups/{id}/members");
    link(&client, &members, &ada).await;
    let again = client.post(format!("{members}/$ref"), reference(&client, &ada)).await.problem(400);
    again.says("Request_BadRequest", "@odata.id", "already");
    client.delete(format!("{members}/{ada}/$ref")).await.expect(204);
    client.delete(format!("{members}/{ada}/$ref")).await.problem(404);
    client.post(format!("{members}/$ref"), reference(&client, "nobody")).await.problem(404);
    client.post("/groups/none/members/$ref", reference(&client, &ada)).await.problem(404);
    let body = json!({ "@odata.id": "https://elsewhere.example/v1.0/nothing/x" });
    client.post(format!("{members}/$ref"), body).await.problem(400);
}

async fn what_cannot_be_a_member_is_refused(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let id = new_group(&client, "sales").await;
    let application = client.post("/applications", json!({ "displayName": "Tool" })).await.expect(201).id();
    let problem =
        client.post(format!("/groups/{id}/members/$ref"), reference(&client, &application)).await.problem(400);
    assert!(problem.message.contains("application"), "{problem:?}");
    let group = json!({ "@odata.id": client.url(&format!("/groups/{id}")) });
    client.post(format!("/groups/{id}/owners/$ref"), group).await.problem(400);
    let team = json!({
        "displayName": "Team", "groupTypes": ["Unified"], "mailEnabled": true, "mailNickname": "team", "securityEnabled": false,
    });
    let team = client.post("/groups", team).await.expect(201).id();
    let problem = client.post(format!("/groups/{team}/members/$ref"), reference(&client, &id)).await.problem(400);
    assert!(problem.message.contains("Only people"), "{problem:?}");
}

async fn a_group_is_not_in_itself(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let [a, b, c] = [new_group(&client, "a").await, new_group(&client, "b").await, new_group(&client, "c").await];
    let into = |id: &str| format!("/groups/{id}/members");
    link(&client, &into(&a), &b).await;
    link(&client, &into(&b), &c).await;
    for (group, member) in [(&a, &a), (&c, &a), (&c, &b)] {
        let problem = client.post(format!("{}/$ref", into(group)), reference(&client, member)).await.problem(400);
        assert!(problem.message.contains("cannot be in itself"), "{problem:?}");
    }
    link(&client, &into(&a), &c).await;
}

async fn rows_of_several_types_say_which_they_are(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let (id, ada, nested) =
        (new_group(&client, "sales").await, new_user(&client, "ada").await, new_group(&client, "in").await);
    let members = format!("/groups/{id}/members");
    for member in [&ada, &nested] {
        link(&client, &members, member).await;
    }
    let rows = client.get(&members).await.expect(200).rows();
    assert_eq!(rows.len(), 2);
    for row in rows {
        let (ty, name) =
            if row["id"] == json!(ada) { ("user", "userPrincipalName") } else { ("group", "mailNickname") };
        assert_eq!(row["@odata.type"], format!("#microsoft.graph.{ty}"));
        assert!(row.get(name).is_some(), "{row}");
        let other = if ty == "user" { "mailNickname" } else { "userPrincipalName" };
        assert!(row.get(other).is_none(), "{row}");
    }
    let selected = client.get(&members).query("$select", "id,displayName").await.expect(200).rows();
    assert!(selected.iter().all(|row| row.get("displayName").is_some() && row.get("mail").is_none()), "{selected:?}");
    let one = client.get(format!("/directoryObjects/{ada}")).await.expect(200).json();
    assert_eq!((&one["@odata.type"], &one["displayName"]), (&json!("#microsoft.graph.user"), &json!("ada")));
}

async fn a_cast_narrows(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let (id, ada, nested) =
        (new_group(&client, "sales").await, new_user(&client, "ada").await, new_group(&client, "in").await);
    let members = format!("/groups/{id}/members");
    for member in [&ada, &nested] {
        link(&client, &members, member).await;
    }
    let users =
        client.get(format!("{members}/microsoft.graph.user?$select=id,userPrincipalName")).await.expect(200).rows();
    assert_eq!(users.len(), 1);
    assert_eq!(users[0]["userPrincipalName"], "ada@contoso.example");
    assert_eq!(
        client
            .get(format!("{members}/microsoft.graph.group/$count"))
            .undocumented("a cast, counted")
            .await
            .expect(200)
            .text(),
        "1"
    );
    let filtered =
        client.get(format!("{members}/microsoft.graph.user")).query("$filter", "startswith(userPrincipalName,'grace')");
    assert!(filtered.await.expect(200).rows().is_empty());
    let cast = client.get(&members).query("$filter", "microsoft.graph.user/accountEnabled eq true").await.expect(200);
    assert_eq!(cast.column("id"), std::slice::from_ref(&ada));
    let of = client.get(format!("/users/{ada}/memberOf/microsoft.graph.group?$select=id")).await.expect(200);
    assert_eq!(of.column("id"), [id]);
    // Microsoft's SDKs write the alias of the namespace.
    let users = client.get(format!("{members}/graph.user/$count")).undocumented("a cast, counted").await.expect(200);
    assert_eq!(users.text(), "1");
}

async fn expansions_lead_to_objects(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let (id, ada) = (new_group(&client, "sales").await, new_user(&client, "ada").await);
    link(&client, &format!("/groups/{id}/members"), &ada).await;
    let group = client.get(format!("/groups/{id}?$expand=members($select=id,displayName)")).await.expect(200).json();
    assert_eq!(group["members"][0]["displayName"], "ada", "{group}");
    assert_eq!(group["members"][0]["@odata.type"], "#microsoft.graph.user");
    let users = client.get("/users?$expand=transitiveMemberOf&$select=id").await.expect(200).rows();
    assert_eq!(users[0]["transitiveMemberOf"][0]["id"], json!(id), "{users:?}");
    client.get("/users?$expand=transitiveMemberOf($count=true)").await.problem(501);
}

async fn a_sponsor_is_responsible(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let (ada, guest) = (new_user(&client, "ada").await, new_user(&client, "guest").await);
    let sponsors = format!("/users/{guest}/sponsors");
    link(&client, &sponsors, &ada).await;
    assert_eq!(client.get(&sponsors).await.expect(200).column("id"), std::slice::from_ref(&ada));
    client.delete(format!("{sponsors}/{ada}/$ref")).await.expect(204);
    assert!(client.get(&sponsors).await.expect(200).rows().is_empty());
}
