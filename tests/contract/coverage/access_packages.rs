//! Catalogs, access packages and their links.

use serde_json::json;

use crate::support::{
    TestApp,
    fixtures::{self, PACKAGES, Words},
};

/// Calls every operation of them.
pub async fn all(app: &TestApp, words: Words) {
    catalogs(app, words).await;
    packages(app, words).await;
    related(app, words).await;
    if words.version == "beta" {
        alternate_keys(app, words).await;
    }
}

async fn catalogs(app: &TestApp, words: Words) {
    let client = words.of(&app.client());
    let made = client.post(words.catalogs, json!({ "displayName": "C" })).await.expect(201);
    let one = format!("{}/{}", words.catalogs, made.id());
    client.get(words.catalogs).await.expect(200);
    client.get(format!("{}/$count", words.catalogs)).await.expect(200);
    client.get(&one).await.expect(200);
    client.patch(&one, json!({ "displayName": "D" })).await.expect(204);
    client.delete(&one).await.expect(204);
}

async fn packages(app: &TestApp, words: Words) {
    let client = words.of(&app.client());
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let made = client.post(PACKAGES, words.package(&catalog, "P")).await.expect(201);
    client.post(format!("{PACKAGES}/$ref"), words.package(&catalog, "P")).await.expect(201);
    let one = format!("{PACKAGES}/{}", made.id());
    client.get(PACKAGES).await.expect(200);
    client.get(format!("{PACKAGES}/$count")).await.expect(200);
    client.get(&one).await.expect(200);
    client.get(format!("{one}/{}", words.catalog)).await.expect(200);
    let below = format!("{}/{catalog}{PACKAGES}", words.catalogs);
    client.get(&below).await.expect(200);
    client.get(format!("{below}/$count")).await.expect(200);
    client.get(format!("{below}/{}", made.id())).await.expect(200);
    client.patch(&one, json!({ "displayName": "Q" })).await.expect(204);
    client.delete(&one).await.expect(204);
}

async fn related(app: &TestApp, words: Words) {
    let client = words.of(&app.client());
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let [a, b] =
        [fixtures::package(&app.client(), &catalog, "A").await, fixtures::package(&app.client(), &catalog, "B").await];
    let links = format!("{PACKAGES}/{a}/incompatibleAccessPackages");
    let reference = client.url(&format!("{PACKAGES}/{b}"));
    for by_id in [false, true] {
        client.post(format!("{links}/$ref"), json!({ "@odata.id": reference })).await.expect(204);
        client.get(&links).await.expect(200);
        client.get(format!("{links}/$count")).await.expect(200);
        client.get(format!("{links}/$ref")).await.expect(200);
        let back = format!("{PACKAGES}/{b}/accessPackagesIncompatibleWith");
        client.get(&back).await.expect(200);
        client.get(format!("{back}/$count")).await.expect(200);
        let removal = if by_id {
            client.delete(format!("{links}/$ref")).query("@id", &reference)
        } else {
            client.delete(format!("{links}/{b}/$ref"))
        };
        removal.await.expect(204);
    }
}

async fn alternate_keys(app: &TestApp, words: Words) {
    let client = words.of(&app.client());
    let made = client.post(words.catalogs, json!({ "displayName": "C", "uniqueName": "c" })).await.expect(201);
    let body = json!({ "displayName": "P", "uniqueName": "p", "catalogId": made.id() });
    client.post(PACKAGES, body).await.expect(201);
    for one in ["/accessPackages(uniqueName='p')", "/accessPackageCatalogs(uniqueName='c')"] {
        client.get(one).await.expect(200);
        client.patch(one, json!({ "displayName": "Q" })).await.expect(204);
        client.delete(one).await.expect(204);
    }
}
