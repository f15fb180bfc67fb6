//! Looking up much at once.

use async_trait::async_trait;
use rusqlite::Connection;

use super::{SqliteStore, all, dialect::Sqlite};
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
impl Bulk for SqliteStore {
    async fn rows_among(
        &self,
        tenant: TenantKey,
        entity: &'static EntityType,
        column: usize,
        values: Vec<String>,
        life: Life,
    ) -> Result<Vec<(Vec<Value>, RowVersion)>, Error> {
        let statement = bulk::rows_among(&Sqlite, tenant, entity, column, values, life);
        self.indexed(tenant, move |connection: &Connection| all(connection, &statement, |row| row_values(entity, row)))
            .await
    }

    async fn linked(
        &self,
        tenant: TenantKey,
        table: LinkTable,
        source: String,
        targets: Vec<String>,
    ) -> Result<Vec<String>, Error> {
        let statement = bulk::linked(&Sqlite, tenant, table, source, targets);
        let text = |row: &super::SqliteRow<'_>| row.text(0).unwrap_or_default().to_owned();
        self.indexed(tenant, move |connection: &Connection| all(connection, &statement, text)).await
    }

    async fn links(
        &self,
        tenant: TenantKey,
        table: LinkTable,
        sources: Vec<String>,
        after: Option<(String, String)>,
        most: usize,
    ) -> Result<Vec<(String, String)>, Error> {
        let statement = bulk::links(&Sqlite, tenant, table, sources, after.as_ref(), most);
        let pair = |row: &super::SqliteRow<'_>| {
            (row.text(0).unwrap_or_default().to_owned(), row.text(1).unwrap_or_default().to_owned())
        };
        self.indexed(tenant, move |connection: &Connection| all(connection, &statement, pair)).await
    }
}
