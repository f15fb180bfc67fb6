//! People and what they are granted.

use async_trait::async_trait;
use deadpool_postgres::Object;
use tokio_postgres::Row;

use super::{PostgresStore, chain::append, convert::failure, identities::changed};
use crate::{
    model::{audit::Entry, record::RowVersion, value::Timestamp},
    store::{
        CommitError, Error, Grant, GrantDetails, GrantKind, Password, People, TenantKey, Used, User,
        identities::read_json,
    },
};

const USER: &str = "SELECT u.id, u.row_version, u.user_principal_name, u.display_name, u.account_enabled, \
                    u.directory_roles, u.created_at, p.hash, p.changed_at FROM directory_user u \
                    LEFT JOIN user_password p ON p.tenant_id = u.tenant_id AND p.user_id = u.id WHERE u.tenant_id = $1";

type Found = (User, Option<Password>);

#[async_trait]
impl People for PostgresStore {
    async fn users(&self, tenant: TenantKey) -> Result<Vec<User>, Error> {
        let sql = format!("{USER} ORDER BY u.display_name, u.id");
        let rows = self.client().await?.query(&sql, &[&tenant.0]).await.map_err(failure)?;
        rows.iter().map(|row| Ok(user(row)?.0)).collect()
    }

    async fn user_named(&self, tenant: TenantKey, upn: &str) -> Result<Option<Found>, Error> {
        find(&self.client().await?, tenant, "upn_key", &upn.to_lowercase()).await
    }

    async fn user_with_id(&self, tenant: TenantKey, id: &str) -> Result<Option<Found>, Error> {
        find(&self.client().await?, tenant, "id", id).await
    }

    async fn user_create(
        &self,
        tenant: TenantKey,
        user: User,
        password: Password,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError> {
        self.in_transaction(|client| async move {
            let outcome = async {
                create(&client, tenant, &user).await?;
                set_password(&client, tenant, &user.id, &password).await?;
                append(&client, tenant, audit).await
            };
            let outcome = outcome.await;
            (client, outcome)
        })
        .await
    }

    async fn user_set_password(
        &self,
        tenant: TenantKey,
        id: &str,
        password: Password,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError> {
        let id = id.to_owned();
        self.in_transaction(|client| async move {
            let outcome = async {
                let exists = "SELECT 1 FROM directory_user WHERE tenant_id = $1 AND id = $2 FOR UPDATE";
                let found = client.query_opt(exists, &[&tenant.0, &id]).await.map_err(failure)?;
                found.ok_or(CommitError::Conflict)?;
                set_password(&client, tenant, &id, &password).await?;
                let grants = "DELETE FROM sign_in_grant WHERE tenant_id = $1 AND user_id = $2";
                client.execute(grants, &[&tenant.0, &id]).await.map_err(failure)?;
                append(&client, tenant, audit).await
            };
            let outcome = outcome.await;
            (client, outcome)
        })
        .await
    }

    async fn user_delete(&self, tenant: TenantKey, id: &str, audit: Vec<Entry>) -> Result<(), CommitError> {
        let id = id.to_owned();
        self.in_transaction(|client| async move {
            let outcome = async {
                let sql = "DELETE FROM directory_user WHERE tenant_id = $1 AND id = $2";
                changed(client.execute(sql, &[&tenant.0, &id]).await)?;
                append(&client, tenant, audit).await
            };
            let outcome = outcome.await;
            (client, outcome)
        })
        .await
    }

    async fn grant_add(&self, tenant: TenantKey, grant: Grant, now: Timestamp) -> Result<(), CommitError> {
        let client = self.client().await?;
        client.execute("DELETE FROM sign_in_grant WHERE expires_at < $1", &[&now.0]).await.map_err(failure)?;
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
        client.execute("DELETE FROM used_assertion WHERE expires_at < $1", &[&now.0]).await.map_err(failure)?;
        let sql = "INSERT INTO used_assertion (tenant_id, hash, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let rows = client.execute(sql, &[&tenant.0, &hash, &expires_at.0]).await.map_err(failure)?;
        Ok(rows == 1)
    }

    async fn revoke(
        &self,
        tenant: TenantKey,
        object_id: &str,
        until: Timestamp,
        since: Timestamp,
    ) -> Result<(), CommitError> {
        let client = self.client().await?;
        client.execute("DELETE FROM revocation WHERE revoked_at < $1", &[&since.0]).await.map_err(failure)?;
        let sql = "INSERT INTO revocation (tenant_id, object_id, revoked_at) VALUES ($1, $2, $3) \
                   ON CONFLICT (tenant_id, object_id) DO UPDATE SET revoked_at = $3";
        changed(client.execute(sql, &[&tenant.0, &object_id, &until.0]).await)
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

async fn create(client: &Object, tenant: TenantKey, user: &User) -> Result<(), CommitError> {
    let (key, roles) = (user.key(), user.roles_json());
    let User { id, version, user_principal_name, display_name, account_enabled, created_at, .. } = user;
    let sql = "INSERT INTO directory_user (tenant_id, id, row_version, user_principal_name, upn_key, display_name, \
               account_enabled, directory_roles, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    let done = client
        .execute(
            sql,
            &[
                &tenant.0,
                id,
                &version.0,
                user_principal_name,
                &key,
                display_name,
                account_enabled,
                &roles,
                &created_at.0,
            ],
        )
        .await;
    changed(done)
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

async fn set_password(client: &Object, tenant: TenantKey, id: &str, password: &Password) -> Result<(), CommitError> {
    let sql = "INSERT INTO user_password (tenant_id, user_id, hash, changed_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (tenant_id, user_id) DO UPDATE SET hash = $3, changed_at = $4";
    changed(client.execute(sql, &[&tenant.0, &id, &password.hash, &password.changed_at.0]).await)
}

async fn find(client: &Object, tenant: TenantKey, column: &str, value: &str) -> Result<Option<Found>, Error> {
    let sql = format!("{USER} AND u.{column} = $2");
    let found = client.query_opt(&sql, &[&tenant.0, &value]).await.map_err(failure)?;
    found.as_ref().map(user).transpose()
}

fn user(row: &Row) -> Result<Found, Error> {
    let id: String = row.try_get(0).map_err(failure)?;
    let roles: String = row.try_get(5).map_err(failure)?;
    let directory_roles = read_json(&roles, &id)?;
    let rest = || {
        let user = User {
            id,
            version: RowVersion(row.try_get(1)?),
            user_principal_name: row.try_get(2)?,
            display_name: row.try_get(3)?,
            account_enabled: row.try_get(4)?,
            directory_roles,
            created_at: Timestamp(row.try_get(6)?),
        };
        let (hash, changed_at): (Option<String>, Option<i64>) = (row.try_get(7)?, row.try_get(8)?);
        Ok((user, hash.zip(changed_at).map(|(hash, at)| Password { hash, changed_at: Timestamp(at) })))
    };
    rest().map_err(failure)
}
