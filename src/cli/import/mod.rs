//! `cardea import …`: fills a tenant from a file.

mod bytes;
mod list;
mod report;
mod source;
mod table;

use std::{io::IsTerminal, sync::Arc};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::runtime;

use self::source::Source;
use super::{Error, command_principal, open_authority};
use crate::{
    app::{
        App, Caller, Provenance,
        directory::import::{Body, Document, Import, Settings, Stage},
    },
    authority,
    clock::Clock,
    config::{self, ImportCommand, ImportDirectory},
    ids,
    store::{self, Store},
};

/// No document is longer, in bytes.
const MAX_DOCUMENT: usize = 64 << 20;

pub(super) fn run(config: &config::Import) -> Result<(), Error> {
    let ImportCommand::Directory(config) = &config.command;
    // What is decided keeps the thread that asked busy; the connection and the commits have another.
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(Error::Start)?;
    runtime.block_on(async {
        let database = &config.common.database;
        let options = store::Options { bulk: true, ..database.options() };
        let source =
            Source::open(&config.file, config.format, config.kind).map_err(|error| read_error(config, error))?;
        let store = store::open(database.url(), &database.data, &options).await?;
        let result = directory(config, &source, &store).await;
        store.close().await;
        result
    })
}

fn read_error(config: &ImportDirectory, source: std::io::Error) -> Error {
    Error::Read { path: config.file.display().to_string(), source }
}

async fn directory(config: &ImportDirectory, source: &Source, store: &Arc<dyn Store>) -> Result<(), Error> {
    let authority = open_authority(store, &Clock::System, config.common.tokens.options()).await?;
    let tenant = authority.tenant_find(config.tenant.tenant.as_deref()).await?;
    let passwords = authority.options().passwords;
    let app = App::new(Arc::clone(store), Clock::System).with_passwords(passwords);
    let principal = command_principal(&tenant);
    let provenance = Provenance { correlation_id: ids::new_id(), address: None };
    let caller = Caller { tenant: tenant.key, principal: &principal, grants: &[], provenance: &provenance };
    let settings = Settings {
        keep_going: config.keep_going,
        differences: config.dry_run,
        hash: &|password| authority::hash_here(password).ok(),
    };
    let mut import = app.import(caller, settings).await?;
    let result = steps(config, source, &mut import).await;
    let outcome = import.outcome();
    let mut problems = outcome.problems.clone();
    problems.sort_by_key(|problem| problem.line);
    report::problems(&config.file, &problems);
    result?;
    if outcome.failed == 0 || config.keep_going || config.common.json {
        report::outcome(outcome, &tenant.id, (config.dry_run, config.common.json))?;
    }
    let (failed, total) = (outcome.failed, outcome.total());
    let so = match total.created + total.changed {
        _ if config.keep_going || config.dry_run => "",
        0 => "; nothing was written",
        _ => "; what follows was not written",
    };
    if failed == 0 { Ok(()) } else { Err(Error::NotImported { failed, so }) }
}

/// Feeds the file as often as it takes.
async fn steps(config: &ImportDirectory, source: &Source, import: &mut Import<'_>) -> Result<(), Error> {
    let begin = |what: &'static str| {
        let bar = bar(source.length, what);
        source.batches(&bar).map_err(|error| read_error(config, error))
    };
    let mut batches = begin("checking")?;
    while let Some(batch) = batches.next().await.map_err(|error| read_error(config, error))? {
        let (going_on, differences) = import.check(batch).await?;
        report::differences(&differences, config.common.json)?;
        if !going_on {
            return Ok(());
        }
    }
    if !import.checked() || config.dry_run {
        return Ok(());
    }
    for stage in [Stage::Objects, Stage::Principals] {
        if !import.needs(stage) {
            continue;
        }
        let mut batches = begin("writing")?;
        while let Some(batch) = batches.next().await.map_err(|error| read_error(config, error))? {
            if !import.write(batch, stage).await? {
                break;
            }
        }
        if !import.written().await? {
            return Ok(());
        }
    }
    if import.needs_links() {
        let mut batches = begin("linking")?;
        while let Some(batch) = batches.next().await.map_err(|error| read_error(config, error))? {
            if !import.link(batch).await? {
                break;
            }
        }
    }
    Ok(())
}

/// A bar that shows how far it is, to people.
fn bar(length: u64, what: &'static str) -> ProgressBar {
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {eta}");
    ProgressBar::with_draw_target(Some(length), target)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        .with_message(what)
}

/// What stands for a document that could not be read.
fn wrong(line: u32, property: &str, message: String) -> Document {
    Document { line, kind: None, body: Body::Wrong(property.to_owned(), message) }
}
