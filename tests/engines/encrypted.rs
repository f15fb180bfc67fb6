//! PostgreSQL over TLS, as `sslmode` and `sslrootcert` say.

use std::path::Path;

use cardea::store::{self, Options};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_postgres::{Client, NoTls};

use crate::support::{Engine, postgres::Cluster};

/// A certificate authority.
fn ca(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A connection beside the store, which needs no TLS.
async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(&format!("{url}?sslmode=disable"), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Writes a file into the cluster's directory, for its own eyes.
async fn write(client: &Client, file: &str, text: &str) {
    let sql = format!(
        "COPY (SELECT line FROM unnest(string_to_array('{}', E'\\n')) WITH ORDINALITY AS t (line, n) ORDER BY n) \
         TO PROGRAM 'umask 077; cat > {file}'",
        text.trim_end()
    );
    client.batch_execute(&sql).await.unwrap();
}

/// Who is let in, and how.
async fn let_in(client: &Client, lines: &str) {
    // We come over a socket's file, whatever happens to the others.
    write(client, "pg_hba.conf", lines).await;
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
}

/// Opens a store; whether its connection has TLS, or why there is none.
async fn opened(beside: &Client, url: &str) -> Result<bool, String> {
    let nowhere = Path::new("/nonexistent");
    let store = store::open(Some(url), nowhere, &Options::default()).await.map_err(|error| error.to_string())?;
    store.ping().await.map_err(|error| error.to_string())?;
    let sql =
        "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'cardea'";
    let encrypted = beside.query_one(sql, &[]).await.unwrap().get(0);
    store.close().await;
    // Its connections are gone before the next one is looked at.
    drop(store);
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cardea'";
    while beside.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    Ok(encrypted)
}

const TRUSTED: &str = "host all all 127.0.0.1/32 trust";

/// A cluster with a certificate for localhost, and files with the right CA and with another.
struct Place {
    cluster: Cluster,
    beside: Client,
    files: tempfile::TempDir,
}

impl Place {
    async fn new() -> Option<Self> {
        if Engine::Postgres.left_out().is_some() {
            return None;
        }
        let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap()?;
        let beside = connect(cluster.url()).await;
        let files = tempfile::tempdir().unwrap();
        let (right, other) = (ca("right"), ca("other"));
        std::fs::write(files.path().join("right.pem"), right.pem()).unwrap();
        std::fs::write(files.path().join("other.pem"), other.pem()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &right).unwrap();
        write(&beside, "server.crt", &certificate.pem()).await;
        write(&beside, "server.key", &key.serialize_pem()).await;
        Some(Self { cluster, beside, files })
    }

    async fn encrypt(&self) {
        self.beside.batch_execute("ALTER SYSTEM SET ssl = on").await.unwrap();
        self.beside.batch_execute("SELECT pg_reload_conf()").await.unwrap();
        while self.beside.query_one("SHOW ssl", &[]).await.unwrap().get::<_, &str>(0) != "on" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Opens a store with a query in the URL, by a name of the host.
    async fn open(&self, host: &str, query: &str) -> Result<bool, String> {
        let files = self.files.path().display();
        let query =
            query.replace("RIGHT", &format!("{files}/right.pem")).replace("OTHER", &format!("{files}/other.pem"));
        let url = self.cluster.url().replace("127.0.0.1", host);
        opened(&self.beside, &format!("{url}?{query}")).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sslmode_says_whether_and_whom() {
    let Some(place) = Place::new().await else { return };
    let refused = |outcome: Result<bool, String>, word: &str| {
        let error = outcome.expect_err(word);
        assert!(error.contains(word), "{error}");
    };
    // A server without TLS.
    for query in ["", "sslmode=disable", "sslmode=allow", "sslmode=prefer"] {
        assert_eq!(place.open("localhost", query).await, Ok(false), "{query}");
    }
    for query in ["sslmode=require", "sslmode=verify-ca&sslrootcert=RIGHT", "sslmode=verify-full&sslrootcert=RIGHT"] {
        refused(place.open("localhost", query).await, "server does not support TLS");
    }
    // A server with TLS.
    place.encrypt().await;
    for (query, encrypted) in [
        ("sslmode=disable", false),
        ("sslmode=allow", false),
        ("", true),
        ("sslmode=prefer", true),
        ("sslmode=require", true),
        ("sslmode=require&sslrootcert=RIGHT", true),
        ("sslmode=verify-ca&sslrootcert=RIGHT", true),
        ("sslmode=verify-full&sslrootcert=RIGHT", true),
    ] {
        assert_eq!(place.open("localhost", query).await, Ok(encrypted), "{query}");
    }
    // Another name than the certificate's.
    for query in ["sslmode=require", "sslmode=verify-ca&sslrootcert=RIGHT"] {
        assert_eq!(place.open("127.0.0.1", query).await, Ok(true), "{query}");
    }
    refused(place.open("127.0.0.1", "sslmode=verify-full&sslrootcert=RIGHT").await, "not valid for name");
    // Another CA.
    for query in ["sslmode=require", "sslmode=verify-ca", "sslmode=verify-full"] {
        refused(place.open("localhost", &format!("{query}&sslrootcert=OTHER")).await, "UnknownIssuer");
    }
    refused(place.open("localhost", "sslrootcert=system").await, "UnknownIssuer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_insists_on_is_done() {
    let Some(place) = Place::new().await else { return };
    place.encrypt().await;
    let_in(&place.beside, &TRUSTED.replace("host ", "hostssl ")).await;
    assert!(place.open("localhost", "sslmode=disable").await.is_err());
    assert_eq!(place.open("localhost", "sslmode=allow").await, Ok(true));
    let_in(&place.beside, &TRUSTED.replace("host ", "hostnossl ")).await;
    assert!(place.open("localhost", "sslmode=require").await.is_err());
    assert_eq!(place.open("localhost", "sslmode=prefer").await, Ok(false));
    // The password is bound to the certificate.
    place.beside.batch_execute("CREATE ROLE ada SUPERUSER LOGIN PASSWORD 'secret'").await.unwrap();
    let_in(&place.beside, "host all all 127.0.0.1/32 scram-sha-256").await;
    let url = place.cluster.url().replace("cardea@", "ada:secret@");
    let bound = |mode: &str| format!("{url}?channel_binding=require&sslmode={mode}");
    assert_eq!(opened(&place.beside, &bound("require")).await, Ok(true));
    assert!(opened(&place.beside, &bound("disable")).await.is_err());
}
