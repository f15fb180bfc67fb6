//! What objects hold.

use async_trait::async_trait;

use super::{PostgresStore, convert::PostgresRow, dialect::Postgres, fetch};
use crate::{
    model::record::RowVersion,
    store::{Error, Held, Holdings, TenantKey, sql::holdings},
};

#[async_trait]
impl Holdings for PostgresStore {
    async fn holdings(&self, tenant: TenantKey, id: &str) -> Result<Vec<Held>, Error> {
        let rows = fetch(&self.client().await?, holdings::holdings(&Postgres, tenant, id)).await?;
        Ok(rows.into_iter().filter_map(|row| holdings::held(&PostgresRow(row))).collect())
    }

    async fn another_with_role(
        &self,
        tenant: TenantKey,
        role: &str,
        except: &str,
    ) -> Result<Option<(String, RowVersion)>, Error> {
        let statement = holdings::another_with_role(&Postgres, tenant, role, except);
        let rows = fetch(&self.client().await?, statement).await?;
        Ok(rows.into_iter().next().and_then(|row| holdings::another(&PostgresRow(row))))
    }
}
