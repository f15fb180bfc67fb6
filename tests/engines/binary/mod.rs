//! The program itself, as people run it.

mod cli;
mod crash;
mod full;
mod manage;
mod stop;
mod transfer;

use std::{
    io::{BufRead, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
    time::Duration,
};

use tokio::{task::spawn_blocking, time::timeout};

use crate::stores::Place;

pub(crate) const CARDEA: &str = env!("CARGO_BIN_EXE_cardea");
pub(crate) const ROOT: &str = "/identityGovernance/entitlementManagement";
/// Nothing here takes longer, unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The program with these arguments.
pub(crate) fn cardea(args: &[&str]) -> Command {
    let mut command = command(CARDEA);
    command.args(args);
    command
}

/// A program, without what the environment says of ours.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end.
pub(crate) async fn output(args: &[&str]) -> Output {
    let mut command = cardea(args);
    timeout(PATIENCE, spawn_blocking(move || command.output())).await.expect("it hangs").unwrap().unwrap()
}

/// Where the place's data is, as arguments.
pub(crate) fn database(place: &Place) -> Vec<String> {
    match place.url() {
        Some(url) => vec!["--database-url".into(), url.into()],
        None => vec!["--data".into(), place.data().to_str().unwrap().into()],
    }
}

pub(crate) async fn token(place: &Place, more: &[&str]) -> String {
    let database = database(place);
    let mut args = vec!["token"];
    args.extend(database.iter().map(String::as_str));
    args.extend(more);
    let output = output(&args).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let token = String::from_utf8(output.stdout).unwrap();
    assert_eq!(token.lines().count(), 1, "a token and nothing else");
    token.trim().to_owned()
}

/// A server, running.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) base: String,
    /// What it prints, so that it is never told that nobody listens.
    pub(crate) printed: Option<Lines<BufReader<ChildStdout>>>,
}

impl Server {
    /// Starts one on a port that is free, and waits until it is ready.
    pub(crate) async fn start(place: &Place) -> Self {
        Self::start_with(place, &[]).await
    }

    pub(crate) async fn start_with(place: &Place, more: &[&str]) -> Self {
        Self::start_by(place, &[], &[&["--log", "warn"], more].concat()).await
    }

    /// Starts one by way of another program, which is given the command line.
    pub(crate) async fn start_by(place: &Place, by: &[&str], more: &[&str]) -> Self {
        let database = database(place);
        let mut args = vec!["serve", "--listen", "127.0.0.1:0"];
        args.extend(database.iter().map(String::as_str));
        args.extend(more);
        let mut words = by.iter().copied().chain([CARDEA]);
        let mut command = command(words.next().unwrap());
        command.args(words);
        let mut child = command.args(&args).stderr(Stdio::inherit()).spawn().unwrap();
        let printed = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut server = Self { child, base: String::new(), printed: Some(printed) };
        let mut printed = server.printed.take().unwrap();
        let ready = spawn_blocking(move || {
            let base =
                printed.by_ref().find_map(|line| line.ok()?.strip_prefix("cardea is ready at ").map(str::to_owned));
            (base, printed)
        });
        let (base, printed) = timeout(PATIENCE, ready).await.expect("it is never ready").unwrap();
        server.base = base.expect("it ended before it was ready");
        server.printed = Some(printed);
        server
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    pub(crate) async fn exit_code(&mut self) -> Option<i32> {
        let begin = std::time::Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begin.elapsed() < PATIENCE, "it does not end");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/beta{ROOT}{path}", self.base)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap()
}

/// Only one test at a time has a server under load: the machine is small.
pub(crate) static LOAD: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Whether a file is there and holds something.
fn holds_something(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|m| m.len() > 0)
}
