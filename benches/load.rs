//! A small HTTP load harness: starts the server on a fresh data directory, fills it through the API and measures gets,
//! lists, expansions and creates at several numbers of connections, with real tokens.
//!
//!     cargo bench --bench load                           # 1,000 and 100,000 packages, 1, 16 and 64 connections
//!     cargo bench --bench load -- --rows 1000000 --seconds 5 --connections 16
//!
//! Client and server share the machine, so compare only figures of one run.

#![expect(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a tool that stops at the first surprise")]

mod support;

use std::time::{Duration, Instant};

use self::support::{Server, Stop, Times};

const API: &str = "/beta/identityGovernance/entitlementManagement";
const CATALOGS: usize = 10;

struct Arguments {
    rows: Vec<usize>,
    connections: Vec<usize>,
    seconds: u64,
}

fn arguments() -> Arguments {
    let mut parsed = Arguments { rows: vec![1000, 100_000], connections: vec![1, 16, 64], seconds: 3 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut list = || words.next().unwrap().split(',').map(|n| n.parse().unwrap()).collect::<Vec<usize>>();
        match word.as_str() {
            "--rows" => parsed.rows = list(),
            "--connections" => parsed.connections = list(),
            "--seconds" => parsed.seconds = list()[0] as u64,
            // What cargo itself adds.
            _ => {}
        }
    }
    parsed
}

fn main() {
    let arguments = arguments();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    println!("| case | rows | connections | requests/s | p50 µs | p99 µs |");
    println!("|---|--:|--:|--:|--:|--:|");
    for rows in &arguments.rows {
        runtime.block_on(measure(*rows, &arguments));
    }
}

async fn measure(rows: usize, arguments: &Arguments) {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let catalogs: Vec<String> = (0..CATALOGS).map(|n| format!("catalog-{n}")).collect();
    for id in &catalogs {
        let body = format!("{{\"id\":\"{id}\",\"displayName\":\"{id}\"}}");
        server.client().await.send(&server.post(&format!("{API}/accessPackageCatalogs"), &body)).await;
    }
    let bodies = |from: usize| move |n: usize| package(n % CATALOGS, from + n);
    let creates = |from| {
        let (make, server) = (bodies(from), &server);
        move |n| server.post(&format!("{API}/accessPackages"), &make(n))
    };
    server.run(64, Stop::After(rows), creates(0)).await;
    let list = |expand: &'static str| {
        let server = &server;
        move |n: usize| {
            let query =
                format!("$filter=catalogId%20eq%20'catalog-{}'&$orderby=displayName&$top=100{expand}", n % CATALOGS);
            server.get(&format!("{API}/accessPackages?{query}"))
        }
    };
    for connections in &arguments.connections {
        let stop = Stop::At(Duration::from_secs(arguments.seconds));
        let get = |n: usize| server.get(&format!("{API}/accessPackages/package-{}", (n * 7919) % rows));
        report("get", rows, *connections, server.run(*connections, stop, get).await);
        report("list", rows, *connections, server.run(*connections, stop, list("")).await);
        let expand = list("&$expand=accessPackageCatalog");
        report("expand", rows, *connections, server.run(*connections, stop, expand).await);
    }
    println!("| resident after reads, MiB | {rows} | | {} | | |", server.resident_mib());
    let mut from = rows;
    for connections in &arguments.connections {
        let stop = Stop::At(Duration::from_secs(arguments.seconds));
        let result = server.run(*connections, stop, creates(from)).await;
        from += 10_000_000;
        report("create", rows, *connections, result);
    }
    drop(server);
    let started = Instant::now();
    drop(Server::start(data.path(), &[]));
    println!("| start, ms | {rows} | | {} | | |", started.elapsed().as_millis());
}

fn package(catalog: usize, n: usize) -> String {
    let name = (n * 7919) % 10_000_019;
    format!(
        "{{\"id\":\"package-{n}\",\"catalogId\":\"catalog-{catalog}\",\"displayName\":\"Access {name:08}\",\
         \"description\":\"Groups, sites and applications that someone of this department needs.\"}}"
    )
}

fn report(case: &str, rows: usize, connections: usize, mut times: Times) {
    times.each.sort_unstable();
    let at = |share: usize| times.each.get((times.each.len() * share / 100).min(times.each.len() - 1)).unwrap();
    let rate = times.each.len() as f64 / times.took.as_secs_f64();
    println!("| {case} | {rows} | {connections} | {rate:.0} | {} | {} |", at(50), at(99));
}
