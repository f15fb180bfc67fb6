//! The directory: people, groups, applications, and what they have to do with each other.

mod applications;
mod deleted;
mod filters;
mod groups;
mod links;
mod me;
mod membership;
mod terraform;
mod users;

use serde_json::{Value as Json, json};

use crate::support::{TestApp, client::Client};

/// All that the directory takes.
pub const ALL: &[&str] = &[
    "Directory.ReadWrite.All",
    "User.ReadWrite.All",
    "Group.ReadWrite.All",
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
];

/// A caller that may do everything in the directory, in this version.
pub async fn caller(app: &TestApp, version: &str) -> Client {
    app.application(ALL).await.below(&format!("/{version}"))
}

/// The body of somebody new.
pub fn user(name: &str) -> Json {
    json!({
        "accountEnabled": true,
        "displayName": name,
        "mailNickname": name,
        "userPrincipalName": format!("{name}@contoso.example"),
        "passwordProfile": { "forceChangePasswordNextSignIn": false, "password": "Correct horse 1" },
    })
}

/// The body of a new security group.
pub fn group(name: &str) -> Json {
    json!({ "displayName": name, "mailEnabled": false, "mailNickname": name, "securityEnabled": true })
}

/// Makes somebody, and gives the id.
pub async fn new_user(client: &Client, name: &str) -> String {
    client.post("/users", user(name)).await.expect(201).id()
}

/// Makes a group, and gives the id.
pub async fn new_group(client: &Client, name: &str) -> String {
    client.post("/groups", group(name)).await.expect(201).id()
}

/// The body that names an object.
pub fn reference(client: &Client, id: &str) -> Json {
    json!({ "@odata.id": client.url(&format!("/directoryObjects/{id}")) })
}

/// Puts an object among what a navigation property of another leads to.
pub async fn link(client: &Client, to: &str, id: &str) {
    client.post(format!("{to}/$ref"), reference(client, id)).await.expect(204);
}
