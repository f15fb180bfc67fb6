//! Groups.

use serde_json::json;

use super::{app_roles, links, listed, membership};
use crate::{
    directory::{group, link, new_group, new_user},
    support::Client,
};

/// Calls every operation of them.
pub async fn all(client: &Client) {
    let mut body = group("sales");
    body["uniqueName"] = json!("sales");
    let made = client.post("/groups", body).await.expect(201);
    let one = format!("/groups/{}", made.id());
    listed(client, "/groups").await;
    client.get(&one).await.expect(200);
    client.patch(&one, json!({ "description": "Sells." })).await.expect(204);

    let [owner, other, third] = [new_user(client, "o").await, new_user(client, "p").await, new_user(client, "q").await];
    links(client, &format!("{one}/members"), [&owner, &other]).await;
    // The last owner stays.
    link(client, &format!("{one}/owners"), &third).await;
    links(client, &format!("{one}/owners"), [&owner, &other]).await;
    for navigation in ["memberOf", "transitiveMemberOf", "transitiveMembers"] {
        listed(client, &format!("{one}/{navigation}")).await;
    }
    let above = new_group(client, "everybody").await;
    link(client, &format!("/groups/{above}/members"), &made.id()).await;
    membership(client, &one, &[&above]).await;
    let resource = super::applications::resource(client).await;
    app_roles(client, &format!("{one}/appRoleAssignments"), &made.id(), &resource).await;
    client.request(http::Method::POST, format!("{one}/renew")).await.expect(204);

    let named = "/groups(uniqueName='sales')";
    client.get(named).await.expect(200);
    client.patch(named, json!({ "description": "Sells more." })).await.expect(204);
    client.delete(named).await.expect(204);
    for gone in
        [format!("/groups/{above}"), format!("/users/{owner}"), format!("/users/{other}"), format!("/users/{third}")]
    {
        client.delete(gone).await.expect(204);
    }
}
