//! Failed sign-ins and devices, as fast as they come.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use cardea::{
    authority::SWAGGER_UI,
    model::{changeset::Changeset, record::RowVersion, value::Timestamp},
    store::{CommitError, DeviceCode, GrantDetails, MAX_DEVICE_CODES},
};
use serde_json::{Value as Json, json};

use crate::{
    binary::{LOAD, ROOT, Server, database, http, output, token},
    stores::{Place, catalog, on_each_engine},
    support::Engine,
};

/// So many sign-ins fail.
const FAILURES: usize = 4_000;
/// From so many addresses.
const ADDRESSES: i64 = 50;
/// So many callers fail at once.
const CALLERS: usize = 8;
/// Nobody waits longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(5);

const FORM: &str = "application/x-www-form-urlencoded";

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The bytes that the data takes.
async fn size(place: &Place) -> u64 {
    match place.engine {
        Engine::Sqlite => {
            let files = std::fs::read_dir(place.data()).unwrap().flatten();
            files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
        }
        Engine::Postgres => {
            let tables = "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relkind = 'r'";
            place.number(tables).await.try_into().unwrap()
        }
    }
}

/// The memory that a server takes, in KiB.
fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A tenant of its own, and a token for it.
async fn innocent(place: &Place) -> String {
    let database = database(place);
    let mut args = vec!["tenant", "create", "--name", "Innocent", "--json"];
    args.extend(database.iter().map(String::as_str));
    let made = output(&args).await;
    let made: Json = serde_json::from_slice(&made.stdout).unwrap();
    token(place, &["--tenant", made["tenantId"].as_str().unwrap()]).await
}

/// Makes catalogs until it is told to stop: the longest that one took.
async fn create(server: &Server, token: &str, stop: &AtomicBool) -> Duration {
    let (http, url) = (http(), format!("{}/beta{ROOT}/accessPackageCatalogs", server.base));
    let mut slowest = Duration::ZERO;
    while !stop.load(Ordering::Relaxed) {
        let begin = Instant::now();
        let answer = http.post(&url).bearer_auth(token).json(&json!({ "displayName": "C" })).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        slowest = slowest.max(begin.elapsed());
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    slowest
}

/// Fails by assertion, from many addresses, until all have failed.
async fn fail(server: &Server, failed: &AtomicUsize) {
    let (http, url) = (http(), format!("{}/first/oauth2/v2.0/token", server.base));
    loop {
        let number = failed.fetch_add(1, Ordering::Relaxed);
        if number >= FAILURES {
            return;
        }
        let client = format!("made-up-{number}");
        let fields = [
            ("grant_type", "client_credentials"),
            ("scope", "https://graph.microsoft.com/.default"),
            ("client_id", &client),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", "nonsense"),
        ];
        let address = format!("198.51.100.{}", i64::try_from(number).unwrap() % ADDRESSES);
        let answer =
            http.post(&url).header("content-type", FORM).body(form(&fields)).header("x-forwarded-for", address);
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), 401);
    }
}

fn log(place: &Place) -> PathBuf {
    place.data().join("log")
}

/// The words before a command by which what it logs goes to a file.
async fn logged(place: &Place, more: &[&str]) -> Server {
    let shell = format!("exec \"$@\" 2>'{}'", log(place).display());
    Server::start_by(place, &["sh", "-c", &shell, "sh"], more).await
}

fn code(number: i64, app_id: &str) -> DeviceCode {
    DeviceCode {
        hash: format!("new {number}"),
        user_code: format!("new {number}"),
        app_id: app_id.to_owned(),
        details: GrantDetails::default(),
        created_at: Timestamp(1),
        expires_at: Timestamp(100),
        declined: false,
    }
}

on_each_engine! {
    async fn failed_sign_ins_take_neither_disk_nor_memory_nor_anybodys_time(place: Place) {
        let _alone = LOAD.lock().await;
        let (store, _) = place.furnished().await;
        store.close().await;
        let token = innocent(&place).await;
        // Without limits, so that all of them are heard.
        let unlimited = ["--failed-sign-ins-per-address", "0", "--failed-sign-ins-per-tenant", "0"];
        let mut server = logged(&place, &[&unlimited[..], &["--trusted-proxy", "127.0.0.1"]].concat()).await;
        let (stop, failed) = (AtomicBool::new(false), AtomicUsize::new(0));
        let (disk, before) = (size(&place).await, memory(&server));
        let flood = async {
            futures_util::future::join_all((0..CALLERS).map(|_| fail(&server, &failed))).await;
            stop.store(true, Ordering::Relaxed);
        };
        let ((), slowest) = tokio::join!(flood, create(&server, &token, &stop));
        let (grown, more) = (size(&place).await.saturating_sub(disk), memory(&server).saturating_sub(before));
        assert!(slowest < PATIENCE, "an innocent caller waited for {slowest:?}");
        assert!(grown < 6 << 20, "{grown} bytes more on disk");
        assert!(more < 96 << 10, "{more} KiB more in memory");
        // They are recorded nevertheless, at the latest when the server stops.
        server.signal("-TERM");
        assert_eq!(server.exit_code().await, Some(0));
        let records = place.number("SELECT count(*) FROM sign_in WHERE error_code <> 0").await;
        assert!((1..=10 * ADDRESSES).contains(&records), "{records} records");
        let log = std::fs::read_to_string(log(&place)).unwrap();
        let lines = log.lines().filter(|line| line.contains("a sign-in failed")).count();
        assert!((1..=600).contains(&lines), "{lines} lines in the log");
    }

    async fn a_person_who_fails_to_sign_in_is_in_the_log_without_the_password(place: Place) {
        let (store, _) = place.furnished().await;
        store.close().await;
        let server = logged(&place, &[]).await;
        let code = "x".repeat(43);
        let url = form_urlencoded::Serializer::new(format!("{}/first/oauth2/v2.0/authorize?", server.base))
            .extend_pairs([("client_id", SWAGGER_UI), ("response_type", "code"), ("scope", "openid")])
            .extend_pairs([("redirect_uri", &*format!("{}/swagger-ui/oauth2-redirect.html", server.base))])
            .extend_pairs([("code_challenge", &*code), ("code_challenge_method", "S256")])
            .finish();
        let fields = [("username", "ada@x.example\n2026 INFO all is well"), ("password", "hunter2hunter2")];
        let answer = http().post(&url).header("content-type", FORM).body(form(&fields)).send().await.unwrap();
        assert_eq!(answer.status(), 401);
        let log = std::fs::read_to_string(log(&place)).unwrap();
        let line = log.lines().find(|line| line.contains("a sign-in failed")).expect("a line of the log");
        assert!(line.contains("ada@x.example?2026?INFO?all?is?well") && line.contains("127.0.0.1"), "{line}");
        assert!(line.contains("first") && !log.contains("hunter2"), "{log}");
    }

    async fn devices_that_wait_in_numbers_make_nobody_wait(place: Place) {
        let (store, tenant) = place.furnished().await;
        let other = place.another_tenant(&*store, "second").await;
        let numbers = format!("WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {MAX_DEVICE_CODES})");
        place.execute(&format!(
            "INSERT INTO device_code (tenant_id, hash, user_code, app_id, details, created_at, expires_at, declined) \
             {numbers} SELECT {}, 'h' || n, 'u' || n, 'app' || n % 10, '{{}}', 1, 100, FALSE FROM n", tenant.0
        )).await;
        // Those that are refused, and those of another tenant, which are not.
        let begin = Instant::now();
        let flood = async {
            for number in 0..500 {
                let refused = store.device_code_add(tenant, code(number, "app"), Timestamp(0)).await;
                assert!(matches!(refused, Err(CommitError::Conflict)), "{refused:?}");
            }
            for number in 0..500 {
                store.device_code_add(other, code(number, "app"), Timestamp(0)).await.unwrap();
            }
        };
        let mut slowest = Duration::ZERO;
        let creates = async {
            for number in 0..50 {
                let begin = Instant::now();
                let made = Changeset::default().insert(catalog(&format!("c{number}")), RowVersion(1));
                store.commit(other, made).await.unwrap();
                slowest = slowest.max(begin.elapsed());
            }
        };
        tokio::join!(flood, creates);
        assert!(slowest < PATIENCE, "an innocent caller waited for {slowest:?}");
        assert!(begin.elapsed() < 6 * PATIENCE, "{:?}", begin.elapsed());
        // When they have expired they go a few at a time, so that others write in between.
        let (added, waited) = tokio::join!(store.device_code_add(tenant, code(-1, "app"), Timestamp(100)), async {
            let begin = Instant::now();
            store.commit(other, Changeset::default().insert(catalog("last"), RowVersion(1))).await.unwrap();
            begin.elapsed()
        });
        added.unwrap();
        assert!(waited < PATIENCE, "an innocent caller waited for {waited:?}");
        assert_eq!(place.number("SELECT count(*) FROM device_code").await, 1);
        assert_eq!(place.number("SELECT CAST(coalesce(sum(number), 0) AS bigint) FROM device_code_count").await, 2);
    }
}
