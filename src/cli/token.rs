//! `cardea token`: prints a bearer token and nothing else, or JSON.

use std::io::{self, Write};

use tokio::runtime;

use super::{Error, open_authority, open_store, print};
use crate::{
    authority::{Subject, TokenRequest},
    authz::PERMISSIONS,
    clock::Clock,
    config::Token,
};

pub(super) fn run(config: &Token) -> Result<(), Error> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
    let token = runtime.block_on(issue(config))?;
    if config.json {
        let told = serde_json::json!({ "accessToken": token, "expiresIn": config.lifetime.as_secs() });
        return print(&format!("{told:#}\n"));
    }
    print(&format!("{token}\n"))
}

async fn issue(config: &Token) -> Result<String, Error> {
    let (subject, permissions) = match &config.user {
        Some(upn) => {
            let directory_roles = config.directory_roles.iter().filter(|name| *name != "none").cloned().collect();
            (Subject::User { upn: upn.clone(), scopes: config.scopes.clone(), directory_roles }, &config.scopes)
        }
        None => (Subject::Application { roles: config.roles.clone() }, &config.roles),
    };
    // Not an error: it is how one tries what happens without permission.
    for name in permissions.iter().filter(|name| PERMISSIONS.iter().all(|known| known.name != **name)) {
        let _ = writeln!(io::stderr(), "cardea: warning: the permission {name:?} permits nothing here");
    }
    let store = open_store(&config.database).await?;
    let authority = open_authority(&store, &Clock::System, config.tokens.options()).await?;
    let request = TokenRequest { tenant: config.tenant.clone(), subject, lifetime: config.lifetime };
    let token = authority.issue(&request).await;
    store.close().await;
    Ok(token?)
}
