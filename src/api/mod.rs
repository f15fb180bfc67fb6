//! HTTP: the table of operations, what comes in, what goes out.
//!
//! A request's path is resolved over the metadata ([`crate::odata::path`]) to what it addresses and to the template by
//! which [`mod@operations`] are found. Operations of the table are documented; a GET of anything else that a path can lead to
//! is served by the same handlers, and any other method is a 405 that names those there are.

mod access_packages;
mod batch;
mod body;
mod catalogs;
mod cors;
mod declared;
mod directory;
mod dispatch;
pub mod error;
mod finish;
mod handler;
pub mod limits;
mod links;
pub mod memory;
pub mod openapi;
pub mod operations;
mod panics;
mod pieces;
mod read;
mod reads;
mod refusals;
pub mod respond;
mod role_management;
mod scim;
mod service;
mod sign_in;
mod signatures;
mod swagger;
mod write;

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{Router, middleware, response::Response, routing::get};
use http::HeaderMap;

use self::{
    declared::Declared,
    error::Error,
    limits::{Limits, Rates},
    memory::Memory,
    openapi::Documents,
    operations::Operation,
    refusals::Refusals,
};
use crate::{
    app::App,
    authority::Authority,
    model::{meta::Version, value::Timestamp},
};

/// What can be set about the API.
#[derive(Clone, Debug)]
pub struct Options {
    /// Scheme and authority under which clients reach us, for links; none: what their `Host` header says.
    pub public_url: Option<String>,
    /// The largest body, in bytes.
    pub max_body_bytes: usize,
    /// The largest page of a list, in rows.
    pub max_page: usize,
    /// A body that takes longer to arrive is given up.
    pub request_timeout: Duration,
    /// How often somebody may call.
    pub rates: Rates,
    /// The origins whose pages may call; `*` is all.
    pub cors_origins: Vec<String>,
    /// Whether there is Swagger UI.
    pub swagger_ui: bool,
    /// How much memory answers may take until they are sent, in bytes.
    pub answer_memory: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            public_url: None,
            max_body_bytes: 1 << 20,
            max_page: 999,
            request_timeout: Duration::from_secs(30),
            rates: Rates::default(),
            cors_origins: Vec::new(),
            swagger_ui: true,
            answer_memory: memory::DEFAULT_LIMIT,
        }
    }
}

/// The API: use cases, authority, and the table of operations.
pub struct Api {
    /// The use cases.
    pub app: App,
    /// Who knows who calls.
    pub authority: Authority,
    /// The options.
    pub options: Options,
    /// What answers take until they are sent.
    pub memory: Arc<Memory>,
    limits: Limits,
    refusals: Refusals,
    operations: [Operations; 2],
    documents: Documents,
}

/// The operations of a version, by template.
type Operations = HashMap<String, Vec<Operation>>;

impl Api {
    /// The API over these use cases and this authority.
    pub fn new(app: App, authority: Authority, options: Options) -> Self {
        let by_template = |version| {
            let mut table = Operations::new();
            for operation in operations(version) {
                table.entry(operation.template.clone()).or_default().push(operation);
            }
            table
        };
        let operations_by_version = Version::ALL.map(by_template);
        let limits = Limits::new(options.rates, app.clock());
        let memory = Memory::new(options.answer_memory);
        Self {
            app,
            authority,
            options,
            memory,
            limits,
            refusals: Refusals::default(),
            operations: operations_by_version,
            documents: Documents::new(operations),
        }
    }

    fn operations(&self, version: Version, template: &str) -> &[Operation] {
        self.operations[version as usize].get(template).map_or(&[], Vec::as_slice)
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.app.clock().now()
    }
}

/// The documented operations of a version: the API on one screen.
pub fn operations(version: Version) -> Vec<Operation> {
    let declared = declared().into_iter().flat_map(|operation| operation.spoken(version));
    declared.chain(reads::operations(version)).chain(links::operations(version)).collect()
}

/// The operations that have code of their own.
fn declared() -> Vec<Declared> {
    let resources =
        [access_packages::operations(), catalogs::operations(), role_management::operations(), directory::operations()];
    resources.into_iter().flatten().collect()
}

/// Everything that is served.
pub fn router(api: Arc<Api>) -> Router {
    let cors = cors::layer(&api.options.cors_origins);
    let limit = middleware::from_fn_with_state(Arc::clone(&api), dispatch::admit);
    let limited = api.options.rates.address.is_some();
    let guard = middleware::from_fn_with_state(Arc::clone(&api), panics::guard);
    let pages = swagger::router(api.options.swagger_ui).layer(guard);
    let mut router = Router::new().merge(pages).merge(scim::router()).fallback(dispatch::dispatch);
    if api.authority.options().embedded {
        let guard = middleware::from_fn_with_state(Arc::clone(&api), sign_in::guard);
        router = router.merge(sign_in::router().layer(guard));
    }
    if limited {
        router = router.layer(limit);
    }
    if let Some(cors) = cors {
        router = router.layer(cors);
    }
    // Who watches the server is never sent away.
    router.merge(health()).with_state(api)
}

/// What tells whether the server is well, and nothing else.
pub fn health_router(api: Arc<Api>) -> Router {
    health().with_state(api)
}

fn health() -> Router<Arc<Api>> {
    Router::new().route("/healthz", get(service::healthz)).route("/readyz", get(service::readyz))
}

/// Whether a path is one of those that tell whether the server is well.
pub fn is_health(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// An error as the answer to a request with these headers that no route is asked for.
pub fn refuse(error: Error, headers: &HeaderMap) -> Response {
    finish::refuse(error, dispatch::client_request_id(headers))
}

/// The answer where there is no memory for another one.
pub fn refuse_for_memory(headers: &HeaderMap) -> Response {
    refuse(finish::no_memory(), headers)
}
