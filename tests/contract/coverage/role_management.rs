//! Roles of entitlement management, and who has them.

use serde_json::json;

use crate::support::{TestApp, fixtures::Words};

/// Calls every operation of them.
pub async fn all(app: &TestApp, words: Words) {
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
