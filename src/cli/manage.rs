//! `cardea tenant …` and `cardea app …`: what they print is a line for each thing, or JSON.

use std::io::{self, BufRead, Write};

use serde_json::{Value as Json, json};
use tokio::runtime;

use super::{Error, open_authority, open_store, print};
use crate::{
    app,
    authority::{AppSettings, Authority, Credentials, ManageError, certificate},
    authz::PERMISSIONS,
    clock::Clock,
    config::{App, AppCommand, Common, Key, KeyCommand, Tenant, TenantCommand, User, UserCommand},
    store::{self, ServicePrincipal, SignInSettings},
};

pub(super) fn tenant(config: &Tenant) -> Result<(), Error> {
    let command = &config.command;
    run(command.common(), async |authority, store| match command {
        TenantCommand::Create { name, domains, .. } => {
            let made = authority.tenant_create(name, domains, app::catalog::first_catalog).await?;
            Ok(tenant_json(&made))
        }
        TenantCommand::List { .. } => Ok(authority.tenant_list().await?.iter().map(tenant_json).collect()),
        TenantCommand::Delete { tenant, .. } => {
            let tenant = authority.tenant_find(Some(tenant)).await?;
            let last = app::catalog::built_in(store, tenant.key).await?;
            authority.tenant_delete(&tenant, last).await?;
            Ok(tenant_json(&tenant))
        }
    })
}

pub(super) fn app(config: &App) -> Result<(), Error> {
    let command = &config.command;
    run(command.common(), async |authority, _| {
        let tenant = authority.tenant_find(command.tenant()).await?;
        match command {
            AppCommand::Create {
                name, roles, redirect_uris, scopes, certificates, public, secret_lifetime, ..
            } => {
                let roles = if *public { Vec::new() } else { roles.clone() };
                warn_of_unknown(&roles);
                warn_of_unknown(scopes);
                let read = |path: &std::path::PathBuf| {
                    certificate(&std::fs::read_to_string(path).map_err(|_| ManageError::Certificate)?)
                };
                let sign_in = SignInSettings {
                    redirect_uris: redirect_uris.clone(),
                    scopes: scopes.clone(),
                    public: *public,
                    certificates: certificates.iter().map(read).collect::<Result<_, _>>()?,
                };
                let settings = AppSettings { roles, sign_in };
                let made = authority.app_create(&tenant, name, settings, *secret_lifetime).await?;
                Ok(credentials_json(&tenant.id, &made))
            }
            AppCommand::List { .. } => {
                let apps = authority.app_list(&tenant).await?;
                Ok(apps.iter().map(|app| app_json(&tenant.id, app)).collect())
            }
            AppCommand::RotateSecret { client_id, secret_lifetime, .. } => {
                let made = authority.app_rotate_secret(&tenant, client_id, *secret_lifetime).await?;
                Ok(credentials_json(&tenant.id, &made))
            }
            AppCommand::Delete { client_id, .. } => {
                authority.app_delete(&tenant, client_id).await?;
                Ok(json!({ "tenantId": tenant.id, "clientId": client_id }))
            }
        }
    })
}

pub(super) fn user(config: &User) -> Result<(), Error> {
    let command = &config.command;
    run(command.common(), async |authority, _| {
        let tenant = authority.tenant_find(command.tenant()).await?;
        let told = |(user, password): &(store::User, Option<String>)| {
            let mut json = user_json(&tenant.id, user);
            if let Some(password) = password {
                json["password"] = password.as_str().into();
            }
            json
        };
        match command {
            UserCommand::Create { upn, name, directory_roles, password_stdin, .. } => {
                let password = password(*password_stdin)?;
                let made = authority.user_create(&tenant, upn, name.as_deref(), directory_roles, password).await?;
                Ok(told(&made))
            }
            UserCommand::List { .. } => {
                let users = authority.user_list(&tenant).await?;
                Ok(users.iter().map(|user| user_json(&tenant.id, user)).collect())
            }
            UserCommand::SetPassword { upn, password_stdin, .. } => {
                let password = password(*password_stdin)?;
                Ok(told(&authority.user_set_password(&tenant, upn, password).await?))
            }
            UserCommand::Delete { upn, .. } => Ok(user_json(&tenant.id, &authority.user_delete(&tenant, upn).await?)),
        }
    })
}

pub(super) fn key(config: &Key) -> Result<(), Error> {
    let command = &config.command;
    let told = |key: &store::SigningKey| json!({ "kid": key.kid, "createdDateTime": key.created_at.to_string() });
    run(command.common(), async |authority, _| match command {
        KeyCommand::List { .. } => Ok(authority.key_list().await?.iter().map(told).collect()),
        KeyCommand::Rotate { .. } => Ok(told(&authority.key_rotate().await?)),
        KeyCommand::Withdraw { kid, .. } => {
            authority.key_withdraw(kid).await?;
            Ok(json!({ "kid": kid }))
        }
    })
}

/// The first line of stdin, if the password is to come from there.
fn password(from_stdin: bool) -> Result<Option<String>, ManageError> {
    if !from_stdin {
        return Ok(None);
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|_| ManageError::Unread)?;
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Opens what a command works on, runs it, and prints what it gives.
pub(super) fn run(
    common: &Common,
    work: impl AsyncFnOnce(&Authority, &dyn store::Store) -> Result<Json, ManageError>,
) -> Result<(), Error> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
    let result = runtime.block_on(async {
        let store = open_store(&common.database).await?;
        let result = match open_authority(&store, &Clock::System, common.tokens.options()).await {
            Ok(authority) => work(&authority, &*store).await.map_err(Error::from),
            Err(error) => Err(error),
        };
        store.close().await;
        result
    });
    let result = result?;
    if common.json { print(&format!("{result:#}\n")) } else { print(&text(&result)) }
}

/// Not an error: it is how one tries what happens without permission.
fn warn_of_unknown(roles: &[String]) {
    for name in roles.iter().filter(|name| PERMISSIONS.iter().all(|known| known.name != **name)) {
        let _ = writeln!(io::stderr(), "cardea: warning: the permission {name:?} permits nothing here");
    }
}

fn tenant_json(tenant: &store::Tenant) -> Json {
    json!({
        "tenantId": tenant.id,
        "displayName": tenant.display_name,
        "domains": tenant.domains,
        "createdDateTime": tenant.created_at.to_string(),
    })
}

fn user_json(tenant_id: &str, user: &store::User) -> Json {
    json!({
        "tenantId": tenant_id,
        "userPrincipalName": user.user_principal_name,
        "displayName": user.display_name,
        "objectId": user.id,
        "accountEnabled": user.account_enabled,
        "directoryRoles": user.directory_roles,
        "createdDateTime": user.created_at.to_string(),
    })
}

fn app_json(tenant_id: &str, app: &ServicePrincipal) -> Json {
    json!({
        "tenantId": tenant_id,
        "clientId": app.app_id,
        "displayName": app.display_name,
        "objectId": app.id,
        "roles": app.roles,
        "scopes": app.sign_in.scopes,
        "redirectUris": app.sign_in.redirect_uris,
        "public": app.sign_in.public,
        "createdDateTime": app.created_at.to_string(),
    })
}

fn credentials_json(tenant_id: &str, made: &Credentials) -> Json {
    let mut json = app_json(tenant_id, &made.principal);
    if let (Some(secret), Some(expires_at)) = (&made.secret, made.expires_at) {
        json["clientSecret"] = secret.as_str().into();
        json["secretExpiresDateTime"] = expires_at.to_string().into();
    }
    json
}

/// One thing: a line for each of its members. Several: a line for each of them.
fn text(json: &Json) -> String {
    let word = |value: &Json| match value {
        Json::String(text) => text.clone(),
        Json::Array(items) => items.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    };
    match json {
        Json::Array(items) => items
            .iter()
            .filter_map(Json::as_object)
            .map(|item| item.values().map(word).collect::<Vec<_>>().join("  ") + "\n")
            .collect(),
        Json::Object(members) => {
            members.iter().map(|(name, value)| [name, ": ", &word(value), "\n"].concat()).collect()
        }
        other => format!("{other}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_get_lines() {
        assert_eq!(text(&json!({ "a": "x y", "b": ["c", "d"] })), "a: x y\nb: c,d\n");
        assert_eq!(text(&json!([{ "a": "1", "b": "2" }, { "a": "3", "b": [] }])), "1  2\n3  \n");
        assert_eq!(text(&json!([])), "");
    }
}
