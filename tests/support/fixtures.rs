//! What tests need to begin with.

use serde_json::{Value as Json, json};

use super::Client;

/// Makes a catalog in beta's words and gives its id.
pub async fn catalog(client: &Client, name: &str) -> String {
    let body = json!({ "displayName": name });
    client.beta().post("/accessPackageCatalogs", body).await.expect(201).id()
}

/// Makes an access package in beta's words and gives its id.
pub async fn package(client: &Client, catalog: &str, name: &str) -> String {
    package_of(client, json!({ "catalogId": catalog, "displayName": name })).await
}

/// Makes an access package of this body in beta's words and gives its id.
pub async fn package_of(client: &Client, body: Json) -> String {
    client.beta().post("/accessPackages", body).await.expect(201).id()
}
