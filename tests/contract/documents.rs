//! The OpenAPI documents: what is committed is what is emitted, and they hold together.
//!
//! `UPDATE=1 cargo test --test contract documents::` writes the committed files anew.

use std::{collections::BTreeSet, path::Path, process::Command};

use serde_json::Value as Json;

use crate::support::document::Document;

/// The versions of the API.
const VERSIONS: [&str; 2] = ["v1.0", "beta"];

/// What the binary prints.
fn emitted(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cardea")).arg("openapi").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn document(version: &str) -> Json {
    serde_json::from_str(&emitted(&[version])).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "how tests are run is said by the environment")]
fn updating() -> bool {
    std::env::var("UPDATE").is_ok_and(|value| value == "1")
}

#[test]
fn the_committed_documents_are_what_the_binary_emits() {
    for version in VERSIONS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("openapi/{version}.json"));
        let emitted = emitted(&[version]);
        if updating() {
            std::fs::write(&path, &emitted).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        let how = "`UPDATE=1 cargo test --test contract documents::` writes it anew";
        assert!(committed == emitted, "openapi/{version}.json is not what `cardea openapi {version}` prints: {how}");
    }
}

#[test]
fn the_documents_are_printed_in_every_form() {
    for version in VERSIONS {
        let new = document(version);
        let yaml: Json = serde_yaml_ng::from_str(&emitted(&[version, "--yaml"])).unwrap();
        assert_eq!(yaml, new);
        let old: Json = serde_json::from_str(&emitted(&[version, "--oas", "3.0"])).unwrap();
        assert_eq!((&new["openapi"], &old["openapi"]), (&Json::from("3.1.0"), &Json::from("3.0.3")));
        let named: Json = serde_json::from_str(&emitted(&[version, "--server", "https://a.example/graph"])).unwrap();
        assert_eq!(named["servers"][0]["url"], format!("https://a.example/graph/{version}"));
    }
}

#[test]
fn no_two_operations_have_the_same_id() {
    for version in VERSIONS {
        let document = Document::new(document(version));
        let ids: BTreeSet<&str> = document.operations.iter().map(|operation| operation.id.as_str()).collect();
        assert_eq!(ids.len(), document.operations.len());
        assert!(!ids.contains(""));
    }
}

#[test]
fn every_reference_leads_somewhere() {
    for version in VERSIONS {
        let document = document(version);
        let mut dangling = Vec::new();
        walk(&document, &mut |value| {
            let Some(reference) = value.get("$ref").and_then(Json::as_str) else { return };
            if reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer)).is_none() {
                dangling.push(reference.to_owned());
            }
        });
        assert_eq!(dangling, [] as [&str; 0]);
    }
}

#[test]
fn every_component_is_used() {
    for version in VERSIONS {
        let document = document(version);
        let mut used = BTreeSet::new();
        walk(&document, &mut |value| {
            if let Some(reference) = value.get("$ref").and_then(Json::as_str) {
                used.insert(reference.to_owned());
            }
        });
        for (kind, all) in document["components"].as_object().unwrap() {
            for name in all.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
                let reference = format!("#/components/{kind}/{name}");
                assert!(used.contains(&reference), "{version}: {reference} is not used");
            }
        }
    }
}

#[test]
fn every_operation_is_described() {
    for version in VERSIONS {
        for operation in Document::new(document(version)).operations {
            let (id, json) = (&operation.id, &operation.json);
            for name in ["summary", "description"] {
                assert!(json[name].as_str().is_some_and(|text| text.len() > 3), "{version}: {id} has no {name}");
            }
            assert!(json["tags"].as_array().is_some_and(|tags| tags.len() == 1), "{version}: {id}");
            assert!(json["security"].as_array().is_some_and(|all| !all.is_empty()), "{version}: {id}");
            for status in ["400", "401", "500", "503"] {
                assert!(json["responses"].get(status).is_some(), "{version}: {id} has no {status}");
            }
            let parameters = json["parameters"].as_array().into_iter().flatten();
            let names: Vec<String> = parameters.map(Json::to_string).collect();
            assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "{version}: {id}");
            let in_path = operation.template.matches('{').count();
            let described = operation.parameters.iter().filter(|(place, ..)| place == "path").count();
            assert_eq!(in_path, described, "{version}: {id}");
        }
    }
}

#[test]
fn every_example_is_what_its_schema_says() {
    for version in VERSIONS {
        let document = Document::new(document(version));
        let mut wrong = Vec::new();
        let mut number = 0;
        walk(&document.json, &mut |value| {
            let Some(schema) = value.get("schema") else { return };
            let several = value["examples"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(_, example)| &document.resolve(example)["value"]);
            for example in value.get("example").into_iter().chain(several) {
                number += 1;
                wrong.extend(document.errors(schema, example, true).iter().map(|e| format!("{e} in {example}")));
            }
        });
        let schemas = document.json["components"]["schemas"].as_object().unwrap();
        for (name, schema) in schemas {
            for (property, of) in schema["properties"].as_object().into_iter().flatten() {
                for example in of["examples"].as_array().into_iter().flatten() {
                    number += 1;
                    wrong.extend(document.errors(of, example, true).iter().map(|e| format!("{name}/{property}: {e}")));
                }
            }
        }
        assert_eq!(wrong, [] as [&str; 0], "{version}");
        assert!(number > 50, "{version} has {number} examples");
    }
}

#[test]
fn both_documents_have_the_request_of_the_request_document() {
    let document = Document::new(document("beta"));
    let create = document.operations.iter().find(|operation| operation.id == "createAccessPackage").unwrap();
    let request: Json = serde_json::from_str(include_str!("fixtures/add_access_packages_request.json")).unwrap();
    assert_eq!(create.example(), Some(&request));
    let response: Json = serde_json::from_str(include_str!("fixtures/add_access_packages_response.json")).unwrap();
    let documented = document.response(create, 201).unwrap()["content"]["application/json"]["example"].clone();
    assert_eq!(documented, response);
}

/// Visits every object.
fn walk(json: &Json, visit: &mut impl FnMut(&Json)) {
    match json {
        Json::Object(members) => {
            visit(json);
            members.values().for_each(|value| walk(value, visit));
        }
        Json::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        _ => {}
    }
}
