//! Catalogs, in both versions.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        TestApp,
        app::BEGINNING,
        fixtures::{self, BETA, PACKAGES, V1, VERSIONS},
    },
};

engines! {
    a_tenant_starts_with_the_general_catalog,
    v1_has_a_shape_of_its_own,
    beta_has_a_shape_of_its_own,
    an_id_of_the_callers_own_is_kept,
    catalogs_are_listed_with_their_number,
    a_catalog_can_be_unpublished_in_either_version,
    an_update_changes_what_it_names_and_leaves_the_rest,
    an_empty_catalog_can_be_removed,
    a_catalog_that_holds_packages_is_not_removed,
    what_is_not_there_cannot_be_read_changed_or_removed,
    the_same_id_cannot_be_taken_twice,
    a_state_that_there_is_not_is_refused,
    a_name_is_required,
    what_comes_with_the_service_cannot_be_declared,
}

async fn a_tenant_starts_with_the_general_catalog(app: TestApp) {
    let catalogs = app.reader().beta().get(BETA.catalogs).await.expect(200).rows();
    assert_eq!(catalogs.len(), 1);
    let general = &catalogs[0];
    assert_eq!((&general["displayName"], &general["catalogType"]), (&json!("General"), &json!("ServiceDefault")));
    let general = &app.reader().v1().get(V1.catalogs).await.expect(200).rows()[0];
    assert_eq!((&general["displayName"], &general["catalogType"]), (&json!("General"), &json!("serviceDefault")));
}

async fn v1_has_a_shape_of_its_own(app: TestApp) {
    let client = app.client().v1();
    let body = json!({
        "displayName": "sales",
        "description": "for employees working with sales and outside sales teams",
        "state": "published",
        "isExternallyVisible": true,
    });
    let answer = client.post(V1.catalogs, body).await.expect(201);
    let context = format!("{}/v1.0/$metadata#identityGovernance/entitlementManagement/catalogs/$entity", app.base);
    assert_eq!(
        answer.json(),
        json!({
            "@odata.context": context,
            "id": answer.id(),
            "displayName": "sales",
            "description": "for employees working with sales and outside sales teams",
            "catalogType": "userManaged",
            "state": "published",
            "isExternallyVisible": true,
            "createdDateTime": BEGINNING,
            "modifiedDateTime": BEGINNING,
        })
    );
    assert_eq!(answer.header("location"), client.url(&format!("/catalogs/{}", answer.id())));
    assert_eq!(client.get(answer.header("location")).await.expect(200).json(), answer.json());
}

async fn beta_has_a_shape_of_its_own(app: TestApp) {
    let client = app.client().beta();
    let body = json!({
        "@odata.type": "#microsoft.graph.accessPackageCatalog",
        "displayName": "sales",
        "description": "for employees working with sales and outside sales teams",
        "catalogStatus": "Unpublished",
        "isExternallyVisible": false,
        "uniqueName": "sales",
        "createdBy": "eve",
    });
    let answer = client.post(BETA.catalogs, body).await.expect(201);
    assert_eq!(
        answer.json(),
        json!({
            "@odata.type": "#microsoft.graph.accessPackageCatalog",
            "id": answer.id(),
            "uniqueName": "sales",
            "displayName": "sales",
            "description": "for employees working with sales and outside sales teams",
            "catalogType": "UserManaged",
            "catalogStatus": "Unpublished",
            "isExternallyVisible": false,
            "createdBy": "eve",
            "createdDateTime": BEGINNING,
            "modifiedBy": "cardea token",
            "modifiedDateTime": BEGINNING,
        })
    );
}

async fn an_id_of_the_callers_own_is_kept(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let id = format!("Catalog Id value {}", words.version);
        let made = client.post(words.catalogs, json!({ "id": id, "displayName": "C" })).await.expect(201);
        assert_eq!(made.id(), id);
        assert_eq!(client.get(made.header("location")).await.expect(200).id(), id);
    }
}

async fn catalogs_are_listed_with_their_number(app: TestApp) {
    fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let page = client.get(words.catalogs).query("$count", "true").query("$orderby", "displayName desc").await;
        let page = page.expect(200);
        assert_eq!(page.column("displayName"), ["Sales", "General"]);
        assert_eq!(page.json()["@odata.count"], 2);
        assert_eq!(client.get(format!("{}/$count", words.catalogs)).await.expect(200).text(), "2");
    }
}

async fn a_catalog_can_be_unpublished_in_either_version(app: TestApp) {
    let id = fixtures::catalog(&app.client(), "Sales").await;
    let (v1, beta) = (app.client().v1(), app.client().beta());
    let (in_v1, in_beta) = (format!("{}/{id}", V1.catalogs), format!("{}/{id}", BETA.catalogs));
    let after = v1.patch(&in_v1, json!({ "state": "unpublished" })).representation().await.expect(200).json();
    assert_eq!(after["state"], "unpublished");
    assert_eq!(beta.get(&in_beta).await.expect(200).json()["catalogStatus"], "Unpublished");
    let after = beta.patch(&in_beta, json!({ "catalogStatus": "Published" })).representation().await.expect(200).json();
    assert_eq!(after["catalogStatus"], "Published");
    assert_eq!(v1.get(&in_v1).await.expect(200).json()["state"], "published");
}

async fn an_update_changes_what_it_names_and_leaves_the_rest(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let body = json!({ "displayName": "Old", "description": "Kept" });
        let before = client.post(words.catalogs, body).await.expect(201);
        app.advance(Duration::from_secs(1)).await;
        let path = format!("{}/{}", words.catalogs, before.id());
        let after = client
            .patch(&path, json!({ "displayName": "New", "isExternallyVisible": false }))
            .representation()
            .await
            .expect(200);
        assert_eq!(after.json(), client.get(&path).await.expect(200).json());
        let (before, after) = (before.json(), after.json());
        assert_eq!((&after["displayName"], &after["isExternallyVisible"]), (&json!("New"), &json!(false)));
        assert_eq!((&after["description"], &after["createdDateTime"]), (&json!("Kept"), &before["createdDateTime"]));
        assert_ne!(after["modifiedDateTime"], before["modifiedDateTime"]);
    }
}

async fn an_empty_catalog_can_be_removed(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let path = format!("{}/{}", words.catalogs, fixtures::catalog(&app.client(), "Sales").await);
        client.delete(&path).await.expect(204);
        client.get(&path).await.problem(404).says("CatalogNotFound", "", "There is no accessPackageCatalog");
        client.delete(&path).await.expect(404);
    }
}

async fn a_catalog_that_holds_packages_is_not_removed(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let catalog = fixtures::catalog(&app.client(), "Sales").await;
        let package = fixtures::package(&app.client(), &catalog, "P").await;
        let path = format!("{}/{catalog}", words.catalogs);
        let problem = fixtures::refused(&app.client(), client.delete(&path), 400).await;
        problem.says("InvalidDeleteCatalogNotEmpty", "", "still holds access packages");
        client.delete(format!("{PACKAGES}/{package}")).await.expect(204);
        client.delete(&path).await.expect(204);
    }
}

async fn what_is_not_there_cannot_be_read_changed_or_removed(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let path = format!("{}/nothing", words.catalogs);
        for request in [client.get(&path), client.patch(&path, json!({ "displayName": "P" })), client.delete(&path)] {
            request.await.problem(404).says("CatalogNotFound", "", "'nothing'");
        }
        client.get(format!("{path}{PACKAGES}")).await.problem(404);
        client.get(format!("{path}{PACKAGES}/$count")).await.problem(404);
        client.get(format!("{path}{PACKAGES}/nothing")).await.problem(404);
    }
}

async fn the_same_id_cannot_be_taken_twice(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let body = json!({ "id": format!("mine-{}", words.version), "displayName": "C" });
        client.post(words.catalogs, body.clone()).await.expect(201);
        let problem = fixtures::refused(&app.client(), client.post(words.catalogs, body), 409).await;
        problem.says("DuplicateKey", "id", "Another");
    }
}

async fn a_state_that_there_is_not_is_refused(app: TestApp) {
    for (words, name) in [(V1, "state"), (BETA, "catalogStatus")] {
        let client = words.of(&app.client());
        for state in [json!("gone"), json!("unknownFutureValue"), json!(1), Json::Bool(true)] {
            let request = client.post(words.catalogs, json!({ "displayName": "C", name: state }));
            let problem = fixtures::refused(&app.client(), request, 400).await;
            problem.says("InvalidModel", name, "must be one of");
        }
    }
}

async fn a_name_is_required(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let request = client.post(words.catalogs, json!({ "description": "C" }));
        let problem = fixtures::refused(&app.client(), request, 400).await;
        problem.says("InvalidModel", "displayName", "'displayName' is required");
    }
}

async fn what_comes_with_the_service_cannot_be_declared(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let body = json!({ "displayName": "C", "catalogType": "serviceDefault" });
        let made = client.post(words.catalogs, body).await;
        // What is read-only is not looked at.
        let made = made.expect(201).json();
        assert!(made["catalogType"].as_str().unwrap().eq_ignore_ascii_case("userManaged"), "{made}");
    }
}
