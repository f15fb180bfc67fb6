//! The members of a group of which the visibility is `HiddenMembership` are shown to those in it, to its owners, and to
//! those who may read hidden members.

use serde_json::{Value as Json, json};

use crate::{
    directory::{caller, link, new_user},
    engines,
    scim::Scim,
    support::{Client, TestApp},
};

engines! {
    nobody_lifts_what_hides_members,
    hidden_members_are_listed_to_nobody_else,
    hidden_members_are_told_by_no_question,
    hidden_groups_of_somebody_are_told_to_nobody_else,
    a_provisioning_client_sees_the_members_that_it_manages,
}

struct World {
    admin: Client,
    ada: String,
    owner: String,
    hidden: String,
}

async fn world(app: &TestApp) -> World {
    let admin = caller(app, "v1.0").await;
    let (ada, owner) = (new_user(&admin, "ada").await, new_user(&admin, "owner").await);
    new_user(&admin, "eve").await;
    let body = json!({
        "displayName": "Works council", "groupTypes": ["Unified"], "mailEnabled": true, "mailNickname": "council",
        "securityEnabled": true, "visibility": "HiddenMembership",
    });
    let hidden = admin.post("/groups", body).await.expect(201).id();
    link(&admin, &format!("/groups/{hidden}/members"), &ada).await;
    link(&admin, &format!("/groups/{hidden}/owners"), &owner).await;
    World { admin, ada, owner, hidden }
}

/// Callers who see hidden members, and callers who do not.
async fn callers(app: &TestApp, version: &str) -> (Vec<Client>, Vec<Client>) {
    let read = ["Directory.Read.All"];
    let insiders = vec![
        app.application(&["Directory.Read.All", "Member.Read.Hidden"]).await,
        app.person("ada@contoso.example", &read, &[]).await,
        app.person("owner@contoso.example", &read, &[]).await,
        app.person("eve@contoso.example", &read, &["Global Administrator"]).await,
        app.person("eve@contoso.example", &read, &["Groups Administrator"]).await,
    ];
    let outsiders = vec![
        app.application(&read).await,
        app.application(&["Directory.ReadWrite.All", "Group.ReadWrite.All", "User.ReadWrite.All"]).await,
        app.person("eve@contoso.example", &read, &[]).await,
        app.person("eve@contoso.example", &["Directory.Read.All", "Member.Read.Hidden"], &["Security Reader"]).await,
    ];
    let below = |callers: Vec<Client>| callers.iter().map(|one| one.below(&format!("/{version}"))).collect();
    (below(insiders), below(outsiders))
}

async fn hidden_members_are_listed_to_nobody_else(app: TestApp) {
    let World { ada, hidden, owner, .. } = world(&app).await;
    for version in ["v1.0", "beta"] {
        let (insiders, outsiders) = callers(&app, version).await;
        for (callers, expected) in [(&insiders, vec![ada.clone()]), (&outsiders, Vec::new())] {
            for caller in callers {
                for path in ["members", "transitiveMembers", "members/microsoft.graph.user"] {
                    let listed = caller.get(format!("/groups/{hidden}/{path}")).await.expect(200);
                    assert_eq!(listed.column("id"), expected, "{path}");
                }
                let count = caller.get(format!("/groups/{hidden}/members/$count")).await.expect(200);
                assert_eq!(count.text(), expected.len().to_string());
                for expand in ["members", "transitiveMembers", "members($count=true)"] {
                    let got = caller.get(format!("/groups/{hidden}")).query("$expand", expand).await.expect(200).json();
                    let members = got[expand.split('(').next().unwrap()].as_array().unwrap();
                    let ids: Vec<_> = members.iter().map(|m| m["id"].as_str().unwrap()).collect();
                    assert_eq!(ids, expected, "{expand}");
                    if expand.contains("count") {
                        assert_eq!(got["members@odata.count"], expected.len());
                    }
                }
                assert_eq!(caller.get(format!("/groups/{hidden}/owners")).await.expect(200).column("id"), [&*owner]);
            }
        }
    }
}

async fn hidden_members_are_told_by_no_question(app: TestApp) {
    let World { admin, ada, hidden, .. } = world(&app).await;
    let plain = crate::directory::new_group(&admin, "plain").await;
    link(&admin, &format!("/groups/{plain}/members"), &ada).await;
    let (insiders, outsiders) = callers(&app, "v1.0").await;
    for (callers, sees) in [(&insiders, true), (&outsiders, false)] {
        for caller in callers {
            let found =
                |answer: crate::support::client::Response, id: &str| answer.column("id").iter().any(|i| i == id);
            for (set, filter, id) in [
                ("groups", format!("members/any(m:m/id eq '{ada}')"), &hidden),
                ("groups", format!("transitiveMembers/any(m:m/id eq '{ada}')"), &hidden),
                ("groups", "displayName eq 'Works council' and members/$count eq 1".to_owned(), &hidden),
                ("users", format!("memberOf/any(g:g/id eq '{hidden}')"), &ada),
                ("users", format!("transitiveMemberOf/any(g:g/id eq '{hidden}')"), &ada),
            ] {
                let answer = caller.get(format!("/{set}")).query("$filter", &filter).await.expect(200);
                assert_eq!(found(answer, id), sees, "{set} {filter}");
            }
            let answer = caller.get("/groups").query("$filter", &format!("members/any(m:m/id eq '{ada}')")).await;
            assert!(found(answer.expect(200), &plain), "other groups are found as before");
        }
    }
}

async fn hidden_groups_of_somebody_are_told_to_nobody_else(app: TestApp) {
    let World { ada, hidden, .. } = world(&app).await;
    let (insiders, outsiders) = callers(&app, "v1.0").await;
    for (callers, sees) in [(&insiders, true), (&outsiders, false)] {
        for caller in callers {
            let holds = |value: &Json| value.to_string().contains(&hidden);
            for path in ["memberOf", "transitiveMemberOf", "memberOf/microsoft.graph.group"] {
                let answer = caller.get(format!("/users/{ada}/{path}")).await.expect(200);
                assert_eq!(holds(&answer.json()), sees, "{path}");
            }
            let expanded = caller.get(format!("/users/{ada}")).query("$expand", "memberOf").await.expect(200);
            assert_eq!(holds(&expanded.json()), sees);
            for (action, body) in [
                ("checkMemberGroups", json!({ "groupIds": [hidden] })),
                ("checkMemberObjects", json!({ "ids": [hidden] })),
                ("getMemberGroups", json!({ "securityEnabledOnly": false })),
                ("getMemberObjects", json!({ "securityEnabledOnly": true })),
            ] {
                let answer = caller.post(format!("/users/{ada}/{action}"), body.clone()).await.expect(200);
                assert_eq!(holds(&answer.json()["value"]), sees, "{action}");
                let answer = caller.post(format!("/directoryObjects/{ada}/{action}"), body).await.expect(200);
                assert_eq!(holds(&answer.json()["value"]), sees, "{action}");
            }
        }
    }
    let me = app.person("ada@contoso.example", &["User.Read.All"], &[]).await.below("/v1.0");
    assert_eq!(me.get("/me/memberOf").await.expect(200).column("id"), [hidden]);
}

async fn a_provisioning_client_sees_the_members_that_it_manages(app: TestApp) {
    let World { ada, hidden, .. } = world(&app).await;
    let scim = Scim::new(&app).await;
    let group = scim.get(format!("/Groups/{hidden}")).await.expect(200);
    assert_eq!(group.json()["members"][0]["value"], ada);
    // Any other token sees there what it sees elsewhere.
    let other = Scim::with(&app.application(&["Directory.ReadWrite.All"]).await);
    for path in [format!("/Groups/{hidden}"), "/Groups".to_owned(), format!("/Users/{ada}")] {
        let answer = other.get(&path).await.expect(200);
        let answer = answer.text();
        assert!(!(answer.contains(&hidden) && answer.contains(&ada)), "{path}: {answer}");
    }
    let filter = format!("members.value eq \"{ada}\"");
    let found = other.get("/Groups").query("filter", &filter).await;
    assert!(found.status == 400 || !found.text().contains(&hidden), "{}", found.text());
}

async fn nobody_lifts_what_hides_members(app: TestApp) {
    let World { admin, hidden, .. } = world(&app).await;
    let attacker = app.application(&["Group.ReadWrite.All"]).await.below("/v1.0");
    for client in [&attacker, &admin] {
        for visibility in [json!("Public"), json!("Private"), json!(null)] {
            let body = json!({ "visibility": visibility });
            let problem = client.patch(format!("/groups/{hidden}"), body).await.problem(400);
            assert!(problem.message.contains("when the group is created"), "{problem:?}");
        }
    }
    let members = attacker.get(format!("/groups/{hidden}/members")).await.expect(200);
    assert!(members.rows().is_empty());
}
