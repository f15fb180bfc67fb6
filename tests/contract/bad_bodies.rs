//! Bodies that are refused whole: nothing of them is stored.

use http::Method;
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        TestApp,
        client::{Problem, Request},
        fixtures::{self, PACKAGES, VERSIONS, Words, refused},
    },
};

engines! {
    what_is_not_json_is_refused,
    what_is_no_object_is_refused,
    an_empty_body_is_refused,
    invalid_utf8_is_refused,
    a_body_that_nests_too_deep_is_refused,
    a_body_over_the_limit_is_refused,
    a_body_at_the_limit_is_read,
    a_body_of_another_type_is_refused,
    the_type_of_a_body_may_be_left_out_or_have_parameters,
    a_missing_name_is_told,
    a_value_of_a_wrong_type_is_told,
    an_unknown_property_is_told,
    a_property_of_the_other_version_is_told,
    annotations_are_not_looked_at,
    a_wrong_type_name_is_told,
    everything_that_is_wrong_is_told_at_once,
    a_refused_update_changes_nothing,
    query_options_do_not_apply_to_changes,
}

/// A create of a package with a body of this type.
fn create(app: &TestApp, words: Words, content_type: &str, body: impl Into<Vec<u8>>) -> Request {
    words.of(&app.client()).request(Method::POST, PACKAGES).body(content_type, body)
}

/// What a create of a package with this body is refused with; nothing is stored.
async fn problem(app: &TestApp, words: Words, body: impl Into<Vec<u8>>) -> Problem {
    refused(&app.client(), create(app, words, "application/json", body), 400).await
}

async fn what_is_not_json_is_refused(app: TestApp) {
    for words in VERSIONS {
        for body in [
            "{",
            "}",
            "nonsense",
            "{\"displayName\":}",
            "{'displayName':'P'}",
            "{\"displayName\":\"P\",}",
            "{\"displayName\":\"P\"} x",
            "{\"displayName\":\"\\ud800\"}",
            "{\"n\":1e999}",
            "{\"a\":01}",
            "<x/>",
            "\0",
        ] {
            problem(&app, words, body).await.says("BadRequest", "", "not valid JSON");
        }
    }
}

async fn what_is_no_object_is_refused(app: TestApp) {
    for words in VERSIONS {
        for body in ["[]", "[{}]", "null", "true", "5", "\"text\""] {
            problem(&app, words, body).await.says("InvalidModel", "", "must be a JSON object");
        }
    }
}

async fn an_empty_body_is_refused(app: TestApp) {
    for words in VERSIONS {
        problem(&app, words, "").await.says("BadRequest", "", "The body is empty");
        problem(&app, words, " \n").await.says("BadRequest", "", "JSON");
    }
}

async fn invalid_utf8_is_refused(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        for bytes in [&b"\xff\xfe"[..], b"\xc3\x28", b"\xed\xa0\x80", b"\xc0\xaf"] {
            let body = words.package(&catalog, "@").to_string().into_bytes();
            let at = body.iter().position(|byte| *byte == b'@').unwrap();
            let body = [&body[..at], bytes, &body[at + 1..]].concat();
            problem(&app, words, body).await.says("BadRequest", "", "not valid JSON");
        }
    }
}

async fn a_body_that_nests_too_deep_is_refused(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        for depth in [200, 400_000] {
            let bomb = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            problem(&app, words, bomb.clone()).await.says("BadRequest", "", "not valid JSON");
            let body = words.package(&catalog, "P").to_string().replacen('{', &format!("{{\"a@b\":{bomb},"), 1);
            problem(&app, words, body).await.says("BadRequest", "", "not valid JSON");
        }
    }
}

async fn a_body_over_the_limit_is_refused(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let limit = app.api.options.max_body_bytes;
    for words in VERSIONS {
        let body = words.package(&catalog, "P").to_string();
        let padded = format!("{body}{}", " ".repeat(limit + 1 - body.len()));
        let request = create(&app, words, "application/json", padded);
        let problem = refused(&app.client(), request, 413).await;
        problem.says("RequestEntityTooLarge", "", &format!("larger than {limit} bytes"));
    }
}

async fn a_body_at_the_limit_is_read(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let body = words.package(&catalog, "P").to_string();
        let padded = format!("{body}{}", " ".repeat(app.api.options.max_body_bytes - body.len()));
        create(&app, words, "application/json", padded).await.expect(201);
    }
}

async fn a_body_of_another_type_is_refused(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let body = words.package(&catalog, "P").to_string();
        for media in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/xml",
            "application/jsonp",
            "json",
            "nonsense",
            ";",
        ] {
            let problem = refused(&app.client(), create(&app, words, media, body.clone()), 415).await;
            problem.says("UnsupportedMediaType", "Content-Type", "send application/json");
        }
    }
}

async fn the_type_of_a_body_may_be_left_out_or_have_parameters(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let body = words.package(&catalog, "P").to_string();
        for media in
            ["", "application/json; charset=utf-8", "Application/JSON;odata.metadata=minimal;IEEE754Compatible=false"]
        {
            create(&app, words, media, body.clone()).await.expect(201);
        }
    }
}

async fn a_missing_name_is_told(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let mut body = words.package(&catalog, "P");
        body.as_object_mut().unwrap().remove("displayName");
        problem(&app, words, body.to_string()).await.says("InvalidModel", "displayName", "'displayName' is required");
        body["displayName"] = Json::Null;
        problem(&app, words, body.to_string()).await.says(
            "InvalidModel",
            "displayName",
            "'displayName' cannot be null",
        );
    }
}

async fn a_value_of_a_wrong_type_is_told(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        for (name, value, part) in [
            ("displayName", json!(5), "must be a string, not the number 5"),
            ("displayName", json!(["P"]), "must be a string, not an array"),
            ("displayName", json!({ "a": "P" }), "must be a string, not an object"),
            ("description", json!(false), "must be a string, not false"),
            ("isHidden", json!("true"), "must be true or false, not 'true'"),
            ("isHidden", json!(1), "must be true or false, not the number 1"),
            ("id", json!(5), "must be a string"),
        ] {
            let mut body = words.package(&catalog, "P");
            body[name] = value;
            let problem = problem(&app, words, body.to_string()).await;
            problem.says("InvalidModel", name, part);
            assert!(problem.message.contains(name), "{problem:?}");
        }
    }
}

async fn an_unknown_property_is_told(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        for (name, part) in [
            ("colour", "'colour' is not a property of microsoft.graph.accessPackage"),
            ("DisplayName", "Did you mean 'displayName'?"),
            ("", "'' is not a property"),
            ("__proto__", "is not a property"),
            ("displayName ", "is not a property"),
        ] {
            let mut body = words.package(&catalog, "P");
            body[name] = json!("x");
            problem(&app, words, body.to_string()).await.says("InvalidModel", name, part);
        }
    }
}

async fn a_property_of_the_other_version_is_told(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for (words, name) in [(VERSIONS[0], "accessPackageCatalog"), (VERSIONS[1], "catalog")] {
        let mut body = words.package(&catalog, "P");
        body[name] = json!({ "id": catalog });
        problem(&app, words, body.to_string()).await.says("InvalidModel", name, "is not a property");
    }
    for (words, name) in [(VERSIONS[0], "catalogStatus"), (VERSIONS[1], "state")] {
        let request = words.of(&app.client()).post(words.catalogs, json!({ "displayName": "C", name: "published" }));
        refused(&app.client(), request, 400).await.says("InvalidModel", name, "is not a property");
    }
}

async fn annotations_are_not_looked_at(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let mut body = words.package(&catalog, "P");
        body["@odata.context"] = json!("https://graph.microsoft.com/beta/$metadata#x");
        body["@odata.etag"] = json!("W/\"1\"");
        body["displayName@odata.type"] = json!("#String");
        body["@example.note"] = json!({ "a": [1, 2, 3] });
        create(&app, words, "application/json", body.to_string()).await.expect(201);
    }
}

async fn a_wrong_type_name_is_told(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        for name in [json!("#microsoft.graph.accessPackageCatalog"), json!("nonsense"), json!(5), Json::Null] {
            let mut body = words.package(&catalog, "P");
            body["@odata.type"] = name;
            let problem = problem(&app, words, body.to_string()).await;
            problem.says("InvalidModel", "@odata.type", "must be '#microsoft.graph.accessPackage'");
        }
    }
}

async fn everything_that_is_wrong_is_told_at_once(app: TestApp) {
    for words in VERSIONS {
        let body = json!({ "displayName": "", "isHidden": "no", "colour": "red" });
        let request = create(&app, words, "application/json", body.to_string());
        let answer = request.await.expect(400).json();
        let details = answer["error"]["details"].as_array().unwrap().clone();
        let targets: Vec<&str> = details.iter().filter_map(|detail| detail["target"].as_str()).collect();
        assert_eq!(targets, ["displayName", "isHidden", "colour", words.catalog]);
        let message = answer["error"]["message"].as_str().unwrap();
        for detail in &details {
            assert!(message.contains(detail["message"].as_str().unwrap()), "{answer}");
        }
    }
}

async fn a_refused_update_changes_nothing(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let package = format!("{PACKAGES}/{}", fixtures::package(&app.client(), &catalog, "P").await);
        let of_catalog = format!("{}/{catalog}", words.catalogs);
        for path in [&package, &of_catalog] {
            for (body, target) in [
                (json!({ "displayName": "Q", "description": 5 }), "description"),
                (json!({ "displayName": "", "description": "Q" }), "displayName"),
                (json!({ "displayName": "Q", "colour": "red" }), "colour"),
                (json!({ "displayName": "Q", "@odata.type": "#x" }), "@odata.type"),
            ] {
                let problem = refused(&app.client(), client.patch(path, body), 400).await;
                problem.says("InvalidModel", target, target);
            }
            let broken = client.request(Method::PATCH, path).body("application/json", "{\"displayName\":\"Q\"");
            refused(&app.client(), broken, 400).await.says("BadRequest", "", "not valid JSON");
        }
    }
}

async fn query_options_do_not_apply_to_changes(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let package = format!("{PACKAGES}/{}", fixtures::package(&app.client(), &catalog, "P").await);
        for request in [
            client.post(format!("{PACKAGES}?$select=id"), words.package(&catalog, "Q")),
            client.patch(format!("{package}?$select=id"), json!({ "displayName": "Q" })),
            client.delete(format!("{package}?$select=id")),
        ] {
            refused(&app.client(), request, 400).await.says("BadRequest", "$select", "does not apply");
        }
    }
}
