//! People and what they are granted.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{SqliteStore, connection::failure, identities::changed};
use crate::{
    model::{audit::Entry, record::RowVersion, value::Timestamp},
    store::{CommitError, Error, Grant, GrantKind, Password, People, TenantKey, Used, User, identities::read_json},
};

const USER: &str = "SELECT u.id, u.row_version, u.user_principal_name, u.display_name, u.account_enabled, \
                    u.directory_roles, u.created_at, p.hash, p.changed_at FROM directory_user u \
                    LEFT JOIN user_password p ON p.tenant_id = u.tenant_id AND p.user_id = u.id WHERE u.tenant_id = ?1";

type Found = (User, Option<Password>);

#[async_trait]
impl People for SqliteStore {
    async fn users(&self, tenant: TenantKey) -> Result<Vec<User>, Error> {
        let run = move |connection: &Connection| {
            let mut statement =
                connection.prepare_cached(&format!("{USER} ORDER BY u.display_name, u.id")).map_err(failure)?;
            let rows = statement.query_map([tenant.0], stored).map_err(failure)?;
            rows.map(|row| Ok(user(row.map_err(failure)?)?.0)).collect()
        };
        self.run(false, run).await
    }

    async fn user_named(&self, tenant: TenantKey, upn: &str) -> Result<Option<Found>, Error> {
        let key = upn.to_lowercase();
        self.run(true, move |connection| find(connection, tenant, "upn_key", &key)).await
    }

    async fn user_with_id(&self, tenant: TenantKey, id: &str) -> Result<Option<Found>, Error> {
        let id = id.to_owned();
        self.run(true, move |connection| find(connection, tenant, "id", &id)).await
    }

    async fn user_create(
        &self,
        tenant: TenantKey,
        user: User,
        password: Password,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError> {
        let task = move |connection: &Connection| {
            let (key, roles) = (user.key(), user.roles_json());
            let User { id, version, user_principal_name, display_name, account_enabled, created_at, .. } = &user;
            changed(connection.execute(
                "INSERT INTO directory_user (tenant_id, id, row_version, user_principal_name, upn_key, display_name, \
                 account_enabled, directory_roles, created_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
                params![
                    tenant.0,
                    id,
                    version.0,
                    user_principal_name,
                    key,
                    display_name,
                    account_enabled,
                    roles,
                    created_at.0
                ],
            ))?;
            set_password(connection, tenant, id, &password)
        };
        self.writer.run_audited(tenant, audit, task).await
    }

    async fn user_set_password(
        &self,
        tenant: TenantKey,
        id: &str,
        password: Password,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError> {
        let id = id.to_owned();
        let task = move |connection: &Connection| {
            let exists = "SELECT 1 FROM directory_user WHERE tenant_id = ?1 AND id = ?2";
            let found = connection.query_row(exists, params![tenant.0, id], |_| Ok(())).optional();
            found.map_err(failure)?.ok_or(CommitError::Conflict)?;
            set_password(connection, tenant, &id, &password)?;
            let grants = "DELETE FROM sign_in_grant WHERE tenant_id = ?1 AND user_id = ?2";
            connection.execute(grants, params![tenant.0, id]).map_err(failure)?;
            Ok(())
        };
        self.writer.run_audited(tenant, audit, task).await
    }

    async fn user_delete(&self, tenant: TenantKey, id: &str, audit: Vec<Entry>) -> Result<(), CommitError> {
        let id = id.to_owned();
        let task = move |connection: &Connection| {
            let sql = "DELETE FROM directory_user WHERE tenant_id = ?1 AND id = ?2";
            changed(connection.execute(sql, params![tenant.0, id]))
        };
        self.writer.run_audited(tenant, audit, task).await
    }

    async fn grant_add(&self, tenant: TenantKey, grant: Grant, now: Timestamp) -> Result<(), CommitError> {
        let task = move |connection: &Connection| {
            connection.execute("DELETE FROM sign_in_grant WHERE expires_at < ?1", [now.0]).map_err(failure)?;
            add_grant(connection, tenant, &grant)
        };
        self.writer.run(task).await
    }

    async fn grant_use(&self, tenant: TenantKey, hash: &str, now: Timestamp) -> Result<Option<Used>, CommitError> {
        let hash = hash.to_owned();
        let (give, taken) = tokio::sync::oneshot::channel();
        let task = move |connection: &Connection| {
            let sql = "SELECT kind, family, app_id, user_id, details, created_at, expires_at, used_at \
                       FROM sign_in_grant WHERE tenant_id = ?1 AND hash = ?2";
            let grant = |row: &Row<'_>| {
                let grant = Grant {
                    hash: hash.clone(),
                    kind: GrantKind::read(&row.get::<_, String>(0)?),
                    family: row.get(1)?,
                    app_id: row.get(2)?,
                    user_id: row.get(3)?,
                    details: crate::store::GrantDetails::default(),
                    created_at: Timestamp(row.get(5)?),
                    expires_at: Timestamp(row.get(6)?),
                };
                Ok((grant, row.get::<_, String>(4)?, row.get::<_, Option<i64>>(7)?))
            };
            let found = connection.query_row(sql, params![tenant.0, hash], grant).optional().map_err(failure)?;
            let Some((mut grant, details, used)) = found else { return Ok(()) };
            grant.details = read_json(&details, "of a grant")?;
            if used.is_none() {
                let sql = "UPDATE sign_in_grant SET used_at = ?3 WHERE tenant_id = ?1 AND hash = ?2";
                connection.execute(sql, params![tenant.0, hash, now.0]).map_err(failure)?;
            }
            // Whoever asked may have gone.
            let _ = give.send(Used { grant, first: used.is_none() });
            Ok(())
        };
        self.writer.run(task).await?;
        Ok(taken.await.ok())
    }

    async fn assertion_use(
        &self,
        tenant: TenantKey,
        hash: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, CommitError> {
        let hash = hash.to_owned();
        let task = move |connection: &Connection| {
            connection.execute("DELETE FROM used_assertion WHERE expires_at < ?1", [now.0]).map_err(failure)?;
            let sql =
                "INSERT INTO used_assertion (tenant_id, hash, expires_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            changed(connection.execute(sql, params![tenant.0, hash, expires_at.0]))
        };
        match self.writer.run(task).await {
            Ok(()) => Ok(true),
            Err(CommitError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn revoke(
        &self,
        tenant: TenantKey,
        object_id: &str,
        until: Timestamp,
        since: Timestamp,
    ) -> Result<(), CommitError> {
        let id = object_id.to_owned();
        let task = move |connection: &Connection| {
            connection.execute("DELETE FROM revocation WHERE revoked_at < ?1", [since.0]).map_err(failure)?;
            changed(connection.execute(
                "INSERT INTO revocation (tenant_id, object_id, revoked_at) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (tenant_id, object_id) DO UPDATE SET revoked_at = ?3",
                params![tenant.0, id, until.0],
            ))
        };
        self.writer.run(task).await
    }

    async fn revocations(&self) -> Result<Vec<(TenantKey, String, Timestamp)>, Error> {
        let run = |connection: &Connection| {
            let mut statement = connection.prepare_cached("SELECT tenant_id, object_id, revoked_at FROM revocation")?;
            let one = |row: &Row<'_>| Ok((TenantKey(row.get(0)?), row.get(1)?, Timestamp(row.get(2)?)));
            statement.query_map([], one)?.collect::<Result<_, _>>()
        };
        self.run(true, move |connection| run(connection).map_err(failure)).await
    }

    async fn grants_end(&self, tenant: TenantKey, family: &str) -> Result<(), CommitError> {
        let family = family.to_owned();
        let task = move |connection: &Connection| {
            let sql = "DELETE FROM sign_in_grant WHERE tenant_id = ?1 AND family = ?2";
            connection.execute(sql, params![tenant.0, family]).map_err(failure)?;
            Ok(())
        };
        self.writer.run(task).await
    }
}

pub(super) fn add_grant(connection: &Connection, tenant: TenantKey, grant: &Grant) -> Result<(), CommitError> {
    let Grant { hash, kind, family, app_id, user_id, details, created_at, expires_at } = grant;
    let details = serde_json::json!(details).to_string();
    changed(connection.execute(
        "INSERT INTO sign_in_grant \
         (tenant_id, hash, kind, family, app_id, user_id, details, created_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![tenant.0, hash, kind.text(), family, app_id, user_id, details, created_at.0, expires_at.0],
    ))
}

fn set_password(connection: &Connection, tenant: TenantKey, id: &str, password: &Password) -> Result<(), CommitError> {
    changed(connection.execute(
        "INSERT INTO user_password (tenant_id, user_id, hash, changed_at) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (tenant_id, user_id) DO UPDATE SET hash = ?3, changed_at = ?4",
        params![tenant.0, id, password.hash, password.changed_at.0],
    ))
}

fn find(connection: &Connection, tenant: TenantKey, column: &str, value: &str) -> Result<Option<Found>, Error> {
    let mut statement = connection.prepare_cached(&format!("{USER} AND u.{column} = ?2")).map_err(failure)?;
    let found = statement.query_row(params![tenant.0, value], stored).optional().map_err(failure)?;
    found.map(user).transpose()
}

fn stored(row: &Row<'_>) -> rusqlite::Result<(User, String, Option<Password>)> {
    let user = User {
        id: row.get(0)?,
        version: RowVersion(row.get(1)?),
        user_principal_name: row.get(2)?,
        display_name: row.get(3)?,
        account_enabled: row.get(4)?,
        directory_roles: Vec::new(),
        created_at: Timestamp(row.get(6)?),
    };
    let hash: Option<String> = row.get(7)?;
    let changed_at: Option<i64> = row.get(8)?;
    let password = hash.zip(changed_at).map(|(hash, at)| Password { hash, changed_at: Timestamp(at) });
    Ok((user, row.get(5)?, password))
}

fn user((found, roles, password): (User, String, Option<Password>)) -> Result<Found, Error> {
    Ok((User { directory_roles: read_json(&roles, &found.id)?, ..found }, password))
}
