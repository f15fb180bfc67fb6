//! The ways in which clients spell one and the same request.

use serde_json::json;

use crate::{
    engines,
    support::{
        TestApp,
        fixtures::{self, BETA, PACKAGES, VERSIONS},
    },
};

engines! {
    options_work_with_and_without_their_dollar,
    options_are_decoded_as_forms_are,
    names_count_in_any_letter_case,
    a_slash_at_the_end_changes_nothing,
    localtest_is_beta_by_another_name,
    terraform_makes_reads_changes_and_removes_what_it_manages,
    links_name_the_host_that_the_caller_used,
}

async fn options_work_with_and_without_their_dollar(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["A", "B", "C"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let with =
            "$filter=displayName ne 'B'&$orderby=displayName desc&$top=1&$skip=1&$count=true&$select=displayName";
        let with = client.get(format!("{PACKAGES}?{with}")).await.expect(200).json();
        let without = "filter=displayName ne 'B'&orderby=displayName desc&top=1&skip=1&count=true&select=displayName";
        let without = client.get(format!("{PACKAGES}?{without}")).await.expect(200).json();
        assert_eq!(with, without);
        assert_eq!((&with["value"], &with["@odata.count"]), (&json!([{ "displayName": "A" }]), &json!(2)));
        let expanded = client.get(format!("{PACKAGES}?expand={}&search=b", words.catalog)).await.expect(200);
        assert_eq!(expanded.rows()[0][words.catalog]["displayName"], "Sales");
    }
}

async fn options_are_decoded_as_forms_are(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["O'Neil + Söhne", "Other"]).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for query in [
            "$filter=displayName eq 'O''Neil %2B Söhne'",
            "$filter=displayName%20eq%20%27O%27%27Neil%20%2B%20S%C3%B6hne%27",
            "%24filter=displayName+eq+%27O%27%27Neil+%2B+S%C3%B6hne%27",
            "%24filter=startswith%28displayName%2C+%27O%27%27Neil%27%29",
            "&&$filter=displayName+eq+'O''Neil+%2B+Söhne'&",
        ] {
            let page = client.get(format!("{PACKAGES}?{query}")).await.expect(200);
            assert_eq!(page.column("displayName"), ["O'Neil + Söhne"], "{query}");
        }
    }
}

async fn names_count_in_any_letter_case(app: TestApp) {
    let catalog = fixtures::catalog_with(&app.client(), &["A", "B"]).await;
    for words in VERSIONS {
        let client = app.reader().below(&format!("/{}", words.version));
        let path = format!("/IDENTITYGOVERNANCE/entitlementmanagement{}/{catalog}/ACCESSPACKAGES", words.catalogs);
        let page = client.get(format!("{path}?$FILTER=DISPLAYNAME EQ 'A'&$Select=DisplayName"));
        let page = page.undocumented("names in another letter case").await.expect(200);
        assert_eq!(page.column("displayName"), ["A"]);
    }
}

async fn a_slash_at_the_end_changes_nothing(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let list = client.get(format!("{}/", words.catalogs)).undocumented("a slash at the end").await.expect(200);
        assert_eq!(list.rows().len(), 2);
        let one = client.get(format!("{}/{catalog}/", words.catalogs)).undocumented("a slash at the end").await;
        assert_eq!(one.expect(200).id(), catalog);
        let made = client.post(format!("{PACKAGES}/"), words.package(&catalog, "P")).undocumented("a slash at the end");
        made.await.expect(201);
        client.get(format!("{PACKAGES}//")).undocumented("an empty segment").await.expect(404);
    }
}

async fn localtest_is_beta_by_another_name(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let client = app.client().version("localtest");
    let made = client.post(PACKAGES, BETA.package(&catalog, "P")).await.expect(201);
    let context = made.json()["@odata.context"].as_str().unwrap().to_owned();
    assert!(context.starts_with(&format!("{}/localtest/$metadata#", app.base)), "{context}");
    assert!(made.header("location").starts_with(&client.url(PACKAGES)), "{}", made.header("location"));
    let page =
        client.get(PACKAGES).header("prefer", "odata.maxpagesize=1").query("$expand", "accessPackageCatalog").await;
    assert_eq!(page.expect(200).rows()[0]["accessPackageCatalog"]["id"], *catalog);
    let problem = client.post(PACKAGES, json!({ "displayName": "P", "catalog": { "id": catalog } })).await.problem(400);
    problem.says("InvalidModel", "catalog", "is not a property");
    client.delete(made.header("location")).await.expect(204);
}

/// The requests of terraform-provider-azuread, as they were recorded.
async fn terraform_makes_reads_changes_and_removes_what_it_manages(app: TestApp) {
    let client = app.client().beta();
    let headers = |request: crate::support::client::Request| {
        request
            .header("accept", "application/json; charset=utf-8; IEEE754Compatible=false")
            .header("odata-version", "4.0")
            .header("odata-maxversion", "4.0")
            .undocumented("OData's own headers, and enumerations in lower case")
    };
    let mut body = json!({
        "@odata.type": "#microsoft.graph.accessPackageCatalog", "displayName": "C", "description": "D",
        "catalogStatus": "published", "isExternallyVisible": true,
    });
    let catalog = headers(client.post(BETA.catalogs, body.clone())).await.expect(201).id();
    let of_catalog = format!("{}/{catalog}", BETA.catalogs);
    body["catalogStatus"] = json!("unpublished");
    assert!([200, 204].contains(&headers(client.patch(&of_catalog, body)).await.status));
    let mut nested = headers(client.get(&of_catalog)).await.expect(200).json();
    assert_eq!(nested["catalogStatus"], "Unpublished");
    for name in ["createdBy", "createdDateTime", "modifiedBy", "modifiedDateTime", "@odata.context"] {
        nested.as_object_mut().unwrap().remove(name);
    }
    let mut body = json!({
        "@odata.type": "#microsoft.graph.accessPackage", "displayName": "P", "description": "D", "isHidden": false,
        "accessPackageCatalog": nested,
    });
    let package = headers(client.post(PACKAGES, body.clone())).await.expect(201).id();
    let path = format!("{PACKAGES}/{package}");
    let read = headers(client.get(&path)).await.expect(200).json();
    assert_eq!((&read["catalogId"], &read["isHidden"]), (&json!(catalog), &json!(false)));
    body["displayName"] = json!("Q");
    assert!([200, 204].contains(&headers(client.patch(&path, body)).await.status));
    assert_eq!(headers(client.get(&path)).await.expect(200).json()["displayName"], "Q");
    headers(client.delete(&path)).await.expect(204);
    for _ in 0..5 {
        client.get(&path).await.expect(404);
    }
    headers(client.delete(&of_catalog)).await.expect(204);
}

async fn links_name_the_host_that_the_caller_used(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let request = client.post(PACKAGES, words.package(&catalog, "P")).header("host", "governance.example:8443");
        let made = request.undocumented("Host is no parameter").await.expect(201);
        let start = format!("http://governance.example:8443/{}/", words.version);
        assert!(made.header("location").starts_with(&start), "{}", made.header("location"));
        let request = client.post(PACKAGES, words.package(&catalog, "P")).header("host", "a\"b<c>");
        request.await.problem(400).says("BadRequest", "Host", "not a host");
    }
}
