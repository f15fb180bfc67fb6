//! Connections that never read, heads that never end, and places that are all taken.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use cardea::model::AccessPackage;
use futures_util::future::join_all;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

use crate::{
    binary::{LOAD, PATIENCE, ROOT, Server, http, token},
    stores::{Place, catalog, insert, on, package},
    support::Engine,
};

/// No innocent caller waits longer.
const PROMPT: Duration = Duration::from_secs(8);

/// The memory that the program has, in MiB.
fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// The most that it has in the next seconds.
async fn resident_at_most(server: &Server, seconds: u32) -> u64 {
    let mut most = 0;
    for _ in 0..seconds * 10 {
        most = most.max(resident(server));
        sleep(Duration::from_millis(100)).await;
    }
    most
}

fn address(server: &Server) -> SocketAddr {
    server.base.trim_start_matches("http://").parse().unwrap()
}

/// An innocent caller, over a connection of its own: whether the server is well, and a small page.
async fn innocent(server: &Server, token: &str) {
    for url in [format!("{}/healthz", server.base), server.url("/accessPackages?$top=2&$select=id")] {
        let begin = Instant::now();
        let answer = http().get(&url).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{url}");
        assert!(begin.elapsed() < PROMPT, "{url}: {:?}", begin.elapsed());
    }
}

/// A place with this many packages, whose rows take two KiB each.
async fn filled(packages: usize) -> Place {
    let place = Place::new(Engine::Sqlite).await;
    let (store, tenant) = place.furnished().await;
    insert(&*store, tenant, [catalog("c")]).await;
    let row = |n| AccessPackage { description: Some("lorem ipsum ".repeat(170)), ..package(&format!("{n:05}"), "c") };
    insert(&*store, tenant, (0..packages).map(row)).await;
    store.close().await;
    place
}

type Http2 = hyper::client::conn::http2::SendRequest<Full<Bytes>>;

/// An HTTP/2 client that takes nearly nothing of any answer.
async fn unreading(server: &Server) -> Http2 {
    let stream = TcpStream::connect(address(server)).await.unwrap();
    let mut builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(1).initial_connection_window_size(1 << 30);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    sender
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_are_never_read_take_little_memory() {
    let test = async |place: Place| {
        let _alone = LOAD.lock().await;
        let token = token(&place, &[]).await;
        let server = Server::start(&place).await;
        let url = format!("{}/v1.0/openapi.json", server.base);
        let document = http().get(&url).send().await.unwrap().bytes().await.unwrap();
        assert!(document.len() > 1 << 20, "{}", document.len());
        innocent(&server, &token).await;
        let before = resident(&server);
        let mut unread = Vec::new();
        for _ in 0..8 {
            let mut client = unreading(&server).await;
            let asked = (0..128).map(|_| {
                let request = http::Request::get(&url).body(Full::default()).unwrap();
                client.send_request(request)
            });
            unread.push((tokio::spawn(join_all(asked.collect::<Vec<_>>())), client));
        }
        let growth = resident_at_most(&server, 4).await.saturating_sub(before);
        assert!(growth < 150, "{growth} MiB for answers that nobody reads");
        innocent(&server, &token).await;
    };
    on(Engine::Sqlite, test).await;
}

/// A batch that asks for the largest page, twenty times.
fn batch() -> Vec<u8> {
    let url = format!("{ROOT}/accessPackages?$top=999");
    let requests: Vec<Json> = (0..20).map(|n| json!({ "id": n.to_string(), "method": "GET", "url": url })).collect();
    json!({ "requests": requests }).to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_that_are_never_read_take_what_there_is_for_answers_and_no_more() {
    let test = async |_: Place| {
        let _alone = LOAD.lock().await;
        let place = filled(999).await;
        let token = token(&place, &[]).await;
        let server = Server::start_with(&place, &["--answer-memory-mib", "128", "--send-timeout", "10s"]).await;
        innocent(&server, &token).await;
        let before = resident(&server);
        let mut unread = Vec::new();
        for _ in 0..60 {
            let mut stream = TcpStream::connect(address(&server)).await.unwrap();
            let body = batch();
            let head = format!(
                "POST /beta/$batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
            unread.push(stream);
        }
        let (most, ()) = tokio::join!(resident_at_most(&server, 6), async {
            for _ in 0..5 {
                innocent(&server, &token).await;
                sleep(Duration::from_secs(1)).await;
            }
        });
        assert!(most - before < 128 + 300, "{} MiB", most - before);
        // Those who do not read are cut, and there is room again for an answer of any size.
        let begin = Instant::now();
        loop {
            let answer = http().post(format!("{}/beta/$batch", server.base)).bearer_auth(&token);
            let answer = answer.header("content-type", "application/json").body(batch()).send().await.unwrap();
            let body: Json = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            let statuses = body["responses"].as_array().unwrap().iter().map(|one| one["status"].clone());
            if statuses.eq((0..20).map(|_| json!(200))) {
                break;
            }
            assert!(begin.elapsed() < PATIENCE, "there is never room again");
            sleep(Duration::from_millis(200)).await;
        }
        drop(unread);
    };
    on(Engine::Sqlite, test).await;
}

/// A connection from this address of the machine.
async fn connect_from(from: [u8; 4], server: &Server) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    timeout(PATIENCE, socket.connect(address(server))).await.expect("no connection").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_never_end_keep_nobody_waiting() {
    let test = async |place: Place| {
        let _alone = LOAD.lock().await;
        place.furnished().await.0.close().await;
        let token = token(&place, &[]).await;
        // Of one address, and of many that take every place together.
        for (addresses, limits) in
            [(1, &["--max-connections-per-address", "200"][..]), (8, &["--max-connections", "400"])]
        {
            let server = Server::start_with(&place, limits).await;
            let mut unfinished = Vec::new();
            for n in 0..800_u16 {
                let from = [127, 0, 0, 1 + u8::try_from(n % addresses).unwrap()];
                let mut stream = connect_from(from, &server).await;
                let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").await;
                unfinished.push(stream);
                if n % 200 == 199 {
                    innocent(&server, &token).await;
                }
            }
            innocent(&server, &token).await;
        }
    };
    on(Engine::Sqlite, test).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_checks_have_places_of_their_own() {
    let test = async |place: Place| {
        let _alone = LOAD.lock().await;
        place.furnished().await.0.close().await;
        let mut server =
            Server::start_with(&place, &["--max-connections", "8", "--health-listen", "127.0.0.1:0"]).await;
        let health = server
            .printed
            .as_mut()
            .unwrap()
            .find_map(|line| Some(line.ok()?.trim().strip_prefix("health checks:")?.trim().to_owned()));
        let health = health.unwrap();
        // Requests whose bodies never come are busy, and do not give way.
        let mut busy = Vec::new();
        for _ in 0..8 {
            let mut stream = TcpStream::connect(address(&server)).await.unwrap();
            let head = "POST /common/oauth2/v2.0/token HTTP/1.1\r\nHost: localhost\r\n\
                        Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
            busy.push(stream);
        }
        sleep(Duration::from_millis(300)).await;
        let mut waiting = TcpStream::connect(address(&server)).await.unwrap();
        waiting.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let early = timeout(Duration::from_millis(300), waiting.read(&mut [0; 64])).await;
        assert!(early.is_err(), "there is a place left");
        for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/v1.0/openapi.json", 404), ("/", 404)] {
            let begin = Instant::now();
            let answer = http().get(format!("{health}{path}")).header("host", "10.0.0.9").send().await.unwrap();
            assert_eq!(answer.status(), status, "{path}");
            assert!(begin.elapsed() < PROMPT, "{:?}", begin.elapsed());
        }
    };
    on(Engine::Sqlite, test).await;
}
