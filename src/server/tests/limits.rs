//! What connections may cost: places, memory, and how long a client may take its time.

use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::*;

/// Larger than what sockets and buffers take.
const LARGE: usize = 24 << 20;

/// A server that counts what it works on, and gives large answers.
async fn start_counting(options: Options) -> (Running, Arc<AtomicU32>) {
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    let text = Bytes::from(vec![b'x'; LARGE]);
    let large = get(async move || {
        counted.fetch_add(1, Ordering::Relaxed);
        text.clone()
    });
    let never = get(async || future::pending::<&'static str>().await);
    let router = Router::new().route("/", get(async || "hello")).route("/large", large).route("/never", never);
    let listener = bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = mpsc::channel(2);
    let task = tokio::spawn(serve(listener, router, options, stopped));
    (Running { address, stop, task }, count)
}

type Http2 = hyper::client::conn::http2::SendRequest<Empty<Bytes>>;

/// An HTTP/2 client that takes so much of each answer, and of all, until it reads.
async fn http2(server: &Running, window: u32) -> (Http2, JoinHandle<()>) {
    let mut builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(window).initial_connection_window_size(1 << 30);
    let (sender, connection) = builder.handshake(TokioIo::new(server.connect().await)).await.unwrap();
    let task = tokio::spawn(async move { drop(connection.await) });
    (sender, task)
}

fn request(path: &str) -> http::Request<Empty<Bytes>> {
    http::Request::get(format!("http://localhost{path}")).body(Empty::new()).unwrap()
}

#[tokio::test]
async fn the_connection_that_has_been_idle_longest_gives_way() {
    for (all, per_address) in [(2, 0), (4096, 2)] {
        let options = Options { max_connections: all, max_connections_per_address: per_address, ..Options::default() };
        let server = start(options).await;
        let (mut oldest, mut other) = (server.connect().await, server.connect().await);
        for stream in [&mut oldest, &mut other] {
            stream.write_all(GET).await.unwrap();
            answer(stream, "hello").await;
            time::sleep(Duration::from_millis(20)).await;
        }
        let mut new = server.connect().await;
        new.write_all(SLOW).await.unwrap();
        assert!(is_closed(&mut oldest).await);
        // The next one takes the place of the other, and what is being answered is left alone.
        let mut newest = server.connect().await;
        newest.write_all(GET).await.unwrap();
        answer(&mut newest, "hello").await;
        assert!(is_closed(&mut other).await);
        answer(&mut new, "slow").await;
    }
}

#[tokio::test]
async fn an_address_whose_connections_are_all_busy_gets_no_more_but_a_trusted_proxy_does() {
    for (network, closed) in [("10.0.0.0/8", true), ("127.0.0.0/8", false)] {
        let proxies = Proxies::new(vec![Proxies::network(network).unwrap()]);
        let server = start(Options { max_connections_per_address: 1, proxies, ..Options::default() }).await;
        let mut busy = server.connect().await;
        busy.write_all(SLOW).await.unwrap();
        time::sleep(Duration::from_millis(100)).await;
        let mut more = server.connect().await;
        let _ = more.write_all(GET).await;
        if closed {
            assert!(is_closed(&mut more).await);
        } else {
            answer(&mut more, "hello").await;
        }
        answer(&mut busy, "slow").await;
    }
}

#[tokio::test]
async fn a_head_that_dawdles_is_cut_off_and_a_silent_connection_is_not() {
    let server = start(Options { header_timeout: Duration::from_millis(200), ..Options::default() }).await;
    let (mut silent, mut half, mut later) = (server.connect().await, server.connect().await, server.connect().await);
    half.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n").await.unwrap();
    later.write_all(GET).await.unwrap();
    answer(&mut later, "hello").await;
    later.write_all(b"GET / HT").await.unwrap();
    let begin = Instant::now();
    assert!(is_closed(&mut half).await && is_closed(&mut later).await);
    assert!(begin.elapsed() < Duration::from_secs(3));
    silent.write_all(GET).await.unwrap();
    answer(&mut silent, "hello").await;
}

#[tokio::test]
async fn who_does_not_read_an_answer_is_cut_off() {
    let options = Options { send_timeout: Duration::from_millis(400), ..Options::default() };
    let (server, _) = start_counting(options).await;
    let mut http1 = server.connect().await;
    http1.write_all(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    // It opens its window for the whole of the connection, and not for the answer.
    let (mut sender, connection) = http2(&server, 1 << 10).await;
    let unread = sender.send_request(request("/large")).await.unwrap();
    assert!(time::timeout(Duration::from_secs(5), connection).await.is_ok(), "it is never cut");
    time::sleep(Duration::from_secs(1)).await;
    let mut got = Vec::new();
    let _ = time::timeout(Duration::from_secs(5), http1.read_to_end(&mut got)).await.expect("it is never cut");
    assert!(got.len() < LARGE);
    drop(unread);
}

#[tokio::test]
async fn who_reads_slowly_but_steadily_gets_the_whole_answer() {
    let options = Options {
        send_timeout: Duration::from_millis(500),
        idle_timeout: Duration::from_millis(400),
        ..Options::default()
    };
    let (server, _) = start_counting(options).await;
    let mut http1 = server.connect().await;
    http1.write_all(b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let (mut got, mut part) = (0, vec![0; 1 << 20]);
    let begin = Instant::now();
    loop {
        let read = http1.read(&mut part).await.unwrap();
        if read == 0 {
            break;
        }
        got += read;
        time::sleep(Duration::from_millis(read as u64 / 12_000)).await;
    }
    assert!(got > LARGE, "{got}");
    assert!(begin.elapsed() > Duration::from_millis(1_200), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn requests_wait_while_much_is_unread() {
    let (server, count) = start_counting(Options::default()).await;
    let (mut sender, _connection) = http2(&server, 1 << 10).await;
    let first = sender.send_request(request("/large")).await.unwrap();
    let second = tokio::spawn(sender.send_request(request("/large")));
    time::sleep(Duration::from_millis(200)).await;
    assert_eq!(count.load(Ordering::Relaxed), 1, "the second is not worked on");
    let first = first.into_body().collect().await.unwrap().to_bytes();
    let second = second.await.unwrap().unwrap();
    assert_eq!((first.len(), count.load(Ordering::Relaxed)), (LARGE, 2));
    assert_eq!(second.into_body().collect().await.unwrap().to_bytes().len(), LARGE);
}

#[tokio::test]
async fn without_memory_requests_are_refused_and_health_checks_are_not() {
    let memory = Memory::new(1 << 20);
    let router = Router::new().route("/", get(async || "hello")).route("/healthz", get(async || "well"));
    let listener = bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = mpsc::channel(2);
    let options = Options { memory: Arc::clone(&memory), ..Options::default() };
    let task = tokio::spawn(serve(listener, router, options, stopped));
    let server = Running { address, stop, task };
    let taken = memory.force(1 << 20);
    let mut stream = server.connect().await;
    stream.write_all(GET).await.unwrap();
    let mut refused = vec![0; 4096];
    let read = stream.read(&mut refused).await.unwrap();
    let refused = String::from_utf8_lossy(&refused[..read]).into_owned();
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("retry-after: 1"), "{refused}");
    assert!(refused.contains("\"ServiceUnavailable\""), "{refused}");
    let mut watcher = server.connect().await;
    watcher.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    answer(&mut watcher, "well").await;
    drop(taken);
    let mut stream = server.connect().await;
    stream.write_all(GET).await.unwrap();
    answer(&mut stream, "hello").await;
    assert_eq!(memory.used(), 0);
}

#[tokio::test]
async fn a_client_that_gives_up_its_requests_all_the_time_is_sent_away() {
    let (server, _) = start_counting(Options::default()).await;
    let (mut sender, connection) = http2(&server, 1 << 10).await;
    let mut sent = 0;
    while sent < 3_000 && sender.ready().await.is_ok() {
        let answer = sender.send_request(request("/never"));
        // It is sent, and given up.
        let _ = time::timeout(Duration::from_micros(100), answer).await;
        sent += 1;
    }
    assert!(sent < 3_000, "it is never sent away");
    drop(sender);
    assert!(time::timeout(Duration::from_secs(5), connection).await.is_ok());
}
