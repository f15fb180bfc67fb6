//! Every operation that a document has is called, and succeeds, through the client that holds it to the document.

mod access_packages;
mod applications;
mod audit_logs;
mod groups;
mod me;
mod objects;
mod role_management;
mod users;

use serde_json::json;

use crate::{
    directory::{caller, reference},
    engines,
    support::{
        Client, TestApp,
        fixtures::{VERSIONS, Words},
    },
};

engines! { every_documented_operation_is_exercised }

async fn every_documented_operation_is_exercised(app: TestApp) {
    for words in VERSIONS {
        root(&app, words).await;
        access_packages::all(&app, words).await;
        role_management::all(&app, words).await;
        audit_logs::all(&app, words).await;
        let client = caller(&app, words.version).await;
        users::all(&client).await;
        groups::all(&client).await;
        applications::all(&client).await;
        objects::all(&client).await;
        objects::organization(&app, words.version).await;
        me::all(&app, words.version).await;
        let (all, called) = (app.contracts().operations(words.version), app.contracts().exercised(words.version));
        let missing: Vec<_> = all.difference(&called).collect();
        assert!(missing.is_empty(), "{}: never called with success: {missing:?}", words.version);
    }
}

async fn root(app: &TestApp, words: Words) {
    let client = app.client().below(&format!("/{}", words.version));
    client.get("/").await.expect(200);
    client.get("/$metadata").await.expect(200);
    let requests = json!([{ "id": "1", "method": "GET", "url": "/$metadata?$format=json" }]);
    client.post("/$batch", json!({ "requests": requests })).await.expect(200);
}

/// What a path leads to, listed and counted, and those of each type listed.
async fn listed(client: &Client, path: &str) {
    client.get(path).await.expect(200);
    client.get(format!("{path}/$count")).await.expect(200);
    cast(client, path).await;
}

/// What a navigation property leads to, those of each type by themselves.
async fn cast(client: &Client, path: &str) {
    let kinds: &[&str] = match path.rsplit('/').next() {
        Some("directReports") => &["user"],
        Some("memberOf" | "transitiveMemberOf") => &["group"],
        Some("members" | "transitiveMembers") => &["user", "group", "servicePrincipal"],
        Some("ownedObjects") => &["application", "group", "servicePrincipal"],
        Some("owners") => &["user", "servicePrincipal"],
        Some("sponsors") => &["user", "group"],
        _ => &[],
    };
    for kind in kinds {
        client.get(format!("{path}/microsoft.graph.{kind}")).await.expect(200);
    }
}

/// Links, listed, added and removed in both ways; `others` are two objects that can be linked to.
async fn links(client: &Client, path: &str, others: [&str; 2]) {
    listed(client, path).await;
    for other in others {
        client.post(format!("{path}/$ref"), reference(client, other)).await.expect(204);
    }
    let linked = client.get(format!("{path}/$ref")).await.expect(200).column("@odata.id");
    assert!(others.iter().all(|other| linked.iter().any(|address| address.contains(other))), "{linked:?}");
    let address = reference(client, others[0])["@odata.id"].as_str().expect("an address").to_owned();
    client.delete(format!("{path}/$ref")).query("@id", &address).await.expect(204);
    client.delete(format!("{path}/{}/$ref", others[1])).await.expect(204);
}

/// Questions about membership of what is at a path; `groups` are those that it is in, and one of them is asked for.
async fn membership(client: &Client, path: &str, groups: &[&str]) {
    let ids = json!([groups.first().copied().unwrap_or("nowhere")]);
    for (question, body) in [
        ("checkMemberGroups", json!({ "groupIds": ids })),
        ("checkMemberObjects", json!({ "ids": ids })),
        ("getMemberGroups", json!({ "securityEnabledOnly": true })),
        ("getMemberObjects", json!({ "securityEnabledOnly": false })),
    ] {
        let answer = client.post(format!("{path}/{question}"), body).await.expect(200).json();
        assert_eq!(answer["value"], json!(groups), "{path}/{question}");
    }
}

/// Roles in applications: listed, given and taken at a path.
async fn app_roles(client: &Client, path: &str, principal: &str, resource: &str) {
    listed(client, path).await;
    let body = json!({ "principalId": principal, "resourceId": resource });
    let one = format!("{path}/{}", client.post(path, body).await.expect(201).id());
    client.get(&one).await.expect(200);
    client.delete(&one).await.expect(204);
}
