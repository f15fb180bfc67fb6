//! What the server says of itself: health, documents, Swagger UI. None of it needs a token.

use serde_json::Value as Json;

use crate::{
    engines,
    support::{Client, Engine, TestApp},
};

engines! {
    the_process_is_well,
    the_database_is_asked_whether_it_is_ready,
    the_root_leads_to_swagger_ui,
    swagger_ui_is_served_whole,
    the_documents_name_the_server_that_gave_them,
    the_documents_come_as_yaml_too,
    the_documents_come_for_openapi_3_0_too,
    a_version_of_openapi_that_there_is_not_is_refused,
}

async fn page(client: &Client, path: &str) -> crate::support::client::Response {
    client.get(path).undocumented("a page of the server's own").await
}

async fn the_process_is_well(app: TestApp) {
    assert_eq!(page(&app.anonymous(), "/healthz").await.expect(200).text(), "ok");
}

async fn the_database_is_asked_whether_it_is_ready(app: TestApp) {
    assert_eq!(page(&app.anonymous(), "/readyz").await.expect(200).text(), "ready");
    if app.engine == Engine::Postgres {
        app.store.close().await;
        page(&app.anonymous(), "/readyz").await.expect(503);
        page(&app.anonymous(), "/healthz").await.expect(200);
    }
}

async fn the_root_leads_to_swagger_ui(app: TestApp) {
    for path in ["/", "/swagger-ui"] {
        assert_eq!(page(&app.anonymous(), path).await.expect(303).header("location"), "/swagger-ui/");
    }
}

async fn swagger_ui_is_served_whole(app: TestApp) {
    let client = app.anonymous();
    let index = page(&client, "/swagger-ui/").await.expect(200);
    assert!(index.header("content-type").starts_with("text/html"));
    assert!(index.header("content-security-policy").contains("default-src 'none'"));
    for name in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-initializer.js"]
    {
        page(&client, &format!("/swagger-ui/{name}")).await.expect(200);
    }
    let script = page(&client, "/swagger-ui/swagger-initializer.js").await.expect(200);
    for url in ["/v1.0/openapi.json", "/beta/openapi.json"] {
        assert!(script.text().contains(url), "{url}");
        page(&client, url).await.expect(200);
    }
    page(&client, "/swagger-ui/nothing.js").await.expect(404);
}

async fn the_documents_name_the_server_that_gave_them(app: TestApp) {
    for version in ["v1.0", "beta"] {
        let document = page(&app.anonymous(), &format!("/{version}/openapi.json")).await.expect(200);
        assert!(document.header("content-type").starts_with("application/json"));
        let document = document.json();
        assert_eq!(
            (&document["openapi"], &document["servers"][0]["url"]),
            (&Json::from("3.1.0"), &Json::from(format!("{}/{version}", app.base)))
        );
    }
    let beta = page(&app.anonymous(), "/beta/openapi.json").await.expect(200).json();
    let local = page(&app.anonymous(), "/localtest/openapi.json").await.expect(200).json();
    assert_eq!(beta["paths"], local["paths"]);
}

async fn the_documents_come_as_yaml_too(app: TestApp) {
    for version in ["v1.0", "beta"] {
        for query in ["", "?oas=3.0"] {
            let yaml = page(&app.anonymous(), &format!("/{version}/openapi.yaml{query}")).await.expect(200);
            assert!(yaml.header("content-type").contains("yaml"), "{}", yaml.header("content-type"));
            let read: Json = serde_yaml_ng::from_str(yaml.text()).unwrap();
            let json = page(&app.anonymous(), &format!("/{version}/openapi.json{query}")).await.expect(200).json();
            assert_eq!(read, json);
        }
    }
}

async fn the_documents_come_for_openapi_3_0_too(app: TestApp) {
    for version in ["v1.0", "beta"] {
        let new = page(&app.anonymous(), &format!("/{version}/openapi.json?oas=3.1")).await.expect(200).json();
        let old = page(&app.anonymous(), &format!("/{version}/openapi.json?oas=3.0")).await.expect(200).json();
        assert_eq!(old["openapi"], "3.0.3");
        let keys = |of: &Json| of.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&old["paths"]), keys(&new["paths"]));
        assert_eq!(keys(&old["components"]["schemas"]), keys(&new["components"]["schemas"]));
        no_new_words(&old["components"]["schemas"], "");
    }
}

/// OpenAPI 3.0 knows no lists of types and no keywords of later JSON Schema.
fn no_new_words(schemas: &Json, at: &str) {
    if let Json::Object(members) = schemas {
        let of_properties = at.ends_with("/properties") || at.is_empty();
        for (name, value) in members {
            let new = ["const", "patternProperties", "unevaluatedProperties", "prefixItems", "$defs"]
                .contains(&name.as_str());
            assert!(of_properties || !new, "{at}/{name}");
            assert!(of_properties || name != "type" || value.is_string(), "{at}/{name} is {value}");
            assert!(of_properties || name != "examples", "{at}/{name}");
            no_new_words(value, &format!("{at}/{name}"));
        }
    } else if let Json::Array(items) = schemas {
        for item in items {
            no_new_words(item, at);
        }
    }
}

async fn a_version_of_openapi_that_there_is_not_is_refused(app: TestApp) {
    let answer = app.anonymous().get("/beta/openapi.json?oas=2.0").undocumented("a page of the server's own");
    // It is no part of the API, so it has no envelope; it only says what would be right.
    let answer = answer.unchecked().await.expect(400);
    assert!(answer.text().contains("3.1 or 3.0"));
}
