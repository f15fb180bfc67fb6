//! Who is signed in.

use super::{cast, membership};
use crate::{
    directory::{caller, link, new_group, new_user, reference},
    support::TestApp,
};

/// Calls every operation of it.
pub async fn all(app: &TestApp, version: &str) {
    let client = caller(app, version).await;
    let (boss, group) = (new_user(&client, "m-boss").await, new_group(&client, "mine").await);
    let id = new_user(&client, "myself").await;
    link(&client, &format!("/groups/{group}/members"), &id).await;
    client.put(format!("/users/{id}/manager/$ref"), reference(&client, &boss)).await.expect(204);
    let scopes = &["User.Read.All", "Application.Read.All"];
    let me = app.person("myself@contoso.example", scopes, &[]).await.below(&format!("/{version}"));
    assert_eq!(me.get("/me").await.expect(200).id(), id);
    assert_eq!(me.get("/me/manager").await.expect(200).id(), boss);
    for navigation in
        ["appRoleAssignments", "directReports", "memberOf", "ownedObjects", "sponsors", "transitiveMemberOf"]
    {
        let path = format!("/me/{navigation}");
        me.get(&path).await.expect(200);
        cast(&me, &path).await;
    }
    membership(&me, "/me", &[&group]).await;
    for (path, current, new) in [
        ("/me".to_owned(), "Correct horse 1", "Another horse 2"),
        (format!("/users/{id}"), "Another horse 2", "A third horse 3"),
    ] {
        let me = app.person("myself@contoso.example", &["Directory.AccessAsUser.All"], &[]).await;
        let body = serde_json::json!({ "currentPassword": current, "newPassword": new });
        me.below(&format!("/{version}")).post(format!("{path}/changePassword"), body).await.expect(204);
    }
    for gone in [boss, id] {
        client.delete(format!("/users/{gone}")).await.expect(204);
        client.delete(format!("/directory/deletedItems/{gone}")).await.expect(204);
    }
}
