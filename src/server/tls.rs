//! TLS: handshakes, and a certificate that is replaced while the server runs.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use parking_lot::{Mutex, RwLock};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs::Ticketer,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    task, time,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    certificate::{Error, Files, Stamps, provider},
    local_ca::{self, LocalCa, MICROS_PER_DAY, SERVER_DAYS},
};

/// A client that takes longer to shake hands is cut off.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is looked whether there is a newer certificate.
const INTERVAL: Duration = Duration::from_secs(3);
/// A certificate that the local CA issued is replaced when it has this many days left.
const RENEWED_BEFORE: u64 = 30;
/// After how many microseconds a failed replacement is tried again.
const RETRY: u64 = MICROS_PER_DAY / 24;
/// The first byte of a record that holds a handshake, with which every client begins.
const HANDSHAKE: u8 = 22;
/// The longest head of a plain HTTP request that is read to its end.
const MAX_PLAIN_BYTES: usize = 16 << 10;
/// What one gets who speaks plain HTTP.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain;charset=utf-8\r\nContent-Length: 42\r\n\
                       Connection: close\r\n\r\nThis port speaks HTTPS: begin with https:\n";

/// Shakes hands with clients, and knows where its certificate comes from.
pub struct Tls {
    acceptor: TlsAcceptor,
    shown: Arc<Shown>,
    source: Source,
    pub(super) handshake_timeout: Duration,
    pub(super) interval: Duration,
}

/// Where the certificate comes from, and what shows that there is a newer one.
enum Source {
    Files { files: Files, seen: Mutex<Stamps> },
    LocalCa { ca: Box<LocalCa>, names: Vec<String>, renewed_at: Mutex<u64> },
}

impl Tls {
    /// With a certificate chain and its key in PEM files, which are read again when they change.
    pub fn from_files(chain: PathBuf, key: PathBuf) -> Result<Self, Error> {
        let files = Files { chain, key };
        // Before they are read: what changes meanwhile is seen later.
        let seen = Mutex::new(files.stamps());
        Self::new(files.read()?, Source::Files { files, seen })
    }

    /// With a certificate of the local CA, for localhost and these names, which is renewed before it expires.
    pub fn from_local_ca(ca: LocalCa, names: Vec<String>) -> Result<Self, Error> {
        let renewed_at = Mutex::new(renewal(&ca));
        Self::new(ca.issue(&names)?, Source::LocalCa { ca: Box::new(ca), names, renewed_at })
    }

    fn new(first: CertifiedKey, source: Source) -> Result<Self, Error> {
        let shown = Arc::new(Shown(RwLock::new(Arc::new(first))));
        let config = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13, &TLS12])?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(&shown) as _;
        let mut config = config.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Who comes back resumes, and we keep nothing for it.
        config.ticketer = Ticketer::new()?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { acceptor, shown, source, handshake_timeout: HANDSHAKE_TIMEOUT, interval: INTERVAL })
    }

    /// Whether this text can be a name of a certificate: a host, `*.` and a host, or an address.
    pub fn is_name(text: &str) -> bool {
        local_ca::is_name(text)
    }

    /// The certificate of the local CA, if that is where ours comes from.
    pub fn local_ca(&self) -> Option<&LocalCa> {
        match &self.source {
            Source::LocalCa { ca, .. } => Some(ca),
            Source::Files { .. } => None,
        }
    }

    /// The client's stream once hands are shaken. Nothing, if it does not come to that in time or the server stops.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
        mut stopped: watch::Receiver<bool>,
    ) -> Option<TlsStream<TcpStream>> {
        let outcome = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return None,
            outcome = time::timeout(self.handshake_timeout, self.shake_hands(stream)) => outcome,
        };
        match outcome.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(stream) => Some(stream),
            Err(error) => {
                tracing::debug!(%error, "TLS handshake");
                None
            }
        }
    }

    async fn shake_hands(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE && first[0].is_ascii_alphabetic() {
            refuse_plain(stream).await?;
            return Err(io::Error::other("the client speaks plain HTTP"));
        }
        self.acceptor.accept(stream).await
    }

    /// Looks for a newer certificate now and then, without end.
    pub(super) async fn keep_fresh(self: &Arc<Self>) {
        let mut ticks = time::interval_at(time::Instant::now() + self.interval, self.interval);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let tls = Arc::clone(self);
            // It reads files.
            if let Err(error) = task::spawn_blocking(move || tls.refresh()).await {
                tracing::error!(%error, "looking for a newer certificate");
            }
        }
    }

    /// Shows the newer certificate from now on, if there is one. One that is broken leaves the old one in place.
    pub(super) fn refresh(&self) {
        let newer = match &self.source {
            Source::Files { files, seen } => {
                let stamps = files.stamps();
                if std::mem::replace(&mut *seen.lock(), stamps) == stamps {
                    return;
                }
                files.read()
            }
            Source::LocalCa { ca, names, renewed_at } => {
                let mut renewed_at = renewed_at.lock();
                if later(ca, 0) < *renewed_at {
                    return;
                }
                let newer = ca.issue(names);
                *renewed_at = if newer.is_ok() { renewal(ca) } else { later(ca, RETRY) };
                newer
            }
        };
        match newer {
            Ok(newer) => {
                *self.shown.0.write() = Arc::new(newer);
                tracing::info!("there is a new certificate");
            }
            Err(error) => tracing::error!(%error, "the new certificate is broken: the old one stays"),
        }
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// When a certificate that the CA issues now is to be replaced.
fn renewal(ca: &LocalCa) -> u64 {
    later(ca, (SERVER_DAYS - RENEWED_BEFORE) * MICROS_PER_DAY)
}

fn later(ca: &LocalCa, micros: u64) -> u64 {
    ca.now().0.max(0).unsigned_abs() + micros
}

/// The certificate that every client is shown.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read()))
    }
}

/// Says what is wrong. A socket that is closed with something unread is reset, and the client might lose the answer.
async fn refuse_plain(mut stream: TcpStream) -> io::Result<()> {
    let mut head = Vec::with_capacity(1024);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < MAX_PLAIN_BYTES {
        if stream.read_buf(&mut head).await? == 0 {
            break;
        }
    }
    stream.write_all(PLAIN).await?;
    stream.shutdown().await?;
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}
