//! From packages to catalogs and back, and the links between packages that exclude each other.

use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        Client, TestApp,
        fixtures::{self, PACKAGES, VERSIONS, incompatible, refused},
    },
};

engines! {
    a_package_leads_to_its_catalog,
    a_catalog_leads_to_its_packages,
    a_package_is_found_below_its_own_catalog_only,
    an_incompatible_package_is_added_and_seen_from_both_sides,
    adding_it_again_changes_nothing,
    an_incompatible_package_is_removed_by_its_id,
    an_incompatible_package_is_removed_by_its_address,
    removing_what_is_not_linked_is_no_error,
    a_package_cannot_be_incompatible_with_itself,
    both_packages_must_exist,
    a_reference_must_be_one,
    a_removed_package_takes_its_links_with_it,
    incompatible_packages_are_a_list_like_any_other,
    references_are_paged,
}

/// Two packages in one catalog.
async fn two(client: &Client) -> [String; 2] {
    let catalog = fixtures::catalog(client, "Sales").await;
    [fixtures::package(client, &catalog, "A").await, fixtures::package(client, &catalog, "B").await]
}

async fn a_package_leads_to_its_catalog(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let package = fixtures::package(&app.client(), &catalog, "P").await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let found = client.get(format!("{PACKAGES}/{package}/{}", words.catalog)).await.expect(200);
        assert_eq!((found.id(), &found.json()["displayName"]), (catalog.clone(), &json!("Sales")));
        let selected = client.get(format!("{PACKAGES}/{package}/{}?$select=id", words.catalog)).await.expect(200);
        assert_eq!(selected.json().as_object().unwrap().keys().collect::<Vec<_>>(), ["@odata.context", "id"]);
    }
}

async fn a_catalog_leads_to_its_packages(app: TestApp) {
    let sales = fixtures::catalog_with(&app.client(), &["A", "B"]).await;
    let other = fixtures::catalog_with(&app.client(), &["C"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let path = format!("{}/{sales}{PACKAGES}", words.catalogs);
        let page = client.get(&path).query("$orderby", "displayName desc").query("$count", "true").await.expect(200);
        assert_eq!(page.column("displayName"), ["B", "A"]);
        assert_eq!(page.json()["@odata.count"], 2);
        assert_eq!(client.get(format!("{path}/$count")).await.expect(200).text(), "2");
        let page = client.get(format!("{}/{other}{PACKAGES}", words.catalogs)).await.expect(200);
        assert_eq!(page.column("displayName"), ["C"]);
    }
}

async fn a_package_is_found_below_its_own_catalog_only(app: TestApp) {
    let (sales, other) = (fixtures::catalog(&app.client(), "S").await, fixtures::catalog(&app.client(), "O").await);
    let package = fixtures::package(&app.client(), &sales, "P").await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let found = client.get(format!("{}/{sales}{PACKAGES}/{package}", words.catalogs)).await.expect(200);
        assert_eq!(found.id(), package);
        client.get(format!("{}/{other}{PACKAGES}/{package}", words.catalogs)).await.problem(404);
    }
}

async fn an_incompatible_package_is_added_and_seen_from_both_sides(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let [a, b] = two(&app.client()).await;
        let body = json!({ "@odata.id": client.url(&format!("{PACKAGES}/{b}")) });
        let added = client.post(format!("{PACKAGES}/{a}/incompatibleAccessPackages/$ref"), body).await.expect(204);
        assert!(added.body.is_empty());
        let from = async |id: &str, side: &str| {
            let path = format!("{PACKAGES}/{id}/{side}");
            let count = client.get(format!("{path}/$count")).await.expect(200).text().to_owned();
            let ids = client.get(&path).await.expect(200).column("id");
            assert_eq!(count, ids.len().to_string());
            ids
        };
        assert_eq!(from(&a, "incompatibleAccessPackages").await, [b.as_str()]);
        assert_eq!(from(&b, "incompatibleAccessPackages").await, [] as [&str; 0]);
        assert_eq!(from(&b, "accessPackagesIncompatibleWith").await, [a.as_str()]);
        assert_eq!(from(&a, "accessPackagesIncompatibleWith").await, [] as [&str; 0]);
        let references = client.get(format!("{PACKAGES}/{a}/incompatibleAccessPackages/$ref")).await.expect(200).rows();
        assert_eq!(references, [json!({ "@odata.id": client.url(&format!("{PACKAGES}/{b}")) })]);
    }
}

async fn adding_it_again_changes_nothing(app: TestApp) {
    let [a, b] = two(&app.client()).await;
    for _ in 0..2 {
        incompatible(&app.client(), &a, &b).await;
    }
    let path = format!("{PACKAGES}/{a}/incompatibleAccessPackages/$count");
    assert_eq!(app.reader().v1().get(path).await.expect(200).text(), "1");
}

async fn an_incompatible_package_is_removed_by_its_id(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let [a, b] = two(&app.client()).await;
        incompatible(&app.client(), &a, &b).await;
        client.delete(format!("{PACKAGES}/{a}/incompatibleAccessPackages/{b}/$ref")).await.expect(204);
        let left = client.get(format!("{PACKAGES}/{a}/incompatibleAccessPackages")).await.expect(200).rows();
        assert_eq!(left, [] as [Json; 0]);
    }
}

async fn an_incompatible_package_is_removed_by_its_address(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let [a, b] = two(&app.client()).await;
        let path = format!("{PACKAGES}/{a}/incompatibleAccessPackages/$ref");
        incompatible(&app.client(), &a, &b).await;
        client.delete(&path).query("@id", &client.url(&format!("{PACKAGES}/{b}"))).await.expect(204);
        assert_eq!(client.get(&path).await.expect(200).rows(), [] as [Json; 0]);
        // OData 4.01 has another name for it.
        incompatible(&app.client(), &a, &b).await;
        let request = client.delete(format!("{path}?$id={PACKAGES}/{b}"));
        request.undocumented("the option's other name").await.expect(204);
        assert_eq!(client.get(&path).await.expect(200).rows(), [] as [Json; 0]);
        client.delete(&path).await.problem(400).says("BadRequest", "@id", "missing");
    }
}

async fn removing_what_is_not_linked_is_no_error(app: TestApp) {
    let [a, b] = two(&app.client()).await;
    let client = app.client().v1();
    client.delete(format!("{PACKAGES}/{a}/incompatibleAccessPackages/{b}/$ref")).await.expect(204);
}

async fn a_package_cannot_be_incompatible_with_itself(app: TestApp) {
    let [a, _] = two(&app.client()).await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let body = json!({ "@odata.id": client.url(&format!("{PACKAGES}/{a}")) });
        let request = client.post(format!("{PACKAGES}/{a}/incompatibleAccessPackages/$ref"), body);
        let problem = refused(&app.client(), request, 400).await;
        problem.says("InvalidModel", "@odata.id", "incompatible with itself");
    }
}

async fn both_packages_must_exist(app: TestApp) {
    let [a, _] = two(&app.client()).await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        for (package, other, target) in [(a.as_str(), "nothing", "@odata.id"), ("nothing", a.as_str(), "")] {
            let path = format!("{PACKAGES}/{package}/incompatibleAccessPackages");
            let body = json!({ "@odata.id": client.url(&format!("{PACKAGES}/{other}")) });
            let problem = refused(&app.client(), client.post(format!("{path}/$ref"), body), 404).await;
            problem.says("AccessPackageNotFound", target, "'nothing'");
            let problem = client.delete(format!("{path}/{other}/$ref")).await.problem(404);
            problem.says("AccessPackageNotFound", "", "'nothing'");
        }
    }
}

async fn a_reference_must_be_one(app: TestApp) {
    let [a, b] = two(&app.client()).await;
    let catalog = fixtures::catalog(&app.client(), "Other").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let path = format!("{PACKAGES}/{a}/incompatibleAccessPackages/$ref");
        for body in [
            json!({}),
            json!({ "@odata.id": 5 }),
            json!({ "@odata.id": "" }),
            json!({ "@odata.id": "https://example.com" }),
            json!({ "@odata.id": PACKAGES }),
            json!({ "@odata.id": format!("{}/{catalog}", words.catalogs) }),
            json!([]),
        ] {
            let problem = refused(&app.client(), client.post(&path, body.clone()), 400).await;
            assert_eq!((problem.code.as_str(), problem.target.as_str()), ("InvalidModel", "@odata.id"), "{body}");
        }
        let body = json!({ "@odata.id": format!("{PACKAGES}/{b}"), "colour": "red" });
        refused(&app.client(), client.post(&path, body), 400).await.says(
            "InvalidModel",
            "colour",
            "not part of a reference",
        );
        let wrong = client.delete(&path).query("@id", "nonsense").await.problem(400);
        assert_eq!(wrong.target, "@id", "{wrong:?}");
    }
}

async fn a_removed_package_takes_its_links_with_it(app: TestApp) {
    let [a, b] = two(&app.client()).await;
    incompatible(&app.client(), &a, &b).await;
    incompatible(&app.client(), &b, &a).await;
    let client = app.client().beta();
    client.delete(format!("{PACKAGES}/{b}")).await.expect(204);
    for side in ["incompatibleAccessPackages", "accessPackagesIncompatibleWith"] {
        assert_eq!(client.get(format!("{PACKAGES}/{a}/{side}")).await.expect(200).rows(), [] as [Json; 0]);
    }
}

async fn incompatible_packages_are_a_list_like_any_other(app: TestApp) {
    let client = app.client();
    let catalog = fixtures::catalog(&client, "Sales").await;
    let package = fixtures::package(&client, &catalog, "P").await;
    for name in ["A", "B", "C"] {
        let other = fixtures::package(&client, &catalog, name).await;
        incompatible(&client, &package, &other).await;
        incompatible(&client, &other, &package).await;
    }
    for words in VERSIONS {
        for side in ["incompatibleAccessPackages", "accessPackagesIncompatibleWith"] {
            let path = format!("{PACKAGES}/{package}/{side}");
            let list = words.of(&client).get(path).query("$filter", "displayName ne 'B'").query("$count", "true");
            let list = list.query("$orderby", "displayName desc").query("$expand", words.catalog).await.expect(200);
            assert_eq!(
                (list.column("displayName"), &list.json()["@odata.count"]),
                (vec!["C".into(), "A".into()], &json!(2))
            );
            assert_eq!(list.rows()[0][words.catalog]["id"], *catalog);
        }
    }
}

async fn references_are_paged(app: TestApp) {
    let client = app.client();
    let catalog = fixtures::catalog(&client, "Sales").await;
    let package = fixtures::package(&client, &catalog, "P").await;
    for name in ["A", "B", "C"] {
        let other = fixtures::package(&client, &catalog, name).await;
        incompatible(&client, &package, &other).await;
    }
    for words in VERSIONS {
        let client = words.of(&client);
        let path = format!("{PACKAGES}/{package}/incompatibleAccessPackages/$ref");
        let page = client.get(path).header("prefer", "odata.maxpagesize=2").query("$count", "true").await.expect(200);
        assert_eq!((page.rows().len(), &page.json()["@odata.count"]), (2, &json!(3)));
        let next = page.json()["@odata.nextLink"].as_str().unwrap().to_owned();
        assert_eq!(client.get(next).await.expect(200).rows().len(), 1);
    }
}
