//! What was deleted, and comes back or goes for good.

use http::Method;

use super::{caller, link, new_group, new_user, user};
use crate::{engines, support::TestApp};

engines! {
    what_was_deleted_is_restored_with_its_links,
    what_is_removed_for_good_is_gone,
    a_name_is_free_while_its_owner_is_deleted,
    whoever_reports_to_somebody_gone_reports_to_nobody,
    deleted_items_are_listed_by_type,
}

async fn what_was_deleted_is_restored_with_its_links(app: TestApp) {
    for version in ["v1.0", "beta"] {
        let client = caller(&app, version).await;
        let name = format!("ada{}", &version[..2]);
        let (id, ada) = (new_group(&client, "sales").await, new_user(&client, &name).await);
        link(&client, &format!("/groups/{id}/members"), &ada).await;
        client.delete(format!("/users/{ada}")).await.expect(204);
        let item = client.get(format!("/directory/deletedItems/{ada}")).await.expect(200).json();
        assert_eq!(item["@odata.type"], "#microsoft.graph.user");
        assert_eq!(
            client.get(format!("/directory/deletedItems/{ada}?$select=deletedDateTime")).await.expect(200).json()["deletedDateTime"],
            "2026-01-31T08:00:00Z"
        );
        let restored = client.request(Method::POST, format!("/directory/deletedItems/{ada}/restore")).await.expect(200);
        assert_eq!(restored.id(), ada);
        assert_eq!(
            client.get(format!("/groups/{id}/members")).await.expect(200).column("id"),
            std::slice::from_ref(&ada)
        );
        client.request(Method::POST, format!("/directory/deletedItems/{ada}/restore")).await.problem(404);
        client.get(format!("/users/{ada}")).await.expect(200);
    }
}

async fn what_is_removed_for_good_is_gone(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let (id, ada) = (new_group(&client, "sales").await, new_user(&client, "ada").await);
    link(&client, &format!("/groups/{id}/members"), &ada).await;
    client.delete(format!("/directory/deletedItems/{ada}")).await.problem(404);
    client.delete(format!("/users/{ada}")).await.expect(204);
    client.delete(format!("/directory/deletedItems/{ada}")).await.expect(204);
    client.get(format!("/directory/deletedItems/{ada}")).await.problem(404);
    client.request(Method::POST, format!("/directory/deletedItems/{ada}/restore")).await.problem(404);
    let members = client.get(format!("/groups/{id}/members")).await.expect(200).rows();
    assert!(members.is_empty());
}

async fn a_name_is_free_while_its_owner_is_deleted(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let ada = new_user(&client, "ada").await;
    client.delete(format!("/users/{ada}")).await.expect(204);
    let other = client.post("/users", user("ada")).await.expect(201).id();
    let problem = client.request(Method::POST, format!("/directory/deletedItems/{ada}/restore")).await.problem(400);
    assert!(problem.message.contains("userPrincipalName"), "{problem:?}");
    client.delete(format!("/users/{other}")).await.expect(204);
    client.request(Method::POST, format!("/directory/deletedItems/{ada}/restore")).await.expect(200);
}

async fn whoever_reports_to_somebody_gone_reports_to_nobody(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let [ada, charles] = [new_user(&client, "ada").await, new_user(&client, "charles").await];
    client.put(format!("/users/{ada}/manager/$ref"), super::reference(&client, &charles)).await.expect(204);
    client.delete(format!("/users/{charles}")).await.expect(204);
    client.get(format!("/users/{ada}/manager")).await.problem(404);
    client.delete(format!("/directory/deletedItems/{charles}")).await.expect(204);
    client.get(format!("/users/{ada}/manager")).await.problem(404);
    client.delete(format!("/users/{ada}/manager/$ref")).await.problem(404);
}

async fn deleted_items_are_listed_by_type(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let (ada, sales) = (new_user(&client, "ada").await, new_group(&client, "sales").await);
    client.delete(format!("/users/{ada}")).await.expect(204);
    client.delete(format!("/groups/{sales}")).await.expect(204);
    assert_eq!(client.get("/directory/deletedItems").await.expect(200).rows().len(), 2);
    let users = client.get("/directory/deletedItems/microsoft.graph.user").await.expect(200);
    assert_eq!(users.column("id"), [ada]);
    let groups =
        client.get("/directory/deletedItems/microsoft.graph.group?$filter=displayName eq 'sales'").await.expect(200);
    assert_eq!(groups.column("id"), [sales]);
    assert!(client.get("/directory/deletedItems/microsoft.graph.application").await.expect(200).rows().is_empty());
}
