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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Options, sqlite::connection::bind};

    /// The steps that SQLite takes for a statement.
    async fn plan(store: &SqliteStore, statement: crate::store::sql::Statement) -> Vec<String> {
        let run = move |connection: &rusqlite::Connection| {
            let mut prepared = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.sql)).unwrap();
            bind(&mut prepared, &statement.parameters).unwrap();
            let (mut rows, mut steps) = (prepared.raw_query(), Vec::new());
            while let Some(row) = rows.next().unwrap() {
                steps.push(row.get::<_, String>(3).unwrap());
            }
            Ok(steps)
        };
        store.small(run).await.unwrap()
    }

    #[tokio::test]
    async fn holdings_are_found_by_indexes() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path(), &Options::default()).unwrap();
        let steps = plan(&store, holdings::holdings(&Sqlite, TenantKey(1), "x")).await;
        // What is scanned are the few rows that were found before.
        let scanned: Vec<&str> = steps.iter().filter_map(|step| step.strip_prefix("SCAN ")).collect();
        assert!(scanned.iter().all(|name| ["start", "s", "own", "o", "above", "a", "h"].contains(name)), "{steps:?}");
        assert!(steps.iter().all(|step| !step.ends_with("(tenant_id=?)")), "{steps:?}");
        let steps = plan(&store, holdings::another_with_role(&Sqlite, TenantKey(1), "role", "x")).await;
        assert_eq!(steps, ["SEARCH d USING INDEX directory_object_directory_roles (tenant_id=?)"]);
    }
}
