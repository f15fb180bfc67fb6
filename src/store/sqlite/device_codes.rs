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
        CommitError, DeviceCode, DeviceCodes, Error, Grant, GrantDetails, MAX_DEVICE_CODES, TenantKey,
        identities::read_json,
    },
};

const CODE: &str = "SELECT tenant_id, hash, user_code, app_id, details, created_at, expires_at, polled_at, declined \
                    FROM device_code";

#[async_trait]
impl DeviceCodes for SqliteStore {
    async fn device_code_add(&self, tenant: TenantKey, code: DeviceCode, before: Timestamp) -> Result<(), CommitError> {
        let task = move |connection: &Connection| {
            connection.execute("DELETE FROM device_code WHERE expires_at <= ?1", [before.0]).map_err(failure)?;
            let DeviceCode { hash, user_code, app_id, details, created_at, expires_at, polled_at, declined } = &code;
            let (details, polled) = (serde_json::json!(details).to_string(), polled_at.map(|at| at.0));
            changed(connection.execute(
                "INSERT INTO device_code \
                 (tenant_id, hash, user_code, app_id, details, created_at, expires_at, polled_at, declined) \
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 \
                 WHERE (SELECT count(*) FROM device_code WHERE tenant_id = ?1) < ?10 ON CONFLICT DO NOTHING",
                params![
                    tenant.0,
                    hash,
                    user_code,
                    app_id,
                    details,
                    created_at.0,
                    expires_at.0,
                    polled,
                    declined,
                    MAX_DEVICE_CODES
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

    async fn device_code_poll(
        &self,
        tenant: TenantKey,
        hash: &str,
        app_id: &str,
        now: Timestamp,
    ) -> Result<Option<DeviceCode>, CommitError> {
        let (hash, app_id) = (hash.to_owned(), app_id.to_owned());
        let (give, taken) = tokio::sync::oneshot::channel();
        let task = move |connection: &Connection| {
            let sql = format!("{CODE} WHERE tenant_id = ?1 AND hash = ?2 AND app_id = ?3");
            let found = connection.query_row(&sql, params![tenant.0, hash, app_id], stored).optional();
            let Some(found) = found.map_err(failure)? else { return Ok(()) };
            let (_, code) = device_code(found)?;
            let sql = "UPDATE device_code SET polled_at = ?3 WHERE tenant_id = ?1 AND hash = ?2";
            connection.execute(sql, params![tenant.0, hash, now.0]).map_err(failure)?;
            // Whoever asked may have gone.
            let _ = give.send(code);
            Ok(())
        };
        self.writer.run(task).await?;
        Ok(taken.await.ok())
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

fn stored(row: &Row<'_>) -> rusqlite::Result<(TenantKey, DeviceCode, String)> {
    let code = DeviceCode {
        hash: row.get(1)?,
        user_code: row.get(2)?,
        app_id: row.get(3)?,
        details: GrantDetails::default(),
        created_at: Timestamp(row.get(5)?),
        expires_at: Timestamp(row.get(6)?),
        polled_at: row.get::<_, Option<i64>>(7)?.map(Timestamp),
        declined: row.get(8)?,
    };
    Ok((TenantKey(row.get(0)?), code, row.get(4)?))
}

fn device_code((tenant, code, details): (TenantKey, DeviceCode, String)) -> Result<(TenantKey, DeviceCode), Error> {
    Ok((tenant, DeviceCode { details: read_json(&details, "of a device's code")?, ..code }))
}
