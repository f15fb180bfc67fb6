//! The application that this API is.

use cardea::{
    app::directory::graph,
    model::{ServicePrincipal, changeset::Changeset, record::RowVersion},
    store::directory::find,
};
use http::Method;
use serde_json::json;

use super::scene::{GRAPH, administrator};
use crate::{
    directory::{new_user, reference},
    engines,
    support::{Client, TestApp},
};

engines! { the_application_that_this_api_is_gets_no_credentials, credentials_that_it_got_once_are_gone_after_a_start }

async fn the_application_that_this_api_is_gets_no_credentials(app: TestApp) {
    let root = administrator(&app, "root", &["Global Administrator"]).await;
    let all = crate::directory::caller(&app, "beta").await;
    let before = root.get(GRAPH).await.expect(200).json();
    let one = format!("/servicePrincipals/{}", before["id"].as_str().unwrap());
    let owner = new_user(&root, "owner").await;
    for client in [&root, &all] {
        for at in [&one, GRAPH] {
            if at != GRAPH {
                refuse_secret(client, at).await;
            }
            let key = json!({ "type": "AsymmetricX509Cert", "usage": "Verify", "key": "QUJD" });
            client.patch(at, json!({ "keyCredentials": [key] })).await.problem(400);
            client.patch(at, json!({ "replyUrls": ["https://thief.example"] })).await.problem(400);
            client.patch(at, json!({ "accountEnabled": false })).await.problem(400);
            client.patch(at, json!({ "appRoles": [] })).await.problem(400);
            client.delete(at).await.problem(400);
        }
        client.post(format!("{one}/owners/$ref"), reference(client, &owner)).await.problem(400);
        let bind = json!({ "owners@odata.bind": [client.url(&format!("/users/{owner}"))] });
        client.patch(&one, bind).await.problem(400);
    }
    assert_eq!(root.get(GRAPH).await.expect(200).json(), before);
    assert!(root.get(format!("{one}/owners")).await.expect(200).rows().is_empty());
    root.request(Method::POST, format!("/directory/deletedItems/{}/restore", before["id"].as_str().unwrap()))
        .await
        .problem(404);
    let authority = &app.api.authority;
    let graph = "00000003-0000-0000-c000-000000000000";
    let tenant = authority.default_tenant();
    assert!(authority.app_rotate_secret(tenant, graph, std::time::Duration::from_hours(1)).await.is_err());
    assert!(authority.app_delete(tenant, graph).await.is_err());
}

async fn refuse_secret(client: &Client, at: &str) {
    let problem = client.post(format!("{at}/addPassword"), json!({})).await.problem(400);
    problem.says("Request_BadRequest", "appId", "it stays");
}

/// Earlier versions took secrets for it.
async fn credentials_that_it_got_once_are_gone_after_a_start(app: TestApp) {
    let tenant = app.api.authority.default_tenant().key;
    let (column, id) = (ServicePrincipal::APP_ID, "00000003-0000-0000-c000-000000000000");
    let known = find::<ServicePrincipal>(&*app.store, tenant, column, id).await.unwrap().unwrap();
    let mut after = known.record.clone();
    after.password_credentials = json!([{ "keyId": "1", "hint": "abc" }]).to_string();
    after.secret_hashes = json!([{ "keyId": "1", "hash": "h" }]).to_string();
    app.store.commit(tenant, Changeset::default().update(known, after, RowVersion(1))).await.unwrap();
    graph::renew(&*app.store, tenant, app.clock.now()).await.unwrap();
    let known = find::<ServicePrincipal>(&*app.store, tenant, column, id).await.unwrap().unwrap();
    assert_eq!((known.record.password_credentials.as_str(), known.record.secret_hashes.as_str()), ("[]", "[]"));
}
