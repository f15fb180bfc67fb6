//! Every operation that a document has is called, and succeeds, through the client that holds it to the document.

use serde_json::json;

use crate::{
    engines,
    support::{
        TestApp,
        fixtures::{self, PACKAGES, VERSIONS, Words},
    },
};

engines! { every_documented_operation_is_exercised }

async fn every_documented_operation_is_exercised(app: TestApp) {
    for words in VERSIONS {
        root(&app, words).await;
        catalogs(&app, words).await;
        packages(&app, words).await;
        related(&app, words).await;
        roles(&app, words).await;
        audit(&app, words).await;
        if words.version == "beta" {
            alternate_keys(&app, words).await;
        }
        let (all, called) = (app.contracts().operations(words.version), app.contracts().exercised(words.version));
        let missing: Vec<_> = all.difference(&called).collect();
        assert!(missing.is_empty(), "{}: never called with success: {missing:?}", words.version);
    }
}

async fn root(app: &TestApp, words: Words) {
    let client = app.client().below(&format!("/{}", words.version));
    client.get("/").await.expect(200);
    client.get("/$metadata").await.expect(200);
    let requests = json!([{ "id": "1", "method": "GET", "url": "/$metadata?$format=json" }]);
    client.post("/$batch", json!({ "requests": requests })).await.expect(200);
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

async fn roles(app: &TestApp, words: Words) {
    let client = app.client().below(&format!("/{}/roleManagement/entitlementManagement", words.version));
    let roles = client.get("/roleDefinitions").await.expect(200).column("id");
    client.get("/roleDefinitions/$count").await.expect(200);
    client.get(format!("/roleDefinitions/{}", roles[0])).await.expect(200);
    let body = json!({ "principalId": "p", "roleDefinitionId": roles[0], "appScopeId": "/" });
    let one = format!("/roleAssignments/{}", client.post("/roleAssignments", body).await.expect(201).id());
    client.get("/roleAssignments").await.expect(200);
    client.get("/roleAssignments/$count").await.expect(200);
    client.get(&one).await.expect(200);
    client.get(format!("{one}/roleDefinition")).await.expect(200);
    client.delete(&one).await.expect(204);
}

async fn audit(app: &TestApp, words: Words) {
    let client = app.application(&[cardea::authz::AUDIT_LOG_READ_ALL]).await;
    let client = client.below(&format!("/{}/auditLogs", words.version));
    let form = "grant_type=client_credentials&client_id=x&client_secret=x&scope=https://graph.microsoft.com/.default";
    let token = app.anonymous().request(http::Method::POST, "/common/oauth2/v2.0/token");
    let token = token.body("application/x-www-form-urlencoded", form);
    token.undocumented("authority endpoint").unchecked().await.expect(401);
    for set in ["/directoryAudits", "/signIns"] {
        let id = client.get(set).await.expect(200).column("id").remove(0);
        client.get(format!("{set}/$count")).await.expect(200);
        client.get(format!("{set}/{id}")).await.expect(200);
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
