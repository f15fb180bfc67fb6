//! Places for stores: an empty directory, an empty database.

use std::sync::Arc;

use cardea::{
    model::{
        AccessPackage, AccessPackageCatalog,
        changeset::{Changeset, RowWrite},
        meta::{Link, LinkTable, Version},
        record::{Record, RowVersion, Stored},
        value::Timestamp,
    },
    store::{self, NewTenant, Options, SigningKey, Store, TenantKey},
};
use tempfile::TempDir;

use crate::support::{Engine, TEST_TIMEOUT, postgres};

/// Turns `async fn name(place: Place)` into a test for each engine.
macro_rules! on_each_engine {
    ($($(#[$attribute:meta])* async fn $name:ident($place:ident: Place) $body:block)+) => {$(
        $(#[$attribute])*
        mod $name {
            use super::*;

            async fn run($place: Place) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                crate::stores::on(crate::support::Engine::Sqlite, run).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                crate::stores::on(crate::support::Engine::Postgres, run).await;
            }
        }
    )+};
}
pub(crate) use on_each_engine;

/// Runs a test on an engine, unless that is left out.
pub(crate) async fn on<F: Future<Output = ()>>(engine: Engine, test: impl FnOnce(Place) -> F) {
    if let Some(reason) = engine.left_out() {
        eprintln!("{reason}");
        return;
    }
    let test = async { test(Place::new(engine).await).await };
    tokio::time::timeout(TEST_TIMEOUT, test).await.expect("the test hangs");
}

/// Where a store can be opened, any number of times, and what is in it can be looked at from outside.
pub(crate) struct Place {
    pub(crate) engine: Engine,
    directory: TempDir,
    database: Option<postgres::Database>,
}

impl Place {
    /// An empty place.
    pub(crate) async fn new(engine: Engine) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(postgres::Database::create().await),
        };
        Self { engine, directory, database }
    }

    pub(crate) fn url(&self) -> Option<&str> {
        self.database.as_ref().map(|d| d.url.as_str())
    }

    pub(crate) fn data(&self) -> &std::path::Path {
        self.directory.path()
    }

    pub(crate) async fn try_open(&self, options: &Options) -> Result<Arc<dyn Store>, store::Error> {
        store::open(self.url(), self.data(), options).await
    }

    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        self.try_open(&Options::default()).await.unwrap()
    }

    /// A store with one tenant that has nothing.
    pub(crate) async fn furnished(&self) -> (Arc<dyn Store>, TenantKey) {
        let store = self.open().await;
        store.tenant_create_first(tenant("first"), Changeset::default()).await.unwrap();
        let key = store.tenants().await.unwrap()[0].key;
        (store, key)
    }

    /// Runs statements beside the store.
    pub(crate) async fn execute(&self, sql: &str) {
        match self.url() {
            None => self.sqlite().execute_batch(sql).unwrap(),
            Some(url) => connect(url).await.batch_execute(sql).await.unwrap(),
        }
    }

    /// The whole number that a query gives, beside the store.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        match self.url() {
            None => self.sqlite().query_row(sql, [], |row| row.get(0)).unwrap(),
            Some(url) => connect(url).await.query_one(sql, &[]).await.unwrap().get(0),
        }
    }

    pub(crate) fn sqlite(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.data().join("cardea.db")).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        connection
    }

    /// One more tenant. The store makes the first one only.
    pub(crate) async fn another_tenant(&self, store: &dyn Store, id: &str) -> TenantKey {
        self.execute(&format!("INSERT INTO tenant (id, display_name, created_at) VALUES ('{id}', '{id}', 0)")).await;
        store.tenants().await.unwrap().into_iter().find(|t| t.id == id).unwrap().key
    }
}

/// A connection of its own.
pub(crate) async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub(crate) fn tenant(id: &str) -> NewTenant {
    NewTenant { id: id.to_owned(), display_name: id.to_owned(), domains: Vec::new(), created_at: Timestamp(1) }
}

pub(crate) fn signing_key(kid: &str) -> SigningKey {
    SigningKey { kid: kid.to_owned(), pkcs8: vec![1, 2, 3], created_at: Timestamp(1) }
}

pub(crate) fn catalog(id: &str) -> AccessPackageCatalog {
    let (at, name) = (Timestamp(0), format!("Catalog {id}"));
    AccessPackageCatalog {
        id: id.to_owned(),
        display_name: name,
        created_at: at,
        modified_at: at,
        ..AccessPackageCatalog::default()
    }
}

pub(crate) fn package(id: &str, catalog: &str) -> AccessPackage {
    let (at, name) = (Timestamp(0), format!("Package {id}"));
    AccessPackage {
        id: id.to_owned(),
        catalog_id: catalog.to_owned(),
        display_name: name,
        created_at: at,
        modified_at: at,
        ..AccessPackage::default()
    }
}

/// The links from a package to those it is incompatible with.
pub(crate) fn incompatible() -> LinkTable {
    let face = AccessPackage::ENTITY.face(Version::V1);
    match face.navigation("incompatibleAccessPackages").unwrap().link {
        Link::Table(table) => table,
        _ => unreachable!("packages are linked by a table"),
    }
}

pub(crate) fn link(source: &str, target: &str) -> RowWrite {
    RowWrite::Link { table: incompatible(), source: source.to_owned(), target: target.to_owned() }
}

/// The position of a column.
pub(crate) fn column<R: Record>(name: &str) -> usize {
    R::ENTITY.columns.iter().position(|c| c.name == name).unwrap()
}

/// The record with this id.
pub(crate) async fn find<R: Record>(store: &dyn Store, tenant: TenantKey, id: &str) -> Option<Stored<R>> {
    store::load(store, tenant, R::ENTITY.key(), id).await.unwrap()
}

/// Writes new rows, which must succeed.
pub(crate) async fn insert<R: Record>(store: &dyn Store, tenant: TenantKey, records: impl IntoIterator<Item = R>) {
    let changes = records.into_iter().fold(Changeset::default(), |c, r| c.insert(r, RowVersion(1)));
    store.commit(tenant, changes).await.unwrap();
}
