//! Devices on which somebody is about to sign in.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    SqliteStore,
    connection::failure,
    identities::changed,
    people::{add_grant, as_seen},
};
use crate::{
    model::{record::RowVersion, value::Timestamp},
    store::{
        CommitError, DeviceCode, DeviceCodes, Error, Grant, GrantDetails, MAX_DEVICE_CODES,
        MAX_DEVICE_CODES_PER_CLIENT, TenantKey, device_codes::REMOVED_TOGETHER, identities::read_json,
    },
};

const CODE: &str = "SELECT tenant_id, hash, user_code, app_id, details, created_at, expires_at, declined \
                    FROM device_code";

#[async_trait]
impl DeviceCodes for SqliteStore {
    async fn device_code_add(&self, tenant: TenantKey, code: DeviceCode, before: Timestamp) -> Result<(), CommitError> {
        while self.remove_expired(before).await? {}
        let task = move |connection: &Connection| {
            let DeviceCode { hash, user_code, app_id, details, created_at, expires_at, declined } = &code;
            let details = serde_json::json!(details).to_string();
            changed(connection.execute(
                "INSERT INTO device_code \
                 (tenant_id, hash, user_code, app_id, details, created_at, expires_at, declined) \
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 \
                 WHERE coalesce((SELECT number FROM device_code_count WHERE tenant_id = ?1 AND app_id = ''), 0) < ?9 \
                 AND coalesce((SELECT number FROM device_code_count WHERE tenant_id = ?1 AND app_id = ?4), 0) < ?10 \
                 ON CONFLICT DO NOTHING",
                params![
                    tenant.0,
                    hash,
                    user_code,
                    app_id,
                    details,
                    created_at.0,
                    expires_at.0,
                    declined,
                    MAX_DEVICE_CODES,
                    MAX_DEVICE_CODES_PER_CLIENT
                ],
            ))
        };
        self.writer.run(task).await
    }

    async fn device_code_named(
        &self,
        user_code: &str,
        now: Timestamp,
    ) -> Result<Option<(TenantKey, DeviceCode)>, Error> {
        let user_code = user_code.to_owned();
        let run = move |connection: &Connection| {
            let sql = format!("{CODE} WHERE user_code = ?1 AND expires_at > ?2 AND NOT declined");
            let mut statement = connection.prepare_cached(&sql).map_err(failure)?;
            let found = statement.query_row(params![user_code, now.0], stored).optional().map_err(failure)?;
            found.map(device_code).transpose()
        };
        self.small(run).await
    }

    async fn device_code_waiting(
        &self,
        tenant: TenantKey,
        hash: &str,
        app_id: &str,
    ) -> Result<Option<DeviceCode>, Error> {
        let (hash, app_id) = (hash.to_owned(), app_id.to_owned());
        let run = move |connection: &Connection| {
            let sql = format!("{CODE} WHERE tenant_id = ?1 AND hash = ?2 AND app_id = ?3");
            let mut statement = connection.prepare_cached(&sql).map_err(failure)?;
            let found = statement.query_row(params![tenant.0, hash, app_id], stored).optional().map_err(failure)?;
            Ok(found.map(device_code).transpose()?.map(|(_, code)| code))
        };
        self.small(run).await
    }

    async fn device_code_approve(
        &self,
        tenant: TenantKey,
        grant: Grant,
        seen: RowVersion,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        let task = move |connection: &Connection| {
            let sql = "DELETE FROM device_code WHERE tenant_id = ?1 AND hash = ?2 AND expires_at > ?3 AND NOT declined";
            changed(connection.execute(sql, params![tenant.0, grant.hash, now.0]))?;
            as_seen(connection, tenant, &grant.user_id, seen)?;
            add_grant(connection, tenant, &grant)
        };
        self.writer.run(task).await
    }

    async fn device_code_decline(&self, tenant: TenantKey, hash: &str, now: Timestamp) -> Result<(), CommitError> {
        let hash = hash.to_owned();
        let task = move |connection: &Connection| {
            let sql = "UPDATE device_code SET declined = TRUE \
                       WHERE tenant_id = ?1 AND hash = ?2 AND expires_at > ?3 AND NOT declined";
            changed(connection.execute(sql, params![tenant.0, hash, now.0]))
        };
        self.writer.run(task).await
    }
}

impl SqliteStore {
    /// Removes some of those that had expired by then, in a turn of the writer of its own. Whether there may be more.
    async fn remove_expired(&self, before: Timestamp) -> Result<bool, CommitError> {
        let any = move |connection: &Connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM device_code WHERE expires_at <= ?1)";
            let mut statement = connection.prepare_cached(sql).map_err(failure)?;
            statement.query_row([before.0], |row| row.get::<_, bool>(0)).map_err(failure)
        };
        if !self.small(any).await? {
            return Ok(false);
        }
        let (give, removed) = tokio::sync::oneshot::channel();
        let task = move |connection: &Connection| {
            let sql = "DELETE FROM device_code WHERE (tenant_id, hash) IN \
                       (SELECT tenant_id, hash FROM device_code WHERE expires_at <= ?1 LIMIT ?2)";
            let removed = connection.execute(sql, params![before.0, REMOVED_TOGETHER]).map_err(failure)?;
            // Whoever asked may have gone.
            let _ = give.send(removed > 0);
            Ok(())
        };
        self.writer.run(task).await?;
        Ok(removed.await.unwrap_or(false))
    }
}

fn stored(row: &Row<'_>) -> rusqlite::Result<(TenantKey, DeviceCode, String)> {
    let code = DeviceCode {
        hash: row.get(1)?,
        user_code: row.get(2)?,
        app_id: row.get(3)?,
        details: GrantDetails::default(),
        created_at: Timestamp(row.get(5)?),
        expires_at: Timestamp(row.get(6)?),
        declined: row.get(7)?,
    };
    Ok((TenantKey(row.get(0)?), code, row.get(4)?))
}

fn device_code((tenant, code, details): (TenantKey, DeviceCode, String)) -> Result<(TenantKey, DeviceCode), Error> {
    Ok((tenant, DeviceCode { details: read_json(&details, "of a device's code")?, ..code }))
}
