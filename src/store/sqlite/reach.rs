//! Walking over links.

use async_trait::async_trait;

use super::{SqliteRow, SqliteStore, all, dialect::Sqlite};
use crate::{
    model::write::Row as _,
    store::{Error, Reach, TenantKey, Walk, sql::reach},
};

#[async_trait]
impl Reach for SqliteStore {
    async fn walk(&self, tenant: TenantKey, walk: Walk) -> Result<Vec<(String, Option<bool>)>, Error> {
        let cost = walk.way.cost();
        let statement = reach::walk(&Sqlite, tenant, walk);
        let told = |row: &SqliteRow<'_>| (row.text(0).unwrap_or_default().to_owned(), row.int(1).map(|led| led == 1));
        self.run(cost, tenant, move |connection| all(connection, &statement, told)).await
    }
}
