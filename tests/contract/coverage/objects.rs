//! Objects whatever they are, those that were deleted, and what the organization is.

use serde_json::json;

use super::{listed, membership};
use crate::{
    directory::{link, new_group, new_user},
    support::{Client, TestApp},
};

/// Calls every operation of objects.
pub async fn all(client: &Client) {
    let (ada, group) = (new_user(client, "t").await, new_group(client, "all").await);
    link(client, &format!("/groups/{group}/members"), &ada).await;
    listed(client, "/directoryObjects").await;
    let one = format!("/directoryObjects/{ada}");
    client.get(&one).await.expect(200);
    membership(client, &one, &[&group]).await;
    let body = json!({ "ids": [ada, group], "types": ["user"] });
    let found = client.post("/directoryObjects/getByIds", body).await.expect(200);
    assert_eq!(found.column("id"), [ada.as_str()]);

    client.delete(format!("/users/{ada}")).await.expect(204);
    let deleted = format!("/directory/deletedItems/{ada}");
    client.get("/directory/deletedItems").await.expect(200);
    client.get(&deleted).await.expect(200);
    for kind in ["application", "group", "servicePrincipal", "user"] {
        let ids = client.get(format!("/directory/deletedItems/microsoft.graph.{kind}")).await.expect(200).column("id");
        assert_eq!(ids.contains(&ada), kind == "user", "{kind}");
    }
    assert_eq!(client.request(http::Method::POST, format!("{deleted}/restore")).await.expect(200).id(), ada);
    client.delete(format!("/users/{ada}")).await.expect(204);
    client.delete(&deleted).await.expect(204);
    client.get(&deleted).await.expect(404);
}

/// Calls every operation of the organization and its domains.
pub async fn organization(app: &TestApp, version: &str) {
    let client = app.application(&["Organization.Read.All", "Domain.Read.All"]).await.below(&format!("/{version}"));
    for set in ["/organization", "/domains"] {
        listed(&client, set).await;
        let id = client.get(set).await.expect(200).column("id").remove(0);
        client.get(format!("{set}/{id}")).await.expect(200);
    }
}
