//! The only reader of the environment: the command line, where each option has its variable.
//!
//! An option on the command line wins over its variable, and both over the default. There is no other configuration.

mod connections;
mod manage;
mod sign_in;
mod storage;
mod transfer;

use std::{fmt, num::NonZeroU32, path::PathBuf, time::Duration};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

pub use self::connections::Connections;
pub use self::manage::{
    App, AppCommand, Audit, AuditCommand, Common, InTenant, Key, KeyCommand, Scim, ScimCommand, Tenant, TenantCommand,
    User, UserCommand,
};
pub use self::transfer::{Export, ExportCommand, ExportDirectory, Format, Import, ImportCommand, ImportDirectory};
pub use self::{sign_in::SignIn, storage::Storage};
use crate::{
    api::{self, limits::Rates},
    authority, authz,
    model::password::Policy,
    server, store,
};

/// Entitlement management that anyone can run, served with the Microsoft Graph API.
#[derive(Debug, Parser)]
#[command(name = "cardea", version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; nothing is to serve.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve, when nothing is said.
    #[command(flatten)]
    pub serve: Serve,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API (what happens without a command, too).
    Serve(Serve),
    /// Print a bearer token. Works while the server runs and before it ever ran.
    Token(Token),
    /// Manage applications: programs that sign in with a client id and a secret.
    App(App),
    /// Manage tenants.
    Tenant(Tenant),
    /// Manage people who can sign in.
    User(User),
    /// Manage the keys that tokens are signed with.
    Key(Key),
    /// Fill a tenant from a file. Works while the server runs, too.
    Import(Import),
    /// Take out what is in a tenant, as `import` takes it.
    Export(Export),
    /// Manage provisioning clients: identity providers that push people and groups.
    Scim(Scim),
    /// Prove that no audit record is missing or altered, or export them.
    Audit(Audit),
    /// Print the OpenAPI document of a version.
    Openapi(Openapi),
    /// Print the certificate of the local CA, in PEM; the CA is made when there is none.
    Ca(Ca),
    /// Print the configuration as `serve` would take it, secrets left out.
    CheckConfig(Serve),
}

/// Where the data is.
#[derive(Debug, Args)]
pub struct Database {
    /// The directory for SQLite; it is created when it does not exist.
    #[arg(long, env = "CARDEA_DATA", value_name = "DIR", default_value = "./cardea-data")]
    pub data: PathBuf,
    /// PostgreSQL instead of SQLite: `postgres://user:password@host/database`; `sslmode` and `sslrootcert` are libpq's.
    #[arg(long, env = "CARDEA_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<Secret>,
    /// PostgreSQL: how many connections, three quarters of them for slow reads. SQLite: how many slow reads at once.
    #[arg(long, env = "CARDEA_CONNECTIONS", value_name = "N", default_value_t = store::Options::default().connections)]
    pub connections: usize,
    /// SQLite: the page cache of each connection that reads, in MiB.
    #[arg(long, env = "CARDEA_CACHE_MIB", value_name = "MIB", default_value_t = store::Options::default().cache_kib / 1024)]
    pub cache_mib: usize,
    /// A database statement that takes longer is given up.
    #[arg(long, env = "CARDEA_STATEMENT_TIMEOUT", value_name = "TIME", value_parser = duration, default_value = "30s")]
    pub statement_timeout: Duration,
}

/// How to serve.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where the data is.
    #[command(flatten)]
    pub database: Database,
    /// Whom the tokens are for.
    #[command(flatten)]
    pub tokens: Tokens,
    /// A file with issuers (OpenID providers) whose tokens are believed, in YAML.
    #[arg(long = "issuers", env = "CARDEA_ISSUERS", value_name = "FILE")]
    pub issuers: Option<PathBuf>,
    /// Whether the server issues tokens itself, believes them, and has pages and addresses for signing in.
    #[arg(long, env = "CARDEA_EMBEDDED_AUTHORITY", value_name = "BOOL", action = ArgAction::Set, default_value_t = true)]
    pub embedded_authority: bool,
    /// Whether there are pages at /swagger-ui/, and the client by which people sign in there.
    #[arg(long, env = "CARDEA_SWAGGER_UI", value_name = "BOOL", action = ArgAction::Set, default_value_t = true)]
    pub swagger_ui: bool,
    /// How signing in is limited.
    #[command(flatten)]
    pub sign_in: SignIn,
    /// The address and port to listen on; port 0 takes a free one.
    #[arg(long, env = "CARDEA_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// How clients reach the server, for the links in answers. Without it they get what their Host header says.
    #[arg(long, env = "CARDEA_PUBLIC_URL", value_name = "URL", value_parser = public_url)]
    pub public_url: Option<String>,
    /// TLS.
    #[command(flatten)]
    pub tls: Tls,
    /// A proxy, or a network of them, whose `X-Forwarded-…` and `Forwarded` headers are believed.
    #[arg(long = "trusted-proxy", env = "CARDEA_TRUSTED_PROXIES", value_name = "CIDR", value_delimiter = ',', value_parser = server::Proxies::network)]
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// The largest request body, in bytes.
    #[arg(long, env = "CARDEA_MAX_BODY_BYTES", value_name = "BYTES", default_value_t = 1 << 20)]
    pub max_body_bytes: usize,
    /// The largest page of a list.
    #[arg(long, env = "CARDEA_MAX_PAGE", value_name = "ROWS", default_value_t = 999, value_parser = max_page)]
    pub max_page: usize,
    /// A request that takes longer is given up.
    #[arg(long, env = "CARDEA_REQUEST_TIMEOUT", value_name = "TIME", value_parser = duration, default_value = "30s")]
    pub request_timeout: Duration,
    /// How many calls a second one address may make, 0 for any number; more are answered with 429.
    #[arg(long, env = "CARDEA_RATE_PER_ADDRESS", value_name = "CALLS", default_value_t = 0)]
    pub rate_per_address: u32,
    /// How many calls a second one client may make: an application, or a person who uses it.
    #[arg(long, env = "CARDEA_RATE_PER_CLIENT", value_name = "CALLS", default_value_t = 0)]
    pub rate_per_client: u32,
    /// How many calls a second one tenant may make.
    #[arg(long, env = "CARDEA_RATE_PER_TENANT", value_name = "CALLS", default_value_t = 0)]
    pub rate_per_tenant: u32,
    /// An origin whose pages may call, scheme and host, or * for all; may be repeated.
    #[arg(long = "cors-origin", env = "CARDEA_CORS_ORIGINS", value_name = "ORIGIN", value_delimiter = ',', value_parser = cors_origin)]
    pub cors_origins: Vec<String>,
    /// How many clients may be connected at once; more wait.
    #[arg(long, env = "CARDEA_MAX_CONNECTIONS", value_name = "N", default_value_t = server::Options::default().max_connections)]
    pub max_connections: usize,
    /// A connection on which no request arrives in this time is closed. Keep it above the request timeout.
    #[arg(long, env = "CARDEA_IDLE_TIMEOUT", value_name = "TIME", value_parser = duration, default_value = "60s")]
    pub idle_timeout: Duration,
    /// How long requests may take to finish when the server is told to stop.
    #[arg(long, env = "CARDEA_SHUTDOWN_GRACE", value_name = "TIME", value_parser = duration, default_value = "10s")]
    pub shutdown_grace: Duration,
    /// Whether secrets, certificates, owners and redirect URIs of an application that holds more than the caller may be
    /// changed, as in Graph.
    #[arg(long, env = "CARDEA_ALLOW_CREDENTIAL_TAKEOVER", value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set)]
    pub allow_credential_takeover: bool,
    /// What to log, to stderr: error, warn, info, debug, trace, or a filter such as `info,cardea::store=debug`.
    #[arg(long, env = "CARDEA_LOG", value_name = "FILTER", default_value = "info")]
    pub log: String,
    /// How to log.
    #[arg(long, env = "CARDEA_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// Storage.
    #[command(flatten)]
    pub storage: Storage,
    /// What connections may cost, and for which hosts the server answers.
    #[command(flatten)]
    pub connections: Connections,
}

/// Where the server's certificate comes from. Without any of these it speaks plain HTTP.
#[derive(Debug, Args)]
pub struct Tls {
    /// The certificate chain, in PEM, the server's own first. It and the key are read again when they change.
    #[arg(long, env = "CARDEA_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's key, in PEM: PKCS#8, PKCS#1 or SEC1.
    #[arg(long, env = "CARDEA_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// A certificate of the local CA, for localhost and these names (in the variable `true` is for no more names).
    #[arg(long, env = "CARDEA_TLS_SELF_SIGNED", value_name = "NAME", num_args = 0.., default_missing_value = "true", value_delimiter = ',', value_parser = tls_name, conflicts_with_all = ["tls_cert", "tls_key"])]
    pub tls_self_signed: Option<Vec<String>>,
}

/// Whose certificate.
#[derive(Debug, Args)]
pub struct Ca {
    /// The directory of the data, which the CA lies in.
    #[arg(long, env = "CARDEA_DATA", value_name = "DIR", default_value = "./cardea-data")]
    pub data: PathBuf,
    /// JSON: `certificate` and the `file` that it is in.
    #[arg(long, action = ArgAction::SetTrue)]
    pub json: bool,
}

/// Whom tokens are for.
#[derive(Debug, Args)]
pub struct Tokens {
    /// The audience of tokens; may be repeated, and `cardea token` writes the first. The server's own address is one too.
    #[arg(long, env = "CARDEA_AUDIENCE", value_name = "URI", value_delimiter = ',', default_value = authority::GRAPH)]
    pub audience: Vec<String>,
    /// The least score of a new password, from 0 (any) to 4, as zxcvbn guesses.
    #[arg(long, env = "CARDEA_MIN_PASSWORD_SCORE", value_name = "SCORE", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=4))]
    pub min_password_score: u8,
}

/// A form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: an object a line.
    Json,
}

/// Which token.
#[derive(Debug, Args)]
pub struct Token {
    /// Where the data is.
    #[command(flatten)]
    pub database: Database,
    /// Whom the token is for.
    #[command(flatten)]
    pub tokens: Tokens,
    /// An application permission; may be repeated.
    #[arg(long = "role", value_name = "PERMISSION", conflicts_with_all = ["user", "scopes"], default_value = authz::READ_WRITE_ALL)]
    pub roles: Vec<String>,
    /// A token for this user rather than for an application.
    #[arg(long, value_name = "UPN")]
    pub user: Option<String>,
    /// A delegated permission; may be repeated.
    #[arg(long = "scope", value_name = "PERMISSION", requires = "user", default_value = authz::READ_WRITE_ALL)]
    pub scopes: Vec<String>,
    /// A directory role of the user; may be repeated. `none`: the user has none.
    #[arg(
        long = "directory-role",
        value_name = "NAME",
        requires = "user",
        default_value = "Identity Governance Administrator"
    )]
    pub directory_roles: Vec<String>,
    /// The tenant, by its id. Without it, the oldest.
    #[arg(long, value_name = "ID")]
    pub tenant: Option<String>,
    /// How long the token is valid, such as 90m, 1h or 3600; 24h at most.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1h")]
    pub lifetime: Duration,
    /// JSON: `accessToken` and `expiresIn`, in seconds.
    #[arg(long, action = ArgAction::SetTrue)]
    pub json: bool,
}

/// Which document.
#[derive(Debug, Args)]
pub struct Openapi {
    /// The version of the API.
    #[arg(value_parser = ["v1.0", "beta"])]
    pub version: String,
    /// YAML rather than JSON.
    #[arg(long, action = ArgAction::SetTrue)]
    pub yaml: bool,
    /// The version of OpenAPI: 3.0 is for generators that cannot read 3.1.
    #[arg(long, value_name = "VERSION", value_parser = ["3.0", "3.1"], default_value = "3.1")]
    pub oas: String,
    /// Scheme and authority of the server that the document names; left out, the document names none.
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    pub server: String,
}

impl Database {
    /// The store's options.
    pub fn options(&self) -> store::Options {
        store::Options {
            connections: self.connections.max(1),
            cache_kib: self.cache_mib.saturating_mul(1024),
            statement_timeout_ms: u64::try_from(self.statement_timeout.as_millis()).unwrap_or(u64::MAX),
            ..store::Options::default()
        }
    }

    /// The URL of the database, unless it is SQLite.
    pub fn url(&self) -> Option<&str> {
        self.database_url.as_ref().map(Secret::reveal)
    }
}

impl Tokens {
    /// The authority's options.
    pub fn options(&self) -> authority::Options {
        let (audiences, passwords) = (self.audience.clone(), Policy { min_score: self.min_password_score });
        authority::Options { audiences, passwords, ..authority::Options::default() }
    }
}

impl Tls {
    /// The names of a certificate of the local CA, if there is to be one.
    pub fn self_signed(&self) -> Option<Vec<String>> {
        let names = self.tls_self_signed.as_ref()?;
        if matches!(names.as_slice(), [only] if only.is_empty() || only == "false") {
            return None;
        }
        Some(names.iter().filter(|name| *name != "true").cloned().collect())
    }
}

impl Serve {
    /// The API's options.
    pub fn api_options(&self) -> api::Options {
        api::Options {
            public_url: self.public_url.clone(),
            max_body_bytes: self.max_body_bytes,
            max_page: self.max_page,
            request_timeout: self.request_timeout,
            rates: Rates {
                address: NonZeroU32::new(self.rate_per_address),
                client: NonZeroU32::new(self.rate_per_client),
                tenant: NonZeroU32::new(self.rate_per_tenant),
            },
            cors_origins: self.cors_origins.clone(),
            swagger_ui: self.swagger_ui,
            answer_memory: self.connections.answer_memory_mib.saturating_mul(1 << 20),
        }
    }

    /// The server's options, without TLS, that takes files, and without the API's memory.
    pub fn options(&self) -> server::Options {
        server::Options {
            max_connections: self.max_connections,
            idle_timeout: self.idle_timeout,
            shutdown_grace: self.shutdown_grace,
            max_connections_per_address: self.connections.max_connections_per_address,
            header_timeout: self.connections.header_timeout,
            send_timeout: self.connections.send_timeout,
            hosts: self.hosts(),
            proxies: server::Proxies::new(self.trusted_proxies.clone()),
            ..server::Options::default()
        }
    }

    /// The hosts that are answered for, but for the address that is listened on.
    pub fn hosts(&self) -> server::Hosts {
        if self.connections.allowed_hosts.is_empty() && self.public_url.is_some() {
            return server::Hosts::any();
        }
        let public = self.public_url.as_ref().and_then(|url| Some(url.parse::<http::Uri>().ok()?.host()?.to_owned()));
        let listen = self.listen.rsplit_once(':').map(|(host, _)| host.to_owned());
        let names = self.connections.allowed_hosts.iter().cloned().chain(self.tls.self_signed().unwrap_or_default());
        server::Hosts::new(names.chain(public).chain(listen))
    }
}

/// A text that must not be shown.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// What is shown in place of a secret.
pub const REDACTED: &str = "[redacted]";

/// Reads a time span: seconds, or numbers with units, such as `90m`, `1h30m`, `500ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let fail = || format!("{text:?} is not a time such as 3600, 90m, 1h30m or 500ms");
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map(Duration::from_secs).map_err(|_| fail());
    }
    let (mut rest, mut total) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, after) = after.split_at(letters);
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(fail()),
        };
        let number: u64 = number.parse().map_err(|_| fail())?;
        let part = number.checked_mul(millis).ok_or_else(fail)?;
        total = total.checked_add(Duration::from_millis(part)).ok_or_else(fail)?;
        rest = after;
    }
    Ok(total)
}

/// Reads the URL of a server: scheme, host, perhaps a port and a path; the slash at the end goes.
fn public_url(text: &str) -> Result<String, String> {
    let fail = || format!("{text:?} is not a URL such as https://governance.example.com");
    let uri: http::Uri = text.parse().map_err(|_| fail())?;
    let scheme = uri.scheme_str().is_some_and(|scheme| scheme == "http" || scheme == "https");
    let host = uri.host().is_some_and(|host| !host.is_empty());
    if !scheme || !host || uri.query().is_some() || text.contains(['#', '@']) {
        return Err(fail());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Reads an origin, as browsers write it: scheme, host, and the port unless it is the scheme's own.
fn cors_origin(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let written = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    if text == "*" || (!host.is_empty() && host.bytes().all(written)) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is neither an origin such as https://portal.example.com nor *"))
}

/// Reads a name for a certificate, or one of the words that a variable may have. An empty variable is an unset one.
fn tls_name(text: &str) -> Result<String, String> {
    if text.is_empty() || server::Tls::is_name(text) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is neither a host name nor an address"))
}

fn max_page(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rows @ 1..=100_000) => Ok(rows),
        _ => Err(format!("{text:?} is not a number from 1 to 100000")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_command_is_to_serve() {
        let cli = Cli::try_parse_from(["cardea", "--listen", "127.0.0.1:0", "--data", "x"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!((cli.serve.listen.as_str(), cli.serve.database.data.to_str()), ("127.0.0.1:0", Some("x")));
    }

    #[test]
    fn a_token_is_for_an_application_or_for_a_user() {
        let parse = |args: &[&str]| match Cli::try_parse_from([&["cardea", "token"], args].concat()).map(|c| c.command)
        {
            Ok(Some(Command::Token(token))) => Ok(token),
            Ok(_) => panic!("another command"),
            Err(error) => Err(error.kind()),
        };
        assert_eq!(parse(&[]).unwrap().roles, [authz::READ_WRITE_ALL]);
        assert_eq!(parse(&["--role", "A", "--role", "B"]).unwrap().roles, ["A", "B"]);
        assert_eq!(parse(&["--user", "a@x"]).unwrap().scopes, [authz::READ_WRITE_ALL]);
        assert_eq!(parse(&["--user", "a@x", "--scope", "A", "--lifetime", "90m"]).unwrap().scopes, ["A"]);
        assert!(parse(&["--scope", "A"]).is_err());
        assert!(parse(&["--user", "a@x", "--role", "A"]).is_err());
        assert!(parse(&["--lifetime", "1 hour"]).is_err());
    }

    #[test]
    fn credentials_are_taken_over_only_where_it_is_said() {
        let taken = |args: &[&str]| {
            let all = ["cardea"].iter().chain(args);
            Cli::try_parse_from(all).map(|cli| cli.serve.allow_credential_takeover).ok()
        };
        assert_eq!(taken(&[]), Some(false));
        assert_eq!(taken(&["--allow-credential-takeover"]), Some(true));
        assert_eq!(taken(&["--allow-credential-takeover=false"]), Some(false));
        assert_eq!(taken(&["--allow-credential-takeover=perhaps"]), None);
    }

    #[test]
    fn times_are_read_in_every_unit() {
        for (text, millis) in [("3600", 3_600_000), ("90m", 5_400_000), ("1h30m", 5_400_000), ("500ms", 500), ("0s", 0)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "h", "-1s", "1.5h", "1 h", "1h ", "1y", "99999999999999999999d", "18446744073709551615d"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_public_url_is_one() {
        assert_eq!(public_url("https://a.example/graph/").as_deref(), Ok("https://a.example/graph"));
        for text in ["a.example", "ftp://a", "https://", "https://a?x", "https://a#x", "https://u:p@a", "/x", ""] {
            assert!(public_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tls_takes_two_files_or_the_local_ca() {
        let parse = |args: &[&str]| Cli::try_parse_from([&["cardea"], args].concat()).map(|cli| cli.serve.tls);
        assert_eq!(parse(&[]).unwrap().self_signed(), None);
        assert_eq!(parse(&["--tls-self-signed"]).unwrap().self_signed(), Some(vec![]));
        let names = parse(&["--tls-self-signed", "a.example,*.b.example", "10.0.0.1"]).unwrap().self_signed();
        assert_eq!(names.unwrap(), ["a.example", "*.b.example", "10.0.0.1"]);
        assert_eq!(parse(&["--tls-self-signed", "true"]).unwrap().self_signed(), Some(vec![]));
        for off in ["false", ""] {
            assert_eq!(parse(&["--tls-self-signed", off]).unwrap().self_signed(), None);
        }
        assert!(parse(&["--tls-cert", "a", "--tls-key", "b"]).is_ok());
        for args in [&["--tls-cert", "a"][..], &["--tls-key", "a"], &["--tls-self-signed", "a b"]] {
            assert!(parse(args).is_err(), "{args:?}");
        }
        assert!(parse(&["--tls-cert", "a", "--tls-key", "b", "--tls-self-signed"]).is_err());
    }

    #[test]
    fn proxies_are_given_as_networks() {
        let args = ["cardea", "--trusted-proxy", "10.0.0.0/8,::1", "--trusted-proxy", "192.0.2.1"];
        assert_eq!(Cli::try_parse_from(args).unwrap().serve.trusted_proxies.len(), 3);
        assert!(Cli::try_parse_from(["cardea", "--trusted-proxy", "10.0.0.0/99"]).is_err());
    }

    #[test]
    fn a_secret_does_not_show() {
        let args = ["cardea", "serve", "--database-url", "postgres://u:hunter2@h/d"];
        let shown = format!("{:?}", Cli::try_parse_from(args).unwrap());
        assert!(!shown.contains("hunter2") && shown.contains(REDACTED));
    }
}
