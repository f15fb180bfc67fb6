//! The ways in which a package is bound to its catalog, and what is refused.

use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        TestApp,
        fixtures::{self, BETA, PACKAGES, V1, VERSIONS, Words, refused},
    },
};

engines! {
    a_catalog_is_bound_by_its_id,
    a_catalog_is_bound_by_an_object_with_its_id,
    a_catalog_is_bound_by_a_url_of_any_form,
    the_same_catalog_may_be_named_twice,
    two_catalogs_contradict_each_other,
    a_catalog_is_required,
    a_catalog_must_exist,
    a_catalog_must_be_a_catalog,
    the_id_of_a_catalog_must_be_a_text,
    what_is_bound_must_be_a_navigation_property,
    the_id_of_a_catalog_in_a_url_is_decoded,
}

fn with(words: Words, bound: &Json) -> Json {
    let mut body = json!({ "displayName": "P" });
    assert!(["v1.0", "beta"].contains(&words.version));
    body.as_object_mut().unwrap().extend(bound.as_object().unwrap().clone());
    body
}

/// Makes a package that is bound so, and gives the id of its catalog.
async fn bound(app: &TestApp, words: Words, bound: Json) -> String {
    let client = words.of(&app.client());
    let made = client.post(PACKAGES, with(words, &bound)).await.expect(201).id();
    client.get(format!("{PACKAGES}/{made}/{}", words.catalog)).await.expect(200).id()
}

async fn a_catalog_is_bound_by_its_id(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    assert_eq!(bound(&app, BETA, json!({ "catalogId": catalog })).await, catalog);
    // v1.0 takes it too, for clients that were written for the request document.
    assert_eq!(bound(&app, V1, json!({ "catalogId": catalog })).await, catalog);
}

async fn a_catalog_is_bound_by_an_object_with_its_id(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        assert_eq!(bound(&app, words, json!({ words.catalog: { "id": catalog } })).await, catalog);
        let typed = json!({ "@odata.type": "#microsoft.graph.accessPackageCatalog", "id": catalog });
        assert_eq!(bound(&app, words, json!({ words.catalog: typed })).await, catalog);
    }
}

async fn a_catalog_is_bound_by_a_url_of_any_form(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let set = words.catalogs;
        let root = format!("{}/identityGovernance/entitlementManagement", words.version);
        for url in [
            words.of(&app.client()).url(&format!("{set}/{catalog}")),
            format!("https://graph.microsoft.com/{root}{set}/{catalog}"),
            format!("https://graph.microsoft.com/{root}{set}('{catalog}')"),
            format!("/{root}{set}/{catalog}"),
            format!("{set}/{catalog}"),
            format!("{}/{catalog}", &set[1..]),
        ] {
            let name = format!("{}@odata.bind", words.catalog);
            assert_eq!(bound(&app, words, json!({ name: url })).await, catalog, "{url}");
        }
    }
}

async fn the_same_catalog_may_be_named_twice(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let url = format!("/accessPackageCatalogs/{catalog}");
    let twice = json!({ "catalogId": catalog, "accessPackageCatalog": { "id": catalog }, "accessPackageCatalog@odata.bind": url });
    assert_eq!(bound(&app, BETA, twice).await, catalog);
}

async fn two_catalogs_contradict_each_other(app: TestApp) {
    let client = app.client();
    let (one, two) = (fixtures::catalog(&client, "One").await, fixtures::catalog(&client, "Two").await);
    let body = with(BETA, &json!({ "catalogId": one, "accessPackageCatalog": { "id": two } }));
    let problem = refused(&client, client.beta().post(PACKAGES, body), 400).await;
    problem.says("InvalidModel", "accessPackageCatalog/id", "contradict each other");
}

async fn a_catalog_is_required(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let problem = refused(&app.client(), client.post(PACKAGES, json!({ "displayName": "P" })), 400).await;
        problem.says("InvalidModel", words.catalog, &format!("'{}' is required", words.catalog));
        let body = json!({ "displayName": "P", words.catalog: null });
        let problem = refused(&app.client(), client.post(PACKAGES, body), 400).await;
        problem.says("InvalidModel", words.catalog, "is required and cannot be null");
        let body = json!({ "displayName": "P", words.catalog: {} });
        let problem = refused(&app.client(), client.post(PACKAGES, body), 400).await;
        problem.says("InvalidModel", &format!("{}/id", words.catalog), "is missing");
    }
    let body = json!({ "displayName": "P", "catalogId": "" });
    let problem = refused(&app.client(), app.client().beta().post(PACKAGES, body), 400).await;
    problem.says("InvalidModel", "catalogId", "must not be empty");
}

async fn a_catalog_must_exist(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let name = format!("{}@odata.bind", words.catalog);
        for bound in [
            json!({ words.catalog: { "id": "no-such-catalog" } }),
            json!({ name: format!("{}/no-such-catalog", words.catalogs) }),
        ] {
            let problem = refused(&app.client(), client.post(PACKAGES, with(words, &bound)), 404).await;
            assert_eq!(problem.code, "CatalogNotFound");
            assert!(problem.message.contains("no-such-catalog"), "{problem:?}");
        }
    }
}

async fn a_catalog_must_be_a_catalog(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let package = fixtures::package(&app.client(), &catalog, "P").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let name = format!("{}@odata.bind", words.catalog);
        for url in [format!("{PACKAGES}/{package}"), words.catalogs.to_owned(), "/users/1".to_owned(), String::new()] {
            let body = with(words, &json!({ &name: url }));
            let problem = refused(&app.client(), client.post(PACKAGES, body), 400).await;
            problem.says("InvalidModel", &name, "cannot be bound");
        }
    }
}

async fn the_id_of_a_catalog_must_be_a_text(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let name = format!("{}@odata.bind", words.catalog);
        let nested = format!("{}/id", words.catalog);
        for (bound, target) in [
            (json!({ words.catalog: { "id": 5 } }), &nested),
            (json!({ words.catalog: { "id": null } }), &nested),
            (json!({ words.catalog: "Sales" }), &words.catalog.to_owned()),
            (json!({ words.catalog: [] }), &words.catalog.to_owned()),
            (json!({ &name: 5 }), &name),
            (json!({ &name: [] }), &name),
        ] {
            let problem = refused(&app.client(), client.post(PACKAGES, with(words, &bound)), 400).await;
            problem.says("InvalidModel", target, words.catalog);
        }
    }
}

async fn what_is_bound_must_be_a_navigation_property(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let client = app.client().beta();
    for name in ["colour@odata.bind", "displayName@odata.bind", "incompatibleAccessPackages@odata.bind"] {
        let body = json!({ "displayName": "P", "catalogId": catalog, name: "/accessPackages/x" });
        let problem = refused(&app.client(), client.post(PACKAGES, body), 400).await;
        problem.says("InvalidModel", name, "cannot be bound");
    }
    let body = json!({ "displayName": "P", "catalogId": catalog, "incompatibleAccessPackages": [{ "id": "x" }] });
    let problem = refused(&app.client(), client.post(PACKAGES, body), 400).await;
    problem.says("InvalidModel", "incompatibleAccessPackages", "$ref");
}

async fn the_id_of_a_catalog_in_a_url_is_decoded(app: TestApp) {
    let client = app.client().beta();
    client.post(BETA.catalogs, json!({ "id": "Catalog Id value", "displayName": "C" })).await.expect(201);
    for url in ["/accessPackageCatalogs/Catalog%20Id%20value", "/accessPackageCatalogs('Catalog%20Id%20value')"] {
        let id = bound(&app, BETA, json!({ "accessPackageCatalog@odata.bind": url })).await;
        assert_eq!(id, "Catalog Id value");
    }
}
