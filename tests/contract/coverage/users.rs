//! People.

use serde_json::json;

use super::{app_roles, links, listed, membership};
use crate::{
    directory::{link, new_group, new_user, reference, user},
    support::Client,
};

/// Calls every operation of them.
pub async fn all(client: &Client) {
    let [boss, other] = [new_user(client, "boss").await, new_user(client, "other").await];
    let made = client.post("/users", user("ada")).await.expect(201);
    let one = format!("/users/{}", made.id());
    listed(client, "/users").await;
    client.get(&one).await.expect(200);
    client.patch(&one, json!({ "jobTitle": "Analyst" })).await.expect(204);

    client.put(format!("{one}/manager/$ref"), reference(client, &boss)).await.expect(204);
    assert_eq!(client.get(format!("{one}/manager")).await.expect(200).id(), boss);
    client.delete(format!("{one}/manager/$ref")).await.expect(204);
    for navigation in ["directReports", "memberOf", "ownedObjects", "transitiveMemberOf"] {
        listed(client, &format!("{one}/{navigation}")).await;
    }
    links(client, &format!("{one}/sponsors"), [&boss, &other]).await;

    let group = new_group(client, "people").await;
    link(client, &format!("/groups/{group}/members"), &made.id()).await;
    membership(client, &one, &[&group]).await;
    let resource = super::applications::resource(client).await;
    app_roles(client, &format!("{one}/appRoleAssignments"), &made.id(), &resource).await;
    client.request(http::Method::POST, format!("{one}/revokeSignInSessions")).await.expect(200);
    let named = "/users(userPrincipalName='ada@contoso.example')";
    client.get(named).await.expect(200);
    client.patch(named, json!({ "jobTitle": "Countess" })).await.expect(204);
    client.delete(named).await.expect(204);
    client.request(http::Method::POST, format!("/directory/deletedItems/{}/restore", made.id())).await.expect(200);
    client.delete(&one).await.expect(204);
    for gone in [boss, other] {
        client.delete(format!("/users/{gone}")).await.expect(204);
    }
}
