//! `cardea serve`: opens the store, builds the application and serves it until it is told to stop.

use std::{future, io, net::SocketAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use rustix::process::{self, Resource, Rlimit};
use tokio::{
    net::TcpListener,
    runtime,
    signal::unix::{SignalKind, signal},
    sync::{mpsc, oneshot},
    time,
};

use super::{
    Error,
    log::{self, Log},
    open_authority,
};
use crate::{
    api::{self, Api},
    app::{App, directory::graph},
    authority::{self, Authority, Issuer},
    clock::Clock,
    config::Serve,
    server::{self, LocalCa, Tls},
    store::{self, Store},
};

pub(super) fn run(config: &Serve) -> Result<(), Error> {
    let log = Log::start(config)?;
    allow_descriptors();
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::Start)?;
    let served = runtime.block_on(serve(config));
    log.finish();
    served
}

async fn serve(config: &Serve) -> Result<(), Error> {
    // From here on a signal stops us in an orderly way, however early it comes.
    let stop = stop_signals().map_err(Error::Start)?;
    let database = &config.database;
    let store = store::open(database.url(), &database.data, &config.storage.options(database.options())).await?;
    let result = serve_store(config, &store, stop).await;
    store.close().await;
    result
}

async fn serve_store(config: &Serve, store: &Arc<dyn Store>, stop: mpsc::Receiver<()>) -> Result<(), Error> {
    let options = authority::Options {
        public_url: config.public_url.clone(),
        embedded: config.embedded_authority,
        issuers: issuers(config)?,
        swagger_ui: config.swagger_ui,
        failures: config.sign_in.failure_limits(),
        ..config.tokens.options()
    };
    let authority = open_authority(store, &Clock::System, options).await?;
    for tenant in store.tenants().await? {
        graph::renew(&**store, tenant.key, Clock::System.now()).await?;
    }
    let api = api(config, store, authority);
    let router = api::router(Arc::clone(&api));
    let tls = tls(config)?.map(Arc::new);
    let (listener, bound) = listen(&config.listen).await?;
    // Until it is dropped.
    let (_keep, well_at, health) = health(config, &api).await?;
    for danger in dangers(config, bound) {
        tracing::warn!(address = %bound, "{danger}");
    }
    log::announce(greeting(config, tls.as_deref(), bound, well_at));
    let mut options = server::Options { tls, memory: Arc::clone(&api.memory), ..config.options() };
    if !bound.ip().is_unspecified() {
        options.hosts.add(&bound.ip().to_string());
    }
    let served = server::serve(listener, router, options, stop);
    let (stop_recording, stopped) = oneshot::channel();
    let recorder = Arc::clone(&api);
    let recording = tokio::spawn(async move { recorder.authority.keep_failures_recorded(stopped).await });
    tokio::select! {
        () = served => {}
        () = health => {}
        () = without_end(|| api.authority.keep_fresh()) => {}
    }
    drop(stop_recording);
    // A panic of the task has been reported by then.
    let _ = recording.await;
    Ok(())
}

/// Does background work that never ends. A panic ends neither the work nor the server.
async fn without_end<F: Future<Output = ()>>(mut work: impl FnMut() -> F) {
    while AssertUnwindSafe(work()).catch_unwind().await.is_err() {
        time::sleep(Duration::from_secs(1)).await;
    }
}

async fn listen(address: &str) -> Result<(TcpListener, SocketAddr), Error> {
    let failed = |source| Error::Listen { address: address.to_owned(), source };
    let listener = server::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// The health checks on an address of their own, if there is one: what keeps them served, where they are, and what serves
/// them. They share nothing with other connections but the process.
async fn health(
    config: &Serve,
    api: &Arc<Api>,
) -> Result<(mpsc::Sender<()>, Option<SocketAddr>, impl Future<Output = ()>), Error> {
    let (keep, stop) = mpsc::channel(1);
    let bound = match &config.connections.health_listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let at = bound.as_ref().map(|(_, at)| *at);
    let router = api::health_router(Arc::clone(api));
    let served = async {
        match bound {
            Some((listener, _)) => server::serve(listener, router, server::Options::for_health(), stop).await,
            None => future::pending().await,
        }
    };
    Ok((keep, at, served))
}

/// What is dangerous about the address that is listened on.
fn dangers(config: &Serve, bound: SocketAddr) -> Vec<&'static str> {
    let mut dangers = Vec::new();
    if bound.ip().to_canonical().is_loopback() {
        return dangers;
    }
    let tls = config.tls.tls_cert.is_some() || config.tls.self_signed().is_some();
    if !tls && config.trusted_proxies.is_empty() {
        dangers.push(
            "plain HTTP on an address that other machines reach: passwords and tokens can be read on the way. Set \
             --tls-cert and --tls-key, or --trusted-proxy if a proxy ends TLS.",
        );
    }
    if bound.ip().is_unspecified() && config.public_url.is_none() && config.connections.allowed_hosts.is_empty() {
        dangers.push(
            "listening on all addresses, but requests for hosts other than localhost are refused. Set --public-url, or \
             --allowed-host for each name that clients use.",
        );
    }
    dangers
}

/// The issuers whose tokens are believed beside our own.
fn issuers(config: &Serve) -> Result<Vec<Issuer>, Error> {
    let Some(path) = &config.issuers else { return Ok(Vec::new()) };
    let wrong = |reason| Error::Issuers { path: path.display().to_string(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Issuer::read_all(&text).map_err(wrong)
}

/// TLS, if it is wanted.
fn tls(config: &Serve) -> Result<Option<Tls>, Error> {
    if let (Some(chain), Some(key)) = (&config.tls.tls_cert, &config.tls.tls_key) {
        return Ok(Some(Tls::from_files(chain.clone(), key.clone())?));
    }
    let Some(names) = config.tls.self_signed() else { return Ok(None) };
    let ca = LocalCa::open(&config.database.data, &Clock::System)?;
    Ok(Some(Tls::from_local_ca(ca, names)?))
}

/// The application behind its API.
fn api(config: &Serve, store: &Arc<dyn Store>, authority: Authority) -> Arc<Api> {
    let passwords = authority.options().passwords;
    let app = App::new(Arc::clone(store), Clock::System)
        .allowing_takeover(config.allow_credential_takeover)
        .with_passwords(passwords);
    Arc::new(Api::new(app, authority, config.api_options()))
}

/// Takes as many file descriptors as the system allows: by default it gives fewer than there may be connections.
fn allow_descriptors() {
    let limit = process::getrlimit(Resource::Nofile);
    let raised = process::setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    if let Err(error) = raised {
        tracing::debug!(%error, "the limit of file descriptors stays");
    }
}

/// What the one who started us wants to know first.
fn greeting(config: &Serve, tls: Option<&Tls>, bound: SocketAddr, well_at: Option<SocketAddr>) -> String {
    let scheme = if tls.is_some() { "https" } else { "http" };
    let base = if bound.ip().is_unspecified() {
        format!("{scheme}://localhost:{}", bound.port())
    } else {
        format!("{scheme}://{bound}")
    };
    let public = config.public_url.as_deref().unwrap_or(&base);
    let token = match config.database.database_url {
        // It is a secret: whoever may see it knows it.
        Some(_) => "cardea token --database-url URL".to_owned(),
        None => format!("cardea token --data {}", quoted(&config.database.data.to_string_lossy())),
    };
    let trust = tls.and_then(Tls::local_ca).map(|ca| format!("  CA to trust:  {}\n", ca.path().display()));
    let trust = trust.unwrap_or_default();
    let pages = if config.swagger_ui { format!("  Swagger UI:   {public}/swagger-ui/\n") } else { String::new() };
    let health = well_at.map(|at| format!("  health checks: http://{at}\n")).unwrap_or_default();
    format!("cardea is ready at {base}\n{pages}  get a token:  {token}\n{trust}{health}")
}

/// A word for the shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A message for each signal that ends us.
fn stop_signals() -> io::Result<mpsc::Receiver<()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (send, receive) = mpsc::channel(2);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if send.send(()).await.is_err() {
                return;
            }
        }
    });
    Ok(receive)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::config::Cli;

    #[test]
    fn what_is_dangerous_about_an_address_is_said() {
        let dangers = |bound: &str, args: &[&str]| {
            let config = Cli::try_parse_from([&["cardea"], args].concat()).unwrap().serve;
            dangers(&config, bound.parse().unwrap()).iter().map(|text| text.contains("plain HTTP")).collect::<Vec<_>>()
        };
        let none: [bool; 0] = [];
        assert_eq!(dangers("0.0.0.0:80", &[]), [true, false]);
        assert_eq!(dangers("[::]:80", &["--allowed-host", "a.example"]), [true]);
        assert_eq!(dangers("[::]:80", &["--tls-self-signed"]), [false]);
        assert_eq!(dangers("10.0.0.1:80", &[]), [true]);
        let safe = ["--trusted-proxy", "10.0.0.0/8", "--public-url", "https://a.example"];
        assert_eq!(dangers("0.0.0.0:80", &safe), none);
        for loopback in ["127.0.0.1:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
            assert_eq!(dangers(loopback, &[]), none);
        }
    }

    #[tokio::test]
    async fn background_work_that_panics_goes_on() {
        let mut turns = 0;
        without_end(|| {
            turns += 1;
            let turn = turns;
            async move { assert!(turn > 1, "on purpose") }
        })
        .await;
        assert_eq!(turns, 2);
    }

    #[test]
    fn a_word_is_quoted_when_the_shell_would_misread_it() {
        assert_eq!(quoted("./cardea-data"), "./cardea-data");
        assert_eq!(quoted("my data"), "'my data'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
    }
}
