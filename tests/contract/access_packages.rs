//! Reading, changing and removing access packages, in both versions.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        TestApp,
        app::BEGINNING,
        fixtures::{self, PACKAGES, VERSIONS},
    },
};

engines! {
    a_package_can_be_read,
    packages_are_listed_with_their_number,
    a_list_of_nothing_is_empty,
    an_update_changes_what_it_names_and_leaves_the_rest,
    an_update_of_nothing_is_none,
    an_update_moves_the_time_and_the_author_of_the_change,
    what_can_be_null_can_be_made_null,
    what_is_read_only_is_not_looked_at,
    a_package_stays_in_its_catalog_and_keeps_its_id,
    a_removed_package_is_gone,
    what_is_not_there_cannot_be_read_changed_or_removed,
    the_same_id_cannot_be_taken_twice,
    both_versions_show_the_same_package,
    a_body_sent_back_as_it_was_given_changes_nothing,
}

async fn a_package_can_be_read(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let id = fixtures::package(&app.client(), &catalog, "Reader").await;
        let answer = client.get(format!("{PACKAGES}/{id}")).await.expect(200);
        let body = answer.json();
        assert_eq!((&body["id"], &body["displayName"]), (&json!(id), &json!("Reader")));
        let context = format!("{}/{}/$metadata#identityGovernance/entitlementManagement", app.base, words.version);
        assert_eq!(body["@odata.context"], format!("{context}/accessPackages/$entity"));
        assert!(answer.header("etag").starts_with("W/\""), "{}", answer.header("etag"));
        assert_eq!(answer.header("odata-version"), "4.0");
    }
}

async fn packages_are_listed_with_their_number(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["A", "B", "C"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let page = client.get(PACKAGES).query("$count", "true").query("$orderby", "displayName").await.expect(200);
        assert_eq!(page.column("displayName"), ["A", "B", "C"]);
        let body = page.json();
        assert_eq!(body["@odata.count"], 3);
        assert_eq!(body.get("@odata.nextLink"), None);
        assert_eq!(client.get(format!("{PACKAGES}/$count")).await.expect(200).text(), "3");
    }
}

async fn a_list_of_nothing_is_empty(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let page = client.get(PACKAGES).query("$count", "true").await.expect(200).json();
        assert_eq!((&page["value"], &page["@odata.count"]), (&json!([]), &json!(0)));
        assert_eq!(client.get(format!("{PACKAGES}/$count")).await.expect(200).text(), "0");
    }
}

async fn an_update_changes_what_it_names_and_leaves_the_rest(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let mut body = words.package(&catalog, "Old");
        (body["description"], body["isHidden"]) = (json!("Kept"), json!(true));
        let before = client.post(PACKAGES, body).await.expect(201);
        let path = format!("{PACKAGES}/{}", before.id());
        let after = client.patch(&path, json!({ "displayName": "New" })).representation().await.expect(200);
        let seen = client.get(&path).await.expect(200);
        assert_eq!(after.json(), seen.json());
        assert_ne!(after.header("etag"), before.header("etag"));
        assert_eq!(after.header("etag"), seen.header("etag"));
        let mut expected = before.json();
        expected["displayName"] = json!("New");
        assert_eq!(seen.json(), expected);
    }
}

async fn an_update_of_nothing_is_none(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let before = client.post(PACKAGES, words.package(&catalog, "P")).await.expect(201);
        app.advance(Duration::from_mins(1)).await;
        let path = format!("{PACKAGES}/{}", before.id());
        for body in [json!({}), json!({ "displayName": "P" })] {
            let after = client.patch(&path, body).representation().await.expect(200);
            assert_eq!(after.json(), before.json());
            assert_eq!(after.header("etag"), before.header("etag"));
        }
    }
}

async fn an_update_moves_the_time_and_the_author_of_the_change(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let client = app.client().beta();
    let body = json!({ "displayName": "P", "catalogId": catalog, "createdBy": "eve", "modifiedBy": "eve" });
    let path = format!("{PACKAGES}/{}", client.post(PACKAGES, body).await.expect(201).id());
    app.advance(Duration::from_mins(90)).await;
    let ada = app.user("ada@contoso.example", &[cardea::authz::READ_WRITE_ALL]).await.beta();
    let after = ada.patch(&path, json!({ "isHidden": true })).representation().await.expect(200).json();
    assert_eq!((&after["createdBy"], &after["modifiedBy"]), (&json!("eve"), &json!("ada@contoso.example")));
    assert_eq!(
        (&after["createdDateTime"], &after["modifiedDateTime"]),
        (&json!(BEGINNING), &json!("2026-01-31T09:30:00Z"))
    );
    let after = ada.patch(&path, json!({ "modifiedBy": "zoe" })).representation().await.expect(200).json();
    assert_eq!((&after["createdBy"], &after["modifiedBy"]), (&json!("eve"), &json!("zoe")));
}

async fn what_can_be_null_can_be_made_null(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let mut body = words.package(&catalog, "P");
        body["description"] = json!("Something");
        let path = format!("{PACKAGES}/{}", client.post(PACKAGES, body).await.expect(201).id());
        let after = client.patch(&path, json!({ "description": null })).representation().await.expect(200).json();
        assert_eq!(after["description"], Json::Null);
        let problem = client.patch(&path, json!({ "displayName": null })).await.problem(400);
        problem.says("InvalidModel", "displayName", "cannot be null");
    }
}

async fn what_is_read_only_is_not_looked_at(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let client = app.client().beta();
    let body = json!({ "displayName": "P", "catalogId": catalog, "createdDateTime": "2001-01-01T00:00:00Z" });
    let made = client.post(PACKAGES, body).await.expect(201).json();
    assert_eq!(made["createdDateTime"], BEGINNING);
    let path = format!("{PACKAGES}/{}", made["id"].as_str().unwrap());
    let after = client
        .patch(&path, json!({ "modifiedDateTime": "2001-01-01T00:00:00Z" }))
        .representation()
        .await
        .expect(200)
        .json();
    assert_eq!(after["modifiedDateTime"], BEGINNING);
}

async fn a_package_stays_in_its_catalog_and_keeps_its_id(app: TestApp) {
    let client = app.client();
    let (sales, other) = (fixtures::catalog(&client, "Sales").await, fixtures::catalog(&client, "Other").await);
    let id = fixtures::package(&client, &sales, "P").await;
    let path = format!("{PACKAGES}/{id}");
    let beta = client.beta();
    let problem = fixtures::refused(&client, beta.patch(&path, json!({ "catalogId": other })), 400).await;
    problem.says("InvalidModel", "catalogId", "cannot be changed");
    let problem = fixtures::refused(&client, beta.patch(&path, json!({ "id": "other" })), 400).await;
    problem.says("InvalidModel", "id", "cannot be changed");
    beta.patch(&path, json!({ "catalogId": sales, "id": id })).representation().await.expect(200);
}

async fn a_removed_package_is_gone(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let path = format!("{PACKAGES}/{}", fixtures::package(&app.client(), &catalog, "P").await);
        let answer = client.delete(&path).await.expect(204);
        assert!(answer.body.is_empty());
        client.get(&path).await.problem(404).says("AccessPackageNotFound", "", "There is no accessPackage");
        client.delete(&path).await.expect(404);
        assert_eq!(client.get(PACKAGES).await.expect(200).rows(), [] as [Json; 0]);
    }
}

async fn what_is_not_there_cannot_be_read_changed_or_removed(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let path = format!("{PACKAGES}/nothing");
        for request in [client.get(&path), client.patch(&path, json!({ "displayName": "P" })), client.delete(&path)] {
            request.await.problem(404).says("AccessPackageNotFound", "", "'nothing'");
        }
        let below = client.get(format!("{path}/{}", words.catalog)).await;
        below.problem(404);
        client.get(format!("{path}/incompatibleAccessPackages")).await.problem(404);
        client.get(format!("{path}/incompatibleAccessPackages/$count")).await.problem(404);
    }
}

async fn the_same_id_cannot_be_taken_twice(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let mut body = words.package(&catalog, "First");
        body["id"] = json!(format!("mine-{}", words.version));
        client.post(PACKAGES, body.clone()).await.expect(201);
        body["displayName"] = json!("Second");
        let problem = fixtures::refused(&app.client(), client.post(PACKAGES, body), 409).await;
        problem.says("DuplicateKey", "id", "Another");
    }
}

async fn both_versions_show_the_same_package(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for (writer, reader) in [(VERSIONS[0], VERSIONS[1]), (VERSIONS[1], VERSIONS[0])] {
        let made = writer.of(&app.client()).post(PACKAGES, writer.package(&catalog, "P")).await.expect(201);
        let seen = reader.of(&app.client()).get(format!("{PACKAGES}/{}", made.id())).await.expect(200);
        for name in ["id", "displayName", "description", "isHidden", "createdDateTime", "modifiedDateTime"] {
            assert_eq!(seen.json()[name], made.json()[name], "{name}");
        }
        assert_eq!(seen.header("etag"), made.header("etag"));
    }
}

async fn a_body_sent_back_as_it_was_given_changes_nothing(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let made = client.post(PACKAGES, words.package(&catalog, "P")).await.expect(201);
        let path = format!("{PACKAGES}/{}", made.id());
        let body = client.get(&path).await.expect(200).json();
        let after = client.patch(&path, body.clone()).representation().await.expect(200);
        assert_eq!((after.json(), after.header("etag")), (body, made.header("etag")));
    }
}
