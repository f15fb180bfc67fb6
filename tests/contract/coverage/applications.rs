//! Applications, and what they are in the tenant.

use serde_json::{Value as Json, json};

use super::{app_roles, links, listed, membership};
use crate::{
    directory::{link, new_group, new_user},
    support::Client,
};

/// Makes an application and what it is in the tenant, and gives the id of the latter.
pub async fn resource(client: &Client) -> String {
    let made = client.post("/applications", json!({ "displayName": "Resource" })).await.expect(201).json();
    client.post("/servicePrincipals", json!({ "appId": made["appId"] })).await.expect(201).id()
}

/// Calls every operation of them.
pub async fn all(client: &Client) {
    let [owner, other] = [new_user(client, "r").await, new_user(client, "s").await];
    let made = client.post("/applications", json!({ "displayName": "Tool", "uniqueName": "tool" })).await.expect(201);
    let one = format!("/applications/{}", made.id());
    common(client, "/applications", &one, [&owner, &other]).await;
    membership(client, &one, &[]).await;
    let app_id = made.json()["appId"].as_str().expect("an appId").to_owned();
    let principal = client.post("/servicePrincipals", json!({ "appId": app_id })).await.expect(201).id();
    principals(client, &principal, [&owner, &other]).await;
    for (named, id) in [
        (format!("/servicePrincipals(appId='{app_id}')"), &principal),
        (format!("/applications(appId='{app_id}')"), &made.id()),
        ("/applications(uniqueName='tool')".to_owned(), &made.id()),
    ] {
        client.get(&named).await.expect(200);
        client.patch(&named, json!({ "notes": "By its name." })).await.expect(204);
        client.delete(&named).await.expect(204);
        let again = format!("/directory/deletedItems/{id}/restore");
        client.request(http::Method::POST, again).await.expect(200);
        if *id == principal {
            client.delete(format!("/servicePrincipals/{id}")).await.expect(204);
        }
    }
    client.delete(&one).await.expect(204);
    for gone in [owner, other] {
        client.delete(format!("/users/{gone}")).await.expect(204);
    }
}

/// What applications and service principals have in common.
async fn common(client: &Client, set: &str, one: &str, owners: [&str; 2]) {
    listed(client, set).await;
    client.get(one).await.expect(200);
    client.patch(one, json!({ "notes": "Ours." })).await.expect(204);
    links(client, &format!("{one}/owners"), owners).await;
    let body = json!({ "passwordCredential": { "displayName": "first" } });
    let secret: Json = client.post(format!("{one}/addPassword"), body).await.expect(200).json();
    client.post(format!("{one}/removePassword"), json!({ "keyId": secret["keyId"] })).await.expect(204);
}

/// What an application is in the tenant.
async fn principals(client: &Client, id: &str, owners: [&str; 2]) {
    let one = format!("/servicePrincipals/{id}");
    common(client, "/servicePrincipals", &one, owners).await;
    for navigation in ["memberOf", "transitiveMemberOf", "ownedObjects"] {
        listed(client, &format!("{one}/{navigation}")).await;
    }
    let group = new_group(client, "robots").await;
    link(client, &format!("/groups/{group}/members"), id).await;
    membership(client, &one, &[&group]).await;
    app_roles(client, &format!("{one}/appRoleAssignedTo"), owners[0], id).await;
    let resource = resource(client).await;
    app_roles(client, &format!("{one}/appRoleAssignments"), id, &resource).await;
    client.delete(format!("/groups/{group}")).await.expect(204);
}
