//! A small HTTP load harness: starts the server on a fresh data directory, fills it through the API and measures gets,
//! lists, expansions and creates at several numbers of connections, with real tokens.
//!
//!     cargo bench --bench load                           # 1,000 and 100,000 packages, 1, 16 and 64 connections
//!     cargo bench --bench load -- --rows 1000000 --seconds 5 --connections 16
//!
//! Client and server share the machine, so compare only figures of one run.

#![expect(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a tool that stops at the first surprise")]

use std::{
    fmt::Write as _,
    io::BufRead,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

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
    let server = Server::start(data.path());
    let catalogs: Vec<String> = (0..CATALOGS).map(|n| format!("catalog-{n}")).collect();
    for id in &catalogs {
        let body = format!("{{\"id\":\"{id}\",\"displayName\":\"{id}\"}}");
        server.client().await.send(&server.post("accessPackageCatalogs", &body)).await;
    }
    let bodies = |from: usize| move |n: usize| package(n % CATALOGS, from + n);
    let creates = |from| {
        let (make, server) = (bodies(from), &server);
        move |n| server.post("accessPackages", &make(n))
    };
    server.run(64, Stop::After(rows), creates(0)).await;
    let list = |expand: &'static str| {
        let server = &server;
        move |n: usize| {
            let query =
                format!("$filter=catalogId%20eq%20'catalog-{}'&$orderby=displayName&$top=100{expand}", n % CATALOGS);
            server.get(&format!("accessPackages?{query}"))
        }
    };
    for connections in &arguments.connections {
        let stop = Stop::At(Duration::from_secs(arguments.seconds));
        let get = |n: usize| server.get(&format!("accessPackages/package-{}", (n * 7919) % rows));
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
    drop(Server::start(data.path()));
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

/// How long each request took, in microseconds, and all of them together.
struct Times {
    each: Vec<u64>,
    took: Duration,
}

#[derive(Clone, Copy)]
enum Stop {
    After(usize),
    At(Duration),
}

struct Server {
    process: Child,
    address: String,
    token: String,
}

impl Server {
    fn start(data: &std::path::Path) -> Self {
        let binary = env!("CARGO_BIN_EXE_cardea");
        let mut process = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit("http://").next().unwrap().to_owned();
        let token = Command::new(binary).args(["token", "--data"]).arg(data).output().unwrap().stdout;
        Self { process, address, token: String::from_utf8(token).unwrap().trim().to_owned() }
    }

    fn get(&self, path: &str) -> String {
        format!("GET {API}/{path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n", self.address, self.token)
    }

    fn post(&self, path: &str, body: &str) -> String {
        let mut request = format!("POST {API}/{path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        let _ = write!(
            request,
            "Authorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        request
    }

    async fn client(&self) -> Client {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream, buffer: Vec::with_capacity(1 << 17) }
    }

    /// Sends requests over so many connections; each takes the next number.
    async fn run(&self, connections: usize, stop: Stop, request: impl Fn(usize) -> String) -> Times {
        let next = std::cell::Cell::new(0);
        let start = Instant::now();
        let one = || async {
            let mut client = self.client().await;
            let mut each = Vec::new();
            loop {
                let n = next.get();
                match stop {
                    Stop::After(count) if n >= count => break,
                    Stop::At(limit) if start.elapsed() > limit => break,
                    _ => {}
                }
                next.set(n + 1);
                let request = request(n);
                let sent = Instant::now();
                client.send(&request).await;
                each.push(u64::try_from(sent.elapsed().as_micros()).unwrap());
            }
            each
        };
        let all = futures_util::future::join_all((0..connections).map(|_| one())).await;
        Times { each: all.concat(), took: start.elapsed() }
    }

    fn resident_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A connection that sends one request after the other.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    async fn send(&mut self, request: &str) {
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.buffer.clear();
        let mut expected = None;
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            if expected.is_none() {
                expected = self.expected();
            }
            if expected.is_some_and(|n| self.buffer.len() >= n) {
                return;
            }
        }
    }

    /// The length of the whole answer, once its head is there.
    fn expected(&self) -> Option<usize> {
        let head = self.buffer.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
        let text = std::str::from_utf8(&self.buffer[..head]).unwrap();
        assert!(text.starts_with("HTTP/1.1 2"), "{}", String::from_utf8_lossy(&self.buffer));
        let length = text.lines().find_map(|l| l.strip_prefix("content-length: "));
        Some(head + length.map_or(0, |n| n.parse().unwrap()))
    }
}
