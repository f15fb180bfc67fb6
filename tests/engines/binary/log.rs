//! A log that cannot be written: the server serves, stops in order, and tells how much was lost.

use std::{
    fs::File,
    io::Read,
    net::TcpListener,
    process::{Child, ChildStderr, Stdio},
    time::{Duration, Instant},
};

use tokio::{io::AsyncWriteExt, net::TcpStream, task::spawn_blocking};

use super::{PATIENCE, Server, cardea, command, http};
use crate::{
    stores::{Place, on},
    support::Engine,
};

/// Fills the pipe that is stderr, as far as pipes go, before the server begins.
const FULL: &str = "head -c 65536 /dev/zero >&2; exec \"$0\" \"$@\"";

/// A server of which nobody reads anything but this.
fn start(place: &Place, stderr: Stdio, stdout: Stdio, fill: bool) -> Server {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut command = if fill { command("sh") } else { cardea(&[]) };
    if fill {
        command.args(["-c", FULL, super::CARDEA]);
    }
    let data = place.data().to_str().unwrap();
    command.args(["serve", "--listen", &address, "--data", data, "--log", "debug"]);
    let child = command.stderr(stderr).stdout(stdout).spawn().unwrap();
    Server { child, base: format!("http://{address}"), printed: None }
}

/// Waits until it answers.
async fn ready(server: &Server) {
    let begin = Instant::now();
    while http().get(format!("{}/readyz", server.base)).send().await.is_err() {
        assert!(begin.elapsed() < PATIENCE, "it is never ready");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Makes it log, and sees it answer all the same, and stop.
async fn log_and_stop(server: &mut Server) {
    let address = server.base.strip_prefix("http://").unwrap().to_owned();
    for _ in 0..20 {
        // What is no HTTP is logged.
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(b"nonsense\r\n\r\n").await.unwrap();
    }
    for _ in 0..5 {
        let answer = http().get(format!("{}/healthz", server.base)).timeout(Duration::from_secs(10)).send().await;
        assert_eq!(answer.expect("a log that is not written holds up no request").status(), 200);
    }
    server.signal("-TERM");
    assert_eq!(server.exit_code().await, Some(0));
}

fn stderr(child: &mut Child) -> ChildStderr {
    child.stderr.take().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_log_ends_nothing() {
    let test = |place: Place| async move {
        let mut server = start(&place, Stdio::piped(), Stdio::piped(), false);
        drop((server.child.stderr.take(), server.child.stdout.take()));
        ready(&server).await;
        log_and_stop(&mut server).await;
    };
    on(Engine::Sqlite, test).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_on_a_full_disk_ends_nothing() {
    let test = |place: Place| async move {
        let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
        let mut server = start(&place, full(), full(), false);
        ready(&server).await;
        log_and_stop(&mut server).await;
    };
    on(Engine::Sqlite, test).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_nobody_reads_holds_nothing_up() {
    let test = |place: Place| async move {
        let mut server = start(&place, Stdio::piped(), Stdio::piped(), true);
        let unread = stderr(&mut server.child);
        ready(&server).await;
        log_and_stop(&mut server).await;
        drop(unread);
    };
    on(Engine::Sqlite, test).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_read_late_is_whole() {
    let test = |place: Place| async move {
        let mut server = start(&place, Stdio::piped(), Stdio::piped(), true);
        let mut late = stderr(&mut server.child);
        ready(&server).await;
        let address = server.base.strip_prefix("http://").unwrap().to_owned();
        for _ in 0..50 {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            stream.write_all(b"nonsense\r\n\r\n").await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let text = spawn_blocking(move || {
            let mut text = String::new();
            late.read_to_string(&mut text).unwrap();
            text
        });
        server.signal("-TERM");
        assert_eq!(server.exit_code().await, Some(0));
        let text = text.await.unwrap();
        let lines = text.trim_start_matches('\0').lines();
        assert_eq!(
            lines.filter(|line| line.contains("DEBUG") && line.contains("connection")).count(),
            50,
            "{text:.2000}"
        );
        assert!(text.trim_end().ends_with("stopped"), "{text:.2000}");
    };
    on(Engine::Sqlite, test).await;
}
