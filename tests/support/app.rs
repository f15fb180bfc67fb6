//! A server of a test's own, in this process, over a new database.

use std::{sync::Arc, time::Duration};

use cardea::{
    api::{self, Api},
    app::{App, catalog},
    authority::{self, Authority, Subject, TokenRequest},
    authz,
    clock::Clock,
    model::value::Timestamp,
    server,
    store::{self, SigningKey, Store},
};
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::{OnceCell, mpsc};

use super::{Client, Engine, contract::Contracts, postgres, sqlite};

/// When every test begins.
pub const BEGINNING: &str = "2026-01-31T08:00:00Z";
/// A host that clients may ask for beside the machine itself.
pub const HOST: &str = "governance.example";

/// A server, its database and its clock. All of it goes with it.
pub struct TestApp {
    /// The engine underneath.
    pub engine: Engine,
    /// The server's clock, which stands still unless it is moved.
    pub clock: Clock,
    /// Scheme and authority of the server.
    pub base: String,
    /// The API that is served.
    pub api: Arc<Api>,
    /// The store, for tests of what an API cannot show.
    pub store: Arc<dyn Store>,
    /// Where the data is: for SQLite.
    pub directory: Option<TempDir>,
    /// Where the data is: for PostgreSQL.
    pub database: Option<postgres::Database>,
    contracts: Arc<Contracts>,
    http: reqwest::Client,
    tokens: Mutex<[String; 2]>,
    _stop: mpsc::Sender<()>,
}

impl TestApp {
    /// A server on this engine.
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, api::Options::default()).await
    }

    /// A server with an API that is set otherwise.
    pub async fn start_with(engine: Engine, options: api::Options) -> Self {
        Self::start_set(engine, options, authority::Options::default()).await
    }

    /// A server with an API and an authority that are set otherwise.
    pub async fn start_set(engine: Engine, options: api::Options, trust: authority::Options) -> Self {
        Self::start_app(engine, options, trust, |app| app).await
    }

    /// The same, with use cases that are set otherwise, too.
    pub async fn start_app(
        engine: Engine,
        options: api::Options,
        trust: authority::Options,
        set: impl FnOnce(App) -> App,
    ) -> Self {
        let clock = Clock::manual(Timestamp::parse(BEGINNING).expect("a time"));
        let store_options = store::Options {
            connections: 4,
            cache_kib: 1024,
            statement_timeout_ms: 30_000,
            ..store::Options::default()
        };
        let (store, directory, database) = match engine {
            Engine::Sqlite => {
                let (store, directory) = sqlite::open(&store_options).await;
                (store, Some(directory), None)
            }
            Engine::Postgres => {
                let database = postgres::Database::create().await;
                let path = std::env::temp_dir();
                let store = store::open(Some(&database.url), &path, &store_options).await;
                (store.expect("a new PostgreSQL store"), None, Some(database))
            }
        };
        store.signing_key_create(signing_key().await).await.expect("a signing key");
        let authority = open_authority(&store, &clock, trust).await;
        let uses = App::new(Arc::clone(&store), clock.clone()).with_passwords(authority.options().passwords);
        let api = Arc::new(Api::new(set(uses), authority, options));
        let listener = server::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = mpsc::channel(1);
        let hosts = server::Hosts::new([HOST.to_owned()]);
        let options = server::Options { hosts, memory: Arc::clone(&api.memory), ..server::Options::default() };
        tokio::spawn(server::serve(listener, api::router(Arc::clone(&api)), options, stopped));
        let redirect = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().redirect(redirect).no_proxy().build().expect("an HTTP client");
        let contracts = Arc::new(Contracts::fetch(&http, &base).await);
        let tokens = Mutex::new(tokens(&api).await);
        Self { engine, clock, base, api, store, directory, database, contracts, http, tokens, _stop: stop }
    }

    /// An application that may do everything.
    pub fn client(&self) -> Client {
        self.with_token(&self.tokens.lock()[0])
    }

    /// An application that may read.
    pub fn reader(&self) -> Client {
        self.with_token(&self.tokens.lock()[1])
    }

    /// Somebody without a token.
    pub fn anonymous(&self) -> Client {
        Client::new(self.http.clone(), self.base.clone(), Arc::clone(&self.contracts), None)
    }

    /// Somebody with this token.
    pub fn with_token(&self, token: &str) -> Client {
        Client::new(self.http.clone(), self.base.clone(), Arc::clone(&self.contracts), Some(token.to_owned()))
    }

    /// An application with these permissions.
    pub async fn application(&self, roles: &[&str]) -> Client {
        let roles = roles.iter().map(|&role| role.to_owned()).collect();
        self.with_token(&self.issue(Subject::Application { roles }, Duration::from_hours(1)).await)
    }

    /// An administrator of identity governance with these delegated permissions.
    pub async fn user(&self, upn: &str, scopes: &[&str]) -> Client {
        self.person(upn, scopes, &["Identity Governance Administrator"]).await
    }

    /// A user with these delegated permissions and directory roles.
    pub async fn person(&self, upn: &str, scopes: &[&str], directory_roles: &[&str]) -> Client {
        let own = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let (scopes, directory_roles) = (own(scopes), own(directory_roles));
        let subject = Subject::User { upn: upn.to_owned(), scopes, directory_roles };
        self.with_token(&self.issue(subject, Duration::from_hours(1)).await)
    }

    /// A new token of the default tenant.
    pub async fn issue(&self, subject: Subject, lifetime: Duration) -> String {
        let request = TokenRequest { tenant: None, subject, lifetime };
        self.api.authority.issue(&request).await.expect("a token")
    }

    /// Moves the server's clock on. Callers that are made from then on have new tokens; those made before may not.
    pub async fn advance(&self, time: Duration) {
        self.clock.advance(i64::try_from(time.as_micros()).expect("a time that fits"));
        let fresh = tokens(&self.api).await;
        *self.tokens.lock() = fresh;
    }

    /// The documents that the server is held to, and which of their operations were called.
    pub fn contracts(&self) -> &Contracts {
        &self.contracts
    }
}

/// Of an application that may do everything, and of one that may read.
async fn tokens(api: &Api) -> [String; 2] {
    [token(api, authz::READ_WRITE_ALL).await, token(api, authz::READ_ALL).await]
}

async fn token(api: &Api, permission: &str) -> String {
    let subject = Subject::Application { roles: vec![permission.to_owned()] };
    let request = TokenRequest { tenant: None, subject, lifetime: authority::MAX_LIFETIME };
    api.authority.issue(&request).await.expect("a token")
}

async fn open_authority(store: &Arc<dyn Store>, clock: &Clock, options: authority::Options) -> Authority {
    let authority = Authority::open(Arc::clone(store), clock.clone(), options, catalog::first_catalog).await;
    authority.expect("an authority")
}

/// One key for all tests, because making one takes long.
async fn signing_key() -> SigningKey {
    static KEY: OnceCell<SigningKey> = OnceCell::const_new();
    let make = async || {
        let (store, _directory) = sqlite::open(&store::Options::default()).await;
        let clock = Clock::manual(Timestamp::parse(BEGINNING).expect("a time"));
        let _ = open_authority(&store, &clock, authority::Options::default()).await;
        let key = store.signing_keys().await.expect("a signing key").remove(0);
        store.close().await;
        key
    };
    KEY.get_or_init(make).await.clone()
}
