//! Told to stop, the server answers what it has begun, and ends well.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{ROOT, Server, token};
use crate::stores::{Place, catalog, on_each_engine};

/// Reads to the end of the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    tokio::time::timeout(super::PATIENCE, stream.read_to_end(&mut text)).await.expect("it stays open").unwrap();
    String::from_utf8(text).unwrap()
}

on_each_engine! {
    async fn what_was_begun_is_answered(place: Place) {
        let (store, _) = place.furnished().await;
        crate::stores::insert(&*store, store.tenants().await.unwrap()[0].key, [catalog("c")]).await;
        store.close().await;
        let token = token(&place, &[]).await;
        for signal in ["-TERM", "-INT"] {
            let mut server = Server::start(&place).await;
            let address = server.base.strip_prefix("http://").unwrap().to_owned();
            let name = format!("begun before {signal}");
            let body = format!(r#"{{"displayName":"{name}","catalogId":"c"}}"#);
            let head = format!(
                "POST /beta{ROOT}/accessPackages HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            // Half a request, and a connection that has none.
            let mut begun = TcpStream::connect(&address).await.unwrap();
            let (first, second) = body.split_at(10);
            begun.write_all(format!("{head}{first}").as_bytes()).await.unwrap();
            let mut idle = TcpStream::connect(&address).await.unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
            server.signal(signal);
            assert_eq!(rest(&mut idle).await, "", "the idle connection is closed");
            assert!(TcpStream::connect(&address).await.is_err(), "nobody new is let in");
            begun.write_all(second.as_bytes()).await.unwrap();
            let answer = rest(&mut begun).await;
            assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
            assert_eq!(server.exit_code().await, Some(0));
            let written = format!("SELECT count(*) FROM access_package WHERE display_name = '{name}'");
            assert_eq!(place.number(&written).await, 1);
        }
    }

    async fn a_client_that_never_ends_does_not_hold_it_up(place: Place) {
        let mut server = Server::start_with(&place, &["--shutdown-grace", "300ms"]).await;
        let address = server.base.strip_prefix("http://").unwrap().to_owned();
        let mut begun = TcpStream::connect(&address).await.unwrap();
        begun.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let stopped = Instant::now();
        server.signal("-TERM");
        assert_eq!(server.exit_code().await, Some(0));
        assert!(stopped.elapsed() < Duration::from_secs(5), "{:?}", stopped.elapsed());
    }
}
