//! TLS as clients see it: whom they trust, what they speak, what they are shown.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::atomic::{AtomicI64, Ordering},
};

use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
    version::{TLS12, TLS13},
};
use tempfile::TempDir;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::*;
use crate::clock::Clock;

const DAY: i64 = 86_400_000_000;

/// A server whose certificate comes from a local CA.
struct Secure {
    server: Running,
    /// What its clients trust.
    pem: String,
    _data: TempDir,
}

async fn secure(names: &[&str], change: impl FnOnce(&mut Tls)) -> Secure {
    let data = tempfile::tempdir().unwrap();
    let ca = LocalCa::open(data.path(), &Clock::System).unwrap();
    let pem = ca.pem().to_owned();
    let mut tls = Tls::from_local_ca(ca, names.iter().map(|&name| name.to_owned()).collect()).unwrap();
    change(&mut tls);
    let hosts = Hosts::new(names.iter().map(|&name| name.to_owned()));
    let server = start(Options { tls: Some(Arc::new(tls)), hosts, ..Options::default() }).await;
    Secure { server, pem, _data: data }
}

fn trusting(pem: &str, versions: &[&'static SupportedProtocolVersion], alpn: &[&str]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(certificate::provider()).with_protocol_versions(versions).unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

async fn connect(server: &Running, connector: &TlsConnector, name: &str) -> io::Result<TlsStream<TcpStream>> {
    connector.connect(ServerName::try_from(name.to_owned()).unwrap(), server.connect().await).await
}

/// Sends a request and reads until the server closes.
async fn talk(mut stream: TlsStream<TcpStream>, path: &str, host: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    // Without close_notify this is an error.
    stream.read_to_string(&mut text).await.unwrap();
    text
}

/// The certificate that a new client is shown.
async fn shown(server: &Running, pem: &str, name: &str) -> io::Result<Vec<u8>> {
    let stream = connect(server, &trusting(pem, &[&TLS13], &[]), name).await?;
    Ok(stream.get_ref().1.peer_certificates().unwrap()[0].to_vec())
}

#[tokio::test]
async fn a_client_needs_the_ca_alone_and_may_speak_either_version_of_both_protocols() {
    let secure = secure(&["a.example", "*.b.example", "10.1.2.3"], |_| ()).await;
    for (version, number) in [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)] {
        for (offered, chosen) in [(&["h2", "http/1.1"][..], Some("h2")), (&["http/1.1"], Some("http/1.1")), (&[], None)]
        {
            let connector = trusting(&secure.pem, &[version], offered);
            let stream = connect(&secure.server, &connector, "localhost").await.unwrap();
            assert_eq!(stream.get_ref().1.protocol_version(), Some(number));
            assert_eq!(stream.get_ref().1.alpn_protocol(), chosen.map(str::as_bytes));
            if chosen != Some("h2") {
                assert!(talk(stream, "/", "localhost").await.ends_with("hello"));
            }
        }
    }
    let connector = trusting(&secure.pem, &[&TLS13], &[]);
    for name in ["a.example", "x.b.example", "10.1.2.3", "127.0.0.1", "::1"] {
        assert!(connect(&secure.server, &connector, name).await.is_ok(), "{name}");
    }
    for name in ["b.example", "evil.example", "10.1.2.4"] {
        assert!(connect(&secure.server, &connector, name).await.is_err(), "{name}");
    }
    let stranger = LocalCa::open(tempfile::tempdir().unwrap().path(), &Clock::System).unwrap();
    let connector = trusting(stranger.pem(), &[&TLS13], &[]);
    assert!(connect(&secure.server, &connector, "localhost").await.is_err());
}

#[tokio::test]
async fn http2_is_served_and_targets_begin_with_https() {
    let secure = secure(&["a.example"], |_| ()).await;
    let stream = connect(&secure.server, &trusting(&secure.pem, &[&TLS13], &["h2"]), "a.example").await.unwrap();
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    // The scheme that the client claims does not count.
    let request = http::Request::get("http://a.example:8443/seen").body(Empty::<bytes::Bytes>::new()).unwrap();
    let answer = client.send_request(request).await.unwrap();
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "https://a.example:8443/seen 127.0.0.1");
}

#[tokio::test]
async fn browsers_are_held_to_tls_except_on_localhost() {
    let secure = secure(&["a.example"], |_| ()).await;
    for (host, strict) in [("a.example", true), ("localhost:8443", false), ("x.localhost", false), ("127.0.0.1", true)]
    {
        let stream = connect(&secure.server, &trusting(&secure.pem, &[&TLS13], &[]), "localhost").await.unwrap();
        let text = talk(stream, "/", host).await;
        assert_eq!(text.contains("strict-transport-security: max-age="), strict, "{host}: {text}");
    }
    let server = start(Options { hosts: Hosts::any(), ..Options::default() }).await;
    let mut plain = server.connect().await;
    plain.write_all(b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    plain.read_to_string(&mut text).await.unwrap();
    assert!(text.ends_with("hello") && !text.contains("strict-transport"), "{text}");
}

#[tokio::test]
async fn who_speaks_plain_http_is_told() {
    let secure = secure(&[], |_| ()).await;
    for request in [GET, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = secure.server.connect().await;
        stream.write_all(request).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n") && body.contains("https:"), "{text}");
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{text}");
    }
}

#[tokio::test]
async fn older_versions_and_nonsense_are_refused() {
    let secure = secure(&[], |_| ()).await;
    // A ClientHello of TLS 1.1: version, random, no session, one cipher suite, no compression, signature algorithms.
    let extensions = [0, 8, 0, 13, 0, 4, 0, 2, 4, 3];
    let hello = [&[3, 2][..], &[7; 32], &[0], &[0, 2, 0xc0, 0x13], &[1, 0], &extensions].concat();
    let body = [&[1, 0, 0, u8::try_from(hello.len()).unwrap()][..], &hello].concat();
    let record = [&[22, 3, 1, 0, u8::try_from(body.len()).unwrap()][..], &body].concat();
    let mut stream = secure.server.connect().await;
    stream.write_all(&record).await.unwrap();
    let mut alert = [0; 7];
    stream.read_exact(&mut alert).await.unwrap();
    assert_eq!((alert[0], alert[5], alert[6]), (21, 2, 70), "a fatal alert: protocol_version");
    for nonsense in [&[0; 64][..], &[22, 3, 1, 0, 4, 1, 2, 3, 4]] {
        let mut stream = secure.server.connect().await;
        stream.write_all(nonsense).await.unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(rest.first().is_none_or(|first| *first == 21), "{rest:?}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_shake_hands_is_cut_off_and_holds_nobody_up() {
    let secure = secure(&[], |tls| tls.handshake_timeout = Duration::from_secs(1)).await;
    let mut silent = secure.server.connect().await;
    let mut half = secure.server.connect().await;
    half.write_all(&[22, 3, 1]).await.unwrap();
    let begin = Instant::now();
    assert!(shown(&secure.server, &secure.pem, "localhost").await.is_ok());
    assert!(begin.elapsed() < Duration::from_millis(900));
    assert!(is_closed(&mut silent).await && is_closed(&mut half).await);
}

#[tokio::test]
async fn stopping_closes_connections_and_handshakes_properly() {
    let secure = secure(&[], |_| ()).await;
    let mut silent = secure.server.connect().await;
    let connector = trusting(&secure.pem, &[&TLS13], &[]);
    let mut idle = connect(&secure.server, &connector, "localhost").await.unwrap();
    idle.write_all(GET).await.unwrap();
    answer(&mut idle, "hello").await;
    let busy = connect(&secure.server, &connector, "localhost").await.unwrap();
    let busy = tokio::spawn(talk(busy, "/slow", "localhost"));
    time::sleep(Duration::from_millis(200)).await;
    secure.server.stop.send(()).await.unwrap();
    // An end with close_notify is no error.
    assert_eq!(idle.read(&mut [0; 8]).await.unwrap(), 0);
    assert!(is_closed(&mut silent).await);
    assert!(busy.await.unwrap().ends_with("slow"));
    secure.server.task.await.unwrap();
}

/// Writes a certificate for this name, of a CA of its own, and its key. What clients are to trust.
fn write_files(directory: &Path, name: &str) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    fs::write(directory.join("cert.pem"), format!("{name}\n{pem}")).unwrap();
    fs::write(directory.join("key.pem"), key.serialize_pem()).unwrap();
    pem
}

#[tokio::test]
async fn files_that_change_are_read_again_and_broken_ones_are_not_taken() {
    let data = tempfile::tempdir().unwrap();
    let (chain, key) = (data.path().join("cert.pem"), data.path().join("key.pem"));
    let first = write_files(data.path(), "first.example");
    let mut tls = Tls::from_files(chain.clone(), key.clone()).unwrap();
    tls.interval = Duration::from_millis(50);
    let server = start(Options { tls: Some(Arc::new(tls)), ..Options::default() }).await;
    assert!(shown(&server, &first, "first.example").await.is_ok());
    let pause = || time::sleep(Duration::from_millis(300));

    let second = write_files(data.path(), "second.example");
    pause().await;
    assert!(shown(&server, &second, "second.example").await.is_ok());
    assert!(shown(&server, &first, "first.example").await.is_err());

    let whole = fs::read(&chain).unwrap();
    for broken in [&b"nothing"[..], &whole[..whole.len() / 2], first.as_bytes()] {
        fs::write(&chain, broken).unwrap();
        pause().await;
        assert!(shown(&server, &second, "second.example").await.is_ok());
    }
    fs::remove_file(&chain).unwrap();
    pause().await;
    assert!(shown(&server, &second, "second.example").await.is_ok());

    let third = write_files(data.path(), "third.example");
    pause().await;
    assert!(shown(&server, &third, "third.example").await.is_ok());
}

#[test]
fn what_is_wrong_with_the_files_is_said() {
    let data = tempfile::tempdir().unwrap();
    let (chain, key) = (data.path().join("cert.pem"), data.path().join("key.pem"));
    let error = || Tls::from_files(chain.clone(), key.clone()).unwrap_err().to_string();
    assert!(error().contains("cert.pem: No such file"), "{}", error());
    write_files(data.path(), "a.example");
    let other = fs::read(&key).unwrap();
    write_files(data.path(), "b.example");
    assert!(Tls::from_files(chain.clone(), key.clone()).is_ok());
    fs::write(&key, &other).unwrap();
    assert!(error().contains("key.pem: "), "{}", error());
    fs::write(&key, "").unwrap();
    assert!(error().contains("key.pem: no private key in PEM"), "{}", error());
    fs::write(&chain, &other).unwrap();
    assert!(error().contains("cert.pem: no certificate in PEM"), "{}", error());
}

#[test]
fn the_local_ca_is_made_once_and_its_key_is_its_owners() {
    let data = tempfile::tempdir().unwrap();
    let directory = data.path().join("deep/data");
    let open = || LocalCa::open(&directory, &Clock::System);
    let racers: Vec<_> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        racers.into_iter().map(|racer| racer.join().unwrap().unwrap()).collect()
    });
    assert!(racers.iter().all(|ca| ca.pem() == racers[0].pem() && ca.issue(&[]).is_ok()));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    assert_eq!((mode(&directory.join("ca.pem")), mode(&directory.join("ca.key"))), (0o644, 0o600));
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 2);

    // A certificate that was lost is made anew for the same key, and what was issued before is still believed.
    let issued = racers[0].issue(&[]).unwrap();
    fs::remove_file(directory.join("ca.pem")).unwrap();
    open().unwrap().check(&issued.cert[0]).unwrap();

    let key = fs::read(directory.join("ca.key")).unwrap();
    fs::remove_file(directory.join("ca.key")).unwrap();
    assert!(open().unwrap_err().to_string().contains("ca.key, is gone"));
    let other = tempfile::tempdir().unwrap();
    LocalCa::open(other.path(), &Clock::System).unwrap();
    fs::copy(other.path().join("ca.key"), directory.join("ca.key")).unwrap();
    assert!(open().unwrap().issue(&[]).unwrap_err().to_string().contains("do not go together"));
    fs::write(directory.join("ca.key"), key).unwrap();
    assert!(open().unwrap().issue(&[]).is_ok());
}

#[tokio::test]
async fn a_certificate_of_the_local_ca_is_renewed_before_it_expires() {
    let data = tempfile::tempdir().unwrap();
    let time = Arc::new(AtomicI64::new(Clock::System.now().0));
    let ca = LocalCa::open(data.path(), &Clock::Manual(Arc::clone(&time))).unwrap();
    let pem = ca.pem().to_owned();
    let tls = Arc::new(Tls::from_local_ca(ca, vec![]).unwrap());
    let server = start(Options { tls: Some(Arc::clone(&tls)), ..Options::default() }).await;
    let first = shown(&server, &pem, "localhost").await.unwrap();
    time.fetch_add(59 * DAY, Ordering::Relaxed);
    tls.refresh();
    assert!(shown(&server, &pem, "localhost").await.unwrap() == first);
    time.fetch_add(DAY, Ordering::Relaxed);
    tls.refresh();
    // Clients here live in the present, to which the newer certificate does not belong.
    assert!(shown(&server, &pem, "localhost").await.is_err());
}
