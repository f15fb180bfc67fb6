//! `$search` over names and descriptions.

use serde_json::json;

use crate::{
    engines,
    support::{
        TestApp,
        fixtures::{self, PACKAGES, VERSIONS},
    },
};

engines! {
    words_are_found_in_names_and_descriptions,
    counts_and_lists_below_are_searched,
    a_malformed_search_is_refused,
}

async fn world(app: &TestApp) -> String {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for (name, description) in [
        ("Alpha", Some("read the reports")),
        ("Beta", Some("write 50% of reports")),
        ("Gamma", None),
        ("O'Neil \"Al\"", Some("a\\b_c")),
    ] {
        let body = json!({ "displayName": name, "catalogId": catalog, "description": description });
        fixtures::package_of(&app.client(), body).await;
    }
    catalog
}

async fn words_are_found_in_names_and_descriptions(app: TestApp) {
    world(&app).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (search, expected) in [
            ("alpha", "A"),
            ("ALPHA", "A"),
            ("\"Alpha\"", "A"),
            ("reports", "AB"),
            ("\"the reports\"", "A"),
            ("reports alpha", "A"),
            ("reports AND beta", "B"),
            ("alpha OR gamma", "AG"),
            ("NOT reports", "GO"),
            ("reports NOT alpha", "B"),
            ("(alpha OR beta) AND write", "B"),
            ("\"displayName:alpha\"", "A"),
            ("\"description:alpha\"", ""),
            ("50%", "B"),
            ("%", "B"),
            ("_", "O"),
            ("o'neil", "O"),
            ("\"\\\"Al\\\"\"", "O"),
            ("nobody", ""),
        ] {
            let page = client.get(PACKAGES).query("$search", search).query("$orderby", "displayName").await.expect(200);
            let found: String = page.column("displayName").iter().filter_map(|name| name.chars().next()).collect();
            assert_eq!(found, expected, "{}: {search}", words.version);
        }
    }
}

async fn counts_and_lists_below_are_searched(app: TestApp) {
    let catalog = world(&app).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let count = client.get(format!("{PACKAGES}/$count")).query("$search", "reports").await.expect(200);
        assert_eq!(count.text(), "2");
        let path = format!("{}/{catalog}{PACKAGES}", words.catalogs);
        let page = client.get(&path).query("$search", "reports").query("$filter", "displayName ne 'Beta'").await;
        assert_eq!(page.expect(200).column("displayName"), ["Alpha"]);
        assert_eq!(
            client.get(words.catalogs).query("$search", "sales").await.expect(200).column("id"),
            [catalog.as_str()]
        );
    }
}

async fn a_malformed_search_is_refused(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for search in ["\"open", "(a", "a)", "AND", "a OR", "NOT", "()", ""] {
            let problem = client.get(PACKAGES).query("$search", search).await.problem(400);
            assert_eq!((problem.code.as_str(), problem.target.as_str()), ("BadRequest", "$search"), "{search}");
        }
        let many = vec!["word"; 21].join(" ");
        client.get(PACKAGES).query("$search", &many).await.problem(400);
    }
}
