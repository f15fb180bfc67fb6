//! How each way is gone.

use cardea::{
    authz::privilege::{Class, Way},
    model::meta::Version,
};
use http::Method;
use serde_json::{Value as Json, json};

use super::{
    super::scene::{STOLEN, password},
    Caller, Goal,
};
use crate::{directory::reference, support::client::Response};

/// Who is to be a member or an owner, and in which version of the API.
pub struct Visitor<'a> {
    pub id: &'a str,
    pub version: Version,
}

/// What is answered; none: the caller cannot even say it.
pub async fn go(way: Way, goal: &Goal, caller: &Caller, visitor: &Visitor<'_>) -> Option<Response> {
    if let Some(scim) = caller.scim() {
        let replace = |path: &str, value: Json| json!([{ "op": "replace", "path": path, "value": value }]);
        let at = format!("/{}/{}", if goal.class == Class::Group { "Groups" } else { "Users" }, goal.id);
        let operations = match way {
            Way::SetPassword => replace("password", json!(STOLEN)),
            Way::Rename => replace("userName", json!("renamed@contoso.example")),
            Way::SetContact => replace("phoneNumbers", json!([{ "type": "mobile", "value": "+49 30 1" }])),
            Way::Enable => replace("active", json!(true)),
            Way::Disable => replace("active", json!(false)),
            Way::Delete => return Some(scim.request(Method::DELETE, at).await),
            Way::AddMember => json!([{ "op": "add", "path": "members", "value": [{ "value": visitor.id }] }]),
            _ => return None,
        };
        return Some(scim.patch(at, &operations).await);
    }
    let client = caller.client.below(&format!("/{}", visitor.version));
    let one = format!("/{}/{}", goal.set(), goal.id);
    let deleted = format!("/directory/deletedItems/{}", goal.id);
    let uris = json!({ "redirectUris": ["https://thief.example/callback"] });
    Some(match way {
        Way::SetPassword => client.patch(one, password(STOLEN)).await,
        Way::Rename => client.patch(one, json!({ "userPrincipalName": "renamed@contoso.example" })).await,
        Way::SetContact => client.patch(one, json!({ "mobilePhone": "+49 30 1" })).await,
        Way::Enable => client.patch(one, json!({ "accountEnabled": true })).await,
        Way::Disable => client.patch(one, json!({ "accountEnabled": false })).await,
        Way::EndSessions => client.request(Method::POST, format!("{one}/revokeSignInSessions")).await,
        Way::Delete => client.delete(one).await,
        Way::Restore => client.request(Method::POST, format!("{deleted}/restore")).await,
        Way::Purge => client.delete(deleted).await,
        Way::AddSecret => client.post(format!("{one}/addPassword"), json!({})).await,
        Way::AddCertificate => {
            let key = json!({ "type": "AsymmetricX509Cert", "usage": "Verify", "key": "QUJD" });
            client.patch(one, json!({ "keyCredentials": [key] })).await
        }
        Way::ChangeSignIn if goal.set() == "applications" => client.patch(one, json!({ "web": uris })).await,
        Way::ChangeSignIn => client.patch(one, json!({ "replyUrls": ["https://thief.example"] })).await,
        Way::AddOwner => client.post(format!("{one}/owners/$ref"), reference(&client, visitor.id)).await,
        Way::AddMember => client.post(format!("{one}/members/$ref"), reference(&client, visitor.id)).await,
        Way::ChangeRule => {
            let rule = json!({ "groupTypes": ["DynamicMembership"], "membershipRule": "user.city -eq \"x\"" });
            client.patch(one, rule).await
        }
        Way::MakeRoleAssignable => return None,
    })
}
