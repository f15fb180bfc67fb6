//! The tenants' chains of records, within one transaction of the writer.

use std::collections::HashMap;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    SqliteStore, all,
    connection::failure,
    dialect::Sqlite,
    writer::{Outcome, write},
};
use crate::{
    model::{
        DIRECTORY_AUDIT, SIGN_IN,
        audit::{self, Entry, Head},
    },
    store::{
        Audit, Error, Linked, TenantKey, row_values,
        sql::{select, write::Inserts},
    },
};

/// Where the chains end of those tenants that the transaction has written records for. Each end is read once: other
/// processes write, too, but not during our transaction.
#[derive(Default)]
pub(super) struct Chains {
    heads: HashMap<TenantKey, Head>,
    inserts: Inserts,
}

impl Chains {
    /// Writes records at the end of a tenant's chain. If it fails, what it wrote is to be undone, and the chain ends
    /// where it did.
    pub(super) fn append(&mut self, connection: &Connection, tenant: TenantKey, entries: Vec<Entry>) -> Outcome {
        let mut head = match self.heads.get(&tenant) {
            Some(head) => head.clone(),
            None => stored(connection, tenant)?,
        };
        for entry in entries {
            let (entity, values, version, next) = entry.link(&head);
            write(connection, &self.inserts.row(&Sqlite, tenant, entity, values, version))?;
            head = next;
        }
        self.heads.insert(tenant, head);
        Ok(())
    }

    /// Writes down where the chains end.
    pub(super) fn store(&self, connection: &Connection) -> Result<(), Error> {
        for (tenant, head) in &self.heads {
            let sql = "INSERT INTO audit_head (tenant_id, sequence, hash) VALUES (?1, ?2, ?3) \
                       ON CONFLICT (tenant_id) DO UPDATE SET sequence = ?2, hash = ?3";
            let mut statement = connection.prepare_cached(sql).map_err(failure)?;
            statement.execute(params![tenant.0, head.sequence, head.hash]).map_err(failure)?;
        }
        Ok(())
    }
}

fn stored(connection: &Connection, tenant: TenantKey) -> Result<Head, Error> {
    let sql = "SELECT sequence, hash FROM audit_head WHERE tenant_id = ?1";
    let mut statement = connection.prepare_cached(sql).map_err(failure)?;
    let head = statement.query_row([tenant.0], |row| Ok(Head { sequence: row.get(0)?, hash: row.get(1)? }));
    Ok(head.optional().map_err(failure)?.unwrap_or_default())
}

#[async_trait]
impl Audit for SqliteStore {
    async fn audit_head(&self, tenant: TenantKey) -> Result<Head, Error> {
        self.small(move |connection| stored(connection, tenant)).await
    }

    async fn audit_range(&self, tenant: TenantKey, from: i64, to: i64) -> Result<Vec<Linked>, Error> {
        let run = move |connection: &Connection| {
            let mut found = Vec::new();
            for entity in [&DIRECTORY_AUDIT, &SIGN_IN] {
                let statement = select::range(&Sqlite, tenant, entity, "sequence", (from, to));
                let rows = all(connection, &statement, |row| row_values(entity, row).0)?;
                found.extend(rows.into_iter().map(|values| Linked { entity, values }));
            }
            found.sort_by_key(|linked| audit::place(linked.entity, &linked.values).map(|place| place.sequence));
            Ok(found)
        };
        self.indexed(tenant, run).await
    }

    async fn audit_last(&self, tenant: TenantKey) -> Result<i64, Error> {
        let run = move |connection: &Connection| {
            let sql = "SELECT max(coalesce((SELECT max(sequence) FROM directory_audit WHERE tenant_id = ?1), 0), \
                       coalesce((SELECT max(sequence) FROM sign_in WHERE tenant_id = ?1), 0))";
            connection.query_row(sql, [tenant.0], |row| row.get(0)).map_err(failure)
        };
        self.small(run).await
    }
}
