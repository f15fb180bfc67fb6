//! Who is in which groups, also by way of others.

use http::Method;
use serde_json::json;

use super::{caller, group, link, new_group, new_user};
use crate::{
    engines,
    support::{TestApp, client::Client},
};

engines! {
    membership_goes_through_groups,
    what_was_deleted_leads_nowhere,
    groups_are_asked_for,
    objects_are_found_by_their_ids,
}

/// A group in a group in a group, each by name; the innermost holds somebody.
async fn chain(client: &Client) -> ([String; 3], String) {
    let [outer, middle, inner] =
        [new_group(client, "outer").await, new_group(client, "middle").await, new_group(client, "inner").await];
    let ada = new_user(client, "ada").await;
    for (to, id) in [(&outer, &middle), (&middle, &inner), (&inner, &ada)] {
        link(client, &format!("/groups/{to}/members"), id).await;
    }
    ([outer, middle, inner], ada)
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

async fn membership_goes_through_groups(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let ([outer, middle, inner], ada) = chain(&client).await;
    let ids = async |path: String| sorted(client.get(&path).await.expect(200).column("id"));
    assert_eq!(ids(format!("/users/{ada}/memberOf")).await, std::slice::from_ref(&inner));
    let all = sorted(vec![outer.clone(), middle.clone(), inner.clone()]);
    assert_eq!(ids(format!("/users/{ada}/transitiveMemberOf")).await, all);
    let inside = sorted(vec![middle.clone(), inner.clone(), ada.clone()]);
    assert_eq!(ids(format!("/groups/{outer}/transitiveMembers")).await, inside);
    assert_eq!(
        ids(format!("/groups/{outer}/transitiveMembers/microsoft.graph.user")).await,
        std::slice::from_ref(&ada)
    );
    assert_eq!(client.get(format!("/groups/{outer}/transitiveMembers/$count")).await.expect(200).text(), "3");
    assert_eq!(ids(format!("/groups/{inner}/transitiveMemberOf")).await, sorted(vec![outer.clone(), middle.clone()]));
    // There are two ways, and one answer.
    link(&client, &format!("/groups/{outer}/members"), &ada).await;
    assert_eq!(ids(format!("/users/{ada}/transitiveMemberOf")).await, all);
    let filtered = client.get(format!("/users/{ada}/transitiveMemberOf/microsoft.graph.group"));
    let filtered = filtered.query("$filter", "displayName eq 'middle'").query("$count", "true").await.expect(200);
    assert_eq!((filtered.column("id"), &filtered.json()["@odata.count"]), (vec![middle], &json!(1)));
    let in_filter = client.get("/users").query("$filter", &format!("transitiveMemberOf/any(g:g/id eq '{outer}')"));
    assert_eq!(in_filter.await.expect(200).column("id"), [ada]);
}

async fn what_was_deleted_leads_nowhere(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let ([outer, middle, inner], ada) = chain(&client).await;
    client.delete(format!("/groups/{middle}")).await.expect(204);
    let ids = async |path: String| client.get(path).await.expect(200).column("id");
    assert_eq!(ids(format!("/users/{ada}/transitiveMemberOf")).await, std::slice::from_ref(&inner));
    assert!(ids(format!("/groups/{outer}/transitiveMembers")).await.is_empty());
    client.request(Method::POST, format!("/directory/deletedItems/{middle}/restore")).await.expect(200);
    assert_eq!(ids(format!("/users/{ada}/transitiveMemberOf")).await.len(), 3);
    client.delete(format!("/users/{ada}")).await.expect(204);
    assert!(ids(format!("/groups/{inner}/members")).await.is_empty());
}

async fn groups_are_asked_for(app: TestApp) {
    for version in ["v1.0", "beta"] {
        let client = caller(&app, version).await;
        let ([outer, middle, inner], ada) = chain(&client).await;
        let other = new_group(&client, "other").await;
        let team = json!({
            "displayName": "Team", "groupTypes": ["Unified"], "mailEnabled": true, "mailNickname": "team",
            "securityEnabled": false,
        });
        let team = client.post("/groups", team).await.expect(201).id();
        link(&client, &format!("/groups/{team}/members"), &ada).await;
        let ids = async |path: String, body: serde_json::Value| {
            let value = client.post(path, body).await.expect(200).json()["value"].clone();
            sorted(value.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect())
        };
        for of in [format!("/users/{ada}"), format!("/directoryObjects/{ada}")] {
            let asked = json!({ "groupIds": [outer, other, "none"] });
            assert_eq!(ids(format!("{of}/checkMemberGroups"), asked).await, std::slice::from_ref(&outer));
            let asked = json!({ "ids": [outer, inner, other] });
            assert_eq!(
                ids(format!("{of}/checkMemberObjects"), asked).await,
                sorted(vec![outer.clone(), inner.clone()])
            );
            let all = sorted(vec![outer.clone(), middle.clone(), inner.clone(), team.clone()]);
            assert_eq!(ids(format!("{of}/getMemberGroups"), json!({ "securityEnabledOnly": false })).await, all);
            assert_eq!(ids(format!("{of}/getMemberObjects"), json!({})).await, all);
            let secure = ids(format!("{of}/getMemberGroups"), json!({ "securityEnabledOnly": true })).await;
            assert!(!secure.contains(&team) && secure.len() == 3, "{secure:?}");
        }
        assert_eq!(ids(format!("/groups/{inner}/getMemberGroups"), json!({})).await, sorted(vec![outer, middle]));
        let one = format!("/users/{ada}/checkMemberGroups");
        client.post(&one, json!({})).await.problem(400);
        client.post(&one, json!({ "groupIds": vec!["x"; 21] })).await.problem(400);
        client.post(&one, json!({ "groupIds": [7] })).await.problem(400);
        client.post("/users/nobody/checkMemberGroups", json!({ "groupIds": [] })).await.problem(404);
        client.delete(format!("/users/{ada}")).await.expect(204);
    }
}

async fn objects_are_found_by_their_ids(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let (ada, sales) = (new_user(&client, "ada").await, client.post("/groups", group("sales")).await.expect(201).id());
    let get = async |body: serde_json::Value| client.post("/directoryObjects/getByIds", body).await.expect(200).rows();
    let found = get(json!({ "ids": [ada, sales, "none"] })).await;
    assert_eq!(found.len(), 2);
    let types: Vec<_> = found.iter().map(|row| row["@odata.type"].as_str().unwrap()).collect();
    assert!(types.contains(&"#microsoft.graph.user") && types.contains(&"#microsoft.graph.group"), "{types:?}");
    let found = get(json!({ "ids": [ada, sales], "types": ["group"] })).await;
    assert_eq!(found.iter().map(|row| row["id"].clone()).collect::<Vec<_>>(), [json!(sales)]);
    assert!(get(json!({ "ids": [ada], "types": ["servicePrincipal", "application"] })).await.is_empty());
    client.post("/directoryObjects/getByIds", json!({ "ids": [ada], "types": ["robot"] })).await.problem(400);
}
