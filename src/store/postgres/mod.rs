//! The engine for when one machine is not enough: any number of servers on one PostgreSQL database.
//!
//! A changeset is one transaction; a single statement is one by itself. Statements of one transaction are sent without
//! waiting for each other's answers.

mod bulk;
mod chain;
mod connect;
mod convert;
mod device_codes;
pub mod dialect;
mod holdings;
mod identities;
mod people;
mod provisioning;
mod reach;
mod tls;
mod transaction;

use std::{
    future::Future,
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use parking_lot::Mutex;
use tokio::time;

use self::{
    convert::{PostgresRow, failure, parameters, pool_failure, refusal},
    dialect::Postgres,
    transaction::Transaction,
};
use super::{
    CommitError, Error, Life, NewTenant, Options, Page, SigningKey, Store, Tenant, TenantKey,
    bounded::{Cost, cost},
    migrations::{self, Migration},
    reader::Reader,
    row_values,
    slow_reads::SlowReads,
    sql::{
        Statement, select,
        write::{self, Must, Write},
    },
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

/// Servers that start at once migrate one after the other: each takes this advisory lock ("cardea" in ASCII).
const MIGRATION_LOCK: i64 = 0x6361_7264_6561;

/// A connection takes no longer to be made, TLS and authentication included.
const CREATE_TIMEOUT: Duration = Duration::from_secs(10);
/// A database that takes longer to say that it is there is not there.
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// For so long after a write that failed for want of space the storage is called full.
const FULL_FOR: Duration = Duration::from_secs(10);

/// The engine on PostgreSQL.
pub struct PostgresStore {
    pool: Pool,
    slow_reads: Arc<SlowReads>,
    /// Why, and when, the last write failed for want of space.
    full: Mutex<Option<(String, Instant)>>,
}

impl PostgresStore {
    /// Connects, and migrates the database.
    pub async fn open(url: &str, options: &Options) -> Result<Self, Error> {
        let (mut config, connector) = connect::read(url)?;
        let timeout = format!("-c statement_timeout={}", options.statement_timeout_ms);
        let given = config.get_options().map(str::to_owned);
        config.options(given.map_or(timeout.clone(), |given| format!("{given} {timeout}")));
        let manager =
            Manager::from_connect(config, connector, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let connections = options.connections.max(1);
        let pool = Pool::builder(manager)
            .max_size(connections)
            .wait_timeout(Some(Duration::from_millis(options.statement_timeout_ms)))
            .create_timeout(Some(CREATE_TIMEOUT))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(Error::database)?;
        // Some connections are left to writes, and to reads that an index bounds.
        let slow = connections - connections.div_ceil(4);
        let store = Self { pool, slow_reads: SlowReads::new(options.slow_reads(slow)), full: Mutex::default() };
        store.migrate().await?;
        Ok(store)
    }

    async fn client(&self) -> Result<Object, Error> {
        client(&self.pool).await
    }

    /// Runs a read when its cost allows. One that no index bounds goes on when its caller has gone: its connection is
    /// busy until then, and so long it has its turn.
    async fn run<T, F>(&self, cost: Cost, tenant: TenantKey, read: impl FnOnce(Pool) -> F + Send) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let read = read(self.pool.clone());
        if cost != Cost::Unbounded {
            return read.await;
        }
        let turn = self.slow_reads.turn(tenant).await?;
        let run = async move {
            let _turn = turn;
            read.await
        };
        let done = tokio::spawn(run).await;
        done.map_err(|error| if error.is_panic() { Error::Panicked } else { Error::Closed })?
    }

    /// Notes whether there is space for what is written.
    fn note<T>(&self, outcome: Result<T, CommitError>) -> Result<T, CommitError> {
        match &outcome {
            Err(CommitError::Store(Error::Full(reason))) => {
                *self.full.lock() = Some((reason.clone(), Instant::now()));
            }
            Ok(_) => drop(self.full.lock().take()),
            Err(_) => {}
        }
        outcome
    }

    /// Whether a write has just failed for want of space.
    fn space(&self) -> Result<(), Error> {
        let full = self.full.lock();
        let recent = full.as_ref().filter(|(_, since)| since.elapsed() < FULL_FOR);
        recent.map_or(Ok(()), |(reason, _)| Err(Error::Full(reason.clone())))
    }

    async fn migrate(&self) -> Result<(), Error> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(failure)?;
        transaction
            .batch_execute(&format!(
                "SELECT pg_advisory_xact_lock({MIGRATION_LOCK});
                 CREATE TABLE IF NOT EXISTS schema_migration (
                   version bigint PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());"
            ))
            .await
            .map_err(failure)?;
        let row = transaction
            .query_one("SELECT coalesce(max(version), 0) FROM schema_migration", &[])
            .await
            .map_err(failure)?;
        for Migration { version, sql } in migrations::pending(migrations::POSTGRES, row.get(0))? {
            transaction.batch_execute(sql).await.map_err(failure)?;
            transaction
                .execute("INSERT INTO schema_migration (version) VALUES ($1)", &[version])
                .await
                .map_err(failure)?;
        }
        transaction.commit().await.map_err(failure)
    }

    /// Does something in a transaction.
    async fn in_transaction<F, Fut>(&self, work: F) -> Result<(), CommitError>
    where
        F: FnOnce(Transaction) -> Fut + Send,
        Fut: Future<Output = (Transaction, Result<(), CommitError>)> + Send,
    {
        let transaction = Transaction::begin(self.client().await?, "BEGIN").await?;
        let (transaction, outcome) = work(transaction).await;
        let ended = transaction.end(outcome.is_ok()).await;
        self.note(outcome.and_then(|()| Ok(ended?)))
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn ping(&self) -> Result<(), Error> {
        let ping = async { self.client().await?.batch_execute("SELECT 1").await.map_err(failure) };
        let late = |_| Error::Unreachable(format!("it does not answer within {} s", PING_TIMEOUT.as_secs()));
        time::timeout(PING_TIMEOUT, ping).await.map_err(late)??;
        self.space()
    }

    async fn read(&self, tenant: TenantKey, query: Query) -> Result<Option<Page>, Error> {
        self.run(cost(&query), tenant, |pool| read(pool, tenant, query)).await
    }

    async fn count(&self, tenant: TenantKey, query: Query) -> Result<Option<u64>, Error> {
        self.run(Cost::Unbounded, tenant, |pool| count(pool, tenant, query)).await
    }

    async fn row(
        &self,
        tenant: TenantKey,
        entity: &'static EntityType,
        column: usize,
        value: String,
        life: Life,
    ) -> Result<Option<(Vec<Value>, RowVersion)>, Error> {
        let client = self.client().await?;
        let rows = fetch(&client, select::row(&Postgres, tenant, entity, column, value, life)).await?;
        Ok(rows.into_iter().next().map(|row| row_values(entity, &PostgresRow(row))))
    }

    async fn rows(
        &self,
        tenant: TenantKey,
        entity: &'static EntityType,
        column: usize,
        value: String,
    ) -> Result<Vec<(Vec<Value>, RowVersion)>, Error> {
        let rows =
            fetch(&self.client().await?, select::row(&Postgres, tenant, entity, column, value, Life::Living)).await?;
        Ok(rows.into_iter().map(|row| row_values(entity, &PostgresRow(row))).collect())
    }

    async fn records(&self, tenant: TenantKey, query: Query) -> Result<Vec<(Vec<Value>, RowVersion)>, Error> {
        let cost = cost(&query);
        let read = async move |pool: Pool| {
            let entity = query.rows.face().entity;
            let rows = fetch(&client(&pool).await?, select::records(&Postgres, tenant, &query)).await?;
            Ok(rows.into_iter().map(|row| row_values(entity, &PostgresRow(row))).collect())
        };
        self.run(cost, tenant, read).await
    }

    async fn exists(&self, tenant: TenantKey, rows: Rows) -> Result<bool, Error> {
        let client = self.client().await?;
        Ok(!fetch(&client, select::exists(&Postgres, tenant, &Sight::default(), &rows)).await?.is_empty())
    }

    async fn commit(&self, tenant: TenantKey, mut changes: Changeset) -> Result<(), CommitError> {
        let audit = mem::take(&mut changes.audit);
        let writes = write::statements(&Postgres, tenant, changes);
        if let ([write], true) = (writes.as_slice(), audit.is_empty()) {
            let client = self.client().await?;
            return self.note(run(&client, write).await);
        }
        self.in_transaction(|client| async move {
            let outcome = match run_all(&client, &writes).await {
                Ok(()) => chain::append(&client, tenant, audit).await,
                failed => failed,
            };
            (client, outcome)
        })
        .await
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, Error> {
        identities::tenants(&self.client().await?).await.map_err(failure)
    }

    async fn tenant_create_first(&self, tenant: NewTenant, first: Changeset) -> Result<(), CommitError> {
        self.in_transaction(|client| async move {
            let outcome = create_first_tenant(&client, &tenant, &first).await;
            (client, outcome)
        })
        .await
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKey>, Error> {
        let client = self.client().await?;
        let sql = "SELECT kid, pkcs8, created_at FROM signing_key ORDER BY created_at DESC, kid";
        let rows = client.query(sql, &[]).await.map_err(failure)?;
        let key = |row: &tokio_postgres::Row| {
            Ok(SigningKey { kid: row.try_get(0)?, pkcs8: row.try_get(1)?, created_at: Timestamp(row.try_get(2)?) })
        };
        rows.iter().map(key).collect::<Result<_, _>>().map_err(failure)
    }

    async fn signing_key_create(&self, key: SigningKey) -> Result<(), CommitError> {
        self.in_transaction(|client| async move {
            let outcome = async {
                client.batch_execute("LOCK TABLE signing_key IN EXCLUSIVE MODE").await?;
                let sql = "INSERT INTO signing_key (kid, pkcs8, created_at) \
                           SELECT $1::text, $2::bytea, $3::bigint WHERE NOT EXISTS (SELECT 1 FROM signing_key)";
                client.execute(sql, &[&key.kid, &key.pkcs8, &key.created_at.0]).await
            };
            let outcome = outcome.await.map(drop).map_err(|e| failure(e).into());
            (client, outcome)
        })
        .await
    }

    async fn signing_key_add(&self, key: SigningKey, chain: TenantKey, audit: Vec<Entry>) -> Result<(), CommitError> {
        self.in_transaction(|client| async move {
            let sql = "INSERT INTO signing_key (kid, pkcs8, created_at) VALUES ($1, $2, $3)";
            let added = client.execute(sql, &[&key.kid, &key.pkcs8, &key.created_at.0]).await;
            let outcome = match added {
                Ok(_) => chain::append(&client, chain, audit).await,
                Err(error) => Err(failure(error).into()),
            };
            (client, outcome)
        })
        .await
    }

    async fn signing_key_withdraw(&self, kid: &str, chain: TenantKey, audit: Vec<Entry>) -> Result<(), CommitError> {
        let kid = kid.to_owned();
        self.in_transaction(|client| async move {
            let outcome = async {
                client.batch_execute("LOCK TABLE signing_key IN EXCLUSIVE MODE").await.map_err(failure)?;
                let sql = "DELETE FROM signing_key WHERE kid = $1 AND (SELECT count(*) FROM signing_key) > 1";
                identities::changed(client.execute(sql, &[&kid]).await)?;
                chain::append(&client, chain, audit).await
            };
            let outcome = outcome.await;
            (client, outcome)
        })
        .await
    }

    async fn close(&self) {
        self.pool.close();
    }
}

async fn client(pool: &Pool) -> Result<Object, Error> {
    pool.get().await.map_err(pool_failure)
}

async fn read(pool: Pool, tenant: TenantKey, query: Query) -> Result<Option<Page>, Error> {
    let client = client(&pool).await?;
    let mut reader = Reader::new(&Postgres, tenant, &query);
    if !query.count && query.shape.expand.is_empty() {
        run_reader(&client, &mut reader).await?;
        return Ok(reader.finish());
    }
    // All statements see one state.
    let transaction = Transaction::begin(client, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    run_reader(&transaction, &mut reader).await?;
    transaction.end(true).await?;
    Ok(reader.finish())
}

async fn count(pool: Pool, tenant: TenantKey, query: Query) -> Result<Option<u64>, Error> {
    let client = client(&pool).await?;
    let counted = fetch(&client, select::count(&Postgres, tenant, &query)).await?;
    let count = counted.into_iter().next().and_then(|row| PostgresRow(row).int(0));
    let count = count.and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
    let missing = match query.rows.parent() {
        Some(parent) if count == 0 => {
            fetch(&client, select::exists(&Postgres, tenant, &query.sight, parent)).await?.is_empty()
        }
        _ => false,
    };
    Ok((!missing).then_some(count))
}

/// Runs the statements of a read.
async fn run_reader(client: &Object, reader: &mut Reader<'_>) -> Result<(), Error> {
    while let Some(statement) = reader.next_statement() {
        fetch(client, statement).await?.into_iter().for_each(|row| reader.row(&PostgresRow(row)));
        reader.end();
    }
    Ok(())
}

/// The rows of a statement.
async fn fetch(client: &Object, statement: Statement) -> Result<Vec<tokio_postgres::Row>, Error> {
    let prepared = client.prepare_cached(&statement.sql).await.map_err(failure)?;
    client.query(&prepared, &parameters(&statement.parameters)).await.map_err(failure)
}

/// Runs a statement of a commit.
async fn run(client: &Object, write: &Write) -> Result<(), CommitError> {
    let Statement { sql, parameters: given } = &write.statement;
    let given = parameters(given);
    let done = async {
        Ok(match write.must {
            Must::Find => {
                // What was relied on stays as it is until the commit.
                let prepared = client.prepare_cached(&format!("{sql} FOR SHARE")).await?;
                client.query_opt(&prepared, &given).await?.is_some()
            }
            Must::Change => client.execute(&client.prepare_cached(sql).await?, &given).await? == 1,
            Must::Run => client.execute(&client.prepare_cached(sql).await?, &given).await.map(|_| true)?,
        })
    };
    match done.await {
        Ok(true) => Ok(()),
        Ok(false) => Err(CommitError::Conflict),
        Err(error) => Err(refusal(error, write)),
    }
}

/// Runs the statements of a commit. They are all sent at once and run in order; the first that fails is told.
async fn run_all(client: &Object, writes: &[Write]) -> Result<(), CommitError> {
    for write in writes {
        // Sooner than the statements themselves, so that only known ones are sent at once.
        let sql = &write.statement.sql;
        let locked = (write.must == Must::Find).then(|| format!("{sql} FOR SHARE"));
        client.prepare_cached(locked.as_deref().unwrap_or(sql)).await.map_err(failure)?;
    }
    for outcome in futures_util::future::join_all(writes.iter().map(|w| run(client, w))).await {
        outcome?;
    }
    Ok(())
}

async fn create_first_tenant(client: &Object, tenant: &NewTenant, first: &Changeset) -> Result<(), CommitError> {
    client.batch_execute("LOCK TABLE tenant IN EXCLUSIVE MODE").await.map_err(failure)?;
    let sql = "INSERT INTO tenant (id, display_name, created_at) \
               SELECT $1::text, $2::text, $3::bigint WHERE NOT EXISTS (SELECT 1 FROM tenant) RETURNING key";
    let created = client.query_opt(sql, &[&tenant.id, &tenant.display_name, &tenant.created_at.0]).await;
    let Some(row) = created.map_err(failure)? else { return Ok(()) };
    let key = TenantKey(row.try_get(0).map_err(failure)?);
    identities::furnish(client, key, &tenant.domains, first).await
}
