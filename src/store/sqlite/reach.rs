//! Walking over links.

use async_trait::async_trait;
use rusqlite::Connection;

use super::{SqliteRow, SqliteStore, all, dialect::Sqlite};
use crate::{
    model::{meta::Closure, write::Row as _},
    store::{Error, Reach, Steps, TenantKey, sql::reach},
};

#[async_trait]
impl Reach for SqliteStore {
    async fn above(
        &self,
        tenant: TenantKey,
        closure: &'static Closure,
        source: String,
        steps: Steps,
    ) -> Result<Vec<String>, Error> {
        let statement = reach::above(&Sqlite, tenant, closure, source, steps);
        self.run(false, move |connection: &Connection| all(connection, &statement, id)).await
    }

    async fn below(
        &self,
        tenant: TenantKey,
        closure: &'static Closure,
        source: String,
        targets: Vec<String>,
        steps: Steps,
    ) -> Result<Vec<(String, Option<bool>)>, Error> {
        let statement = reach::below(&Sqlite, tenant, closure, source, targets, steps);
        let told = |row: &SqliteRow<'_>| (id(row), row.int(1).map(|led| led == 1));
        self.run(false, move |connection: &Connection| all(connection, &statement, told)).await
    }

    async fn among(
        &self,
        tenant: TenantKey,
        closure: &'static Closure,
        source: String,
        targets: Vec<String>,
    ) -> Result<Vec<String>, Error> {
        let statement = reach::among(&Sqlite, tenant, closure, source, targets);
        self.run(false, move |connection: &Connection| all(connection, &statement, id)).await
    }
}

fn id(row: &SqliteRow<'_>) -> String {
    row.text(0).unwrap_or_default().to_owned()
}
