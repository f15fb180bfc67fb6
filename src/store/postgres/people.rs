//! People and what they are granted.

use async_trait::async_trait;
use deadpool_postgres::Object;
use tokio_postgres::Row;

use super::{PostgresStore, convert::failure, identities::changed};
use crate::{
    model::{changeset::Revocation, record::RowVersion, value::Timestamp},
    store::{
        CommitError, Error, FAMILIES_KEPT, Grant, GrantDetails, GrantKind, People, TenantKey, Used,
        identities::read_json, people::EXPIRED_TOGETHER,
    },
};

#[async_trait]
impl People for PostgresStore {
    async fn grant_add(
        &self,
        tenant: TenantKey,
        grant: Grant,
        seen: RowVersion,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        self.in_transaction(|client| async move {
            let outcome = async {
                as_seen(&client, tenant, &grant.user_id, seen).await?;
                forget(&client, now).await?;
                add_grant(&client, tenant, &grant).await
            };
            let outcome = outcome.await;
            (client, outcome)
        })
        .await
    }

    async fn grant_follow(
        &self,
        tenant: TenantKey,
        before: &str,
        grant: Grant,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        let before = before.to_owned();
        self.in_transaction(|client| async move {
            let outcome = follow(&client, tenant, &before, &grant, now).await;
            (client, outcome)
        })
        .await
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

    async fn family_end(&self, tenant: TenantKey, family: &str, now: Timestamp) -> Result<(), CommitError> {
        let family = family.to_owned();
        self.in_transaction(|client| async move {
            let outcome = end(&client, tenant, &family, now).await;
            (client, outcome)
        })
        .await
    }
}

/// That a person is there whose row is in this state, and stays so until the transaction is over.
pub(super) async fn as_seen(client: &Object, tenant: TenantKey, id: &str, seen: RowVersion) -> Result<(), CommitError> {
    let sql =
        "SELECT row_version FROM directory_object WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR SHARE";
    let row = client.query_opt(sql, &[&tenant.0, &id]).await.map_err(failure)?.ok_or(CommitError::Conflict)?;
    let version: i64 = row.try_get(0).map_err(failure)?;
    if version == seen.0 { Ok(()) } else { Err(CommitError::Conflict) }
}

/// Of a family, one thing happens at a time until the transaction is over.
async fn lock_family(client: &Object, family: &str) -> Result<(), CommitError> {
    let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    client.execute(sql, &[&family]).await.map_err(failure)?;
    Ok(())
}

async fn end(client: &Object, tenant: TenantKey, family: &str, now: Timestamp) -> Result<(), CommitError> {
    lock_family(client, family).await?;
    forget(client, now).await?;
    // A statement sees what was there when it began: hence after the lock.
    let sql = "DELETE FROM sign_in_grant WHERE tenant_id = $1 AND family = $2";
    client.execute(sql, &[&tenant.0, &family]).await.map_err(failure)?;
    let (key, until) = (Revocation::Family(family).key(), now.0.saturating_add(FAMILIES_KEPT));
    let sql = "INSERT INTO revocation (tenant_id, object_id, revoked_at, expires_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (tenant_id, object_id) DO UPDATE SET expires_at = excluded.expires_at";
    client.execute(sql, &[&tenant.0, &key, &now.0, &until]).await.map_err(failure)?;
    Ok(())
}

/// What ends the grants of a person or an application changes its row first. So, with the rows and the family locked, either
/// that has not happened yet and finds the new grant, or the old grant is gone.
async fn follow(
    client: &Object,
    tenant: TenantKey,
    before: &str,
    grant: &Grant,
    now: Timestamp,
) -> Result<(), CommitError> {
    lock_family(client, &grant.family).await?;
    let of = "SELECT 1 FROM directory_object WHERE tenant_id = $1 AND";
    client.query(&format!("{of} id = $2 FOR SHARE"), &[&tenant.0, &grant.user_id]).await.map_err(failure)?;
    let sql = format!("{of} kind = 'servicePrincipal' AND app_id = $2 AND deleted_at IS NULL FOR SHARE");
    client.query(&sql, &[&tenant.0, &grant.app_id]).await.map_err(failure)?;
    let sql = "SELECT 1 FROM sign_in_grant WHERE tenant_id = $1 AND hash = $2";
    let there = client.query_opt(sql, &[&tenant.0, &before]).await.map_err(failure)?;
    there.ok_or(CommitError::Conflict)?;
    forget(client, now).await?;
    add_grant(client, tenant, grant).await
}

/// Takes away what counts no more at this time.
async fn forget(client: &Object, now: Timestamp) -> Result<(), CommitError> {
    for (table, key) in [("sign_in_grant", "hash"), ("revocation", "object_id")] {
        let sql = format!(
            "DELETE FROM {table} WHERE (tenant_id, {key}) IN (SELECT tenant_id, {key} FROM {table} \
             WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)"
        );
        client.execute(&sql, &[&now.0, &EXPIRED_TOGETHER]).await.map_err(failure)?;
    }
    Ok(())
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
