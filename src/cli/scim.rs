//! `cardea scim …`: the provisioning clients of a tenant.

use serde_json::{Value as Json, json};

use super::{Error, manage};
use crate::{
    config::{Scim, ScimCommand},
    store::ProvisioningClient,
};

/// Where a server answers provisioning clients.
const PATH: &str = "/scim/v2";

pub(super) fn run(config: &Scim) -> Result<(), Error> {
    let command = &config.command;
    manage::run(command.common(), async |authority, _| {
        let tenant = authority.tenant_find(command.tenant()).await?;
        let shown = |(client, token): (ProvisioningClient, String)| {
            let mut shown = client_json(&tenant.id, &client);
            shown["token"] = token.into();
            shown
        };
        match command {
            ScimCommand::Create { name, expires, .. } => {
                authority.provisioning_create(&tenant, name, *expires).await.map(shown)
            }
            ScimCommand::List { .. } => {
                let clients = authority.provisioning_list(&tenant).await?;
                Ok(clients.iter().map(|client| client_json(&tenant.id, client)).collect())
            }
            ScimCommand::Rotate { id, expires, .. } => {
                authority.provisioning_rotate(&tenant, id, *expires).await.map(shown)
            }
            ScimCommand::Delete { id, .. } => {
                Ok(client_json(&tenant.id, &authority.provisioning_delete(&tenant, id).await?))
            }
        }
    })
}

fn client_json(tenant_id: &str, client: &ProvisioningClient) -> Json {
    json!({
        "tenantId": tenant_id,
        "id": client.id,
        "displayName": client.display_name,
        "path": PATH,
        "hint": client.hint,
        "createdDateTime": client.created_at.to_string(),
        "expiresDateTime": client.expires_at.map(|at| at.to_string()),
    })
}
