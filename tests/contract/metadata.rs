//! The service document and `$metadata`.

use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{TestApp, client::Client},
};

engines! {
    the_service_document_says_what_there_is,
    metadata_is_xml_unless_json_is_wanted,
    metadata_says_the_same_in_both_forms,
    metadata_names_what_the_documents_name,
    a_form_that_there_is_not_is_refused,
}

fn versions(app: &TestApp) -> [(&'static str, Client); 2] {
    ["v1.0", "beta"].map(|version| (version, app.reader().below(&format!("/{version}"))))
}

async fn the_service_document_says_what_there_is(app: TestApp) {
    for (version, client) in versions(&app) {
        let singletons = ["auditLogs", "directory", "identityGovernance", "me", "roleManagement"];
        let sets =
            ["applications", "directoryObjects", "domains", "groups", "organization", "servicePrincipals", "users"];
        let of = |kind: &str, names: &[&str]| -> Vec<Json> {
            names.iter().map(|name| json!({ "kind": kind, "name": name, "url": name })).collect()
        };
        let expected = sorted([of("Singleton", &singletons), of("EntitySet", &sets)].concat());
        for path in ["/", ""] {
            let answer = client.get(path).await.expect(200);
            assert_eq!(sorted(answer.rows()), expected);
            assert_eq!(answer.json()["@odata.context"], format!("{}/{version}/$metadata", app.base));
        }
    }
}

fn sorted(mut all: Vec<Json>) -> Vec<Json> {
    all.sort_by_key(|one| one["name"].to_string());
    all
}

async fn metadata_is_xml_unless_json_is_wanted(app: TestApp) {
    for (_, client) in versions(&app) {
        let path = "/$metadata";
        for (request, is_json) in [
            (client.get(path), false),
            (client.get(path).header("accept", "application/xml"), false),
            (client.get(path).header("accept", "text/html,application/xhtml+xml,*/*;q=0.8"), false),
            (client.get(path).header("accept", "application/json"), true),
            (client.get(path).query("$format", "json"), true),
            (client.get(path).query("$format", "application/json"), true),
            (client.get(path).query("format", "json"), true),
            (client.get(path).query("$format", "xml").header("accept", "application/json"), false),
        ] {
            let answer = request.await.expect(200);
            assert_eq!(answer.header("content-type").starts_with("application/json"), is_json);
            assert_eq!(answer.text().starts_with("<?xml"), !is_json);
        }
    }
}

async fn metadata_says_the_same_in_both_forms(app: TestApp) {
    for (version, client) in versions(&app) {
        let xml = client.get("/$metadata").await.expect(200).text().to_owned();
        let json = client.get("/$metadata?$format=json").await.expect(200).json();
        assert!(xml.contains("<edmx:Edmx") && xml.contains("Namespace=\"microsoft.graph\""), "{xml}");
        let types = json["microsoft.graph"].as_object().unwrap();
        for (name, members) in types.iter().filter(|(_, of)| of["$Kind"] == "EntityType") {
            assert!(xml.contains(&format!("<EntityType Name=\"{name}\"")), "{version}: {name}");
            for (property, of) in members.as_object().unwrap().iter().filter(|(name, _)| !name.contains(['$', '@'])) {
                let kind = if of["$Kind"] == "NavigationProperty" { "NavigationProperty" } else { "Property" };
                assert!(xml.contains(&format!("<{kind} Name=\"{property}\"")), "{version}: {name}/{property}");
            }
        }
    }
}

async fn metadata_names_what_the_documents_name(app: TestApp) {
    for (version, client) in versions(&app) {
        let json = client.get("/$metadata?$format=json").await.expect(200).json();
        let document = client.get("/openapi.json").undocumented("the document itself").await.expect(200).json();
        for name in ["accessPackage", "accessPackageCatalog"] {
            let mut declared: Vec<&String> = members(&json["microsoft.graph"][name]).collect();
            declared.push(&ID);
            declared.sort();
            let schema = &document["components"]["schemas"][format!("microsoft.graph.{name}")]["properties"];
            let mut described: Vec<&String> = members(schema).collect();
            described.sort();
            assert_eq!(declared, described, "{version}: {name}");
        }
    }
}

static ID: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| "id".to_owned());

/// The names in an object that are no annotations.
fn members(of: &Json) -> impl Iterator<Item = &String> {
    of.as_object().unwrap().keys().filter(|name| !name.contains(['$', '@']))
}

async fn a_form_that_there_is_not_is_refused(app: TestApp) {
    for (_, client) in versions(&app) {
        let problem = client.get("/$metadata?$format=yaml").await.problem(501);
        problem.says("NotImplemented", "$format", "'yaml' is not implemented");
        let problem = client.get("/$metadata?$select=id").await.problem(400);
        problem.says("BadRequest", "$select", "does not apply to $metadata");
    }
}
