//! People and what they are granted.

use async_trait::async_trait;
use deadpool_postgres::Object;
use tokio_postgres::Row;

use super::{PostgresStore, convert::failure, identities::changed};
use crate::{
    model::value::Timestamp,
    store::{
        CommitError, Error, Grant, GrantDetails, GrantKind, People, TenantKey, Used, identities::read_json,
        people::EXPIRED_TOGETHER,
    },
};

#[async_trait]
impl People for PostgresStore {
    async fn grant_add(&self, tenant: TenantKey, grant: Grant, now: Timestamp) -> Result<(), CommitError> {
        let client = self.client().await?;
        let sql = "DELETE FROM sign_in_grant WHERE (tenant_id, hash) IN \
                   (SELECT tenant_id, hash FROM sign_in_grant WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
        client.execute(sql, &[&now.0, &EXPIRED_TOGETHER]).await.map_err(failure)?;
        add_grant(&client, tenant, &grant).await
    }

    async fn grant_use(&self, tenant: TenantKey, hash: &str, now: Timestamp) -> Result<Option<Used>, CommitError> {
        let client = self.client().await?;
        // The row that was, and whether it was this statement that used it.
        let sql = "WITH used AS (UPDATE sign_in_grant SET used_at = $3 \
                     WHERE tenant_id = $1 AND hash = $2 AND used_at IS NULL RETURNING hash) \
                   SELECT kind, family, app_id, user_id, details, created_at, expires_at, \
                     EXISTS (SELECT 1 FROM used) FROM sign_in_grant WHERE tenant_id = $1 AND hash = $2";
        let found = client.query_opt(sql, &[&tenant.0, &hash, &now.0]).await.map_err(failure)?;
        let Some(row) = found else { return Ok(None) };
        let details: String = row.try_get(4).map_err(failure)?;
        let details: GrantDetails = read_json(&details, "of a grant")?;
        let grant = || {
            let kind: String = row.try_get(0)?;
            Ok(Grant {
                hash: hash.to_owned(),
                kind: GrantKind::read(&kind),
                family: row.try_get(1)?,
                app_id: row.try_get(2)?,
                user_id: row.try_get(3)?,
                details,
                created_at: Timestamp(row.try_get(5)?),
                expires_at: Timestamp(row.try_get(6)?),
            })
        };
        Ok(Some(Used { grant: grant().map_err(failure)?, first: row.try_get(7).map_err(failure)? }))
    }

    async fn assertion_use(
        &self,
        tenant: TenantKey,
        hash: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, CommitError> {
        let client = self.client().await?;
        let sql = "DELETE FROM used_assertion WHERE (tenant_id, hash) IN \
                   (SELECT tenant_id, hash FROM used_assertion WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
        client.execute(sql, &[&now.0, &EXPIRED_TOGETHER]).await.map_err(failure)?;
        let sql = "INSERT INTO used_assertion (tenant_id, hash, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let rows = client.execute(sql, &[&tenant.0, &hash, &expires_at.0]).await.map_err(failure)?;
        Ok(rows == 1)
    }

    async fn revocations(&self) -> Result<Vec<(TenantKey, String, Timestamp)>, Error> {
        let sql = "SELECT tenant_id, object_id, revoked_at FROM revocation";
        let rows = self.client().await?.query(sql, &[]).await.map_err(failure)?;
        let one = |row: &Row| Ok((TenantKey(row.try_get(0)?), row.try_get(1)?, Timestamp(row.try_get(2)?)));
        rows.iter().map(one).collect::<Result<_, _>>().map_err(failure)
    }

    async fn grants_end(&self, tenant: TenantKey, family: &str) -> Result<(), CommitError> {
        let sql = "DELETE FROM sign_in_grant WHERE tenant_id = $1 AND family = $2";
        self.client().await?.execute(sql, &[&tenant.0, &family]).await.map_err(failure)?;
        Ok(())
    }
}

pub(super) async fn add_grant(client: &Object, tenant: TenantKey, grant: &Grant) -> Result<(), CommitError> {
    let Grant { hash, kind, family, app_id, user_id, details, created_at, expires_at } = grant;
    let (kind, details) = (kind.text(), serde_json::json!(details).to_string());
    let sql = "INSERT INTO sign_in_grant \
               (tenant_id, hash, kind, family, app_id, user_id, details, created_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let done = client
        .execute(sql, &[&tenant.0, hash, &kind, family, app_id, user_id, &details, &created_at.0, &expires_at.0])
        .await;
    changed(done)
}
