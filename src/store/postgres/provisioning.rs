//! Provisioning clients.

use async_trait::async_trait;
use tokio_postgres::{Row, types::ToSql};

use super::{PostgresStore, chain, convert::failure, identities::changed};
use crate::{
    model::{audit::Entry, value::Timestamp},
    store::{CommitError, Error, Provisioning, ProvisioningClient, TenantKey},
};

#[async_trait]
impl Provisioning for PostgresStore {
    async fn provisioning_clients(&self) -> Result<Vec<ProvisioningClient>, Error> {
        let sql = "SELECT tenant_id, id, display_name, hash, hint, created_at, expires_at \
                   FROM provisioning_client ORDER BY display_name, id";
        let rows = self.client().await?.query(sql, &[]).await.map_err(failure)?;
        let client = |row: &Row| {
            Ok(ProvisioningClient {
                tenant: TenantKey(row.try_get(0)?),
                id: row.try_get(1)?,
                display_name: row.try_get(2)?,
                hash: row.try_get(3)?,
                hint: row.try_get(4)?,
                created_at: Timestamp(row.try_get(5)?),
                expires_at: row.try_get::<_, Option<i64>>(6)?.map(Timestamp),
            })
        };
        rows.iter().map(client).collect::<Result<_, _>>().map_err(failure)
    }

    async fn provisioning_client_add(&self, client: ProvisioningClient, audit: Vec<Entry>) -> Result<(), CommitError> {
        let ProvisioningClient { tenant, id, display_name, hash, hint, created_at, expires_at } = client;
        let sql = "INSERT INTO provisioning_client (tenant_id, id, display_name, hash, hint, created_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let expires = expires_at.map(|at| at.0);
        self.change(tenant, sql, &[&tenant.0, &id, &display_name, &hash, &hint, &created_at.0, &expires], audit).await
    }

    async fn provisioning_client_rotate(
        &self,
        client: ProvisioningClient,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError> {
        let ProvisioningClient { tenant, id, hash, hint, expires_at, .. } = client;
        let sql = "UPDATE provisioning_client SET hash = $3, hint = $4, expires_at = $5 \
                   WHERE tenant_id = $1 AND id = $2";
        self.change(tenant, sql, &[&tenant.0, &id, &hash, &hint, &expires_at.map(|at| at.0)], audit).await
    }

    async fn provisioning_client_delete(
        &self,
        tenant: TenantKey,
        id: &str,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError> {
        let sql = "DELETE FROM provisioning_client WHERE tenant_id = $1 AND id = $2";
        self.change(tenant, sql, &[&tenant.0, &id], audit).await
    }
}

impl PostgresStore {
    /// Changes one row, and remembers it.
    async fn change(
        &self,
        tenant: TenantKey,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
        audit: Vec<Entry>,
    ) -> Result<(), CommitError> {
        self.in_transaction(|client| async move {
            let outcome = match changed(client.execute(sql, values).await) {
                Ok(()) => chain::append(&client, tenant, audit).await,
                failed => failed,
            };
            (client, outcome)
        })
        .await
    }
}
