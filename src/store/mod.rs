//! Where everything is kept: one interface, two engines.
//!
//! Reads take a resolved [`Query`] and give JSON; writes take a [`Changeset`] and apply it whole or not at all. A
//! success means that the change is on disk. Every call names the tenant and sees nothing of any other.
//!
//! The engines ([`sqlite`], [`postgres`]) differ in how a statement is run and a change is committed. What a statement
//! says is made in [`sql`], once for both; how answers become JSON in [`reader`].

mod audit;
mod bounded;
mod bulk;
mod device_codes;
pub mod directory;
mod holdings;
mod identities;
mod migrations;
mod people;
pub mod postgres;
mod provisioning;
mod reach;
mod reader;
mod slow_reads;
pub mod sql;
pub mod sqlite;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

pub use self::audit::{Audit, Broken, Linked, export, verify};
pub use self::bulk::Bulk;
pub use self::device_codes::{DeviceCode, DeviceCodes, MAX_DEVICE_CODES, MAX_DEVICE_CODES_PER_CLIENT};
pub use self::holdings::{Held, HeldObject, Holdings};
pub use self::identities::{Certificate, ClientSecret, Identities, ServicePrincipal, SignInSettings};
pub use self::people::{FAMILIES_KEPT, Grant, GrantDetails, GrantKind, Password, People, Used, User};
pub use self::provisioning::{Provisioning, ProvisioningClient};
pub use self::reach::{Reach, Steps, Walk, Way};
use crate::{
    model::{
        audit::Entry,
        changeset::Changeset,
        meta::{EntityType, Kind, Property},
        record::{Record, RowVersion, Stored},
        value::{Timestamp, Value},
        write::Row,
    },
    odata::query::{Query, Rows},
};

/// A place where tenants, their keys and their entities are kept.
#[async_trait]
pub trait Store:
    Identities + People + DeviceCodes + Provisioning + Audit + Bulk + Reach + Holdings + Send + Sync
{
    /// Whether the database answers.
    async fn ping(&self) -> Result<(), Error>;

    /// Reads a page. None: the path does not exist (a key in it has no row), or it leads to one row and there is none.
    async fn read(&self, tenant: TenantKey, query: Query) -> Result<Option<Page>, Error>;

    /// Counts the rows that the query's path, filter and search allow. None: the path does not exist.
    async fn count(&self, tenant: TenantKey, query: Query) -> Result<Option<u64>, Error>;

    /// The values and the version of the row that `column` identifies; columns are in the entity's order.
    async fn row(
        &self,
        tenant: TenantKey,
        entity: &'static EntityType,
        column: usize,
        value: String,
        life: Life,
    ) -> Result<Option<(Vec<Value>, RowVersion)>, Error>;

    /// The values and versions of all rows in which `column`, which an index leads with, has this value.
    async fn rows(
        &self,
        tenant: TenantKey,
        entity: &'static EntityType,
        column: usize,
        value: String,
    ) -> Result<Vec<(Vec<Value>, RowVersion)>, Error>;

    /// The values and versions of the rows of a query's page, whole whatever the query selects.
    async fn records(&self, tenant: TenantKey, query: Query) -> Result<Vec<(Vec<Value>, RowVersion)>, Error>;

    /// Whether there are rows at all.
    async fn exists(&self, tenant: TenantKey, rows: Rows) -> Result<bool, Error>;

    /// Applies a changeset whole or not at all. When this returns, it is on disk.
    async fn commit(&self, tenant: TenantKey, changes: Changeset) -> Result<(), CommitError>;

    /// All tenants.
    async fn tenants(&self) -> Result<Vec<Tenant>, Error>;

    /// Adds the first tenant with what it starts with. Nothing happens when there is a tenant already: of several
    /// servers that start at once, one wins.
    async fn tenant_create_first(&self, tenant: NewTenant, first: Changeset) -> Result<(), CommitError>;

    /// The keys that tokens are signed with, the newest first.
    async fn signing_keys(&self) -> Result<Vec<SigningKey>, Error>;

    /// Adds a signing key if there is none yet: of several servers that start at once, one wins.
    async fn signing_key_create(&self, key: SigningKey) -> Result<(), CommitError>;

    /// Adds a signing key, with which tokens are signed from then on.
    async fn signing_key_add(&self, key: SigningKey, chain: TenantKey, audit: Vec<Entry>) -> Result<(), CommitError>;

    /// Withdraws a signing key: what it has signed counts no more. [`CommitError::Conflict`]: there is no such key, or no
    /// other.
    async fn signing_key_withdraw(&self, kid: &str, chain: TenantKey, audit: Vec<Entry>) -> Result<(), CommitError>;

    /// Finishes what is being written and closes the database.
    async fn close(&self);
}

/// Opens the store that `url` names: `postgres://…`, or nothing for SQLite in `data`. Creates and migrates it.
pub async fn open(url: Option<&str>, data: &std::path::Path, options: &Options) -> Result<Arc<dyn Store>, Error> {
    Ok(match url {
        Some(url) => Arc::new(postgres::PostgresStore::open(url, options).await?),
        None => Arc::new(sqlite::SqliteStore::open(data, options)?),
    })
}

/// What can be set about a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// SQLite: the largest number of connections that read at once. PostgreSQL: of connections.
    pub connections: usize,
    /// SQLite: the page cache of each reading connection, in KiB.
    pub cache_kib: usize,
    /// A statement that takes longer than this is given up, in milliseconds.
    pub statement_timeout_ms: u64,
    /// SQLite: whether much is to be written at once, which takes more memory.
    pub bulk: bool,
    /// How many reads of one tenant that no index bounds may wait.
    pub slow_reads_waiting: usize,
    /// How long such a read may wait.
    pub slow_reads_patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections: 8,
            cache_kib: 48 * 1024,
            statement_timeout_ms: 30_000,
            bulk: false,
            slow_reads_waiting: 128,
            slow_reads_patience: Duration::from_secs(10),
        }
    }
}

impl Options {
    /// The limits of reads that no index bounds, so many of which may run at once.
    fn slow_reads(&self, at_once: usize) -> slow_reads::Limits {
        let (waiting, patience) = (self.slow_reads_waiting, self.slow_reads_patience);
        slow_reads::Limits { at_once, waiting, patience, keep_last: true }
    }

    /// The limits of reads that an index bounds and that are not small. They are short: as many may wait as come.
    fn indexed_reads(&self, at_once: usize) -> slow_reads::Limits {
        let patience = Duration::from_millis(self.statement_timeout_ms);
        slow_reads::Limits { at_once, waiting: usize::MAX, patience, keep_last: false }
    }
}

/// Whether a row is meant that lives, or one that was deleted and can be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// One that lives.
    Living,
    /// One that was deleted.
    Deleted,
}

/// The stored record that a key property identifies.
pub async fn load<R: Record>(
    store: &dyn Store,
    tenant: TenantKey,
    property: &Property,
    value: &str,
) -> Result<Option<Stored<R>>, Error> {
    load_in(store, tenant, property, value, Life::Living).await
}

/// The stored record that a key property identifies, among those that live or those that were deleted.
pub async fn load_in<R: Record>(
    store: &dyn Store,
    tenant: TenantKey,
    property: &Property,
    value: &str,
    life: Life,
) -> Result<Option<Stored<R>>, Error> {
    let Some((values, version)) = store.row(tenant, R::ENTITY, property.column, value.to_owned(), life).await? else {
        return Ok(None);
    };
    let record = R::from_values(values).ok_or_else(|| Error::corrupt(R::ENTITY, value))?;
    Ok(Some(Stored { record, version }))
}

/// The number by which rows name their tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TenantKey(pub i64);

/// An organization: its own world of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The number by which rows name it.
    pub key: TenantKey,
    /// Its id, a UUID, which tokens carry as `tid`.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// Its domain names, in lower case and in order; they name it as its id does.
    pub domains: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A tenant to be made.
#[derive(Clone, Debug)]
pub struct NewTenant {
    /// Its id.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// Its domain names, in lower case.
    pub domains: Vec<String>,
    /// When it is made.
    pub created_at: Timestamp,
}

/// A key that tokens are signed with.
#[derive(Clone)]
pub struct SigningKey {
    /// The name by which tokens name it.
    pub kid: String,
    /// The private key, PKCS #8 in DER.
    pub pkcs8: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A page of rows.
#[derive(Debug)]
pub struct Page {
    /// The rows as JSON objects with commas between, or the one row.
    pub rows: Vec<u8>,
    /// How many rows there are in all, when the query asked.
    pub count: Option<u64>,
    /// The order keys of the last row, when there are more rows after it.
    pub next: Option<Vec<Value>>,
    /// The version of the row, when the path leads to one.
    pub version: Option<RowVersion>,
}

/// The store failed: nothing that the caller of the API can do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or broke.
    #[error("database: {0}")]
    Database(Box<dyn std::error::Error + Send + Sync>),
    /// The statement took longer than allowed.
    #[error("the statement took too long")]
    Timeout,
    /// Too many reads of the tenant wait that no index bounds, or this one has waited too long.
    #[error("too many slow reads of the tenant are waiting")]
    Busy,
    /// There is no space for what is written.
    #[error("the storage is full: {0}")]
    Full(String),
    /// The database does not answer, or its files cannot be read or written.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// A bug: the work panicked, and was undone.
    #[error("the work panicked")]
    Panicked,
    /// The database was migrated by a newer version of this program.
    #[error("the database is at migration {found}, this program knows {known}: use the newer cardea")]
    Newer {
        /// The database's newest migration.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// A stored row is not what its table says.
    #[error("stored {0}")]
    Corrupt(String),
    /// The data directory cannot be used.
    #[error("{path}: {source}")]
    Directory {
        /// The directory.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The store is being closed.
    #[error("the store is closed")]
    Closed,
}

impl Error {
    fn corrupt(entity: &EntityType, id: &str) -> Self {
        Self::Corrupt(format!("{} {id:?} is not readable", entity.name))
    }

    fn database(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Database(Box::new(error))
    }

    /// The same error for another of those who wait for the same thing.
    fn again(&self) -> Self {
        match self {
            Self::Timeout => Self::Timeout,
            Self::Busy => Self::Busy,
            Self::Full(reason) => Self::Full(reason.clone()),
            Self::Unreachable(reason) => Self::Unreachable(reason.clone()),
            Self::Panicked => Self::Panicked,
            Self::Closed => Self::Closed,
            other => Self::Database(other.to_string().into()),
        }
    }
}

/// A changeset was not applied.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Something that the decision relied on has changed: load and decide again.
    #[error("what the change relied on has changed")]
    Conflict,
    /// A constraint of the database forbids it.
    #[error("constraint {0:?}")]
    Constraint(Constraint),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// A constraint that a change broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// Another row has the value of this column, which no two rows may share.
    Unique {
        /// The entity type's table.
        table: &'static str,
        /// The column, as a position.
        column: usize,
    },
    /// The change names a row that does not exist.
    MissingReference,
    /// Other rows name the row that the change removes.
    StillReferenced,
}

/// The columns' values and the version in a row that [`sql::select::row`] gives.
fn row_values(entity: &EntityType, row: &dyn Row) -> (Vec<Value>, RowVersion) {
    let values = (1..).zip(entity.columns).map(|(at, column)| {
        let value = match column.kind {
            Kind::Text => row.text(at).map(|t| Value::Text(t.to_owned())),
            Kind::Bool => row.bool(at).map(Value::Bool),
            Kind::Int => row.int(at).map(Value::Int),
            Kind::Time => row.int(at).map(|us| Value::Time(Timestamp(us))),
        };
        value.unwrap_or(Value::Null)
    });
    (values.collect(), RowVersion(row.int(0).unwrap_or_default()))
}
