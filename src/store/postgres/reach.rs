//! Walking over links.

use async_trait::async_trait;

use super::{PostgresStore, client, convert::PostgresRow, dialect::Postgres, fetch};
use crate::{
    model::write::Row as _,
    store::{Error, Reach, TenantKey, Walk, sql::reach},
};

#[async_trait]
impl Reach for PostgresStore {
    async fn walk(&self, tenant: TenantKey, walk: Walk) -> Result<Vec<(String, Option<bool>)>, Error> {
        let cost = walk.way.cost();
        let statement = reach::walk(&Postgres, tenant, walk);
        let run = async move |pool| fetch(&client(&pool).await?, statement).await;
        let rows = self.run(cost, tenant, run).await?;
        let told = |row| {
            let row = PostgresRow(row);
            (row.text(0).unwrap_or_default().to_owned(), row.int(1).map(|led| led == 1))
        };
        Ok(rows.into_iter().map(told).collect())
    }
}
