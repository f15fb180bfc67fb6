//! `$orderby`, `$top`, `$skip`, `$count` and pages that lead to each other.

use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        Client, TestApp,
        client::Request,
        fixtures::{self, PACKAGES, VERSIONS},
    },
};

engines! {
    rows_are_ordered_by_any_property,
    rows_are_ordered_by_several_keys,
    rows_are_ordered_by_the_catalog,
    nulls_come_first_and_go_last_when_reversed,
    order_is_that_of_code_points,
    top_and_skip_cut_a_piece_out,
    every_row_is_on_one_page,
    a_page_size_is_a_preference,
    the_next_link_keeps_the_other_options,
    top_is_the_size_of_a_page,
    the_number_is_told_on_the_first_page,
    rows_added_and_removed_meanwhile_disturb_no_other,
    a_token_fits_its_own_query_only,
    a_page_of_nothing_has_no_next,
}

/// The first letters of a page's names.
fn letters(rows: &[Json]) -> String {
    rows.iter().filter_map(|row| row["displayName"].as_str()?.chars().next()).collect()
}

/// All pages from the first one on, of this size. As OData has it, the preference holds for one request only.
async fn pages(client: &Client, first: Request, size: &str) -> Vec<Vec<Json>> {
    let mut pages = Vec::new();
    let prefer = format!("odata.maxpagesize={size}");
    let mut page = first.header("prefer", &prefer).await.expect(200);
    loop {
        pages.push(page.rows());
        assert!(pages.len() < 50, "the pages do not end");
        let body = page.json();
        let Some(next) = body["@odata.nextLink"].as_str() else { return pages };
        page = client.get(next).header("prefer", &prefer).await.expect(200);
    }
}

async fn rows_are_ordered_by_any_property(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["B", "D", "A", "C"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (order, expected) in [
            ("displayName", "ABCD"),
            ("displayName asc", "ABCD"),
            ("displayName desc", "DCBA"),
            ("id", "BDAC"),
            ("id desc", "CADB"),
            ("createdDateTime,displayName", "ABCD"),
            ("isHidden,displayName desc", "DCBA"),
            ("length(displayName),displayName", "ABCD"),
            ("tolower(displayName) desc", "DCBA"),
        ] {
            let page = client.get(PACKAGES).query("$orderby", order).await.expect(200);
            assert_eq!(letters(&page.rows()), expected, "{order}");
        }
        // Without an order it is that of the ids, which are made one after the other.
        assert_eq!(letters(&client.get(PACKAGES).await.expect(200).rows()), "BDAC");
    }
}

async fn rows_are_ordered_by_several_keys(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for (name, hidden) in [("A", true), ("B", false), ("C", true), ("D", false)] {
        let body = json!({ "displayName": name, "catalogId": catalog, "isHidden": hidden });
        fixtures::package_of(&app.client(), body).await;
    }
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (order, expected) in [
            ("isHidden,displayName", "BDAC"),
            ("isHidden desc,displayName", "ACBD"),
            ("isHidden desc, displayName desc", "CADB"),
        ] {
            let page = client.get(PACKAGES).query("$orderby", order).await.expect(200);
            assert_eq!(letters(&page.rows()), expected, "{order}");
        }
    }
}

async fn rows_are_ordered_by_the_catalog(app: TestApp) {
    let client = app.client();
    let (z, a) = (fixtures::catalog(&client, "Z").await, fixtures::catalog(&client, "A").await);
    for (catalog, name) in [(&z, "P"), (&a, "Q"), (&z, "R"), (&a, "S")] {
        fixtures::package(&client, catalog, name).await;
    }
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let order = format!("{}/displayName,displayName desc", words.catalog);
        let page = client.get(PACKAGES).query("$orderby", &order).await.expect(200);
        assert_eq!(letters(&page.rows()), "SQRP");
        let all = pages(&client, client.get(PACKAGES).query("$orderby", &order), "1").await;
        assert_eq!(letters(&all.concat()), "SQRP");
    }
}

async fn nulls_come_first_and_go_last_when_reversed(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for (name, description) in [("A", Some("y")), ("B", None), ("C", Some("x")), ("D", None)] {
        let body = json!({ "displayName": name, "catalogId": catalog, "description": description });
        fixtures::package_of(&app.client(), body).await;
    }
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (order, expected) in [("description,displayName", "BDCA"), ("description desc,displayName", "ACBD")] {
            let request = || client.get(PACKAGES).query("$orderby", order);
            assert_eq!(letters(&request().await.expect(200).rows()), expected, "{order}");
            let all = pages(&client, request(), "1").await;
            assert_eq!(letters(&all.concat()), expected, "{order}, paged");
        }
    }
}

async fn order_is_that_of_code_points(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["a", "Z", "ä", "_", "日", "z", "Ö"]).await;
    for words in VERSIONS {
        let page = words.of(&app.reader()).get(PACKAGES).query("$orderby", "displayName").await.expect(200);
        assert_eq!(letters(&page.rows()), "Z_azÖä日");
    }
}

async fn top_and_skip_cut_a_piece_out(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["A", "B", "C", "D"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (top, skip, expected) in
            [("2", "0", "AB"), ("2", "1", "BC"), ("9", "3", "D"), ("0", "0", ""), ("1", "9", "")]
        {
            let request = client.get(PACKAGES).query("$orderby", "displayName");
            let page = request.query("$top", top).query("$skip", skip).await.expect(200);
            assert_eq!(letters(&page.rows()), expected, "{top} {skip}");
        }
    }
}

async fn every_row_is_on_one_page(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["A", "B", "C", "D", "E", "F", "G"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for order in ["", "displayName desc", "isHidden", "modifiedDateTime desc,displayName"] {
            let first = client.get(PACKAGES);
            let first = if order.is_empty() { first } else { first.query("$orderby", order) };
            let all = pages(&client, first, "3").await;
            let mut found: Vec<char> = letters(&all.concat()).chars().collect();
            assert_eq!(found.len(), 7, "{order}");
            found.sort_unstable();
            assert_eq!(found.iter().collect::<String>(), "ABCDEFG", "{order}");
        }
    }
}

async fn a_page_size_is_a_preference(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["A", "B", "C"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (preference, rows, applied) in [
            ("odata.maxpagesize=2", 2, "odata.maxpagesize=2"),
            ("maxpagesize=2", 2, "odata.maxpagesize=2"),
            ("respond-async, odata.maxpagesize=1", 1, "odata.maxpagesize=1"),
            ("odata.maxpagesize=0", 3, ""),
            ("odata.maxpagesize=many", 3, ""),
            ("nonsense;;=", 3, ""),
        ] {
            let page = client.get(PACKAGES).header("prefer", preference).await.expect(200);
            assert_eq!(page.rows().len(), rows, "{preference}");
            assert_eq!(page.header("preference-applied"), applied, "{preference}");
        }
    }
}

async fn the_next_link_keeps_the_other_options(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["A", "B", "C", "D"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let request = client.get(PACKAGES).query("$filter", "displayName ne 'B' and displayName ne 'x y+z'");
        let request = request.query("$orderby", "displayName desc").query("$select", "displayName").query("$skip", "1");
        let first = request.header("prefer", "odata.maxpagesize=1").await.expect(200);
        assert_eq!(letters(&first.rows()), "C");
        let next = first.json()["@odata.nextLink"].as_str().unwrap().to_owned();
        assert!(next.starts_with(&client.url(PACKAGES)) && next.contains("skiptoken="), "{next}");
        let second = client.get(next).await.expect(200);
        assert_eq!(second.rows(), [json!({ "displayName": "A" })]);
    }
}

async fn top_is_the_size_of_a_page(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["A", "B", "C", "D", "E"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (top, preferred, expected) in [("3", "9", "ABC DE"), ("3", "2", "AB CD E"), ("9", "9", "ABCDE")] {
            let first = client.get(PACKAGES).query("$orderby", "displayName").query("$top", top);
            let all: Vec<String> = pages(&client, first, preferred).await.iter().map(|page| letters(page)).collect();
            assert_eq!(all.join(" "), expected, "$top={top} {preferred}");
        }
    }
}

async fn the_number_is_told_on_the_first_page(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["A", "B", "C"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let page = client.get(PACKAGES).query("$count", "true").query("$top", "0").await.expect(200).json();
        assert_eq!((&page["@odata.count"], &page["value"]), (&json!(3), &json!([])));
        let page = client.get(PACKAGES).query("$count", "false").await.expect(200).json();
        assert_eq!(page.get("@odata.count"), None);
        let page = client.get(PACKAGES).query("$count", "true").query("$skip", "2").await.expect(200).json();
        assert_eq!(page["@odata.count"], 3);
    }
}

async fn rows_added_and_removed_meanwhile_disturb_no_other(app: TestApp) {
    let catalog = fixtures::catalog_with(&app.client(), &["B", "D", "F", "H"]).await;
    let client = app.client().beta();
    let request = client.get(PACKAGES).query("$orderby", "displayName").header("prefer", "odata.maxpagesize=2");
    let first = request.await.expect(200);
    assert_eq!(letters(&first.rows()), "BD");
    fixtures::package(&app.client(), &catalog, "A").await;
    fixtures::package(&app.client(), &catalog, "G").await;
    client.delete(format!("{PACKAGES}/{}", first.column("id")[1])).await.expect(204);
    let rest = pages(&client, client.get(first.json()["@odata.nextLink"].as_str().unwrap()), "1").await;
    assert_eq!(letters(&rest.concat()), "FGH");
}

async fn a_token_fits_its_own_query_only(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["A", "B", "C"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let page = client.get(PACKAGES).query("$orderby", "displayName").header("prefer", "odata.maxpagesize=1").await;
        let body = page.expect(200).json();
        let token = body["@odata.nextLink"].as_str().unwrap().split("skiptoken=").last().unwrap().to_owned();
        for (order, token) in [
            ("displayName desc", token.as_str()),
            ("id", token.as_str()),
            ("displayName", "nonsense"),
            ("displayName", ""),
            ("displayName", "W10"),
            ("displayName", "bnVsbA"),
        ] {
            let request = client.get(PACKAGES).query("$orderby", order).query("$skiptoken", token);
            request.await.problem(400).says("BadRequest", "$skiptoken", "not a token of this query");
        }
        let request = client.get(words.catalogs).query("$orderby", "displayName").query("$skiptoken", &token);
        request.await.problem(400).says("BadRequest", "$skiptoken", "not a token of this query");
        let request =
            client.get(PACKAGES).query("$orderby", "displayName").query("$skiptoken", &token).query("$skip", "1");
        request.await.problem(400).says("BadRequest", "$skiptoken", "exclude each other");
    }
}

async fn a_page_of_nothing_has_no_next(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["A"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let request = client.get(PACKAGES).query("$filter", "false").header("prefer", "odata.maxpagesize=1");
        assert_eq!(request.await.expect(200).json().get("@odata.nextLink"), None);
        let page = client.get(PACKAGES).header("prefer", "odata.maxpagesize=1").await.expect(200);
        assert_eq!(page.json().get("@odata.nextLink"), None, "the last row is on the last page");
    }
}
