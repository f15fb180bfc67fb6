//! What objects hold.

use async_trait::async_trait;

use super::{SqliteStore, all, dialect::Sqlite, first};
use crate::{
    model::record::RowVersion,
    store::{Error, Held, Holdings, TenantKey, bounded::Cost, sql::holdings},
};

#[async_trait]
impl Holdings for SqliteStore {
    async fn holdings(&self, tenant: TenantKey, id: &str) -> Result<Vec<Held>, Error> {
        let statement = holdings::holdings(&Sqlite, tenant, id);
        let found = self
            .run(Cost::Indexed, tenant, move |connection| all(connection, &statement, |row| holdings::held(row)))
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn another_with_role(
        &self,
        tenant: TenantKey,
        role: &str,
        except: &str,
    ) -> Result<Option<(String, RowVersion)>, Error> {
        let statement = holdings::another_with_role(&Sqlite, tenant, role, except);
        let found = self
            .run(Cost::Small, tenant, move |connection| first(connection, &statement, |row| holdings::another(row)))
            .await?;
        Ok(found.flatten())
    }
}
