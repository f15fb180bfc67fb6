//! `$select` and `$expand`: what of an entity is in the answer.

use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        TestApp,
        fixtures::{self, PACKAGES, VERSIONS, incompatible},
    },
};

engines! {
    a_selection_is_all_there_is,
    a_star_selects_everything,
    what_is_selected_is_told_in_the_context,
    the_catalog_is_expanded,
    everything_is_expanded_by_a_star,
    the_packages_of_a_catalog_are_expanded_with_options,
    an_expansion_that_does_not_fit_goes_on_elsewhere,
    expansions_nest,
    an_expanded_link_without_targets_is_an_empty_list,
    an_expansion_works_on_one_entity_as_on_a_list,
    what_does_not_exist_is_neither_selected_nor_expanded,
    what_nests_too_deep_is_refused,
}

fn names(row: &Json) -> Vec<&str> {
    row.as_object().unwrap().keys().map(String::as_str).filter(|name| *name != "@odata.context").collect()
}

async fn a_selection_is_all_there_is(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["P"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (select, expected) in [
            ("id,displayName", vec!["id", "displayName"]),
            ("displayName,id", vec!["id", "displayName"]),
            ("DISPLAYNAME", vec!["displayName"]),
            (" isHidden , id ", vec!["id", "isHidden"]),
            ("id,id", vec!["id"]),
        ] {
            let page = client.get(PACKAGES).query("$select", select).await.expect(200);
            assert_eq!(names(&page.rows()[0]), expected, "{select}");
            let id = client.get(PACKAGES).await.expect(200).column("id").remove(0);
            let one = client.get(format!("{PACKAGES}/{id}")).query("$select", select).await.expect(200);
            assert_eq!(names(&one.json()), expected, "{select}");
        }
    }
}

async fn a_star_selects_everything(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["P"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let all = client.get(PACKAGES).await.expect(200).json();
        assert_eq!(client.get(PACKAGES).query("$select", "*").await.expect(200).json(), all);
        assert_eq!(client.get(PACKAGES).query("$select", "id,*").await.expect(200).json(), all);
    }
}

async fn what_is_selected_is_told_in_the_context(app: TestApp) {
    let catalog = fixtures::catalog_with(&app.client(), &["P"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let root = format!("{}/{}/$metadata#identityGovernance/entitlementManagement", app.base, words.version);
        let context = async |path: String| client.get(path).await.expect(200).json()["@odata.context"].clone();
        assert_eq!(context(PACKAGES.to_owned()).await, format!("{root}/accessPackages"));
        let selected = context(format!("{PACKAGES}?$select=id,displayName")).await;
        assert_eq!(selected, format!("{root}/accessPackages(id,displayName)"));
        let expanded = context(format!("{PACKAGES}?$expand={}", words.catalog)).await;
        assert_eq!(expanded, format!("{root}/accessPackages({}())", words.catalog));
        let one = context(format!("{}/{catalog}?$select=id", words.catalogs)).await;
        assert_eq!(one, format!("{root}{}(id)/$entity", words.catalogs));
        let below = context(format!("{}/{catalog}{PACKAGES}", words.catalogs)).await;
        assert_eq!(below, format!("{root}{}('{catalog}')/accessPackages", words.catalogs));
    }
}

async fn the_catalog_is_expanded(app: TestApp) {
    let catalog = fixtures::catalog_with(&app.client(), &["A", "B"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let plain = client.get(format!("{}/{catalog}", words.catalogs)).await.expect(200).json();
        for row in client.get(PACKAGES).query("$expand", words.catalog).await.expect(200).rows() {
            let expanded = row[words.catalog].as_object().unwrap();
            for (name, value) in plain.as_object().unwrap().iter().filter(|(name, _)| !name.starts_with('@')) {
                assert_eq!(expanded[name], *value, "{name}");
            }
        }
        let page =
            client.get(PACKAGES).query("$expand", &format!("{}($select=id)", words.catalog)).query("$select", "id");
        let row = page.await.expect(200).rows().remove(0);
        assert_eq!(names(&row), ["id", words.catalog]);
        assert_eq!(row[words.catalog], json!({ "id": catalog }));
    }
}

async fn everything_is_expanded_by_a_star(app: TestApp) {
    let client = app.client();
    let catalog = fixtures::catalog(&client, "Sales").await;
    let [a, b] = [fixtures::package(&client, &catalog, "A").await, fixtures::package(&client, &catalog, "B").await];
    incompatible(&client, &a, &b).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let one = client.get(format!("{PACKAGES}/{a}")).query("$expand", "*").await.expect(200).json();
        assert_eq!(one[words.catalog]["id"], *catalog);
        assert_eq!(one["incompatibleAccessPackages"][0]["id"], *b);
        assert_eq!(one["accessPackagesIncompatibleWith"], json!([]));
    }
}

async fn the_packages_of_a_catalog_are_expanded_with_options(app: TestApp) {
    let catalog = fixtures::catalog_with(&app.client(), &["A", "B", "C", "D"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let expanded = async |options: &str| {
            let request = client.get(format!("{}/{catalog}", words.catalogs));
            let body = request.query("$expand", &format!("accessPackages({options})")).await.expect(200).json();
            let rows = body["accessPackages"].as_array().unwrap().clone();
            let found: String = rows.iter().filter_map(|row| row["displayName"].as_str()).collect();
            (found, body["accessPackages@odata.count"].clone(), rows)
        };
        assert_eq!(expanded("$orderby=displayName desc").await.0, "DCBA");
        assert_eq!(expanded("$filter=displayName gt 'B';$orderby=displayName").await.0, "CD");
        assert_eq!(expanded("$orderby=displayName;$top=2;$skip=1").await.0, "BC");
        assert_eq!(expanded("$search=\"a\"").await.0, "A");
        let (found, count, rows) = expanded("$count=true;$top=1;$orderby=displayName;$select=displayName").await;
        assert_eq!((found.as_str(), count, names(&rows[0])), ("A", json!(4), vec!["displayName"]));
    }
}

async fn an_expansion_that_does_not_fit_goes_on_elsewhere(app: TestApp) {
    let catalog = fixtures::catalog_with(&app.client(), &["A", "B", "C", "D", "E"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let request = client.get(format!("{}/{catalog}", words.catalogs));
        let request = request.query("$expand", "accessPackages($top=2;$orderby=displayName;$select=displayName)");
        let body = request.await.expect(200).json();
        assert_eq!(body["accessPackages"], json!([{ "displayName": "A" }, { "displayName": "B" }]));
        let mut next = body["accessPackages@odata.nextLink"].as_str().map(str::to_owned);
        let mut rest = Vec::new();
        while let Some(url) = next {
            let page = client.get(url).await.expect(200);
            rest.extend(page.column("displayName"));
            next = page.json()["@odata.nextLink"].as_str().map(str::to_owned);
        }
        assert!(rest.starts_with(&["C".to_owned(), "D".to_owned()]), "{rest:?}");
    }
}

async fn expansions_nest(app: TestApp) {
    let client = app.client();
    let catalog = fixtures::catalog(&client, "Sales").await;
    let [a, b] = [fixtures::package(&client, &catalog, "A").await, fixtures::package(&client, &catalog, "B").await];
    incompatible(&client, &a, &b).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let catalog_of = format!("{}($select=displayName)", words.catalog);
        let nested = format!("incompatibleAccessPackages($select=displayName;$expand={catalog_of})");
        let request = client.get(words.catalogs).query("$filter", "displayName eq 'Sales'").query("$select", "id");
        let expand = format!("accessPackages($select=displayName;$orderby=displayName;$expand={nested})");
        let row = request.query("$expand", &expand).await.expect(200).rows().remove(0);
        let inner = json!([{ "displayName": "B", words.catalog: { "displayName": "Sales" } }]);
        let expected = json!([
            { "displayName": "A", "incompatibleAccessPackages": inner },
            { "displayName": "B", "incompatibleAccessPackages": [] },
        ]);
        assert_eq!(row, json!({ "id": catalog, "accessPackages": expected }));
    }
}

async fn an_expanded_link_without_targets_is_an_empty_list(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let row = client.get(words.catalogs).query("$expand", "accessPackages").await.expect(200).rows().remove(0);
        assert_eq!(row["accessPackages"], json!([]));
    }
}

async fn an_expansion_works_on_one_entity_as_on_a_list(app: TestApp) {
    let catalog = fixtures::catalog_with(&app.client(), &["P"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let id = client.get(PACKAGES).await.expect(200).column("id").remove(0);
        let expand = format!("{}($expand=accessPackages($select=id))", words.catalog);
        let mut one = client.get(format!("{PACKAGES}/{id}")).query("$expand", &expand).await.expect(200).json();
        one.as_object_mut().unwrap().remove("@odata.context");
        let listed = client.get(PACKAGES).query("$expand", &expand).await.expect(200).rows().remove(0);
        assert_eq!(one, listed);
        assert_eq!(one[words.catalog]["accessPackages"], json!([{ "id": id }]));
        assert_eq!(one[words.catalog]["id"], *catalog);
    }
}

async fn what_does_not_exist_is_neither_selected_nor_expanded(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (option, value, part) in [
            ("$select", "displayNam", "Did you mean 'displayName'?"),
            ("$select", "id,colour", "Could not find a property named 'colour'"),
            ("$select", "", "Could not find a property"),
            ("$select", "id,", "Could not find a property"),
            ("$expand", "colour", "Could not find a property named 'colour'"),
            ("$expand", "displayName", "not a navigation property"),
            ("$expand", "incompatibleAccessPackages($select=colour)", "'colour'"),
            ("$expand", "incompatibleAccessPackages(", "a '(' is not closed"),
            ("$expand", "incompatibleAccessPackages()x", "does not end with ')'"),
            ("$expand", "incompatibleAccessPackages,incompatibleAccessPackages", "expanded twice"),
            ("$expand", "incompatibleAccessPackages($color=red)", "is not a query option"),
            ("$expand", "incompatibleAccessPackages/displayName", "is a path"),
        ] {
            let problem = client.get(PACKAGES).query(option, value).await.problem(400);
            assert!(problem.message.contains(part), "{option}={value}: {problem:?}");
            assert_eq!(problem.code, "BadRequest", "{option}={value}");
        }
        let problem = client.get(PACKAGES).query("$expand", "incompatibleAccessPackages/$count").await.problem(501);
        problem.says("NotImplemented", "$expand", "is not implemented");
    }
}

async fn what_nests_too_deep_is_refused(app: TestApp) {
    let nest = |depth: usize| {
        let open = "incompatibleAccessPackages($expand=".repeat(depth - 1);
        format!("{open}incompatibleAccessPackages{}", ")".repeat(depth - 1))
    };
    for words in VERSIONS {
        let client = words.of(&app.reader());
        client.get(PACKAGES).query("$expand", &nest(4)).await.expect(200);
        for depth in [5, 300] {
            let problem = client.get(PACKAGES).query("$expand", &nest(depth)).await.problem(400);
            assert!(problem.message.contains("levels deep"), "{problem:?}");
        }
    }
}
