//! The embedded engine: one file in the data directory.
//!
//! Reads run on connections of their own beside the one [`writer`]; in WAL mode neither waits for the other. A read
//! that is small and bounded by an index runs where it is asked for, since handing it to another thread costs more than it
//! takes; any other read runs on a blocking thread, so that it holds nobody up, and waits for its turn if no index bounds it.

mod bulk;
mod chain;
mod connection;
mod device_codes;
pub mod dialect;
mod functions;
mod holdings;
mod identities;
mod people;
mod provisioning;
mod reach;
mod trouble;
mod writer;

use std::{
    fs, mem,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use rusqlite::{Connection, params};

use self::{
    connection::{Readers, SqliteRow, bind, failure},
    dialect::Sqlite,
    writer::Writer,
};
use super::{
    CommitError, Error, Life, NewTenant, Options, Page, SigningKey, Store, Tenant, TenantKey,
    bounded::{Cost, cost},
    migrations::{self, Migration},
    reader::Reader,
    row_values,
    slow_reads::{SlowReads, Turn},
    sql::{Statement, select, write},
};
use crate::{
    model::{
        audit::Entry,
        changeset::Changeset,
        meta::EntityType,
        record::RowVersion,
        scope::Sight,
        value::{Timestamp, Value},
        write::Row as _,
    },
    odata::query::{Query, Rows},
};

/// The database's file in the data directory.
const FILE: &str = "cardea.db";

/// The embedded engine.
pub struct SqliteStore {
    directory: PathBuf,
    readers: Arc<Readers>,
    writer: Writer,
    slow_reads: Arc<SlowReads>,
    indexed_reads: Arc<SlowReads>,
}

impl SqliteStore {
    /// Opens the database in a directory; creates both where they are not there yet, and migrates.
    pub fn open(directory: &Path, options: &Options) -> Result<Self, Error> {
        create_directory(directory)
            .map_err(|source| Error::Directory { path: directory.display().to_string(), source })?;
        let path = directory.join(FILE);
        create_file(&path).map_err(|source| Error::Directory { path: path.display().to_string(), source })?;
        let connection = connection::open_writer(&path, options.bulk).map_err(failure)?;
        migrate(&connection)?;
        let timeout = Duration::from_millis(options.statement_timeout_ms);
        Ok(Self {
            directory: directory.to_owned(),
            readers: Arc::new(Readers::new(&path, options.cache_kib, timeout)),
            writer: Writer::start(connection, options.bulk).map_err(Error::database)?,
            slow_reads: SlowReads::new(options.slow_reads(options.connections)),
            indexed_reads: SlowReads::new(options.indexed_reads(options.connections)),
        })
    }

    /// Runs a read where, and when, its cost allows.
    async fn run<T: Send + 'static>(
        &self,
        cost: Cost,
        tenant: TenantKey,
        read: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match cost {
            Cost::Small => self.small(read).await,
            Cost::Indexed => self.indexed(tenant, read).await,
            Cost::Unbounded => {
                let turn = self.slow_reads.turn(tenant).await?;
                self.on_thread(turn, read).await
            }
        }
    }

    /// Runs a read that is small, here.
    #[expect(clippy::unused_async, reason = "where it runs is nobody else's business")]
    async fn small<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        self.readers.with(read)
    }

    /// Runs a read that an index bounds, on a blocking thread.
    async fn indexed<T: Send + 'static>(
        &self,
        tenant: TenantKey,
        read: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.indexed_reads.turn(tenant).await?;
        self.on_thread(turn, read).await
    }

    /// Runs a read on a blocking thread, and keeps its turn for as long as it runs, also when its caller has gone.
    async fn on_thread<T: Send + 'static>(
        &self,
        turn: Turn,
        read: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let readers = Arc::clone(&self.readers);
        let run = move || {
            let _turn = turn;
            readers.with(read)
        };
        tokio::task::spawn_blocking(run)
            .await
            .map_err(|error| if error.is_panic() { Error::Panicked } else { Error::Closed })?
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn ping(&self) -> Result<(), Error> {
        self.small(|c| c.query_row("SELECT 1", [], |_| Ok(())).map_err(failure)).await?;
        trouble::space(&self.directory)?;
        self.writer.works().await
    }

    async fn read(&self, tenant: TenantKey, query: Query) -> Result<Option<Page>, Error> {
        self.run(cost(&query), tenant, move |connection| read(connection, tenant, &query)).await
    }

    async fn count(&self, tenant: TenantKey, query: Query) -> Result<Option<u64>, Error> {
        let run = move |connection: &Connection| {
            let counted = first(connection, &select::count(&Sqlite, tenant, &query), |row| row.int(0))?.flatten();
            let count = counted.and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
            let missing = match query.rows.parent() {
                Some(parent) if count == 0 => {
                    first(connection, &select::exists(&Sqlite, tenant, &query.sight, parent), |_| ())?.is_none()
                }
                _ => false,
            };
            Ok((!missing).then_some(count))
        };
        self.run(Cost::Unbounded, tenant, run).await
    }

    async fn row(
        &self,
        tenant: TenantKey,
        entity: &'static EntityType,
        column: usize,
        value: String,
        life: Life,
    ) -> Result<Option<(Vec<Value>, RowVersion)>, Error> {
        let run = move |connection: &Connection| {
            first(connection, &select::row(&Sqlite, tenant, entity, column, value, life), |row| row_values(entity, row))
        };
        self.small(run).await
    }

    async fn rows(
        &self,
        tenant: TenantKey,
        entity: &'static EntityType,
        column: usize,
        value: String,
    ) -> Result<Vec<(Vec<Value>, RowVersion)>, Error> {
        let run = move |connection: &Connection| {
            all(connection, &select::row(&Sqlite, tenant, entity, column, value, Life::Living), |row| {
                row_values(entity, row)
            })
        };
        self.small(run).await
    }

    async fn records(&self, tenant: TenantKey, query: Query) -> Result<Vec<(Vec<Value>, RowVersion)>, Error> {
        let cost = cost(&query);
        let run = move |connection: &Connection| {
            let entity = query.rows.face().entity;
            all(connection, &select::records(&Sqlite, tenant, &query), |row| row_values(entity, row))
        };
        self.run(cost, tenant, run).await
    }

    async fn exists(&self, tenant: TenantKey, rows: Rows) -> Result<bool, Error> {
        let run = move |c: &Connection| {
            Ok(first(c, &select::exists(&Sqlite, tenant, &Sight::default(), &rows), |_| ())?.is_some())
        };
        self.small(run).await
    }

    async fn commit(&self, tenant: TenantKey, mut changes: Changeset) -> Result<(), CommitError> {
        let audit = mem::take(&mut changes.audit);
        self.writer.commit(write::statements(&Sqlite, tenant, changes), tenant, audit).await
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, Error> {
        self.small(|connection| identities::tenants(connection).map_err(failure)).await
    }

    async fn tenant_create_first(&self, tenant: NewTenant, first: Changeset) -> Result<(), CommitError> {
        let task = move |connection: &Connection| {
            let added = connection
                .execute(
                    "INSERT INTO tenant (id, display_name, created_at) \
                     SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM tenant)",
                    params![tenant.id, tenant.display_name, tenant.created_at.0],
                )
                .map_err(failure)?;
            if added == 0 {
                return Ok(());
            }
            let key = TenantKey(connection.last_insert_rowid());
            identities::furnish(connection, key, &tenant.domains, &first)
        };
        self.writer.run(task).await
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKey>, Error> {
        let run = |connection: &Connection| {
            let mut statement = connection
                .prepare_cached("SELECT kid, pkcs8, created_at FROM signing_key ORDER BY created_at DESC, kid")?;
            let key = |row: &rusqlite::Row<'_>| {
                Ok(SigningKey { kid: row.get(0)?, pkcs8: row.get(1)?, created_at: Timestamp(row.get(2)?) })
            };
            statement.query_map([], key)?.collect::<Result<_, _>>()
        };
        self.small(move |c| run(c).map_err(failure)).await
    }

    async fn signing_key_create(&self, key: SigningKey) -> Result<(), CommitError> {
        let task = move |connection: &Connection| {
            connection
                .execute(
                    "INSERT INTO signing_key (kid, pkcs8, created_at) \
                     SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM signing_key)",
                    params![key.kid, key.pkcs8, key.created_at.0],
                )
                .map_err(failure)?;
            Ok(())
        };
        self.writer.run(task).await
    }

    async fn signing_key_add(&self, key: SigningKey, chain: TenantKey, audit: Vec<Entry>) -> Result<(), CommitError> {
        let task = move |connection: &Connection| {
            let sql = "INSERT INTO signing_key (kid, pkcs8, created_at) VALUES (?1, ?2, ?3)";
            connection.execute(sql, params![key.kid, key.pkcs8, key.created_at.0]).map_err(failure)?;
            Ok(())
        };
        self.writer.run_audited(chain, audit, task).await
    }

    async fn signing_key_withdraw(&self, kid: &str, chain: TenantKey, audit: Vec<Entry>) -> Result<(), CommitError> {
        let kid = kid.to_owned();
        let task = move |connection: &Connection| {
            let sql = "DELETE FROM signing_key WHERE kid = ?1 AND (SELECT count(*) FROM signing_key) > 1";
            identities::changed(connection.execute(sql, [kid]))
        };
        self.writer.run_audited(chain, audit, task).await
    }

    async fn close(&self) {
        self.readers.close();
        self.writer.close();
    }
}

/// Runs a read's statements in one transaction, so that all of them see one state of the database.
fn read(connection: &Connection, tenant: TenantKey, query: &Query) -> Result<Option<Page>, Error> {
    let mut reader = Reader::new(&Sqlite, tenant, query);
    // A single statement sees one state by itself.
    let several = query.count || !query.shape.expand.is_empty();
    if several {
        connection::execute(connection, "BEGIN")?;
    }
    while let Some(statement) = reader.next_statement() {
        let mut prepared = connection.prepare_cached(&statement.sql).map_err(failure)?;
        bind(&mut prepared, &statement.parameters).map_err(failure)?;
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next().map_err(failure)? {
            reader.row(&SqliteRow(row));
        }
        reader.end();
    }
    if several {
        connection::execute(connection, "COMMIT")?;
    }
    Ok(reader.finish())
}

/// What `f` makes of the first row of a statement, if it has any.
fn first<T>(
    connection: &Connection,
    statement: &Statement,
    f: impl FnOnce(&SqliteRow<'_>) -> T,
) -> Result<Option<T>, Error> {
    let mut prepared = connection.prepare_cached(&statement.sql).map_err(failure)?;
    bind(&mut prepared, &statement.parameters).map_err(failure)?;
    let mut rows = prepared.raw_query();
    Ok(rows.next().map_err(failure)?.map(|row| f(&SqliteRow(row))))
}

/// What `f` makes of each row of a statement.
fn all<T>(connection: &Connection, statement: &Statement, f: impl Fn(&SqliteRow<'_>) -> T) -> Result<Vec<T>, Error> {
    let mut prepared = connection.prepare_cached(&statement.sql).map_err(failure)?;
    bind(&mut prepared, &statement.parameters).map_err(failure)?;
    let mut rows = prepared.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failure)? {
        found.push(f(&SqliteRow(row)));
    }
    Ok(found)
}

/// Only the owner may look into it: it holds the signing keys.
fn create_directory(directory: &Path) -> std::io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// As the directory, the file is its owner's alone, also in a directory that was there. SQLite gives the files beside it
/// the same permissions.
fn create_file(path: &Path) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Applies what the database still needs, under a lock that lets one process do so at a time.
fn migrate(connection: &Connection) -> Result<(), Error> {
    let run = |sql: &str| connection.execute_batch(sql).map_err(failure);
    let version = || connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).map_err(failure);
    if migrations::pending(migrations::SQLITE, version()?)?.is_empty() {
        return Ok(());
    }
    run("BEGIN IMMEDIATE")?;
    let applied = (|| {
        for Migration { version, sql } in migrations::pending(migrations::SQLITE, version()?)? {
            run(sql)?;
            connection.pragma_update(None, "user_version", version).map_err(failure)?;
        }
        Ok(())
    })();
    run(if applied.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    applied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_read_that_panics_on_a_thread_fails_by_itself_and_leaves_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let options = Options { connections: 1, slow_reads_patience: Duration::from_secs(5), ..Options::default() };
        let store = SqliteStore::open(directory.path(), &options).unwrap();
        for cost in [Cost::Unbounded, Cost::Indexed, Cost::Unbounded, Cost::Indexed] {
            let panicked = store.run::<()>(cost, TenantKey(1), |_| panic!("on purpose")).await;
            assert!(matches!(panicked, Err(Error::Panicked)), "{panicked:?}");
        }
        for cost in [Cost::Unbounded, Cost::Indexed, Cost::Small] {
            store.run(cost, TenantKey(1), |_| Ok(())).await.unwrap();
        }
        store.close().await;
    }
}
