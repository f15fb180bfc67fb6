//! Looking up much at once.

use async_trait::async_trait;

use super::{PostgresStore, convert::PostgresRow, dialect::Postgres, fetch};
use crate::{
    model::{
        meta::{EntityType, LinkTable},
        record::RowVersion,
        value::Value,
        write::Row as _,
    },
    store::{Bulk, Error, Life, TenantKey, row_values, sql::bulk},
};

#[async_trait]
impl Bulk for PostgresStore {
    async fn rows_among(
        &self,
        tenant: TenantKey,
        entity: &'static EntityType,
        column: usize,
        values: Vec<String>,
        life: Life,
    ) -> Result<Vec<(Vec<Value>, RowVersion)>, Error> {
        let statement = bulk::rows_among(&Postgres, tenant, entity, column, values, life);
        let rows = fetch(&self.client().await?, statement).await?;
        Ok(rows.into_iter().map(|row| row_values(entity, &PostgresRow(row))).collect())
    }

    async fn linked(
        &self,
        tenant: TenantKey,
        table: LinkTable,
        source: String,
        targets: Vec<String>,
    ) -> Result<Vec<String>, Error> {
        let rows = fetch(&self.client().await?, bulk::linked(&Postgres, tenant, table, source, targets)).await?;
        Ok(rows.into_iter().map(|row| PostgresRow(row).text(0).unwrap_or_default().to_owned()).collect())
    }

    async fn links(
        &self,
        tenant: TenantKey,
        table: LinkTable,
        sources: Vec<String>,
        after: Option<(String, String)>,
        most: usize,
    ) -> Result<Vec<(String, String)>, Error> {
        let statement = bulk::links(&Postgres, tenant, table, sources, after.as_ref(), most);
        let rows = fetch(&self.client().await?, statement).await?;
        let pair = |row| {
            let row = PostgresRow(row);
            (row.text(0).unwrap_or_default().to_owned(), row.text(1).unwrap_or_default().to_owned())
        };
        Ok(rows.into_iter().map(pair).collect())
    }
}
