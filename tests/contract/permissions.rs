//! Each documented operation needs what the document says, no more and no less.

use cardea::authz;
use serde_json::json;

use crate::{
    engines,
    support::{Client, TestApp, client::Request, document::Operation},
};

engines! {
    every_operation_needs_a_token,
    every_operation_needs_the_permission_it_documents,
    the_permissions_of_operations_are_as_they_were_decided,
}

/// A request to an operation, with its documented example as the body.
fn call(client: &Client, version: &str, operation: &Operation) -> Request {
    let path = operation.path("x");
    let path = if operation.id.ends_with("ById") { format!("{path}?@id=/accessPackages/x") } else { path };
    let request = client.below(&format!("/{version}")).request(operation.method.clone(), path);
    let has_body = operation.json.get("requestBody").is_some();
    if has_body { request.json(operation.example().cloned().unwrap_or(json!({}))) } else { request }
}

async fn every_operation_needs_a_token(app: TestApp) {
    for version in ["v1.0", "beta"] {
        for operation in &app.contracts().of(version).operations {
            call(&app.anonymous(), version, operation).await.problem(401);
        }
    }
}

async fn every_operation_needs_the_permission_it_documents(app: TestApp) {
    for version in ["v1.0", "beta"] {
        for operation in &app.contracts().of(version).operations {
            let documented = operation.permissions();
            for permission in [authz::READ_ALL, authz::READ_WRITE_ALL, authz::AUDIT_LOG_READ_ALL, "User.Read.All"] {
                let allowed = documented.is_empty() || documented.contains(&permission);
                for client in
                    [app.application(&[permission]).await, app.user("ada@contoso.example", &[permission]).await]
                {
                    let status = call(&client, version, operation).await.status;
                    assert_ne!(status, 401, "{version} {} with {permission}", operation.id);
                    assert_eq!(status != 403, allowed, "{version} {} with {permission}: {status}", operation.id);
                }
            }
        }
    }
}

/// The table, written out: an operation that is not in it has not been thought about.
async fn the_permissions_of_operations_are_as_they_were_decided(app: TestApp) {
    for version in ["v1.0", "beta"] {
        for operation in &app.contracts().of(version).operations {
            let expected: &[&str] = match operation.id.as_str() {
                "getServiceDocument" | "getMetadata" | "batch" => &[],
                id if id.contains("DirectoryAudit") || id.contains("SignIn") => {
                    &[authz::AUDIT_LOG_READ_ALL, authz::DIRECTORY_READ_ALL]
                }
                id if ["list", "get", "count"].iter().any(|verb| id.starts_with(verb)) => {
                    &[authz::READ_ALL, authz::READ_WRITE_ALL]
                }
                id if ["create", "update", "delete", "add", "remove"].iter().any(|verb| id.starts_with(verb)) => {
                    &[authz::READ_WRITE_ALL]
                }
                id => panic!("{id} is an operation that nobody has thought about"),
            };
            assert_eq!(operation.permissions(), expected, "{version} {}", operation.id);
        }
    }
}
