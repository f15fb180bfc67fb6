//! PostgreSQL for tests: one cluster for the test binary, one database for the test.
//!
//! The cluster is a child of a small shell script, which waits on a pipe that this process holds: when the process ends,
//! however it ends, the script stops the cluster and removes its files. `CARDEA_TEST_DATABASE_URL` names a server to be
//! used instead, `CARDEA_TEST_POSTGRES_BIN` the directory of the binaries (15 or newer).

use std::{
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    str::FromStr,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio_postgres::{Config, NoTls};

/// Makes, runs and removes a cluster. Its default collation is a linguistic one, as most clusters have: whatever relies
/// on the order of bytes must say so.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
bin=$1 port=$2 user=$3
# In memory, where that is possible, because a database for each test is many files.
dir=$(mktemp -d /dev/shm/cardea-pg.XXXXXX 2>/dev/null || mktemp -d /tmp/cardea-pg.XXXXXX) || exit 1
as() { if [ -n "$user" ]; then setpriv --reuid="$user" --regid="$user" --clear-groups -- "$@"; else "$@"; fi; }
if [ -n "$user" ]; then chown "$user" "$dir"; fi
cd "$dir" || exit 1
finish() {
    as "$bin/pg_ctl" stop -D "$dir/data" -m immediate >/dev/null 2>&1
    rm -rf "$dir"
}
fail() { cat "$dir/log" >&2; finish; exit 1; }
as sh -c 'exec "$@" >"$0" 2>&1' "$dir/log" "$bin/initdb" -D "$dir/data" -U cardea -A trust -E UTF8 --no-sync \
    --locale=C --locale-provider=icu --icu-locale=en-US || fail
as "$bin/pg_ctl" start -D "$dir/data" -w -t 60 -l "$dir/log" -o "-c listen_addresses=127.0.0.1 -c port=$port \
    -c unix_socket_directories=$dir -c fsync=off -c full_page_writes=off -c max_connections=400 -c shared_buffers=64MB \
    -c dynamic_shared_memory_type=mmap -c max_wal_size=4GB -c autovacuum=off" </dev/null >/dev/null 2>&1 || fail
echo ready
cat >/dev/null
finish
"#;

/// The server that all tests of this process use, or why there is none.
static SERVER: LazyLock<Result<Server, String>> = LazyLock::new(Server::start);

/// Whether somebody decided to leave PostgreSQL out.
pub fn skipped() -> bool {
    env("CARDEA_TEST_SKIP_POSTGRES").is_some_and(|v| v == "1")
}

/// A database of a test's own, which goes with it.
pub struct Database {
    /// Its URL.
    pub url: String,
    name: String,
    server: &'static Server,
}

impl Database {
    /// A new, empty database.
    pub async fn create() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = match &*SERVER {
            Ok(server) => server,
            Err(reason) => panic!("{reason}\nCARDEA_TEST_SKIP_POSTGRES=1 leaves the tests on PostgreSQL out."),
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("cardea_test_{}_{number}", std::process::id());
        let sql = format!("CREATE DATABASE {name}");
        execute(&server.url, &sql).await.unwrap_or_else(|e| panic!("{sql} on {}: {e:?}", server.url));
        Self { url: server.url_of(&name), name, server }
    }
}

/// A cluster of a test's own, which it may set up as it likes. None: tests use a server that somebody named.
pub struct Cluster(Server);

impl Cluster {
    /// A new one.
    pub fn start() -> Option<Self> {
        if env("CARDEA_TEST_DATABASE_URL").is_some() {
            return None;
        }
        Some(Self(Server::start_own().unwrap_or_else(|reason| panic!("{reason}"))))
    }

    /// The URL of its database.
    pub fn url(&self) -> &str {
        &self.0.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (url, sql) = (self.server.url.clone(), format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        // A runtime cannot be entered from within another, so this needs a thread.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(execute(&url, &sql))
        });
        // Ours goes with the process.
        if self.server.cluster.is_none() {
            let _ = dropping.join();
        }
    }
}

/// A PostgreSQL server on which databases can be made.
struct Server {
    url: String,
    /// The script that runs the server, if it is ours; when its stdin is closed it stops.
    cluster: Option<Child>,
}

impl Server {
    fn start() -> Result<Self, String> {
        if let Some(url) = env("CARDEA_TEST_DATABASE_URL") {
            return Ok(Self { url, cluster: None });
        }
        Self::start_own()
    }

    fn start_own() -> Result<Self, String> {
        let bin = binaries()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
        let port = port.map_err(|e| format!("no free port: {e}"))?.port();
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT, "cardea-test-postgres"])
            .args([bin.as_os_str(), port.to_string().as_ref(), user()?.as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for us; the script notices by itself.
            .process_group(0)
            .spawn()
            .map_err(|e| format!("PostgreSQL cannot be started: {e}"))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            let _ = BufReader::new(stdout).read_line(&mut line);
        }
        if line.trim() != "ready" {
            let mut why = String::new();
            if let Some(mut stderr) = child.stderr.take() {
                let _ = stderr.read_to_string(&mut why);
            }
            return Err(format!("PostgreSQL from {} cannot be started: {why}", bin.display()));
        }
        Ok(Self { url: format!("postgres://cardea@127.0.0.1:{port}/postgres"), cluster: Some(child) })
    }

    /// The URL of a database on the server.
    fn url_of(&self, database: &str) -> String {
        let (before, query) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let (scheme, rest) = before.split_once("://").expect("the URL of a PostgreSQL server");
        let authority = rest.split('/').next().unwrap_or_default();
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        format!("{scheme}://{authority}/{database}{query}")
    }
}

/// The user who owns the cluster: PostgreSQL refuses to run as root. Empty: whoever we are.
fn user() -> Result<&'static str, String> {
    let id = |args: &[&str]| Command::new("id").args(args).output().ok().filter(|o| o.status.success());
    let own = id(&["-u"]).ok_or("`id -u` fails")?;
    if own.stdout.trim_ascii() != b"0" {
        return Ok("");
    }
    ["postgres", "nobody"]
        .into_iter()
        .find(|user| id(&["-u", user]).is_some())
        .ok_or_else(|| "PostgreSQL does not run as root, and there is neither a user postgres nor nobody".to_owned())
}

/// The directory of the newest PostgreSQL.
fn binaries() -> Result<PathBuf, String> {
    let good = |directory: &Path| directory.join("initdb").is_file() && directory.join("pg_ctl").is_file();
    if let Some(named) = env("CARDEA_TEST_POSTGRES_BIN") {
        let directory = PathBuf::from(named);
        let missing = || format!("CARDEA_TEST_POSTGRES_BIN={} holds no initdb and pg_ctl", directory.display());
        return good(&directory).then(|| directory.clone()).ok_or_else(missing);
    }
    let installed =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|e| e.path().join("bin"));
    let mut found: Vec<PathBuf> = installed.filter(|directory| good(directory)).collect();
    found.sort_by_key(|directory| {
        let version = directory.parent().and_then(Path::file_name).and_then(|v| v.to_str());
        version.and_then(|v| v.parse::<u32>().ok())
    });
    let path = env("PATH").unwrap_or_default();
    let in_path = || std::env::split_paths(&path).find(|directory| good(directory));
    found.pop().or_else(in_path).ok_or_else(|| {
        "PostgreSQL's server binaries (initdb, pg_ctl) are neither in /usr/lib/postgresql/*/bin nor in PATH: install them \
         (Debian: apt-get install postgresql), or name their directory in CARDEA_TEST_POSTGRES_BIN, or a running server \
         in CARDEA_TEST_DATABASE_URL."
            .to_owned()
    })
}

/// Runs one statement on a connection of its own.
async fn execute(url: &str, sql: &str) -> Result<(), tokio_postgres::Error> {
    let (client, connection) = Config::from_str(url)?.connect(NoTls).await?;
    let connection = tokio::spawn(connection);
    let done = client.batch_execute(sql).await;
    drop(client);
    let _ = connection.await;
    done
}

#[expect(clippy::disallowed_methods, reason = "how tests are run is said by the environment")]
fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
