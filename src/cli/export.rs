//! `cardea export …`: takes out what is in a tenant, as `import` takes it.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
};

use tokio::runtime;

use super::{Error, command_principal, open_authority, open_store};
use crate::{
    app::{App, Caller, Provenance, directory::import::Kind},
    clock::Clock,
    config::{self, ExportCommand, ExportDirectory},
};

pub(super) fn run(config: &config::Export) -> Result<(), Error> {
    let ExportCommand::Directory(config) = &config.command;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
    runtime.block_on(async {
        let store = open_store(&config.common.database).await?;
        let result = directory(config, &store).await;
        store.close().await;
        result
    })
}

async fn directory(config: &ExportDirectory, store: &std::sync::Arc<dyn crate::store::Store>) -> Result<(), Error> {
    let authority = open_authority(store, &Clock::System, config.common.tokens.options()).await?;
    let tenant = authority.tenant_find(config.tenant.tenant.as_deref()).await?;
    let app = App::new(std::sync::Arc::clone(store), Clock::System);
    let (principal, provenance) = (command_principal(&tenant), Provenance::default());
    let caller = Caller { tenant: tenant.key, principal: &principal, grants: &[], provenance: &provenance };
    let written = |error| match &config.output {
        Some(path) => Error::Write { path: path.display().to_string(), source: error },
        None => Error::Output(error),
    };
    let out: Box<dyn Write> = match &config.output {
        Some(path) => Box::new(File::create(path).map_err(written)?),
        None => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::with_capacity(1 << 16, out);
    // In this order what refers to something comes after it, mostly.
    for kind in [Kind::Application, Kind::User, Kind::ServicePrincipal, Kind::Group] {
        if !config.kinds.is_empty() && !config.kinds.contains(&kind) {
            continue;
        }
        let mut after = None;
        loop {
            let (lines, next) = app.directory_export(caller, kind, after).await?;
            for line in lines {
                serde_json::to_writer(&mut out, &line).map_err(|error| written(error.into()))?;
                out.write_all(b"\n").map_err(written)?;
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
    }
    out.flush().map_err(written)
}
