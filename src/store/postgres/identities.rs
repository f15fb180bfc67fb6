//! Tenants, service principals and their secrets.

use async_trait::async_trait;
use deadpool_postgres::Object;
use tokio_postgres::{Row, error::SqlState};

use super::{PostgresStore, chain::append, convert::failure, dialect::Postgres, run_all};
use crate::{
    model::{audit::Entry, changeset::Changeset, value::Timestamp},
    store::{CommitError, Constraint, Identities, NewTenant, Tenant, TenantKey, sql::write},
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
    run_all(client, &write::statements(&Postgres, key, first.clone())).await?;
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
    run_all(client, &write::statements(&Postgres, tenant, last.clone())).await?;
    let objects = "DELETE FROM directory_object WHERE tenant_id = $1 \
                   AND (deleted_at IS NOT NULL OR kind NOT IN ('application', 'servicePrincipal'))";
    client.execute(objects, &[&tenant.0]).await.map_err(failure)?;
    match client.execute("DELETE FROM tenant WHERE key = $1", &[&tenant.0]).await {
        Err(error) if error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION) => {
            Err(CommitError::Constraint(Constraint::StillReferenced))
        }
        done => changed(done),
    }
}

/// A row must have changed.
pub(super) fn changed(done: Result<u64, tokio_postgres::Error>) -> Result<(), CommitError> {
    if done.map_err(failure)? == 0 { Err(CommitError::Conflict) } else { Ok(()) }
}
