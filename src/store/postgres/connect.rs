//! How the database is reached: what its URL says, and whether it is over TLS.
//!
//! `sslmode` and `sslrootcert` mean what they mean to libpq. The driver knows neither all modes nor the file, so both are
//! taken out of the URL before the driver reads it.

use std::{
    net::IpAddr,
    pin::Pin,
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use deadpool_postgres::Connect;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::task::JoinHandle;
use tokio_postgres::{
    Client, Config,
    config::{Host, SslMode},
    error::SqlState,
};

use super::{
    convert::reason,
    tls::{Check, Tls},
};
use crate::store::Error;

/// How long a connection may take to be made, unless the URL says.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What the driver takes for an interval that nobody has set.
const UNSET_KEEPALIVE: Duration = Duration::from_hours(2);

/// `sslmode`, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mode {
    /// Never TLS.
    Disable,
    /// TLS where the server takes nothing else.
    Allow,
    /// TLS where the server has it.
    Prefer,
    /// TLS, with whomever.
    Require,
    /// TLS with a certificate that one of the roots has signed.
    VerifyCa,
    /// The same, for the name of the host.
    VerifyFull,
}

impl Mode {
    const ALL: [(&str, Self); 6] = [
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    fn read(text: &str) -> Result<Self, Error> {
        let known = Self::ALL.iter().find(|(name, _)| *name == text);
        known.map(|(_, mode)| *mode).ok_or_else(|| {
            let names = Self::ALL.map(|(name, _)| name).join(", ");
            wrong(&format!("sslmode={text} is none of {names}"))
        })
    }
}

/// A URL that says what cannot be.
fn wrong(message: &str) -> Error {
    Error::Database(format!("the database URL: {message}").into())
}

/// The driver's configuration, and who connects by it.
pub(super) fn read(url: &str) -> Result<(Config, Connector), Error> {
    let Given { rest, mode, root } = take(url)?;
    let mut config = Config::from_str(&rest).map_err(|error| wrong(&reason(&error)))?;
    if config.get_hosts().is_empty() {
        // An address is a name that a certificate can have.
        for address in config.get_hostaddrs().to_vec() {
            config.host(address.to_string());
        }
    }
    defaults(&mut config);
    let system = root.as_deref() == Some("system");
    let mode = match mode {
        // What has no network needs no TLS, and has none.
        _ if config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_))) => Mode::Disable,
        Some(mode) if system && mode < Mode::VerifyFull => {
            return Err(wrong("sslrootcert=system needs sslmode=verify-full: anybody can get a certificate"));
        }
        Some(mode) => mode,
        None if system => Mode::VerifyFull,
        None => Mode::Prefer,
    };
    let check = match (mode, root) {
        (Mode::Disable, _) => Check::Nothing,
        (Mode::VerifyFull, Some(root)) => Check::ChainAndName(roots(&root)?),
        (_, Some(root)) => Check::Chain(roots(&root)?),
        (Mode::VerifyCa | Mode::VerifyFull, None) => {
            let message = "sslmode=verify-ca and verify-full need sslrootcert: a file of certificates in PEM, or \
                           (verify-full) the word system";
            return Err(wrong(message));
        }
        (_, None) => Check::Nothing,
    };
    let tls = Tls::new(check).map_err(Error::database)?;
    Ok((config, Connector { mode, tls, warned: AtomicBool::new(false) }))
}

/// What is set where the URL says nothing: a server that is gone, or cut off, is noticed in seconds.
fn defaults(config: &mut Config) {
    if config.get_application_name().is_none() {
        config.application_name("cardea");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(30));
    }
    if config.get_keepalives_idle() == UNSET_KEEPALIVE {
        config.keepalives_idle(Duration::from_secs(30));
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(Duration::from_secs(10));
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(3);
    }
}

/// The certificates in a file, or those of the system.
fn roots(named: &str) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    if named == "system" {
        let found = rustls_native_certs::load_native_certs();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            return Err(wrong("sslrootcert=system: the system has no certificates"));
        }
        return Ok(roots);
    }
    let unreadable = |reason: &dyn std::fmt::Display| wrong(&format!("sslrootcert={named}: {reason}"));
    for certificate in CertificateDer::pem_file_iter(named).map_err(|error| unreadable(&error))? {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        roots.add(certificate).map_err(|error| unreadable(&error))?;
    }
    if roots.is_empty() {
        return Err(unreadable(&"the file has no certificate in PEM"));
    }
    Ok(roots)
}

/// Makes connections.
pub(super) struct Connector {
    mode: Mode,
    tls: Tls,
    /// Whether the log knows that nothing is encrypted.
    warned: AtomicBool,
}

type Connected = (Client, JoinHandle<()>);

impl Connect for Connector {
    fn connect(
        &self,
        config: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<Connected, tokio_postgres::Error>> + Send + '_>> {
        let config = config.clone();
        Box::pin(async move {
            let connected = match self.mode {
                Mode::Disable => self.attempt(&config, SslMode::Disable).await?,
                Mode::Allow => match self.attempt(&config, SslMode::Disable).await {
                    Err(error) if is_refused(&error) => self.attempt(&config, SslMode::Require).await?,
                    other => other?,
                },
                Mode::Prefer => match self.attempt(&config, SslMode::Prefer).await {
                    Err(error) if is_refused(&error) || is_tls(&error) => {
                        self.attempt(&config, SslMode::Disable).await?
                    }
                    other => other?,
                },
                Mode::Require | Mode::VerifyCa | Mode::VerifyFull => self.attempt(&config, SslMode::Require).await?,
            };
            if !self.tls.was_used() && is_remote(&config) && !self.warned.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "the connection to the database is not encrypted: anybody on the way can read and change it; \
                     sslmode=verify-full prevents that"
                );
            }
            Ok(connected)
        })
    }
}

impl Connector {
    async fn attempt(&self, config: &Config, mode: SslMode) -> Result<Connected, tokio_postgres::Error> {
        let mut config = config.clone();
        config.ssl_mode(mode);
        let (client, connection) = config.connect(self.tls.clone()).await?;
        let run = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(error = reason(&error), "a connection to the database ended");
            }
        });
        Ok((client, run))
    }
}

/// Whether the server takes nobody who comes this way (no line of `pg_hba.conf` fits).
fn is_refused(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

/// Whether TLS failed. The driver tells by its words alone.
fn is_tls(error: &tokio_postgres::Error) -> bool {
    error.to_string().contains("TLS")
}

/// Whether what is sent may leave this machine.
fn is_remote(config: &Config) -> bool {
    let loopback = |name: &str| {
        name == "localhost" || name.ends_with(".localhost") || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    };
    if !config.get_hostaddrs().is_empty() {
        return config.get_hostaddrs().iter().any(|address| !address.is_loopback());
    }
    config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(name) if !loopback(name)))
}

/// What a URL says of TLS, and the URL without it.
#[derive(Debug, Default)]
struct Given {
    rest: String,
    mode: Option<Mode>,
    root: Option<String>,
}

impl Given {
    /// Takes a pair; whether it is one of ours.
    fn take(&mut self, name: &str, value: &str) -> Result<bool, Error> {
        match name {
            "sslmode" => self.mode = Some(Mode::read(value)?),
            "sslrootcert" => self.root = Some(value.to_owned()).filter(|file| !file.is_empty()),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Takes what is about TLS out of a URL, or out of a list of `key=value`.
fn take(text: &str) -> Result<Given, Error> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") { from_url(text) } else { from_pairs(text) }
}

fn from_url(url: &str) -> Result<Given, Error> {
    // A password may hold a question mark.
    let credentials = url.find('@').unwrap_or_default();
    let mut given = Given { rest: url.to_owned(), ..Given::default() };
    let Some(question) = url.get(credentials..).and_then(|rest| rest.find('?')).map(|at| credentials + at) else {
        return Ok(given);
    };
    let (before, query) = (url.get(..question).unwrap_or_default(), url.get(question + 1..).unwrap_or_default());
    let mut kept = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        if !given.take(&decoded(name), &decoded(value))? {
            kept.push(pair);
        }
    }
    given.rest = if kept.is_empty() { before.to_owned() } else { format!("{before}?{}", kept.join("&")) };
    Ok(given)
}

/// libpq's other form: words that are separated by space, values perhaps in quotes, a backslash before what is meant as it
/// stands.
fn from_pairs(text: &str) -> Result<Given, Error> {
    let mut given = Given::default();
    let mut rest = text;
    loop {
        let start = rest.trim_start();
        let Some((name, after)) = start.split_once('=') else {
            given.rest.push_str(rest);
            return Ok(given);
        };
        let (value, length) = value(after.trim_start());
        let end = start.len() - after.trim_start().len() + length;
        let (pair, next) = start.split_at(end);
        if !given.take(name.trim_end(), &value)? {
            given.rest.push_str(pair);
            given.rest.push(' ');
        }
        rest = next;
    }
}

/// The value at the beginning of a text, and how long it is there.
fn value(text: &str) -> (String, usize) {
    let (mut value, mut quoted) = (String::new(), false);
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' if at == 0 => quoted = true,
            '\'' if quoted => return (value, at + 1),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c if c.is_whitespace() && !quoted => return (value, at),
            c => value.push(c),
        }
    }
    (value, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> (String, Option<Mode>, Option<String>) {
        let Given { rest, mode, root } = take(text).unwrap();
        (rest.trim().to_owned(), mode, root)
    }

    #[test]
    fn what_is_about_tls_is_taken_out_of_urls() {
        let url = "postgres://u:p?x@h:1/d?sslmode=verify-full&application_name=a&sslrootcert=%2Fa%20b.pem";
        let root = Some("/a b.pem".to_owned());
        assert_eq!(taken(url), ("postgres://u:p?x@h:1/d?application_name=a".to_owned(), Some(Mode::VerifyFull), root));
        assert_eq!(taken("postgresql://h/d?sslmode=allow"), ("postgresql://h/d".to_owned(), Some(Mode::Allow), None));
        assert_eq!(taken("postgresql://h/d?sslrootcert="), ("postgresql://h/d".to_owned(), None, None));
        assert_eq!(taken("postgres://h"), ("postgres://h".to_owned(), None, None));
    }

    #[test]
    fn what_is_about_tls_is_taken_out_of_pairs() {
        let text = r"host=h password='a \' sslmode=disable' sslmode = verify-ca sslrootcert='/a b\'c.pem' user=a\ b";
        let root = Some("/a b'c.pem".to_owned());
        let rest = r"host=h password='a \' sslmode=disable' user=a\ b".to_owned();
        assert_eq!(taken(text), (rest, Some(Mode::VerifyCa), root));
        assert_eq!(taken("host=h"), ("host=h".to_owned(), None, None));
        // What is no list is the driver's to refuse.
        assert_eq!(taken("nonsense").0, "nonsense");
    }

    #[test]
    fn modes_are_those_of_libpq() {
        let mode = |text: &str| read(text).map(|(_, connector)| connector.mode).map_err(|error| error.to_string());
        for (name, expected) in Mode::ALL.into_iter().take(4) {
            assert_eq!(mode(&format!("postgres://h?sslmode={name}")), Ok(expected));
            assert_eq!(mode(&format!("host=h sslmode={name}")), Ok(expected));
        }
        assert_eq!(mode("postgres://h"), Ok(Mode::Prefer));
        assert_eq!(mode("host=/run/postgresql sslmode=require"), Ok(Mode::Disable));
        for (url, message) in [
            ("postgres://h?sslmode=on", "disable, allow, prefer, require, verify-ca, verify-full"),
            ("postgres://h?sslmode=verify-full", "need sslrootcert"),
            ("postgres://h?sslmode=verify-ca", "need sslrootcert"),
            ("postgres://h?sslmode=require&sslrootcert=system", "needs sslmode=verify-full"),
            ("postgres://h?sslmode=verify-ca&sslrootcert=/nowhere.pem", "sslrootcert=/nowhere.pem"),
            ("postgres://h?sslcert=a", "sslcert"),
        ] {
            let error = mode(url).unwrap_err();
            assert!(error.contains(message), "{url}: {error}");
        }
    }

    #[test]
    fn what_leaves_the_machine_is_known_by_its_name_or_address() {
        let remote = |text: &str| is_remote(&read(text).unwrap().0);
        for text in ["postgres://localhost/d", "postgres://127.0.0.1", "postgres://[::1]/d", "host=/run/pg"] {
            assert!(!remote(text), "{text}");
        }
        for text in ["postgres://db.example/d", "postgres://10.0.0.1", "host=localhost hostaddr=10.0.0.1"] {
            assert!(remote(text), "{text}");
        }
    }
}
