//! Tenants, service principals and their secrets.

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};

use super::{
    SqliteStore,
    chain::Chains,
    connection::failure,
    dialect::Sqlite,
    writer::{self, write_all},
};
use crate::{
    model::{audit::Entry, changeset::Changeset, value::Timestamp},
    store::{CommitError, Constraint, Identities, NewTenant, Tenant, TenantKey, sql::write},
};

/// A tenant takes along its directory, but for the applications that live.
const OBJECTS_GO: &str = "DELETE FROM directory_object WHERE tenant_id = ?1 \
                          AND (deleted_at IS NOT NULL OR kind NOT IN ('application', 'servicePrincipal'))";

#[async_trait]
impl Identities for SqliteStore {
    async fn tenant_create(&self, tenant: NewTenant, first: Changeset) -> Result<(), CommitError> {
        let task = move |connection: &Connection| {
            changed(connection.execute(
                "INSERT INTO tenant (id, display_name, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![tenant.id, tenant.display_name, tenant.created_at.0],
            ))?;
            furnish(connection, TenantKey(connection.last_insert_rowid()), &tenant.domains, &first)
        };
        self.writer.run(task).await
    }

    async fn tenant_delete(
        &self,
        tenant: TenantKey,
        last: Changeset,
        (chain, audit): (TenantKey, Vec<Entry>),
    ) -> Result<(), CommitError> {
        let task = move |connection: &Connection| {
            write_all(connection, &write::statements(&Sqlite, tenant, last))?;
            connection.execute(OBJECTS_GO, [tenant.0]).map_err(failure)?;
            match connection.execute("DELETE FROM tenant WHERE key = ?1", [tenant.0]) {
                Err(error) if writer::is_foreign_key(&error) => {
                    Err(CommitError::Constraint(Constraint::StillReferenced))
                }
                done => changed(done),
            }
        };
        self.writer.run_audited(chain, audit, task).await
    }
}

/// All tenants, in the order of their keys.
pub(super) fn tenants(connection: &Connection) -> rusqlite::Result<Vec<Tenant>> {
    let mut statement =
        connection.prepare_cached("SELECT key, id, display_name, created_at FROM tenant ORDER BY key")?;
    let tenant = |row: &Row<'_>| {
        Ok(Tenant {
            key: TenantKey(row.get(0)?),
            id: row.get(1)?,
            display_name: row.get(2)?,
            domains: Vec::new(),
            created_at: Timestamp(row.get(3)?),
        })
    };
    let mut tenants = statement.query_map([], tenant)?.collect::<Result<Vec<_>, _>>()?;
    let mut statement = connection.prepare_cached("SELECT tenant_id, name FROM tenant_domain ORDER BY name")?;
    for domain in statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))? {
        let (key, name) = domain?;
        if let Ok(at) = tenants.binary_search_by_key(&key, |tenant| tenant.key.0) {
            tenants[at].domains.push(name);
        }
    }
    Ok(tenants)
}

/// Gives a new tenant what it starts with.
pub(super) fn furnish(
    connection: &Connection,
    key: TenantKey,
    domains: &[String],
    first: &Changeset,
) -> Result<(), CommitError> {
    for name in domains {
        let sql = "INSERT INTO tenant_domain (name, tenant_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        changed(connection.execute(sql, params![name, key.0]))?;
    }
    write_all(connection, &write::statements(&Sqlite, key, first.clone()))?;
    let mut chains = Chains::default();
    chains.append(connection, key, first.audit.clone())?;
    Ok(chains.store(connection)?)
}

/// A row must have changed.
pub(super) fn changed(done: rusqlite::Result<usize>) -> Result<(), CommitError> {
    if done.map_err(failure)? == 0 { Err(CommitError::Conflict) } else { Ok(()) }
}
