//! What an HTTP library would not send: chunks, bodies that stop half-way, requests that are none.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use http::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    auth::application,
    engines,
    support::{
        TestApp,
        client::ROOT,
        fixtures::{self, BETA, PACKAGES},
    },
};

engines! {
    a_body_in_chunks_is_read,
    a_body_in_chunks_that_is_too_large_is_refused,
    a_body_that_announces_too_much_is_refused_before_it_is_sent,
    a_body_that_stops_half_way_stores_nothing,
    a_request_that_is_none_is_refused,
    a_length_that_contradicts_itself_is_refused,
    a_connection_serves_one_request_after_the_other,
    a_refusal_does_not_confuse_what_comes_after_it,
    a_compressed_body_is_read,
    a_compressed_body_that_is_not_what_it_says_is_refused,
    a_compressed_body_that_becomes_too_large_is_refused,
    a_body_in_another_coding_is_refused,
}

/// Sends bytes and reads all that is answered.
async fn send(app: &TestApp, bytes: &[u8]) -> String {
    let address = app.base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// The head of a create, which closes the connection, with these headers beside.
async fn head(app: &TestApp, method: &Method, more: &str) -> String {
    let subject = application(&[cardea::authz::READ_WRITE_ALL]);
    let token = app.issue(subject, std::time::Duration::from_hours(1)).await;
    format!(
        "{method} /beta{ROOT}{PACKAGES} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\n{more}\r\n"
    )
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

async fn a_body_in_chunks_is_read(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let body = BETA.package(&catalog, "In chunks").to_string();
    let (first, second) = body.split_at(9);
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let head = head(&app, &Method::POST, "Transfer-Encoding: chunked\r\nConnection: close\r\n").await;
    let answer = send(&app, format!("{head}{}{}0\r\n\r\n", chunk(first), chunk(second)).as_bytes()).await;
    assert_eq!(status(&answer), "201", "{answer}");
    assert_eq!(app.client().beta().get(PACKAGES).await.expect(200).column("displayName"), ["In chunks"]);
}

async fn a_body_in_chunks_that_is_too_large_is_refused(app: TestApp) {
    let before = fixtures::world(&app.client()).await;
    let head = head(&app, &Method::POST, "Transfer-Encoding: chunked\r\nConnection: close\r\n").await;
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let answer = send(&app, format!("{head}{}0\r\n\r\n", chunk.repeat(40)).as_bytes()).await;
    assert!(answer.is_empty() || status(&answer) == "413", "{answer}");
    assert_eq!(fixtures::world(&app.client()).await, before);
}

async fn a_body_that_announces_too_much_is_refused_before_it_is_sent(app: TestApp) {
    let head = head(&app, &Method::POST, "Content-Length: 99999999999\r\nConnection: close\r\n").await;
    let answer = send(&app, head.as_bytes()).await;
    assert_eq!(status(&answer), "413", "{answer}");
    assert!(answer.contains("RequestEntityTooLarge"), "{answer}");
}

async fn a_body_that_stops_half_way_stores_nothing(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let body = BETA.package(&catalog, "Half").to_string();
    let before = fixtures::world(&app.client()).await;
    for more in [format!("Content-Length: {}\r\n", body.len() + 1), "Transfer-Encoding: chunked\r\n".to_owned()] {
        let head = head(&app, &Method::POST, &more).await;
        let address = app.base.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.unwrap();
        let chunk = if more.contains("chunked") { format!("{:x}\r\n{body}\r\n", body.len()) } else { body.clone() };
        stream.write_all(format!("{head}{chunk}").as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.is_empty() || status(&answer) == "400", "{answer}");
    }
    assert_eq!(fixtures::world(&app.client()).await, before);
}

async fn a_request_that_is_none_is_refused(app: TestApp) {
    for bytes in [
        &b"nonsense\r\n\r\n"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n\r\n",
    ] {
        let answer = send(&app, bytes).await;
        assert!(answer.is_empty() || status(&answer) == "400", "{bytes:?}: {answer}");
    }
    app.client().beta().get(PACKAGES).await.expect(200);
}

async fn a_length_that_contradicts_itself_is_refused(app: TestApp) {
    let before = fixtures::world(&app.client()).await;
    for more in [
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x2\r\n",
        "Transfer-Encoding: nonsense\r\n",
    ] {
        let head = head(&app, &Method::POST, &format!("{more}Connection: close\r\n")).await;
        let answer = send(&app, format!("{head}{{}}}}").as_bytes()).await;
        assert!(answer.is_empty() || matches!(status(&answer), "400" | "501"), "{more}: {answer}");
    }
    assert_eq!(fixtures::world(&app.client()).await, before);
}

async fn a_connection_serves_one_request_after_the_other(app: TestApp) {
    let one = head(&app, &Method::GET, "").await;
    let last = head(&app, &Method::GET, "Connection: close\r\n").await;
    let answer = send(&app, format!("{one}{one}{last}").as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 3, "{answer}");
}

async fn a_refusal_does_not_confuse_what_comes_after_it(app: TestApp) {
    // The body of the first request is itself a request; it must not be taken for one.
    let inner = head(&app, &Method::DELETE, "Connection: close\r\n").await;
    let more = format!("Content-Length: {}\r\n", inner.len());
    let outer = head(&app, &Method::PATCH, &more).await;
    let last = head(&app, &Method::GET, "Connection: close\r\n").await;
    let answer = send(&app, format!("{outer}{inner}{last}").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 405 ").count(), 1, "{answer}");
}

/// Sends a create whose body says that it is in this coding.
async fn send_coded(app: &TestApp, coding: &str, body: &[u8]) -> String {
    let more = format!("Content-Encoding: {coding}\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    let mut bytes = head(app, &Method::POST, &more).await.into_bytes();
    bytes.extend_from_slice(body);
    send(app, &bytes).await
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

async fn a_compressed_body_is_read(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let body = gzip(BETA.package(&catalog, "Small").to_string().as_bytes());
    let answer = send_coded(&app, "gzip", &body).await;
    assert_eq!(status(&answer), "201", "{answer}");
    assert_eq!(app.client().beta().get(PACKAGES).await.expect(200).column("displayName"), ["Small"]);
}

async fn a_compressed_body_that_is_not_what_it_says_is_refused(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let before = fixtures::world(&app.client()).await;
    let plain = BETA.package(&catalog, "Plain").to_string();
    let whole = gzip(plain.as_bytes());
    for body in [plain.as_bytes(), b"", &whole[..whole.len() / 2]] {
        let answer = send_coded(&app, "gzip", body).await;
        assert_eq!(status(&answer), "400", "{answer}");
        assert!(answer.contains("Content-Encoding"), "{answer}");
    }
    assert_eq!(fixtures::world(&app.client()).await, before);
}

async fn a_compressed_body_that_becomes_too_large_is_refused(app: TestApp) {
    let body = gzip(&vec![b' '; app.api.options.max_body_bytes + 1]);
    let answer = send_coded(&app, "gzip", &body).await;
    assert_eq!(status(&answer), "413", "{answer}");
}

async fn a_body_in_another_coding_is_refused(app: TestApp) {
    let answer = send_coded(&app, "br", b"{}").await;
    assert_eq!(status(&answer), "415", "{answer}");
    assert!(answer.to_lowercase().contains("accept-encoding: gzip"), "{answer}");
}
