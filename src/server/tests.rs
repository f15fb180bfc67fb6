//! Connections that behave and connections that don't.

use std::net::SocketAddr;

use axum::{extract::ConnectInfo, routing::get};
use http::Uri;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    task::JoinHandle,
    time::Instant,
};

use super::*;

mod limits;
mod tls;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const SLOW: &[u8] = b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct Running {
    address: SocketAddr,
    stop: mpsc::Sender<()>,
    task: JoinHandle<()>,
}

async fn start(options: Options) -> Running {
    let slow = get(async || {
        time::sleep(Duration::from_millis(1_500)).await;
        "slow"
    });
    let seen =
        get(async |ConnectInfo(client): ConnectInfo<SocketAddr>, target: Uri| format!("{target} {}", client.ip()));
    let router = Router::new().route("/", get(async || "hello")).route("/slow", slow).route("/seen", seen);
    let listener = bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = mpsc::channel(2);
    let task = tokio::spawn(serve(listener, router, options, stopped));
    Running { address, stop, task }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

/// Reads until the answer ends with this text.
async fn answer(stream: &mut (impl AsyncRead + Unpin), end: &str) {
    let mut text = Vec::new();
    while !text.ends_with(end.as_bytes()) {
        let read = stream.read_buf(&mut text).await.unwrap();
        assert_ne!(read, 0, "closed after {:?}", String::from_utf8_lossy(&text));
    }
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    let read = time::timeout(Duration::from_secs(5), stream.read(&mut [0; 64])).await;
    matches!(read, Ok(Ok(0) | Err(_)))
}

#[tokio::test]
async fn stopping_answers_what_is_running_and_closes_what_is_idle() {
    let server = start(Options::default()).await;
    let (mut idle, mut silent, mut busy) = (server.connect().await, server.connect().await, server.connect().await);
    idle.write_all(GET).await.unwrap();
    answer(&mut idle, "hello").await;
    busy.write_all(SLOW).await.unwrap();
    time::sleep(Duration::from_millis(100)).await;
    let begin = Instant::now();
    server.stop.send(()).await.unwrap();
    assert!(is_closed(&mut idle).await && is_closed(&mut silent).await);
    assert!(begin.elapsed() < Duration::from_secs(1));
    answer(&mut busy, "slow").await;
    assert!(is_closed(&mut busy).await);
    server.task.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn stopping_ends_with_the_grace_or_at_the_second_signal() {
    let mut took = Vec::new();
    for signals in [1, 2] {
        let grace = Duration::from_millis(if signals == 1 { 50 } else { 60_000 });
        let server = start(Options { shutdown_grace: grace, ..Options::default() }).await;
        let mut busy = server.connect().await;
        busy.write_all(SLOW).await.unwrap();
        time::sleep(Duration::from_millis(50)).await;
        let begin = Instant::now();
        for _ in 0..signals {
            server.stop.send(()).await.unwrap();
        }
        server.task.await.unwrap();
        took.push(begin.elapsed());
    }
    assert!(took.iter().all(|took| *took < Duration::from_secs(1)), "{took:?}");
}

#[tokio::test]
async fn a_connection_without_requests_is_closed_however_it_dawdles() {
    let server = start(Options { idle_timeout: Duration::from_millis(500), ..Options::default() }).await;
    let mut silent = server.connect().await;
    assert!(is_closed(&mut silent).await);

    let mut used = server.connect().await;
    for _ in 0..6 {
        used.write_all(GET).await.unwrap();
        answer(&mut used, "hello").await;
        time::sleep(Duration::from_millis(200)).await;
    }
    assert!(is_closed(&mut used).await);

    let mut dripping = server.connect().await;
    let begin = Instant::now();
    for byte in GET.iter().cycle().take(10_000) {
        if *byte == b'\r' || dripping.write_all(b"x").await.is_err() {
            break;
        }
        time::sleep(Duration::from_millis(20)).await;
    }
    assert!(is_closed(&mut dripping).await);
    assert!(begin.elapsed() < Duration::from_secs(5));

    let mut half_a_preface = server.connect().await;
    half_a_preface.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
    assert!(is_closed(&mut half_a_preface).await);
}

#[tokio::test]
async fn more_connections_than_places_wait() {
    let server = start(Options { max_connections: 1, ..Options::default() }).await;
    let mut first = server.connect().await;
    first.write_all(SLOW).await.unwrap();
    time::sleep(Duration::from_millis(50)).await;
    let mut second = server.connect().await;
    second.write_all(GET).await.unwrap();
    let early = time::timeout(Duration::from_millis(100), answer(&mut second, "hello")).await;
    assert!(early.is_err());
    answer(&mut first, "slow").await;
    answer(&mut second, "hello").await;
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let server = start(Options::default()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ").await.unwrap();
    // The server may close while we still write.
    let _ = stream.write_all(&vec![b'x'; 256 << 10]).await;
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    assert!(text.is_empty() || text.starts_with(b"HTTP/1.1 431 "), "{:?}", String::from_utf8_lossy(&text));
}

#[tokio::test]
async fn the_router_sees_how_a_request_came() {
    let request = b"GET https://a/seen HTTP/1.1\r\nHost: b\r\nX-Forwarded-For: 203.0.113.7\r\n\
                    X-Forwarded-Proto: https\r\nX-Forwarded-Host: c.example:8443\r\nConnection: close\r\n\r\n";
    for (network, seen) in [
        (None, "http://a/seen 127.0.0.1"),
        (Some("10.0.0.0/8"), "http://a/seen 127.0.0.1"),
        (Some("127.0.0.0/8"), "https://c.example:8443/seen 203.0.113.7"),
    ] {
        let networks = network.map(|text| Proxies::network(text).unwrap()).into_iter().collect();
        let hosts = Hosts::new(["a".to_owned(), "c.example".to_owned()]);
        let server = start(Options { proxies: Proxies::new(networks), hosts, ..Options::default() }).await;
        let mut stream = server.connect().await;
        stream.write_all(request).await.unwrap();
        answer(&mut stream, seen).await;
    }
}
