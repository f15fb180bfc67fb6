//! People and what they are granted.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{SqliteStore, connection::failure, identities::changed};
use crate::{
    model::{changeset::Revocation, record::RowVersion, value::Timestamp},
    store::{
        CommitError, Error, FAMILIES_KEPT, Grant, GrantKind, People, TenantKey, Used, identities::read_json,
        people::EXPIRED_TOGETHER,
    },
};

#[async_trait]
impl People for SqliteStore {
    async fn grant_add(
        &self,
        tenant: TenantKey,
        grant: Grant,
        seen: RowVersion,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        let task = move |connection: &Connection| {
            as_seen(connection, tenant, &grant.user_id, seen)?;
            forget(connection, now)?;
            add_grant(connection, tenant, &grant)
        };
        self.writer.run(task).await
    }

    async fn grant_follow(
        &self,
        tenant: TenantKey,
        before: &str,
        grant: Grant,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        let before = before.to_owned();
        let task = move |connection: &Connection| {
            // Whatever ends a grant takes it away, and there is but one writer.
            let sql = "SELECT 1 FROM sign_in_grant WHERE tenant_id = ?1 AND hash = ?2";
            let there = connection.query_row(sql, params![tenant.0, before], |_| Ok(())).optional().map_err(failure)?;
            there.ok_or(CommitError::Conflict)?;
            forget(connection, now)?;
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
            let sql = "DELETE FROM used_assertion WHERE (tenant_id, hash) IN \
                       (SELECT tenant_id, hash FROM used_assertion WHERE expires_at < ?1 LIMIT ?2)";
            connection.execute(sql, params![now.0, EXPIRED_TOGETHER]).map_err(failure)?;
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

    async fn revocations(&self) -> Result<Vec<(TenantKey, String, Timestamp)>, Error> {
        let run = |connection: &Connection| {
            let mut statement = connection.prepare_cached("SELECT tenant_id, object_id, revoked_at FROM revocation")?;
            let one = |row: &Row<'_>| Ok((TenantKey(row.get(0)?), row.get(1)?, Timestamp(row.get(2)?)));
            statement.query_map([], one)?.collect::<Result<_, _>>()
        };
        self.small(move |connection| run(connection).map_err(failure)).await
    }

    async fn family_end(&self, tenant: TenantKey, family: &str, now: Timestamp) -> Result<(), CommitError> {
        let family = family.to_owned();
        let task = move |connection: &Connection| {
            forget(connection, now)?;
            let sql = "DELETE FROM sign_in_grant WHERE tenant_id = ?1 AND family = ?2";
            connection.execute(sql, params![tenant.0, family]).map_err(failure)?;
            let (key, until) = (Revocation::Family(&family).key(), now.0.saturating_add(FAMILIES_KEPT));
            let sql = "INSERT INTO revocation (tenant_id, object_id, revoked_at, expires_at) VALUES (?1, ?2, ?3, ?4) \
                       ON CONFLICT (tenant_id, object_id) DO UPDATE SET expires_at = excluded.expires_at";
            connection.execute(sql, params![tenant.0, key, now.0, until]).map_err(failure)?;
            Ok(())
        };
        self.writer.run(task).await
    }
}

/// That a person is there whose row is in this state.
pub(super) fn as_seen(
    connection: &Connection,
    tenant: TenantKey,
    id: &str,
    seen: RowVersion,
) -> Result<(), CommitError> {
    let sql = "SELECT 1 FROM directory_object \
               WHERE tenant_id = ?1 AND id = ?2 AND row_version = ?3 AND deleted_at IS NULL";
    let found = connection.query_row(sql, params![tenant.0, id, seen.0], |_| Ok(())).optional().map_err(failure)?;
    found.ok_or(CommitError::Conflict)
}

/// Takes away what counts no more at this time.
fn forget(connection: &Connection, now: Timestamp) -> Result<(), CommitError> {
    for (table, key) in [("sign_in_grant", "hash"), ("revocation", "object_id")] {
        let sql = format!(
            "DELETE FROM {table} WHERE (tenant_id, {key}) IN \
             (SELECT tenant_id, {key} FROM {table} WHERE expires_at < ?1 LIMIT ?2)"
        );
        connection.execute(&sql, params![now.0, EXPIRED_TOGETHER]).map_err(failure)?;
    }
    Ok(())
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
