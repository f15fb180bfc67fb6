//! The application that this API is, as every tenant knows it: its roles are the permissions that applications can be given.

use serde_json::{Value as Json, json};

use crate::{
    authz::{GRAPH_APP_ID, PERMISSIONS},
    ids,
    model::{ServicePrincipal, changeset::Changeset, value::Timestamp},
    store::{CommitError, Error, Store, TenantKey, directory::find},
};

/// The tenant that it belongs to there.
const OWNER: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

/// Makes it known in a new tenant.
pub(crate) fn first(now: Timestamp) -> Changeset {
    let principal = ServicePrincipal {
        id: ids::new_id(),
        app_id: GRAPH_APP_ID.to_owned(),
        app_owner_organization_id: Some(OWNER.to_owned()),
        sign_in_audience: Some("AzureADMultipleOrgs".to_owned()),
        created_at: now,
        ..as_it_is(ServicePrincipal::default())
    };
    Changeset::default().insert(principal, ids::new_row_version())
}

/// Takes it out of a tenant that is to go.
pub(crate) async fn last(store: &dyn Store, tenant: TenantKey) -> Result<Changeset, Error> {
    let known = find::<ServicePrincipal>(store, tenant, ServicePrincipal::APP_ID, GRAPH_APP_ID).await?;
    Ok(known.iter().fold(Changeset::default(), Changeset::delete))
}

/// Makes it known, with the permissions that there are now, in a tenant of an earlier version.
///
/// # Errors
/// The store fails. Another server that does the same at the same time is no error.
pub async fn renew(store: &dyn Store, tenant: TenantKey, now: Timestamp) -> Result<(), Error> {
    let known = find::<ServicePrincipal>(store, tenant, ServicePrincipal::APP_ID, GRAPH_APP_ID).await?;
    let changes = match known {
        None => first(now),
        Some(known) => {
            let after = as_it_is(known.record.clone());
            if after == known.record {
                return Ok(());
            }
            Changeset::default().update(known, after, ids::new_row_version())
        }
    };
    match store.commit(tenant, changes).await {
        Err(CommitError::Store(error)) => Err(error),
        _ => Ok(()),
    }
}

/// It, with the permissions that there are, and without anything by which somebody could sign in as it.
fn as_it_is(principal: ServicePrincipal) -> ServicePrincipal {
    let roles: Json = PERMISSIONS
        .iter()
        .filter_map(|permission| {
            Some(json!({
                "allowedMemberTypes": ["Application"], "description": permission.description,
                "displayName": permission.description, "id": permission.id?, "isEnabled": true, "origin": "Application",
                "value": permission.name,
            }))
        })
        .collect();
    ServicePrincipal {
        display_name: "Microsoft Graph".to_owned(),
        app_display_name: Some("Microsoft Graph".to_owned()),
        app_roles: roles.to_string(),
        service_principal_names: json!([GRAPH_APP_ID, "https://graph.microsoft.com"]).to_string(),
        password_credentials: "[]".to_owned(),
        secret_hashes: "[]".to_owned(),
        key_credentials: "[]".to_owned(),
        sign_in: "{}".to_owned(),
        granted_roles: "[]".to_owned(),
        ..principal
    }
}
