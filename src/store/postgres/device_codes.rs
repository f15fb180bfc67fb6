//! Devices on which somebody is about to sign in.

use async_trait::async_trait;
use tokio_postgres::Row;

use super::{
    PostgresStore,
    convert::failure,
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

const COLUMNS: &str = "tenant_id, hash, user_code, app_id, details, created_at, expires_at, declined";

#[async_trait]
impl DeviceCodes for PostgresStore {
    async fn device_code_add(&self, tenant: TenantKey, code: DeviceCode, before: Timestamp) -> Result<(), CommitError> {
        let client = self.client().await?;
        // One server removes at a time, so that none waits for what another has locked.
        let remove = "DELETE FROM device_code WHERE (tenant_id, hash) IN \
                      (SELECT tenant_id, hash FROM device_code WHERE expires_at <= $1 \
                       AND pg_try_advisory_xact_lock(7106001) LIMIT $2 FOR UPDATE SKIP LOCKED)";
        while client.execute(remove, &[&before.0, &REMOVED_TOGETHER]).await.map_err(failure)? > 0 {}
        let DeviceCode { hash, user_code, app_id, details, created_at, expires_at, declined } = &code;
        let details = serde_json::json!(details).to_string();
        // Of those who come at once some may get beyond the bounds, which need not be exact.
        let sql = format!(
            "INSERT INTO device_code ({COLUMNS}) SELECT $1::bigint, $2, $3, $4, $5, $6::bigint, $7::bigint, $8::boolean \
             WHERE coalesce((SELECT number FROM device_code_count WHERE tenant_id = $1 AND app_id = ''), 0) < $9::bigint \
             AND coalesce((SELECT number FROM device_code_count WHERE tenant_id = $1 AND app_id = $4), 0) < $10::bigint \
             ON CONFLICT DO NOTHING"
        );
        let done = client
            .execute(
                &sql,
                &[
                    &tenant.0,
                    hash,
                    user_code,
                    app_id,
                    &details,
                    &created_at.0,
                    &expires_at.0,
                    declined,
                    &MAX_DEVICE_CODES,
                    &MAX_DEVICE_CODES_PER_CLIENT,
                ],
            )
            .await;
        changed(done)
    }

    async fn device_code_named(
        &self,
        user_code: &str,
        now: Timestamp,
    ) -> Result<Option<(TenantKey, DeviceCode)>, Error> {
        let sql =
            format!("SELECT {COLUMNS} FROM device_code WHERE user_code = $1 AND expires_at > $2 AND NOT declined");
        let found = self.client().await?.query_opt(&sql, &[&user_code, &now.0]).await.map_err(failure)?;
        found.as_ref().map(device_code).transpose()
    }

    async fn device_code_waiting(
        &self,
        tenant: TenantKey,
        hash: &str,
        app_id: &str,
    ) -> Result<Option<DeviceCode>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM device_code WHERE tenant_id = $1 AND hash = $2 AND app_id = $3");
        let found = self.client().await?.query_opt(&sql, &[&tenant.0, &hash, &app_id]).await;
        let found = found.map_err(failure)?.as_ref().map(device_code).transpose()?;
        Ok(found.map(|(_, code)| code))
    }

    async fn device_code_approve(
        &self,
        tenant: TenantKey,
        grant: Grant,
        seen: RowVersion,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        self.in_transaction(|client| async move {
            let outcome = async {
                as_seen(&client, tenant, &grant.user_id, seen).await?;
                let sql = "DELETE FROM device_code \
                           WHERE tenant_id = $1 AND hash = $2 AND expires_at > $3 AND NOT declined";
                changed(client.execute(sql, &[&tenant.0, &grant.hash, &now.0]).await)?;
                add_grant(&client, tenant, &grant).await
            };
            let outcome = outcome.await;
            (client, outcome)
        })
        .await
    }

    async fn device_code_decline(&self, tenant: TenantKey, hash: &str, now: Timestamp) -> Result<(), CommitError> {
        let sql = "UPDATE device_code SET declined = TRUE \
                   WHERE tenant_id = $1 AND hash = $2 AND expires_at > $3 AND NOT declined";
        changed(self.client().await?.execute(sql, &[&tenant.0, &hash, &now.0]).await)
    }
}

fn device_code(row: &Row) -> Result<(TenantKey, DeviceCode), Error> {
    let details: String = row.try_get(4).map_err(failure)?;
    let details: GrantDetails = read_json(&details, "of a device's code")?;
    let code = || {
        let code = DeviceCode {
            hash: row.try_get(1)?,
            user_code: row.try_get(2)?,
            app_id: row.try_get(3)?,
            details,
            created_at: Timestamp(row.try_get(5)?),
            expires_at: Timestamp(row.try_get(6)?),
            declined: row.try_get(7)?,
        };
        Ok((TenantKey(row.try_get(0)?), code))
    };
    code().map_err(failure)
}
