//! The program itself, as people run it.

mod away;
mod cli;
mod crash;
mod full;
mod log;
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
        Self::start_on(&database(place), by, more).await
    }

    /// The same, with this for arguments that say where the data is.
    async fn start_on(database: &[String], by: &[&str], more: &[&str]) -> Self {
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

    /// Waits until it says that it is ready, and what it said before.
    async fn ready(&self) -> Vec<String> {
        let (begin, mut said) = (std::time::Instant::now(), Vec::new());
        loop {
            let answer = http().get(format!("{}/readyz", self.base)).send().await.unwrap();
            if answer.status() == 200 {
                return said;
            }
            assert_eq!(answer.status(), 503);
            assert!(answer.headers().contains_key("retry-after"));
            said.push(answer.text().await.unwrap());
            assert!(begin.elapsed() < PATIENCE, "it is never ready: {said:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
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

/// What lets the programs of a tenant in, each in its way.
struct Doors {
    token: String,
    client: serde_json::Value,
    scim: serde_json::Value,
}

impl Doors {
    /// Makes them, before the server runs.
    async fn make(place: &Place) -> Self {
        let json = async |args: &[&str]| {
            let database = database(place);
            let args: Vec<&str> = args.iter().copied().chain(database.iter().map(String::as_str)).collect();
            let output = output(&args).await;
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            serde_json::from_slice(&output.stdout).unwrap()
        };
        let role = "EntitlementManagement.Read.All";
        Self {
            token: token(place, &["--role", "EntitlementManagement.ReadWrite.All", "--role", "User.ReadWrite.All"])
                .await,
            client: json(&["app", "create", "--name", "a", "--role", role, "--json"]).await,
            scim: json(&["scim", "create", "--name", "s", "--json"]).await,
        }
    }

    /// Makes a package; the status and the error.
    async fn create(&self, server: &Server, id: &str) -> (u16, serde_json::Value) {
        let body =
            serde_json::json!({ "id": id, "displayName": id, "description": "lorem ".repeat(600), "catalogId": "c" });
        let request = http().post(server.url("/accessPackages")).bearer_auth(&self.token).json(&body);
        told(request).await
    }

    /// Lists packages.
    async fn list(&self, server: &Server) -> (u16, serde_json::Value) {
        told(http().get(server.url("/accessPackages?$top=5")).bearer_auth(&self.token)).await
    }

    /// Signs in with the application's secret.
    async fn sign_in(&self, server: &Server) -> (u16, serde_json::Value) {
        let said = |name: &str| self.client[name].as_str().unwrap().to_owned();
        let (id, secret) = (said("clientId"), said("clientSecret"));
        let body = format!(
            "grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
        );
        let url = format!("{}/{}/oauth2/v2.0/token", server.base, said("tenantId"));
        told(http().post(url).header("content-type", "application/x-www-form-urlencoded").body(body)).await
    }

    /// Pushes a user.
    async fn push(&self, server: &Server, name: &str) -> (u16, serde_json::Value) {
        let body = serde_json::json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": format!("{name}@contoso.example"),
            "displayName": "lorem ".repeat(40), "active": true
        });
        let url = format!("{}/scim/v2/Users", server.base);
        let request = http().post(url).bearer_auth(self.scim["token"].as_str().unwrap());
        told(request.header("content-type", "application/scim+json").body(body.to_string())).await
    }
}

/// The status of an answer and what it says; one that sends its caller away says for how long.
async fn told(request: reqwest::RequestBuilder) -> (u16, serde_json::Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    assert!(status != 503 || answer.headers().contains_key("retry-after"), "{answer:?}");
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
}

/// Only one test at a time has a server under load: the machine is small.
pub(crate) static LOAD: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Whether a file is there and holds something.
fn holds_something(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|m| m.len() > 0)
}
