//! The commands: one file each. They read the configuration, put the parts together and say what happened.

mod audit;
mod ca;
mod check_config;
mod export;
mod import;
mod log;
mod manage;
mod openapi;
mod scim;
mod serve;
mod token;

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use clap::{CommandFactory, FromArgMatches};

use crate::{
    app,
    authority::{self, Authority},
    authz::{self, DirectoryRoles, Permissions, Principal},
    clock::Clock,
    config::{Cli, Command, Database},
    server,
    store::{self, Store},
};

/// Runs the command that the command line names. 0: done; 1: failed, with one line on stderr; 2: wrong usage.
pub fn run() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let result = match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(config) => serve::run(&config),
        Command::Token(config) => token::run(&config),
        Command::App(config) => manage::app(&config),
        Command::Tenant(config) => manage::tenant(&config),
        Command::User(config) => manage::user(&config),
        Command::Key(config) => manage::key(&config),
        Command::Import(config) => import::run(&config),
        Command::Export(config) => export::run(&config),
        Command::Scim(config) => scim::run(&config),
        Command::Audit(config) => audit::run(&config),
        Command::Openapi(config) => openapi::run(&config),
        Command::Ca(config) => ca::run(&config),
        Command::CheckConfig(_) => check_config::run(&matches),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has read enough.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(format!("cardea: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

/// A command failed.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{0}")]
    Store(#[from] store::Error),
    #[error("{0}")]
    Authority(#[from] authority::Error),
    #[error("{0}")]
    Token(#[from] authority::IssueError),
    #[error("{0}")]
    Manage(#[from] authority::ManageError),
    #[error("{0}")]
    App(#[from] app::Error),
    #[error("{path}: {source}")]
    Read { path: String, source: io::Error },
    #[error("{path}: {source}")]
    Write { path: String, source: io::Error },
    #[error("{failed} not imported{so}")]
    NotImported { failed: u64, so: &'static str },
    #[error("the audit records are not whole")]
    AuditBroken,
    #[error("{0}")]
    Tls(#[from] server::TlsError),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: String, source: io::Error },
    #[error("{path}: {reason}")]
    Issuers { path: String, reason: String },
    #[error("the log filter {filter:?}: {source}")]
    Log { filter: String, source: tracing_subscriber::filter::ParseError },
    #[error("cannot start: {0}")]
    Start(io::Error),
    #[error("cannot print: {0}")]
    Output(io::Error),
    #[error("cannot write the document as YAML: {0}")]
    Yaml(#[from] serde_yaml_ng::Error),
}

async fn open_store(database: &Database) -> Result<Arc<dyn Store>, Error> {
    Ok(store::open(database.url(), &database.data, &database.options()).await?)
}

/// The authority of a store, which is furnished on first start.
async fn open_authority(
    store: &Arc<dyn Store>,
    clock: &Clock,
    options: authority::Options,
) -> Result<Authority, Error> {
    Ok(Authority::open(Arc::clone(store), clock.clone(), options, app::catalog::first_catalog).await?)
}

/// Who acts when a command does: nobody of the directory, and allowed to change all of it.
fn command_principal(tenant: &store::Tenant) -> Principal {
    Principal {
        tenant_id: tenant.id.clone(),
        oid: String::new(),
        name: Some("cardea, the command".to_owned()),
        app_id: None,
        kind: authz::Kind::Application,
        permissions: Permissions::named([authz::DIRECTORY_READ_WRITE_ALL]),
        directory_roles: DirectoryRoles::default(),
    }
}

/// Writes to stderr, for as long as somebody who reads may take.
fn complain(text: String) {
    let (done, written) = mpsc::channel();
    let write = move || {
        let _ = io::stderr().write_all(text.as_bytes());
        let _ = done.send(());
    };
    if thread::Builder::new().spawn(write).is_ok() {
        let _ = written.recv_timeout(Duration::from_secs(5));
    }
}

/// Prints to stdout, all of it or an error.
fn print(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output)
}
