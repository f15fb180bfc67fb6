use serde_json::json;
use crate::{engines, support::{TestApp, fixtures}};
engines! { a_package_can_be_made_and_read }
async fn a_package_can_be_made_and_read(app: TestApp) {
    let client = app.client();
    let catalog = fixtures::catalog(&client, "Sales").await;
    let id = fixtures::package(&client, &catalog, "Reader").await;
    client.beta().get(format!("/accessPackages/{id}")).await.expect(200);
    client.v1().get("/accessPackages").query("$filter", "displayName eq 'Reader'").await.expect(200);
    client.v1().post("/accessPackages", json!({"displayName": 5})).await.problem(400).says("InvalidModel", "displayName", "string");
}
