//! A server to measure, and a client that costs little.

#![allow(dead_code, reason = "each program uses its part")]

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

/// The program.
pub(crate) const CARDEA: &str = env!("CARGO_BIN_EXE_cardea");

/// How long each request took, in microseconds, and all of them together.
pub(crate) struct Times {
    pub(crate) each: Vec<u64>,
    pub(crate) took: Duration,
}

#[derive(Clone, Copy)]
pub(crate) enum Stop {
    After(usize),
    At(Duration),
}

pub(crate) struct Server {
    process: Child,
    address: String,
    token: String,
}

impl Server {
    /// Starts it on a data directory, with a token of these roles; of all that it starts with if none are named.
    pub(crate) fn start(data: &std::path::Path, roles: &[&str]) -> Self {
        let mut process = Command::new(CARDEA)
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit("http://").next().unwrap().to_owned();
        let roles = roles.iter().flat_map(|role| ["--role", role]);
        let token = Command::new(CARDEA).args(["token", "--data"]).arg(data).args(roles).output().unwrap().stdout;
        Self { process, address, token: String::from_utf8(token).unwrap().trim().to_owned() }
    }

    pub(crate) fn get(&self, path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n", self.address, self.token)
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> String {
        let mut request = format!("POST {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        let _ = write!(
            request,
            "Authorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        request
    }

    pub(crate) async fn client(&self) -> Client {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream, buffer: Vec::with_capacity(1 << 17) }
    }

    /// Sends requests over so many connections; each takes the next number.
    pub(crate) async fn run(&self, connections: usize, stop: Stop, request: impl Fn(usize) -> String) -> Times {
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

    pub(crate) fn resident_mib(&self) -> u64 {
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
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn send(&mut self, request: &str) {
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
