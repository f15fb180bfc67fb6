//! `$filter`, of every kind, in both versions. That results are right on any data is proved by the tests of the engines.

use std::time::Duration;

use serde_json::json;

use crate::{
    engines,
    support::{
        Client, TestApp,
        fixtures::{self, BETA, PACKAGES, VERSIONS, incompatible},
    },
};

engines! {
    comparisons_of_texts,
    comparisons_of_truths_and_times,
    null_is_something_to_compare_with,
    logical_operators_and_parentheses,
    functions_of_texts,
    functions_of_times,
    properties_of_the_catalog,
    any_and_all_of_the_packages_of_a_catalog,
    any_and_all_of_incompatible_packages,
    enumerations_of_catalogs,
    letters_and_metacharacters_mean_themselves,
    counts_are_filtered,
    a_filter_on_what_v1_does_not_show_is_refused,
}

/// Four packages in two catalogs.
async fn world(app: &TestApp) -> [String; 4] {
    let sales = fixtures::catalog(&app.client(), "Sales").await;
    let legal = fixtures::catalog(&app.client(), "Legal").await;
    let make = async |catalog: &str, name: &str, description: Option<&str>, hidden: bool| {
        let body = json!({ "displayName": name, "catalogId": catalog, "description": description, "isHidden": hidden });
        let id = fixtures::package_of(&app.client(), body).await;
        app.advance(Duration::from_hours(24)).await;
        id
    };
    [
        make(&sales, "Alpha", Some("The first"), false).await,
        make(&sales, "Beta", None, true).await,
        make(&legal, "Gamma", Some("The third"), false).await,
        make(&legal, "O'Neil's 50%", Some(""), true).await,
    ]
}

/// The first letters of the names that a filter lets through.
async fn found(client: &Client, set: &str, filter: &str) -> String {
    let page = client.get(set).query("$filter", filter).query("$orderby", "displayName").await.expect(200);
    page.column("displayName").iter().filter_map(|name| name.chars().next()).collect()
}

async fn all_of(app: &TestApp, cases: &[(&str, &str)]) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (filter, expected) in cases {
            let filter = filter.replace("{catalog}", words.catalog);
            assert_eq!(found(&client, PACKAGES, &filter).await, *expected, "{}: {filter}", words.version);
        }
    }
}

async fn comparisons_of_texts(app: TestApp) {
    let [alpha, ..] = world(&app).await;
    let by_id = format!("id eq '{alpha}'");
    all_of(
        &app,
        &[
            ("displayName eq 'Alpha'", "A"),
            ("'Alpha' eq displayName", "A"),
            ("displayName ne 'Alpha'", "BGO"),
            ("displayName gt 'Beta'", "GO"),
            ("displayName ge 'Beta'", "BGO"),
            ("displayName lt 'Beta'", "A"),
            ("displayName le 'Beta'", "AB"),
            ("displayName in ('Alpha', 'Gamma', 'Nobody')", "AG"),
            ("not (displayName in ('Alpha'))", "BGO"),
            ("displayName eq 'O''Neil''s 50%'", "O"),
            ("displayName eq description", ""),
            (&by_id, "A"),
        ],
    )
    .await;
}

async fn comparisons_of_truths_and_times(app: TestApp) {
    world(&app).await;
    all_of(
        &app,
        &[
            ("isHidden", "BO"),
            ("isHidden eq true", "BO"),
            ("isHidden ne true", "AG"),
            ("not isHidden", "AG"),
            ("isHidden gt false", "BO"),
            ("isHidden lt true", "AG"),
            ("createdDateTime eq 2026-02-01T08:00:00Z", "B"),
            ("createdDateTime gt 2026-02-01T08:00:00Z", "GO"),
            ("createdDateTime ge 2026-02-01T10:00:00+02:00", "BGO"),
            ("createdDateTime lt 2026-02-01T08:00:00.000001Z", "AB"),
            ("createdDateTime le now() sub duration'P3D'", "AB"),
        ],
    )
    .await;
}

async fn null_is_something_to_compare_with(app: TestApp) {
    world(&app).await;
    all_of(
        &app,
        &[
            ("description eq null", "B"),
            ("description ne null", "AGO"),
            ("description ne 'The first'", "BGO"),
            ("not (description eq 'The first')", "BGO"),
            ("description in (null, 'The third')", "BG"),
            ("description gt null", ""),
            ("description eq ''", "O"),
        ],
    )
    .await;
}

async fn logical_operators_and_parentheses(app: TestApp) {
    world(&app).await;
    all_of(
        &app,
        &[
            ("isHidden and displayName eq 'Beta'", "B"),
            ("isHidden or displayName eq 'Alpha'", "ABO"),
            ("displayName eq 'Alpha' or displayName eq 'Beta' and isHidden eq false", "A"),
            ("(displayName eq 'Alpha' or displayName eq 'Beta') and isHidden", "B"),
            ("not (isHidden or displayName eq 'Alpha')", "G"),
            ("not not isHidden", "BO"),
            ("true", "ABGO"),
            ("false or false", ""),
        ],
    )
    .await;
}

async fn functions_of_texts(app: TestApp) {
    world(&app).await;
    all_of(
        &app,
        &[
            ("contains(displayName,'amm')", "G"),
            ("contains(displayName, '%')", "O"),
            ("startswith(displayName,'Al')", "A"),
            ("startswith(displayName, 'Al') eq false", "BGO"),
            ("endswith(displayName,'ta')", "B"),
            ("tolower(displayName) eq 'alpha'", "A"),
            ("toupper(displayName) eq 'ALPHA'", "A"),
            ("length(displayName) eq 5", "AG"),
            ("length(displayName) gt 5", "O"),
            ("contains(tolower(description),'the')", "AG"),
            ("not contains(description,'first')", "GO"),
            ("indexof(displayName,'a') eq 1", "G"),
            ("concat(displayName,'!') eq 'Beta!'", "B"),
            ("trim(concat(' ',displayName)) eq 'Beta'", "B"),
        ],
    )
    .await;
}

async fn functions_of_times(app: TestApp) {
    world(&app).await;
    all_of(
        &app,
        &[
            ("year(createdDateTime) eq 2026", "ABGO"),
            ("month(createdDateTime) eq 1", "A"),
            ("day(createdDateTime) ge 2 and month(createdDateTime) eq 2", "GO"),
            ("hour(createdDateTime) eq 8", "ABGO"),
            ("minute(createdDateTime) eq 0 and second(createdDateTime) eq 0", "ABGO"),
            ("date(createdDateTime) eq 2026-02-02", "G"),
        ],
    )
    .await;
}

async fn properties_of_the_catalog(app: TestApp) {
    world(&app).await;
    all_of(
        &app,
        &[
            ("{catalog}/displayName eq 'Sales'", "AB"),
            ("startswith({catalog}/displayName,'Le') and isHidden", "O"),
            ("{catalog}/isExternallyVisible", "ABGO"),
            ("not ({catalog}/displayName eq 'Sales')", "GO"),
        ],
    )
    .await;
    let client = app.reader().beta();
    let sales = client.get(BETA.catalogs).query("$filter", "displayName eq 'Sales'").await.expect(200).column("id");
    assert_eq!(found(&client, PACKAGES, &format!("catalogId eq '{}'", sales[0])).await, "AB");
}

async fn any_and_all_of_the_packages_of_a_catalog(app: TestApp) {
    world(&app).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (filter, expected) in [
            ("accessPackages/any()", "LS"),
            ("not accessPackages/any()", "G"),
            ("accessPackages/any(p: p/displayName eq 'Alpha')", "S"),
            ("accessPackages/any(p:startswith(p/displayName,'Ga') or p/isHidden)", "LS"),
            ("accessPackages/all(p: p/displayName ne 'Alpha')", "GL"),
            ("accessPackages/all(p: p/isHidden)", "G"),
            ("accessPackages/any(p: p/description eq null)", "S"),
            ("accessPackages/any(p: p/displayName ne displayName) and displayName ne 'Legal'", "S"),
        ] {
            assert_eq!(found(&client, words.catalogs, filter).await, expected, "{}: {filter}", words.version);
        }
    }
}

async fn any_and_all_of_incompatible_packages(app: TestApp) {
    let [alpha, beta, gamma, _] = world(&app).await;
    incompatible(&app.client(), &alpha, &beta).await;
    incompatible(&app.client(), &gamma, &beta).await;
    incompatible(&app.client(), &gamma, &alpha).await;
    let by_id = format!("incompatibleAccessPackages/any(p: p/id eq '{alpha}')");
    all_of(
        &app,
        &[
            ("incompatibleAccessPackages/any()", "AG"),
            ("accessPackagesIncompatibleWith/any()", "AB"),
            (&by_id, "G"),
            ("incompatibleAccessPackages/all(p: p/isHidden)", "ABO"),
            ("incompatibleAccessPackages/any(p: p/{catalog}/displayName eq 'Sales' and not p/isHidden)", "G"),
            ("incompatibleAccessPackages/any(p: p/incompatibleAccessPackages/any(q: q/displayName eq 'Beta'))", "G"),
        ],
    )
    .await;
}

async fn enumerations_of_catalogs(app: TestApp) {
    world(&app).await;
    for (words, state) in [(VERSIONS[0], "state"), (VERSIONS[1], "catalogStatus")] {
        let client = words.of(&app.reader());
        for (filter, expected) in [
            ("catalogType eq 'UserManaged'".to_owned(), "LS"),
            ("catalogType eq 'userManaged'".to_owned(), "LS"),
            ("catalogType ne 'userManaged'".to_owned(), "G"),
            ("catalogType in ('ServiceDefault','ServiceManaged')".to_owned(), "G"),
            (format!("{state} eq 'published'"), "GLS"),
            (format!("{state} eq 'Unpublished'"), ""),
        ] {
            assert_eq!(found(&client, words.catalogs, &filter).await, expected, "{}: {filter}", words.version);
        }
        let request = client.get(words.catalogs).query("$filter", "catalogType eq 'userManged'");
        let problem = request.await.problem(400);
        assert!(problem.message.to_lowercase().contains("did you mean 'usermanaged'?"), "{problem:?}");
    }
}

async fn letters_and_metacharacters_mean_themselves(app: TestApp) {
    let client = app.client();
    let catalog = fixtures::catalog(&client, "Sales").await;
    let names = ["100%", "100_", "1000", "a\\b", "a\"b", "x'; DROP TABLE access_package; --", "ZOË", "zoë", "日本"];
    for name in names {
        fixtures::package(&client, &catalog, name).await;
    }
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for name in names {
            let quoted = name.replace('\'', "''");
            for filter in [format!("displayName eq '{quoted}'"), format!("contains(displayName,'{quoted}')")] {
                let page = client.get(PACKAGES).query("$filter", &filter).await.expect(200);
                assert!(page.column("displayName").contains(&name.to_owned()), "{filter}");
            }
        }
        let found = client.get(PACKAGES).query("$filter", "startswith(displayName,'100_')").await.expect(200);
        assert_eq!(found.column("displayName"), ["100_"]);
        let found = client.get(PACKAGES).query("$filter", "contains(displayName,'0%')").await.expect(200);
        assert_eq!(found.column("displayName"), ["100%"]);
        let found = client.get(PACKAGES).query("$filter", "length(displayName) eq 2").await.expect(200);
        assert_eq!(found.column("displayName"), ["日本"]);
    }
}

async fn counts_are_filtered(app: TestApp) {
    world(&app).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let count = client.get(format!("{PACKAGES}/$count")).query("$filter", "isHidden").await.expect(200);
        assert_eq!(count.text(), "2");
        let page = client.get(PACKAGES).query("$filter", "isHidden").query("$count", "true").query("$top", "1").await;
        assert_eq!(page.expect(200).json()["@odata.count"], 2);
    }
}

async fn a_filter_on_what_v1_does_not_show_is_refused(app: TestApp) {
    let client = app.reader().v1();
    for name in ["catalogId", "uniqueName", "isRoleScopesVisible", "createdBy"] {
        let problem = client.get(PACKAGES).query("$filter", &format!("{name} eq null")).await.problem(400);
        assert_eq!((problem.code.as_str(), problem.target.as_str()), ("InvalidFilter", "$filter"));
        assert!(problem.message.contains(name), "{problem:?}");
    }
}
