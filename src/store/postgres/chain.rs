//! The tenants' chains of records.

use async_trait::async_trait;

use super::{
    Object, PostgresStore,
    convert::{PostgresRow, failure},
    dialect::Postgres,
    fetch, run,
};
use crate::{
    model::{
        DIRECTORY_AUDIT, SIGN_IN,
        audit::{self, Entry, Head},
    },
    store::{
        Audit, CommitError, Error, Linked, TenantKey, row_values,
        sql::{select, write::Inserts},
    },
};

/// Writes records at the end of a tenant's chain. It is the last thing of a transaction: from here to the commit nobody
/// else writes records of this tenant.
pub(super) async fn append(client: &Object, tenant: TenantKey, entries: Vec<Entry>) -> Result<(), CommitError> {
    if entries.is_empty() {
        return Ok(());
    }
    // Makes the row if there is none, and takes its lock either way.
    let sql = "INSERT INTO audit_head (tenant_id, sequence, hash) VALUES ($1, 0, '') \
               ON CONFLICT (tenant_id) DO UPDATE SET tenant_id = EXCLUDED.tenant_id RETURNING sequence, hash";
    let prepared = client.prepare_cached(sql).await.map_err(failure)?;
    let row = client.query_one(&prepared, &[&tenant.0]).await.map_err(failure)?;
    let mut head = Head { sequence: row.try_get(0).map_err(failure)?, hash: row.try_get(1).map_err(failure)? };
    let (mut inserts, mut writes) = (Inserts::default(), Vec::with_capacity(entries.len()));
    for entry in entries {
        let (entity, values, version, next) = entry.link(&head);
        writes.push(inserts.row(&Postgres, tenant, entity, values, version));
        head = next;
    }
    for write in &writes {
        client.prepare_cached(&write.statement.sql).await.map_err(failure)?;
    }
    let update = async {
        let sql = "UPDATE audit_head SET sequence = $2, hash = $3 WHERE tenant_id = $1";
        let prepared = client.prepare_cached(sql).await.map_err(failure)?;
        client.execute(&prepared, &[&tenant.0, &head.sequence, &head.hash]).await.map_err(failure)
    };
    let written = futures_util::future::join_all(writes.iter().map(|write| run(client, write)));
    let (written, updated) = futures_util::future::join(written, update).await;
    written.into_iter().collect::<Result<(), CommitError>>()?;
    updated?;
    Ok(())
}

#[async_trait]
impl Audit for PostgresStore {
    async fn audit_head(&self, tenant: TenantKey) -> Result<Head, Error> {
        let client = self.client().await?;
        let sql = "SELECT sequence, hash FROM audit_head WHERE tenant_id = $1";
        let Some(row) = client.query_opt(sql, &[&tenant.0]).await.map_err(failure)? else {
            return Ok(Head::default());
        };
        Ok(Head { sequence: row.try_get(0).map_err(failure)?, hash: row.try_get(1).map_err(failure)? })
    }

    async fn audit_range(&self, tenant: TenantKey, from: i64, to: i64) -> Result<Vec<Linked>, Error> {
        let client = self.client().await?;
        let mut found = Vec::new();
        for entity in [&DIRECTORY_AUDIT, &SIGN_IN] {
            let rows = fetch(&client, select::range(&Postgres, tenant, entity, "sequence", (from, to))).await?;
            let values = rows.into_iter().map(|row| row_values(entity, &PostgresRow(row)).0);
            found.extend(values.map(|values| Linked { entity, values }));
        }
        found.sort_by_key(|linked| audit::place(linked.entity, &linked.values).map(|place| place.sequence));
        Ok(found)
    }

    async fn audit_last(&self, tenant: TenantKey) -> Result<i64, Error> {
        let sql = "SELECT greatest(coalesce((SELECT max(sequence) FROM directory_audit WHERE tenant_id = $1), 0), \
                   coalesce((SELECT max(sequence) FROM sign_in WHERE tenant_id = $1), 0))";
        let row = self.client().await?.query_one(sql, &[&tenant.0]).await.map_err(failure)?;
        row.try_get(0).map_err(failure)
    }
}
