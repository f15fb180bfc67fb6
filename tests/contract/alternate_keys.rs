//! beta addresses packages and catalogs by `uniqueName`, too.

use serde_json::json;

use crate::{
    engines,
    support::{
        TestApp,
        fixtures::{self, BETA, PACKAGES, refused},
    },
};

engines! {
    a_package_is_read_changed_and_removed_by_its_unique_name,
    a_catalog_is_read_changed_and_removed_by_its_unique_name,
    a_unique_name_may_hold_any_character,
    a_unique_name_is_left_out_while_unset,
    no_two_packages_share_a_unique_name,
    a_unique_name_can_be_set_changed_and_taken_back,
    what_no_name_leads_to_is_not_found,
    navigation_goes_on_below_a_unique_name,
    the_id_may_stand_in_parentheses,
    v1_has_no_unique_names,
    only_keys_are_keys,
}

async fn a_package_is_read_changed_and_removed_by_its_unique_name(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let client = app.client().beta();
    let body = json!({ "displayName": "P", "catalogId": catalog, "uniqueName": "sales-reader" });
    let made = client.post(PACKAGES, body).await.expect(201);
    assert_eq!(made.json()["uniqueName"], "sales-reader");
    let path = "/accessPackages(uniqueName='sales-reader')";
    let found = client.get(path).await.expect(200);
    assert_eq!((found.id(), found.header("etag")), (made.id(), made.header("etag")));
    let after = client.patch(path, json!({ "displayName": "Q" })).representation().await.expect(200).json();
    assert_eq!((&after["displayName"], &after["uniqueName"]), (&json!("Q"), &json!("sales-reader")));
    client.delete(path).await.expect(204);
    client.get(path).await.problem(404).says("AccessPackageNotFound", "", "'sales-reader'");
}

async fn a_catalog_is_read_changed_and_removed_by_its_unique_name(app: TestApp) {
    let client = app.client().beta();
    let made = client.post(BETA.catalogs, json!({ "displayName": "C", "uniqueName": "sales" })).await.expect(201);
    let path = "/accessPackageCatalogs(uniqueName='sales')";
    assert_eq!(client.get(path).await.expect(200).id(), made.id());
    let after = client.patch(path, json!({ "description": "D" })).representation().await.expect(200).json();
    assert_eq!(after["description"], "D");
    client.delete(path).await.expect(204);
    client.get(path).await.problem(404).says("CatalogNotFound", "", "'sales'");
}

async fn a_unique_name_may_hold_any_character(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let client = app.client().beta();
    for (name, in_url) in [("O'Neil", "O''Neil"), ("a/b", "a%2Fb"), ("50% (x)", "50%25%20(x)"), ("zoë+1", "zo%C3%AB+1")]
    {
        let body = json!({ "displayName": "P", "catalogId": catalog, "uniqueName": name });
        let id = client.post(PACKAGES, body).await.expect(201).id();
        let found = client.get(format!("/accessPackages(uniqueName='{in_url}')")).await.expect(200);
        assert_eq!(found.id(), id, "{name}");
    }
}

async fn a_unique_name_is_left_out_while_unset(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let id = fixtures::package(&app.client(), &catalog, "P").await;
    let client = app.client().beta();
    let path = format!("{PACKAGES}/{id}");
    assert_eq!(client.get(&path).await.expect(200).json().get("uniqueName"), None);
    let unset = client.get(PACKAGES).query("$filter", "uniqueName eq null").await.expect(200);
    assert_eq!(unset.column("id"), [id]);
}

async fn no_two_packages_share_a_unique_name(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let client = app.client().beta();
    let body = json!({ "displayName": "P", "catalogId": catalog, "uniqueName": "taken" });
    client.post(PACKAGES, body.clone()).await.expect(201);
    let problem = refused(&app.client(), client.post(PACKAGES, body), 409).await;
    problem.says("DuplicateKey", "uniqueName", "uniqueName");
    let other = fixtures::package(&app.client(), &catalog, "Q").await;
    let request = client.patch(format!("{PACKAGES}/{other}"), json!({ "uniqueName": "taken" }));
    refused(&app.client(), request, 409).await.says("DuplicateKey", "uniqueName", "uniqueName");
    // A catalog is something else, and may have the same name.
    client.post(BETA.catalogs, json!({ "displayName": "C", "uniqueName": "taken" })).await.expect(201);
}

async fn a_unique_name_can_be_set_changed_and_taken_back(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let client = app.client().beta();
    let path = format!("{PACKAGES}/{}", fixtures::package(&app.client(), &catalog, "P").await);
    for name in [json!("first"), json!("second")] {
        let after = client.patch(&path, json!({ "uniqueName": name })).representation().await.expect(200).json();
        assert_eq!(after["uniqueName"], name);
    }
    client.get("/accessPackages(uniqueName='first')").await.expect(404);
    let after = client.patch(&path, json!({ "uniqueName": null })).representation().await.expect(200).json();
    assert_eq!(after.get("uniqueName"), None);
    client.get("/accessPackages(uniqueName='second')").await.expect(404);
}

async fn what_no_name_leads_to_is_not_found(app: TestApp) {
    let client = app.client().beta();
    for (set, code) in [("accessPackages", "AccessPackageNotFound"), ("accessPackageCatalogs", "CatalogNotFound")] {
        let path = format!("/{set}(uniqueName='nothing')");
        client.get(&path).await.problem(404).says(code, "", "'nothing'");
        client.patch(&path, json!({ "displayName": "P" })).await.problem(404).says(code, "", "'nothing'");
        client.delete(&path).await.problem(404).says(code, "", "'nothing'");
    }
}

async fn navigation_goes_on_below_a_unique_name(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let client = app.client().beta();
    let body = json!({ "displayName": "P", "catalogId": catalog, "uniqueName": "p" });
    client.post(PACKAGES, body).await.expect(201);
    let path = "/accessPackages(uniqueName='p')/accessPackageCatalog";
    let found = client.get(path).undocumented("a longer path to a documented resource").await.expect(200);
    assert_eq!(found.id(), catalog);
}

async fn the_id_may_stand_in_parentheses(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let id = fixtures::package(&app.client(), &catalog, "P").await;
    for words in fixtures::VERSIONS {
        let client = words.of(&app.client());
        for path in [format!("/accessPackages('{id}')"), format!("/accessPackages(id='{id}')")] {
            let found = client.get(&path).undocumented("the key in parentheses").await.expect(200);
            assert_eq!(found.id(), id);
            let changed = client.patch(&path, json!({ "displayName": "P" })).undocumented("the key in parentheses");
            changed.await.expect(204);
        }
    }
}

async fn v1_has_no_unique_names(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let client = app.client().v1();
    let body = json!({ "displayName": "P", "catalog": { "id": catalog }, "uniqueName": "p" });
    let problem = refused(&app.client(), client.post(PACKAGES, body), 400).await;
    problem.says("InvalidModel", "uniqueName", "is not a property");
    let path = "/accessPackages(uniqueName='p')";
    let problem = client.get(path).undocumented("v1.0 has no alternate keys").await.problem(400);
    assert!(problem.message.contains("'uniqueName' is not a key property"), "{problem:?}");
}

async fn only_keys_are_keys(app: TestApp) {
    let client = app.client().beta();
    for key in ["displayName='P'", "", "'a','b'", "uniqueName=p"] {
        let path = format!("/accessPackages({key})");
        let problem = client.get(path).undocumented("not a key").await.problem(400);
        assert_eq!(problem.code, "BadRequest", "{key}");
    }
    client.get("/accessPackages(uniqueName='p',id='q')").await.problem(400).says("BadRequest", "", "not several");
}
