//! Requests that do not say for whom they are, or say it twice, and hosts that the server does not answer for.

use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    engines,
    support::{
        TestApp,
        app::HOST,
        fixtures::{self, PACKAGES},
    },
};

engines! {
    a_request_names_its_host_once,
    a_body_has_one_length,
    over_http2_host_and_authority_agree,
    only_hosts_that_are_allowed_are_answered_for,
    who_watches_the_server_may_ask_by_any_host,
    without_a_proxy_that_is_trusted_nobody_says_the_host,
}

/// Sends bytes and reads all that is answered.
async fn send(app: &TestApp, bytes: &str) -> String {
    let mut stream = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
    let _ = stream.write_all(bytes.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// The answer to a GET with these headers, which closes the connection.
async fn get(app: &TestApp, path: &str, headers: &str) -> String {
    send(app, &format!("GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n")).await
}

fn refused(answer: &str, part: &str) {
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("\"code\":\"BadRequest\"") && answer.contains(part), "{answer}");
}

async fn a_request_names_its_host_once(app: TestApp) {
    for path in ["/v1.0/openapi.json", "/v1.0/$metadata", "/swagger-ui/", "/healthz"] {
        refused(&get(&app, path, "").await, "no Host header");
        refused(&get(&app, path, "Host: localhost\r\nHost: localhost\r\n").await, "more than one Host");
        refused(&get(&app, path, "Host: localhost\r\nHost: evil.example\r\n").await, "more than one Host");
    }
    for host in ["a b", "a\"b<c>", "", "localhost/x"] {
        refused(&get(&app, "/v1.0/openapi.json", &format!("Host: {host}\r\n")).await, "Host");
    }
    // HTTP/1.0 has no such header.
    let answer = send(&app, "GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(answer.contains(" 200 OK\r\n"), "{answer}");
}

async fn a_body_has_one_length(app: TestApp) {
    let before = fixtures::world(&app.client()).await;
    let orders = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "transfer-encoding: chunked\r\nX: y\r\ncontent-length: 0\r\n",
    ];
    for lengths in orders {
        // What follows is for a server that takes the other length.
        let smuggled = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let head = format!("POST /v1.0/$batch HTTP/1.1\r\nHost: localhost\r\n{lengths}\r\n");
        let answer = send(&app, &format!("{head}0\r\n\r\n{smuggled}")).await;
        refused(&answer, "both Transfer-Encoding and Content-Length");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "the connection goes on: {answer}");
    }
    assert_eq!(fixtures::world(&app.client()).await, before);
}

/// The answer over HTTP/2 to a GET of the document at this authority, with these Host headers.
async fn over_http2(app: &TestApp, authority: &str, hosts: &[&str]) -> (u16, String) {
    let stream = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
    let io = TokioIo::new(stream);
    let (mut client, connection) =
        hyper::client::conn::http2::handshake::<_, _, Full<bytes::Bytes>>(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    let request = http::Request::get(format!("http://{authority}/v1.0/openapi.json"));
    let request = hosts.iter().fold(request, |request, host| request.header("host", *host));
    let answer = client.send_request(request.body(Full::default()).unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

async fn over_http2_host_and_authority_agree(app: TestApp) {
    for hosts in [&[][..], &["localhost:1"], &["LOCALHOST:1"]] {
        assert_eq!(over_http2(&app, "localhost:1", hosts).await.0, 200, "{hosts:?}");
    }
    for hosts in [&["127.0.0.1:1"][..], &["localhost:2"], &["evil.example"], &["localhost:1", "localhost:1"]] {
        let (status, body) = over_http2(&app, "localhost:1", hosts).await;
        assert_eq!(status, 400, "{hosts:?}: {body}");
    }
    let (status, body) = over_http2(&app, "evil.example", &[]).await;
    assert!(status == 400 && body.contains("--allowed-host"), "{status} {body}");
}

async fn only_hosts_that_are_allowed_are_answered_for(app: TestApp) {
    let tenant = &app.store.tenants().await.unwrap()[0].id;
    let paths = [
        "/v1.0/openapi.json".to_owned(),
        format!("/{tenant}/v2.0/.well-known/openid-configuration"),
        "/swagger-ui/".to_owned(),
        "/".to_owned(),
        format!("/beta/identityGovernance/entitlementManagement{PACKAGES}"),
        "/scim/v2/Users".to_owned(),
    ];
    for path in &paths {
        for host in ["evil.example", "localhost.evil.example", "x@localhost", "10.0.0.1", "[2001:db8::1]:80"] {
            let answer = get(&app, path, &format!("Host: {host}\r\n")).await;
            refused(&answer, "Host");
            assert!(host.contains('@') || answer.contains("--allowed-host"), "{answer}");
        }
        // The target wins over the header (RFC 9112, 3.2.2).
        refused(&get(&app, &format!("http://evil.example{path}"), "Host: localhost\r\n").await, "--allowed-host");
        for host in ["localhost:1", "a.localhost", "127.0.0.1", "[::1]:1", HOST] {
            let answer = get(&app, path, &format!("Host: {host}\r\n")).await;
            assert!(!answer.starts_with("HTTP/1.1 400 "), "{host}: {answer}");
        }
    }
    let document = get(&app, &paths[1], &format!("Host: {HOST}:8443\r\n")).await;
    assert!(document.contains(&format!("http://{HOST}:8443/{tenant}/v2.0")), "{document}");
}

async fn who_watches_the_server_may_ask_by_any_host(app: TestApp) {
    for path in ["/healthz", "/readyz"] {
        for host in ["10.1.2.3:8080", "evil.example"] {
            let answer = get(&app, path, &format!("Host: {host}\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        }
    }
}

async fn without_a_proxy_that_is_trusted_nobody_says_the_host(app: TestApp) {
    let headers = "Host: localhost\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n";
    let answer = get(&app, "/v1.0/openapi.json", headers).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && !answer.contains("evil.example"));
}
