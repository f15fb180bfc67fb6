//! Each documented operation needs what the document says, no more and no less.

use cardea::authz::{self, PERMISSIONS};
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
    let linked = if operation.of_governance() { "accessPackages" } else { "directoryObjects" };
    let path = if operation.id.ends_with("ById") { format!("{path}?@id=/{linked}/x") } else { path };
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

/// With each permission by itself, as an application's and as one that a Global Administrator has delegated; in one version
/// or in the other, by turns. What is not there is not there for those who may ask.
async fn every_operation_needs_the_permission_it_documents(app: TestApp) {
    let all = PERMISSIONS.iter().map(|permission| permission.name).chain(["Mail.Read"]);
    for (at, permission) in all.enumerate() {
        let person = app.person("ada@contoso.example", &[permission], &["Global Administrator"]).await;
        let application = app.application(&[permission]).await;
        for (turn, version) in ["v1.0", "beta"].into_iter().enumerate() {
            let mine = |id: &str| (id.bytes().map(usize::from).sum::<usize>() + at) % 2 == turn;
            for operation in app.contracts().of(version).operations.iter().filter(|operation| mine(&operation.id)) {
                let documented = operation.permissions();
                let allowed = documented.is_empty() || documented.contains(&permission);
                // An application is nobody: it is told so, whatever its permissions are.
                let application = Some(&application).filter(|_| !operation.template.starts_with("/me"));
                for client in application.into_iter().chain([&person]) {
                    let status = call(client, version, operation).await.status;
                    assert!(status != 401 && status < 500, "{version} {} with {permission}: {status}", operation.id);
                    assert_eq!(status != 403, allowed, "{version} {} with {permission}: {status}", operation.id);
                }
            }
        }
    }
}

const DIRECTORY: &[&str] = &[authz::DIRECTORY_READ_ALL, authz::DIRECTORY_READ_WRITE_ALL];
const USERS: &[&str] = &["User.Read.All", "User.ReadWrite.All"];
const GROUPS: &[&str] = &["GroupMember.Read.All", "Group.Read.All", "GroupMember.ReadWrite.All", "Group.ReadWrite.All"];
const APPLICATIONS: &[&str] = &["Application.Read.All", "Application.ReadWrite.All"];
const APP_ROLES: &[&str] = &["Application.Read.All", "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"];

/// What an operation was decided to need, by the collection at the beginning of its path, and by its id.
fn decided(operation: &Operation) -> Vec<&'static str> {
    let id = operation.id.as_str();
    let begins = |verbs: &[&str]| verbs.iter().any(|verb| id.starts_with(verb));
    let reads = begins(&["list", "get", "count", "check"]);
    let writes =
        begins(&["create", "update", "delete", "add", "remove", "set", "renew", "restore", "revoke", "change"]);
    assert!(reads != writes || id == "batch", "{id} is an operation that nobody has thought about");
    let write = &[authz::DIRECTORY_READ_WRITE_ALL][..];
    let collection = operation.template.split(['/', '(']).nth(1).unwrap_or_default();
    match collection {
        "" | "$metadata" | "$batch" => Vec::new(),
        "auditLogs" => vec![authz::AUDIT_LOG_READ_ALL, authz::DIRECTORY_READ_ALL],
        "identityGovernance" | "roleManagement" if reads => vec![authz::READ_ALL, authz::READ_WRITE_ALL],
        "identityGovernance" | "roleManagement" => vec![authz::READ_WRITE_ALL],
        "organization" => [&["Organization.Read.All", "User.Read"], DIRECTORY].concat(),
        "domains" => [&["Domain.Read.All"], DIRECTORY].concat(),
        "directoryObjects" if reads => DIRECTORY.to_vec(),
        "directory" => match id {
            "listDeletedItems" => DIRECTORY.to_vec(),
            "listDeletedUsers" => [USERS, DIRECTORY].concat(),
            "listDeletedGroups" => [GROUPS, DIRECTORY].concat(),
            "listDeletedApplications" | "listDeletedServicePrincipals" => [APPLICATIONS, DIRECTORY].concat(),
            "getDeletedItem" => [USERS, GROUPS, APPLICATIONS, DIRECTORY].concat(),
            "deleteDeletedItem" | "restoreDeletedItem" => {
                [&["User.ReadWrite.All", "Group.ReadWrite.All", "Application.ReadWrite.All"], write].concat()
            }
            other => panic!("{other} is an operation that nobody has thought about"),
        },
        _ if begins(&["change"]) => [&[authz::ACCESS_AS_USER, "User.ReadWrite.All"], write].concat(),
        "me" if id == "getMe" => [&["User.Read", "User.ReadBasic.All"], USERS, DIRECTORY].concat(),
        _ if id.contains("AppRoleAssign") && reads => [APP_ROLES, DIRECTORY].concat(),
        _ if id.contains("AppRoleAssign") => vec!["AppRoleAssignment.ReadWrite.All"],
        "me" | "users" if reads => [USERS, DIRECTORY].concat(),
        "users" => [&["User.ReadWrite.All"], write].concat(),
        "groups" if reads => [GROUPS, DIRECTORY].concat(),
        "groups" if id.contains("GroupMember") => {
            [&["GroupMember.ReadWrite.All", "Group.ReadWrite.All"], write].concat()
        }
        "groups" => [&["Group.ReadWrite.All"], write].concat(),
        "applications" | "servicePrincipals" if reads => [APPLICATIONS, DIRECTORY].concat(),
        "applications" | "servicePrincipals" => [&["Application.ReadWrite.All"], write].concat(),
        other => panic!("nobody has thought about /{other}"),
    }
}

/// The table, written out as Graph's reference has it: an operation that is not in it has not been thought about.
async fn the_permissions_of_operations_are_as_they_were_decided(app: TestApp) {
    for version in ["v1.0", "beta"] {
        for operation in &app.contracts().of(version).operations {
            assert_eq!(operation.permissions(), decided(operation), "{version} {}", operation.id);
        }
    }
}
