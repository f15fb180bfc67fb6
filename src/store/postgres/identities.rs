//! Tenants, service principals and their secrets.

use async_trait::async_trait;
use deadpool_postgres::Object;
use tokio_postgres::{Row, error::SqlState};

use super::{PostgresStore, chain::append, convert::failure, dialect::Postgres, run_all};
use crate::{
    model::{audit::Entry, changeset::Changeset, record::RowVersion, value::Timestamp},
    store::{
        ClientSecret, CommitError, Constraint, Error, Identities, NewTenant, ServicePrincipal, Tenant, TenantKey,
        identities::roles, sql::write,
    },
};

#[async_trait]
impl Identities for PostgresStore {
    async fn tenant_create(&self, tenant: NewTenant, first: Changeset) -> Result<(), CommitError> {
        self.in_transaction(|client| async move {
            let outcome = create_tenant(&client, &tenant, &first).await;
            (client, outcome)
        })
        .await
    }

    async fn tenant_delete(
        &self,
        tenant: TenantKey,
        last: Changeset,
        (chain, audit): (TenantKey, Vec<Entry>),
    ) -> Result<(), CommitError> {
        self.in_transaction(|client| async move {
            let outcome = match delete_tenant(&client, tenant, &last).await {
                Ok(()) => append(&client, chain, audit).await,
                failed => failed,
            };
            (client, outcome)
        })
        .await
    }

    async fn service_principals(&self, tenant: TenantKey) -> Result<Vec<ServicePrincipal>, Error> {
        let sql = "SELECT id, row_version, app_id, display_name, roles, created_at FROM service_principal \
                   WHERE tenant_id = $1 ORDER BY display_name, id";
        let rows = self.client().await?.query(sql, &[&tenant.0]).await.map_err(failure)?;
        rows.iter().map(principal).collect()
    }

    async fn service_principal(
        &self,
        tenant: TenantKey,
        app_id: &str,
    ) -> Result<Option<(ServicePrincipal, Vec<ClientSecret>)>, Error> {
        let client = self.client().await?;
        let sql = "SELECT id, row_version, app_id, display_name, roles, created_at FROM service_principal \
                   WHERE tenant_id = $1 AND app_id = $2";
        let statement = client.prepare_cached(sql).await.map_err(failure)?;
        let found = client.query_opt(&statement, &[&tenant.0, &app_id]).await.map_err(failure)?;
        let Some(found) = found.as_ref().map(principal).transpose()? else { return Ok(None) };
        let sql = "SELECT key_id, hash, hint, created_at, expires_at FROM service_principal_secret \
                   WHERE tenant_id = $1 AND service_principal_id = $2 ORDER BY created_at DESC, key_id";
        let statement = client.prepare_cached(sql).await.map_err(failure)?;
        let rows = client.query(&statement, &[&tenant.0, &found.id]).await.map_err(failure)?;
        let secrets = rows.iter().map(secret).collect::<Result<_, _>>().map_err(failure)?;
        Ok(Some((found, secrets)))
    }

    async fn service_principal_create(
        &self,
        tenant: TenantKey,
        principal: ServicePrincipal,
        secret: ClientSecret,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError> {
        self.in_transaction(|client| async move {
            let outcome = match create_principal(&client, tenant, &principal, &secret).await {
                Ok(()) => append(&client, tenant, audit).await,
                failed => failed,
            };
            (client, outcome)
        })
        .await
    }

    async fn service_principal_set_secret(
        &self,
        tenant: TenantKey,
        id: &str,
        secret: ClientSecret,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError> {
        let id = id.to_owned();
        self.in_transaction(|client| async move {
            let outcome = match set_secret(&client, tenant, &id, &secret).await {
                Ok(()) => append(&client, tenant, audit).await,
                failed => failed,
            };
            (client, outcome)
        })
        .await
    }

    async fn service_principal_delete(
        &self,
        tenant: TenantKey,
        id: &str,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError> {
        let id = id.to_owned();
        self.in_transaction(|client| async move {
            let sql = "DELETE FROM service_principal WHERE tenant_id = $1 AND id = $2";
            let outcome = match changed(client.execute(sql, &[&tenant.0, &id]).await) {
                Ok(()) => append(&client, tenant, audit).await,
                failed => failed,
            };
            (client, outcome)
        })
        .await
    }
}

/// All tenants, in the order of their keys.
pub(super) async fn tenants(client: &Object) -> Result<Vec<Tenant>, tokio_postgres::Error> {
    let sql = "SELECT key, id, display_name, created_at, \
                 ARRAY(SELECT name FROM tenant_domain WHERE tenant_id = key ORDER BY name) \
               FROM tenant ORDER BY key";
    let tenant = |row: &Row| {
        Ok(Tenant {
            key: TenantKey(row.try_get(0)?),
            id: row.try_get(1)?,
            display_name: row.try_get(2)?,
            domains: row.try_get(4)?,
            created_at: Timestamp(row.try_get(3)?),
        })
    };
    client.query(sql, &[]).await?.iter().map(tenant).collect()
}

/// Gives a new tenant what it starts with.
pub(super) async fn furnish(
    client: &Object,
    key: TenantKey,
    domains: &[String],
    first: &Changeset,
) -> Result<(), CommitError> {
    for name in domains {
        let sql = "INSERT INTO tenant_domain (name, tenant_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        changed(client.execute(sql, &[name, &key.0]).await)?;
    }
    run_all(client, &write::statements(&Postgres, key, first)).await?;
    append(client, key, first.audit.clone()).await
}

async fn create_tenant(client: &Object, tenant: &NewTenant, first: &Changeset) -> Result<(), CommitError> {
    let sql =
        "INSERT INTO tenant (id, display_name, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING key";
    let created = client.query_opt(sql, &[&tenant.id, &tenant.display_name, &tenant.created_at.0]).await;
    let row = created.map_err(failure)?.ok_or(CommitError::Conflict)?;
    let key = TenantKey(row.try_get(0).map_err(failure)?);
    furnish(client, key, &tenant.domains, first).await
}

async fn delete_tenant(client: &Object, tenant: TenantKey, last: &Changeset) -> Result<(), CommitError> {
    run_all(client, &write::statements(&Postgres, tenant, last)).await?;
    match client.execute("DELETE FROM tenant WHERE key = $1", &[&tenant.0]).await {
        Err(error) if error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION) => {
            Err(CommitError::Constraint(Constraint::StillReferenced))
        }
        done => changed(done),
    }
}

async fn create_principal(
    client: &Object,
    tenant: TenantKey,
    principal: &ServicePrincipal,
    secret: &ClientSecret,
) -> Result<(), CommitError> {
    let ServicePrincipal { id, version, app_id, display_name, created_at, .. } = principal;
    let sql = "INSERT INTO service_principal (tenant_id, id, row_version, app_id, display_name, roles, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let roles = principal.roles_json();
    let done = client.execute(sql, &[&tenant.0, id, &version.0, app_id, display_name, &roles, &created_at.0]).await;
    changed(done)?;
    add_secret(client, tenant, id, secret).await
}

async fn set_secret(client: &Object, tenant: TenantKey, id: &str, secret: &ClientSecret) -> Result<(), CommitError> {
    let exists = "SELECT 1 FROM service_principal WHERE tenant_id = $1 AND id = $2 FOR UPDATE";
    client.query_opt(exists, &[&tenant.0, &id]).await.map_err(failure)?.ok_or(CommitError::Conflict)?;
    let old = "DELETE FROM service_principal_secret WHERE tenant_id = $1 AND service_principal_id = $2";
    client.execute(old, &[&tenant.0, &id]).await.map_err(failure)?;
    add_secret(client, tenant, id, secret).await
}

async fn add_secret(client: &Object, tenant: TenantKey, id: &str, secret: &ClientSecret) -> Result<(), CommitError> {
    let ClientSecret { key_id, hash, hint, created_at, expires_at } = secret;
    let sql = "INSERT INTO service_principal_secret \
               (tenant_id, service_principal_id, key_id, hash, hint, created_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    changed(client.execute(sql, &[&tenant.0, &id, key_id, hash, hint, &created_at.0, &expires_at.0]).await)
}

/// A row must have changed.
fn changed(done: Result<u64, tokio_postgres::Error>) -> Result<(), CommitError> {
    if done.map_err(failure)? == 0 { Err(CommitError::Conflict) } else { Ok(()) }
}

fn principal(row: &Row) -> Result<ServicePrincipal, Error> {
    let id: String = row.try_get(0).map_err(failure)?;
    let roles = roles(row.try_get(4).map_err(failure)?, &id)?;
    let rest = || {
        Ok(ServicePrincipal {
            id,
            version: RowVersion(row.try_get(1)?),
            app_id: row.try_get(2)?,
            display_name: row.try_get(3)?,
            roles,
            created_at: Timestamp(row.try_get(5)?),
        })
    };
    rest().map_err(failure)
}

fn secret(row: &Row) -> Result<ClientSecret, tokio_postgres::Error> {
    Ok(ClientSecret {
        key_id: row.try_get(0)?,
        hash: row.try_get(1)?,
        hint: row.try_get(2)?,
        created_at: Timestamp(row.try_get(3)?),
        expires_at: Timestamp(row.try_get(4)?),
    })
}
