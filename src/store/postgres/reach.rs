//! Walking over links.

use async_trait::async_trait;

use super::{PostgresStore, convert::PostgresRow, dialect::Postgres, fetch};
use crate::{
    model::{meta::Closure, write::Row as _},
    store::{Error, Reach, Steps, TenantKey, sql::reach},
};

#[async_trait]
impl Reach for PostgresStore {
    async fn above(
        &self,
        tenant: TenantKey,
        closure: &'static Closure,
        source: String,
        steps: Steps,
    ) -> Result<Vec<String>, Error> {
        let rows = fetch(&self.client().await?, reach::above(&Postgres, tenant, closure, source, steps)).await?;
        Ok(rows.into_iter().map(|row| id(&PostgresRow(row))).collect())
    }

    async fn below(
        &self,
        tenant: TenantKey,
        closure: &'static Closure,
        source: String,
        targets: Vec<String>,
        steps: Steps,
    ) -> Result<Vec<(String, Option<bool>)>, Error> {
        let rows =
            fetch(&self.client().await?, reach::below(&Postgres, tenant, closure, source, targets, steps)).await?;
        let told = |row| {
            let row = PostgresRow(row);
            (id(&row), row.int(1).map(|led| led == 1))
        };
        Ok(rows.into_iter().map(told).collect())
    }

    async fn among(
        &self,
        tenant: TenantKey,
        closure: &'static Closure,
        source: String,
        targets: Vec<String>,
    ) -> Result<Vec<String>, Error> {
        let rows = fetch(&self.client().await?, reach::among(&Postgres, tenant, closure, source, targets)).await?;
        Ok(rows.into_iter().map(|row| id(&PostgresRow(row))).collect())
    }
}

fn id(row: &PostgresRow) -> String {
    row.text(0).unwrap_or_default().to_owned()
}
