//! Provisioning clients.

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};

use super::{SqliteStore, connection::failure, identities::changed};
use crate::{
    model::{audit::Entry, value::Timestamp},
    store::{CommitError, Error, Provisioning, ProvisioningClient, TenantKey},
};

#[async_trait]
impl Provisioning for SqliteStore {
    async fn provisioning_clients(&self) -> Result<Vec<ProvisioningClient>, Error> {
        let run = |connection: &Connection| {
            let sql = "SELECT tenant_id, id, display_name, hash, hint, created_at, expires_at \
                       FROM provisioning_client ORDER BY display_name, id";
            let mut statement = connection.prepare_cached(sql)?;
            let client = |row: &Row<'_>| {
                Ok(ProvisioningClient {
                    tenant: TenantKey(row.get(0)?),
                    id: row.get(1)?,
                    display_name: row.get(2)?,
                    hash: row.get(3)?,
                    hint: row.get(4)?,
                    created_at: Timestamp(row.get(5)?),
                    expires_at: row.get::<_, Option<i64>>(6)?.map(Timestamp),
                })
            };
            statement.query_map([], client)?.collect::<Result<_, _>>()
        };
        self.small(move |connection| run(connection).map_err(failure)).await
    }

    async fn provisioning_client_add(&self, client: ProvisioningClient, audit: Vec<Entry>) -> Result<(), CommitError> {
        let tenant = client.tenant;
        let task = move |connection: &Connection| {
            let ProvisioningClient { tenant, id, display_name, hash, hint, created_at, expires_at } = client;
            let sql = "INSERT INTO provisioning_client \
                       (tenant_id, id, display_name, hash, hint, created_at, expires_at) \
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let values = params![tenant.0, id, display_name, hash, hint, created_at.0, expires_at.map(|at| at.0)];
            changed(connection.execute(sql, values))
        };
        self.writer.run_audited(tenant, audit, task).await
    }

    async fn provisioning_client_rotate(
        &self,
        client: ProvisioningClient,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError> {
        let tenant = client.tenant;
        let task = move |connection: &Connection| {
            let ProvisioningClient { tenant, id, hash, hint, expires_at, .. } = client;
            let sql = "UPDATE provisioning_client SET hash = ?3, hint = ?4, expires_at = ?5 \
                       WHERE tenant_id = ?1 AND id = ?2";
            changed(connection.execute(sql, params![tenant.0, id, hash, hint, expires_at.map(|at| at.0)]))
        };
        self.writer.run_audited(tenant, audit, task).await
    }

    async fn provisioning_client_delete(
        &self,
        tenant: TenantKey,
        id: &str,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError> {
        let id = id.to_owned();
        let task = move |connection: &Connection| {
            let sql = "DELETE FROM provisioning_client WHERE tenant_id = ?1 AND id = ?2";
            changed(connection.execute(sql, params![tenant.0, id]))
        };
        self.writer.run_audited(tenant, audit, task).await
    }
}
