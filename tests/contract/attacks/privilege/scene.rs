//! What attacks begin with.

use cardea::{
    authority::{AppSettings, PasswordSignIn, SignInError, Visit},
    authz::PERMISSIONS,
};
use serde_json::{Value as Json, json};
use std::time::Duration;

use crate::support::{Client, TestApp};

/// The password that everybody has here.
pub const PASSWORD: &str = "Correct horse 1";
/// The password that attackers set.
pub const STOLEN: &str = "Battery staple 2";
/// The application that this API is.
pub const GRAPH: &str = "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')";

/// Somebody who can sign in and has these directory roles, and the id.
pub async fn person(app: &TestApp, name: &str, roles: &[&str]) -> String {
    let authority = &app.api.authority;
    let roles: Vec<String> = roles.iter().map(|&role| role.to_owned()).collect();
    let upn = format!("{name}@contoso.example");
    let password = Some(PASSWORD.to_owned());
    authority.user_create(authority.default_tenant(), &upn, Some(name), &roles, password).await.unwrap().0.id
}

/// A person with these directory roles for whom a client calls that may do everything.
pub async fn administrator(app: &TestApp, name: &str, roles: &[&str]) -> Client {
    let scopes: Vec<&str> = PERMISSIONS.iter().map(|permission| permission.name).collect();
    app.person(&format!("{name}@contoso.example"), &scopes, roles).await.below("/v1.0")
}

/// Whether somebody can sign in by this password.
pub async fn signs_in(app: &TestApp, name: &str, password: &str) -> bool {
    let authority = &app.api.authority;
    let tenant = authority.default_tenant();
    let made = authority.app_create(tenant, "Portal", AppSettings::default(), Duration::from_hours(1)).await.unwrap();
    let upn = format!("{name}@contoso.example");
    let asked = PasswordSignIn {
        tenant,
        app: &made.principal,
        upn: &upn,
        password,
        new_password: None,
        grant: "authorization_code",
        visit: Visit { address: None, correlation_id: None },
    };
    match authority.sign_in(asked).await {
        Ok(_) => true,
        Err(SignInError::Password) => false,
        Err(other) => panic!("{other}"),
    }
}

/// A body that sets a password.
pub fn password(password: &str) -> Json {
    json!({ "passwordProfile": { "password": password, "forceChangePasswordNextSignIn": false } })
}

/// An application, and its service principal.
pub async fn application(client: &Client, name: &str) -> (String, String) {
    let made = client.post("/applications", json!({ "displayName": name })).await.expect(201).json();
    let principal = client.post("/servicePrincipals", json!({ "appId": made["appId"] })).await.expect(201).id();
    (made["id"].as_str().unwrap().to_owned(), principal)
}

/// Gives an application a permission of this API.
pub async fn grant(client: &Client, principal: &str, permission: &str) -> crate::support::client::Response {
    let graph = client.get(GRAPH).await.expect(200).json();
    let role =
        graph["appRoles"].as_array().unwrap().iter().find(|role| role["value"] == permission).unwrap()["id"].clone();
    let body = json!({ "principalId": principal, "resourceId": graph["id"], "appRoleId": role });
    client.post(format!("/servicePrincipals/{principal}/appRoleAssignments"), body).await
}
