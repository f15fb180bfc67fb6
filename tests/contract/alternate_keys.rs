//! beta addresses packages and catalogs by `uniqueName`, too.

use serde_json::json;

use crate::{
    directory::{caller, new_group, new_user, reference},
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
    what_a_key_addresses_has_the_same_operations_by_an_alternate_key,
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

async fn what_a_key_addresses_has_the_same_operations_by_an_alternate_key(app: TestApp) {
    const WHY: &str = "the key's own path is the documented one";
    for version in ["v1.0", "beta"] {
        let client = caller(&app, version).await;
        let ada = new_user(&client, &format!("ada{}", &version[..2])).await;
        let upn = client.get(format!("/users/{ada}")).await.expect(200).json()["userPrincipalName"].clone();
        let upn = upn.as_str().unwrap();
        let unique = format!("sales-{}", &version[..2]);
        let body = json!({
            "displayName": "Sales", "mailNickname": "sales", "mailEnabled": false, "securityEnabled": true,
            "uniqueName": unique,
        });
        let sales = client.post("/groups", body).await.expect(201).id();
        let members = format!("/groups(uniqueName='{unique}')/members");
        let link = reference(&client, &ada);
        client.post(format!("{members}/$ref"), link).undocumented(WHY).await.expect(204);
        assert_eq!(client.get(&members).undocumented(WHY).await.expect(200).column("id"), std::slice::from_ref(&ada));
        let asked = json!({ "groupIds": [sales] });
        let by_name = client.post(format!("/users/{upn}/checkMemberGroups"), asked.clone()).await.expect(200);
        let by_key = client.post(format!("/users(userPrincipalName='{upn}')/checkMemberGroups"), asked);
        for answer in [by_name, by_key.undocumented(WHY).await.expect(200)] {
            assert_eq!(answer.json()["value"], json!([sales]));
        }
        client.delete(format!("{members}/{ada}/$ref")).undocumented(WHY).await.expect(204);
        assert!(client.get(format!("/groups/{sales}/members")).await.expect(200).rows().is_empty());

        let tool = client.post("/applications", json!({ "displayName": "Tool" })).await.expect(201).json();
        let app_id = tool["appId"].as_str().unwrap();
        let one = format!("/applications(appId='{app_id}')");
        let secret = client.post(format!("{one}/addPassword"), json!({})).undocumented(WHY).await.expect(200).json();
        let kept = client.get(format!("/applications/{}", tool["id"].as_str().unwrap())).await.expect(200).json();
        assert_eq!(kept["passwordCredentials"][0]["keyId"], secret["keyId"]);
        let principal = client.post("/servicePrincipals", json!({ "appId": app_id })).await.expect(201).id();
        let group = new_group(&client, "staff").await;
        let roles = format!("/servicePrincipals(appId='{app_id}')/appRoleAssignedTo");
        let body = json!({ "principalId": group, "resourceId": principal });
        let given = client.post(&roles, body).undocumented(WHY).await.expect(201);
        // Its address is where it was created, by the key.
        let location = given.header("location").to_owned();
        let path = location.split_once(&format!("/{version}")).unwrap().1.to_owned();
        assert_eq!(client.get(path).undocumented(WHY).await.expect(200).id(), given.id());
        client
            .post("/users(userPrincipalName='nobody@x')/checkMemberGroups", json!({ "groupIds": [sales] }))
            .undocumented(WHY)
            .await
            .problem(404);
    }
}
