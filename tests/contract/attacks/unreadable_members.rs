//! The right to read groups shows which objects are in them, and nothing else of objects of a type that the caller may not
//! read.

use serde_json::{Value as Json, json};

use crate::{
    directory::{caller, link, new_group, new_user},
    engines,
    support::{Client, TestApp, client::Response},
};

engines! {
    members_of_an_unreadable_type_come_with_type_and_id_alone,
    no_question_tells_a_property_of_an_unreadable_member,
    an_order_by_an_unreadable_property_is_still_paged_through,
    nothing_is_reached_through_an_unreadable_member,
    deleted_people_are_not_shown_to_readers_of_groups,
    readers_of_people_are_not_shown_their_groups,
    readers_of_both_see_both,
}

const PHONE: &str = "+49 30 5550123";

struct World {
    admin: Client,
    ada: String,
    grace: String,
    team: String,
    nested: String,
}

async fn world(app: &TestApp) -> World {
    let admin = caller(app, "v1.0").await;
    let (ada, grace) = (new_user(&admin, "ada").await, new_user(&admin, "grace").await);
    admin.patch(format!("/users/{ada}"), json!({ "mobilePhone": PHONE, "jobTitle": "Analyst" })).await.expect(204);
    let boss = json!({ "@odata.id": admin.url(&format!("/users/{grace}")) });
    admin.put(format!("/users/{ada}/manager/$ref"), boss).await.expect(204);
    let (team, nested) = (new_group(&admin, "team").await, new_group(&admin, "nested").await);
    for id in [&ada, &grace, &nested] {
        link(&admin, &format!("/groups/{team}/members"), id).await;
    }
    link(&admin, &format!("/groups/{nested}/members"), &ada).await;
    link(&admin, &format!("/groups/{team}/owners"), &ada).await;
    World { admin, ada, grace, team, nested }
}

/// The row about an object.
fn row(answer: &Response, id: &str) -> Json {
    answer.rows().iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{id} in {}", answer.text())).clone()
}

/// Whether a row tells a type and an id, and nothing else.
fn is_bare(row: &Json) -> bool {
    let empty = |value: &Json| value.is_null() || *value == json!([]);
    row.as_object().unwrap().iter().all(|(name, value)| name.starts_with('@') || name == "id" || empty(value))
}

async fn members_of_an_unreadable_type_come_with_type_and_id_alone(app: TestApp) {
    let World { ada, team, nested, .. } = world(&app).await;
    for version in ["v1.0", "beta"] {
        let reader = app.application(&["GroupMember.Read.All"]).await.below(&format!("/{version}"));
        for path in ["members", "transitiveMembers", "owners", "members?$select=id,displayName,mobilePhone"] {
            let answer = reader.get(format!("/groups/{team}/{path}")).await.expect(200);
            let ada = row(&answer, &ada);
            assert_eq!(ada["@odata.type"], "#microsoft.graph.user");
            assert!(is_bare(&ada) && ada.get("displayName").is_some(), "{path}: {ada}");
            if path.starts_with("members") {
                assert_eq!(row(&answer, &nested)["displayName"], "nested");
            }
        }
        let cast = reader.get(format!("/groups/{team}/members/microsoft.graph.user")).await.expect(200);
        assert!(is_bare(&row(&cast, &ada)), "{}", cast.text());
        for expanded in ["members", "owners", "transitiveMembers", "members($select=mobilePhone,displayName)"] {
            let answer = reader.get(format!("/groups/{team}")).query("$expand", expanded).await.expect(200);
            assert!(!answer.text().contains(PHONE) && !answer.text().contains("\"ada"), "{}", answer.text());
            assert!(answer.text().contains("#microsoft.graph.user"), "{}", answer.text());
        }
    }
}

async fn no_question_tells_a_property_of_an_unreadable_member(app: TestApp) {
    let World { admin, team, .. } = world(&app).await;
    let reader = app.application(&["GroupMember.Read.All"]).await.below("/v1.0");
    let members = format!("/groups/{team}/members");
    for filter in [
        "startswith(displayName,'ad')",
        "microsoft.graph.user/mobilePhone eq '+49 30 5550123'",
        "mobilePhone eq '+49 30 5550123'",
        "not (jobTitle ne 'Analyst')",
        "jobTitle in ('Analyst')",
        "length(userPrincipalName) gt 3",
        "microsoft.graph.user/manager/id ne null",
    ] {
        for path in [members.clone(), format!("/groups/{team}/transitiveMembers"), format!("{members}/$count")] {
            let known = admin.get(&path).query("$filter", filter).await.expect(200);
            let told = if path.ends_with("$count") { known.text() != "0" } else { !known.rows().is_empty() };
            assert!(told, "{filter} at {path} finds nobody: {}", known.text());
            let answer = reader.get(&path).query("$filter", filter).await;
            match answer.status {
                403 => {}
                200 if path.ends_with("$count") => assert_eq!(answer.text(), "0", "{filter} at {path}"),
                200 => assert!(answer.rows().is_empty(), "{filter} at {path}: {}", answer.text()),
                other => panic!("{filter} at {path}: {other}"),
            }
        }
    }
    for filter in [
        "members/any(m:m/microsoft.graph.user/mobilePhone eq '+49 30 5550123')",
        "members/any(m:startswith(m/displayName,'ad'))",
        "owners/any(m:m/microsoft.graph.user/jobTitle eq 'Analyst')",
        "transitiveMembers/any(m:m/jobTitle eq 'Analyst')",
        "members/any(m:m/microsoft.graph.user/manager/id ne null)",
    ] {
        assert!(!admin.get("/groups").query("$filter", filter).await.expect(200).rows().is_empty(), "{filter}");
        let answer = reader.get("/groups").query("$filter", filter).await;
        assert!(answer.status == 403 || answer.rows().is_empty(), "{filter}: {}", answer.text());
    }
    let nested = reader.get(&members).query("$filter", "startswith(displayName,'nest')").await.expect(200);
    assert_eq!(nested.column("displayName"), ["nested"], "of what it may read it may ask");
    let expand = "members($filter=startswith(displayName,'ad'))";
    let answer = reader.get(format!("/groups/{team}")).query("$expand", expand).await.expect(200);
    assert_eq!(answer.json()["members"], json!([]));
    // Rows of several types are not searched at all; those of one type, which hang on something else, are.
    reader.get(&members).query("$search", "\"displayName:ada\"").await.problem(400);
    let people = format!("{members}/microsoft.graph.user");
    let found = reader.get(&people).query("$search", "\"displayName:ada\"").await.expect(200);
    assert!(found.rows().is_empty(), "{}", found.text());
}

async fn an_order_by_an_unreadable_property_is_still_paged_through(app: TestApp) {
    let World { ada, grace, team, nested, .. } = world(&app).await;
    let reader = app.application(&["GroupMember.Read.All"]).await.below("/v1.0");
    for order in ["displayName", "displayName desc"] {
        let mut all = Vec::new();
        let mut next = Some(format!("/groups/{team}/members?$top=1&$orderby={}", order.replace(' ', "%20")));
        while let Some(path) = next {
            let page = reader.get(&path).await.expect(200);
            all.extend(page.column("id"));
            next = page.json()["@odata.nextLink"].as_str().map(str::to_owned);
            assert!(all.len() < 4, "{order} does not end");
        }
        let mut people = vec![ada.clone(), grace.clone()];
        people.sort();
        let expected = if order == "displayName" {
            [people, vec![nested.clone()]].concat()
        } else {
            [vec![nested.clone()], people].concat()
        };
        assert_eq!(all, expected, "the names of people give no order");
    }
}

async fn nothing_is_reached_through_an_unreadable_member(app: TestApp) {
    let World { ada, team, .. } = world(&app).await;
    let reader = app.application(&["GroupMember.Read.All"]).await.below("/v1.0");
    for path in [
        format!("/groups/{team}/members/{ada}/microsoft.graph.user/manager"),
        format!("/groups/{team}/members/microsoft.graph.user/{ada}/manager"),
        format!("/groups/{team}/members/{ada}/microsoft.graph.user/mobilePhone"),
        format!("/groups/{team}/members/microsoft.graph.user?$expand=manager"),
        format!("/users/{ada}"),
        format!("/users/{ada}/memberOf"),
    ] {
        let answer = reader.get(&path).undocumented("some of the paths are longer ones").unchecked().await;
        assert!(answer.status >= 400 || !answer.text().contains(PHONE), "{path}: {}", answer.text());
        assert!(answer.status >= 400 || path.ends_with("mobilePhone"), "{path}: {} {}", answer.status, answer.text());
    }
}

async fn deleted_people_are_not_shown_to_readers_of_groups(app: TestApp) {
    let World { admin, ada, .. } = world(&app).await;
    admin.delete(format!("/users/{ada}")).await.expect(204);
    let reader = app.application(&["GroupMember.Read.All"]).await.below("/v1.0");
    reader.get(format!("/directory/deletedItems/{ada}")).await.problem(403);
    reader.get("/directory/deletedItems/microsoft.graph.user").await.problem(403);
    reader.get("/directory/deletedItems").await.problem(403);
    reader.post("/directoryObjects/getByIds", json!({ "ids": [ada] })).await.problem(403);
}

async fn readers_of_people_are_not_shown_their_groups(app: TestApp) {
    let World { ada, grace, team, .. } = world(&app).await;
    let reader = app.application(&["User.Read.All"]).await.below("/v1.0");
    for path in ["memberOf", "transitiveMemberOf", "ownedObjects"] {
        let answer = reader.get(format!("/users/{ada}/{path}")).await.expect(200);
        let team = row(&answer, &team);
        assert!(is_bare(&team) && team["@odata.type"] == "#microsoft.graph.group", "{path}: {team}");
        let named = reader.get(format!("/users/{ada}/{path}")).query("$filter", "displayName eq 'team'").await;
        assert!(named.expect(200).rows().is_empty());
    }
    let boss = reader.get(format!("/users/{ada}/manager")).await.expect(200).json();
    assert_eq!((boss["id"].as_str(), boss["displayName"].as_str()), (Some(&*grace), Some("grace")));
    // Which groups somebody is in is told by their ids; that only security groups are asked for is a question of the server.
    let asked = reader.post(format!("/users/{ada}/getMemberGroups"), json!({ "securityEnabledOnly": true })).await;
    assert_eq!(asked.expect(200).json()["value"].as_array().unwrap().len(), 2);
}

async fn readers_of_both_see_both(app: TestApp) {
    let World { ada, team, .. } = world(&app).await;
    for permissions in [&["Directory.Read.All"][..], &["GroupMember.Read.All", "User.Read.All"]] {
        let reader = app.application(permissions).await.below("/v1.0");
        let answer = reader.get(format!("/groups/{team}/members?$filter=mobilePhone ne null")).await.expect(200);
        assert_eq!(answer.column("id"), [&*ada]);
    }
    // A person sees themselves, with nothing but the right to do so.
    let me = app.person("ada@contoso.example", &["User.Read"], &[]).await.below("/v1.0");
    assert_eq!(me.get("/me").await.expect(200).json()["mobilePhone"], PHONE);
}
