//! Tenants, service principals and their secrets.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    SqliteStore,
    chain::Chains,
    connection::failure,
    dialect::Sqlite,
    writer::{self, write_all},
};
use crate::{
    model::{audit::Entry, changeset::Changeset, record::RowVersion, value::Timestamp},
    store::{
        ClientSecret, CommitError, Constraint, Error, Identities, NewTenant, ServicePrincipal, Tenant, TenantKey,
        identities::roles, sql::write,
    },
};

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
            write_all(connection, &write::statements(&Sqlite, tenant, &last))?;
            match connection.execute("DELETE FROM tenant WHERE key = ?1", [tenant.0]) {
                Err(error) if writer::is_foreign_key(&error) => {
                    Err(CommitError::Constraint(Constraint::StillReferenced))
                }
                done => changed(done),
            }
        };
        self.writer.run_audited(chain, audit, task).await
    }

    async fn service_principals(&self, tenant: TenantKey) -> Result<Vec<ServicePrincipal>, Error> {
        let run = move |connection: &Connection| {
            let sql = "SELECT id, row_version, app_id, display_name, roles, created_at FROM service_principal \
                       WHERE tenant_id = ?1 ORDER BY display_name, id";
            let mut statement = connection.prepare_cached(sql).map_err(failure)?;
            let rows = statement.query_map([tenant.0], stored).map_err(failure)?;
            rows.map(|row| principal(row.map_err(failure)?)).collect()
        };
        self.run(false, run).await
    }

    async fn service_principal(
        &self,
        tenant: TenantKey,
        app_id: &str,
    ) -> Result<Option<(ServicePrincipal, Vec<ClientSecret>)>, Error> {
        let app_id = app_id.to_owned();
        self.run(true, move |connection| find(connection, tenant, &app_id)).await
    }

    async fn service_principal_create(
        &self,
        tenant: TenantKey,
        principal: ServicePrincipal,
        secret: ClientSecret,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError> {
        let task = move |connection: &Connection| {
            let ServicePrincipal { id, version, app_id, display_name, created_at, .. } = &principal;
            let roles = principal.roles_json();
            changed(connection.execute(
                "INSERT INTO service_principal \
                 (tenant_id, id, row_version, app_id, display_name, roles, created_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                params![tenant.0, id, version.0, app_id, display_name, roles, created_at.0],
            ))?;
            add_secret(connection, tenant, id, &secret)
        };
        self.writer.run_audited(tenant, audit, task).await
    }

    async fn service_principal_set_secret(
        &self,
        tenant: TenantKey,
        id: &str,
        secret: ClientSecret,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError> {
        let id = id.to_owned();
        let task = move |connection: &Connection| {
            let exists = "SELECT 1 FROM service_principal WHERE tenant_id = ?1 AND id = ?2";
            let found = connection.query_row(exists, params![tenant.0, id], |_| Ok(())).optional();
            found.map_err(failure)?.ok_or(CommitError::Conflict)?;
            let old = "DELETE FROM service_principal_secret WHERE tenant_id = ?1 AND service_principal_id = ?2";
            connection.execute(old, params![tenant.0, id]).map_err(failure)?;
            add_secret(connection, tenant, &id, &secret)
        };
        self.writer.run_audited(tenant, audit, task).await
    }

    async fn service_principal_delete(
        &self,
        tenant: TenantKey,
        id: &str,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError> {
        let id = id.to_owned();
        let task = move |connection: &Connection| {
            let sql = "DELETE FROM service_principal WHERE tenant_id = ?1 AND id = ?2";
            changed(connection.execute(sql, params![tenant.0, id]))
        };
        self.writer.run_audited(tenant, audit, task).await
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
    write_all(connection, &write::statements(&Sqlite, key, first))?;
    let mut chains = Chains::default();
    chains.append(connection, key, first.audit.clone())?;
    Ok(chains.store(connection)?)
}

/// A row must have changed.
fn changed(done: rusqlite::Result<usize>) -> Result<(), CommitError> {
    if done.map_err(failure)? == 0 { Err(CommitError::Conflict) } else { Ok(()) }
}

fn add_secret(connection: &Connection, tenant: TenantKey, id: &str, secret: &ClientSecret) -> Result<(), CommitError> {
    let ClientSecret { key_id, hash, hint, created_at, expires_at } = secret;
    changed(connection.execute(
        "INSERT INTO service_principal_secret \
         (tenant_id, service_principal_id, key_id, hash, hint, created_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![tenant.0, id, key_id, hash, hint, created_at.0, expires_at.0],
    ))
}

fn find(
    connection: &Connection,
    tenant: TenantKey,
    app_id: &str,
) -> Result<Option<(ServicePrincipal, Vec<ClientSecret>)>, Error> {
    let sql = "SELECT id, row_version, app_id, display_name, roles, created_at FROM service_principal \
               WHERE tenant_id = ?1 AND app_id = ?2";
    let mut statement = connection.prepare_cached(sql).map_err(failure)?;
    let found = statement.query_row(params![tenant.0, app_id], stored).optional().map_err(failure)?;
    let Some(found) = found.map(principal).transpose()? else { return Ok(None) };
    let sql = "SELECT key_id, hash, hint, created_at, expires_at FROM service_principal_secret \
               WHERE tenant_id = ?1 AND service_principal_id = ?2 ORDER BY created_at DESC, key_id";
    let mut statement = connection.prepare_cached(sql).map_err(failure)?;
    let secret = |row: &Row<'_>| {
        Ok(ClientSecret {
            key_id: row.get(0)?,
            hash: row.get(1)?,
            hint: row.get(2)?,
            created_at: Timestamp(row.get(3)?),
            expires_at: Timestamp(row.get(4)?),
        })
    };
    let secrets = statement.query_map(params![tenant.0, found.id], secret).map_err(failure)?;
    let secrets = secrets.collect::<Result<_, _>>().map_err(failure)?;
    Ok(Some((found, secrets)))
}

/// A service principal without its roles, and these as they are stored.
fn stored(row: &Row<'_>) -> rusqlite::Result<(ServicePrincipal, String)> {
    let principal = ServicePrincipal {
        id: row.get(0)?,
        version: RowVersion(row.get(1)?),
        app_id: row.get(2)?,
        display_name: row.get(3)?,
        roles: Vec::new(),
        created_at: Timestamp(row.get(5)?),
    };
    Ok((principal, row.get(4)?))
}

fn principal((found, json): (ServicePrincipal, String)) -> Result<ServicePrincipal, Error> {
    Ok(ServicePrincipal { roles: roles(&json, &found.id)?, ..found })
}
