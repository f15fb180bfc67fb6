//! The last Global Administrator.

use serde_json::json;

use super::scene::{administrator, person};
use crate::{engines, support::TestApp};

engines! { the_last_global_administrator_stays, administrators_who_delete_each_other_leave_one }

async fn the_last_global_administrator_stays(app: TestApp) {
    let root = person(&app, "root", &["User Administrator", "Global Administrator"]).await;
    let itself = administrator(&app, "root", &["Global Administrator"]).await;
    let one = format!("/users/{root}");
    itself.delete(&one).await.problem(400).says("Request_BadRequest", "", "last enabled Global Administrator");
    itself.patch(&one, json!({ "accountEnabled": false })).await.problem(400);
    // One who is disabled, deleted or something else does not count.
    let other = person(&app, "other", &["Global Administrator"]).await;
    person(&app, "reader", &["Global Reader"]).await;
    itself.patch(format!("/users/{other}"), json!({ "accountEnabled": false })).await.expect(204);
    itself.delete(&one).await.problem(400);
    itself.delete(format!("/users/{other}")).await.expect(204);
    itself.delete(&one).await.problem(400);
    assert_eq!(itself.get(&one).await.expect(200).id(), root);
    person(&app, "third", &["Global Administrator"]).await;
    itself.delete(&one).await.expect(204);
}

async fn administrators_who_delete_each_other_leave_one(app: TestApp) {
    for round in 0..6 {
        let names = ["a", "b", "c"].map(|name| format!("{name}{round}"));
        let mut ids = Vec::new();
        for name in &names {
            ids.push(person(&app, name, &["Global Administrator"]).await);
        }
        let root = administrator(&app, "root", &["Global Administrator"]).await;
        let gone = |at: usize| {
            let (client, one) = (root.clone(), format!("/users/{}", ids[at]));
            async move {
                if round % 2 == 0 {
                    client.delete(one).await.status
                } else {
                    client.patch(one, json!({ "accountEnabled": false })).await.status
                }
            }
        };
        let statuses = tokio::join!(gone(0), gone(1), gone(2));
        let statuses = [statuses.0, statuses.1, statuses.2];
        assert!(statuses.iter().all(|status| [204, 400, 409].contains(status)), "{statuses:?}");
        let mut left = 0;
        for id in &ids {
            let found = root.get(format!("/users/{id}?$select=accountEnabled")).await;
            left += usize::from(found.status == 200 && found.json()["accountEnabled"] == true);
        }
        assert!(left >= 1, "round {round}: {statuses:?}");
        // The next round begins without them.
        for name in &names {
            let _ = app
                .api
                .authority
                .user_delete(app.api.authority.default_tenant(), &format!("{name}@contoso.example"))
                .await;
        }
    }
}
