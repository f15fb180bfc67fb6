//! What was answered is on disk, however the program ends.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value as Json, json};

use super::{LOAD, Server, database, holds_something, http, output, token};
use crate::{
    random::rng::Rng,
    stores::{Place, on_each_engine},
    support::Engine,
};

const CLIENTS: u64 = 24;
const ROUNDS: u64 = 4;

/// What one client knows of its packages.
#[derive(Default)]
struct Known {
    /// What the server said of each; nothing: it said that it is gone.
    answered: BTreeMap<String, Option<Json>>,
    /// What was asked and not answered: either may be so.
    open: Option<(String, Option<Json>)>,
    /// What was asked to be made and not answered, by name: it may be there, once.
    maybe_made: Vec<String>,
}

struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
    catalog: String,
    number: u64,
    rng: Rng,
    known: Known,
}

impl Client {
    /// Writes until the server is gone.
    async fn run(mut self, stop: Arc<AtomicBool>) -> Known {
        for turn in 0.. {
            let alive: Vec<String> =
                self.known.answered.iter().filter(|(_, v)| v.is_some()).map(|(k, _)| k.clone()).collect();
            let going_on = match self.rng.below(10) {
                0 | 1 if !alive.is_empty() => self.rename(&alive).await,
                2 if !alive.is_empty() => self.remove(&alive).await,
                _ => self.make(turn).await,
            };
            if !going_on || stop.load(Ordering::Relaxed) {
                break;
            }
        }
        self.known
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Option<(u16, Vec<u8>)> {
        let answer = request.bearer_auth(&self.token).send().await.ok()?;
        // An answer whose body was cut off is an answer all the same: the status says that it was done.
        let status = answer.status().as_u16();
        Some((status, answer.bytes().await.map(|b| b.to_vec()).unwrap_or_default()))
    }

    async fn make(&mut self, turn: u32) -> bool {
        let name = format!("{} {turn} {}", self.number, self.rng.next());
        // Of many sizes, so that pages of the database split and overflow.
        let description = "lorem ".repeat(self.rng.below(600));
        let body = json!({ "displayName": name, "description": description, "catalogId": self.catalog });
        let Some((status, body)) = self.send(self.http.post(&self.url).json(&body)).await else {
            self.known.maybe_made.push(name);
            return false;
        };
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
        match serde_json::from_slice::<Json>(&body) {
            Ok(made) => _ = self.known.answered.insert(made["id"].as_str().unwrap().to_owned(), Some(made)),
            Err(_) => self.known.maybe_made.push(name),
        }
        true
    }

    async fn rename(&mut self, alive: &[String]) -> bool {
        let id = self.rng.pick(alive).clone();
        let mut after = self.known.answered[&id].clone().unwrap();
        after["displayName"] = json!(format!("{} renamed {}", self.number, self.rng.next()));
        let body = json!({ "displayName": after["displayName"] });
        let answer = self.send(self.http.patch(format!("{}/{id}", self.url)).json(&body)).await;
        self.note(id, Some(after), answer, &[200, 204])
    }

    async fn remove(&mut self, alive: &[String]) -> bool {
        let id = self.rng.pick(alive).clone();
        let answer = self.send(self.http.delete(format!("{}/{id}", self.url))).await;
        self.note(id, None, answer, &[204])
    }

    fn note(&mut self, id: String, after: Option<Json>, answer: Option<(u16, Vec<u8>)>, good: &[u16]) -> bool {
        let Some((status, body)) = answer else {
            self.known.open = Some((id, after));
            return false;
        };
        assert!(good.contains(&status), "{status} {}", String::from_utf8_lossy(&body));
        self.known.answered.insert(id, after);
        true
    }
}

/// What a package is, as far as these clients change it.
fn essence(package: &Json) -> Json {
    json!([
        package["id"],
        package["displayName"],
        package["description"],
        package["catalogId"],
        package["createdDateTime"]
    ])
}

/// All packages there are, by id.
async fn all(server: &Server, token: &str) -> BTreeMap<String, Json> {
    let (http, mut found) = (http(), BTreeMap::new());
    let mut next = Some(server.url("/accessPackages?$top=500"));
    while let Some(url) = next {
        let page = http.get(url).bearer_auth(token).send().await.unwrap().error_for_status().unwrap();
        let page: Json = serde_json::from_slice(&page.bytes().await.unwrap()).unwrap();
        for row in page["value"].as_array().unwrap() {
            found.insert(row["id"].as_str().unwrap().to_owned(), row.clone());
        }
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
    }
    found
}

/// Compares what clients know with what there is.
fn check(known: &[Known], found: &BTreeMap<String, Json>) {
    let mut by_name = BTreeMap::<&str, usize>::new();
    for row in found.values() {
        *by_name.entry(row["displayName"].as_str().unwrap()).or_default() += 1;
    }
    for known in known {
        for (id, answered) in &known.answered {
            let now = found.get(id).map(essence);
            let open = known.open.as_ref().filter(|(open, _)| open == id).map(|(_, after)| after.as_ref().map(essence));
            let expected = answered.as_ref().map(essence);
            assert!(
                now == expected || open.is_some_and(|open| now == open),
                "{id}: {now:?}, answered was {expected:?}"
            );
        }
        for name in &known.maybe_made {
            assert!(by_name.get(name.as_str()).copied().unwrap_or(0) <= 1, "{name} was made twice");
        }
    }
    let answered: usize = known.iter().map(|k| k.answered.values().flatten().count()).sum();
    let maybe: usize = known.iter().map(|k| k.maybe_made.len() + usize::from(k.open.is_some())).sum();
    assert!(found.len() + maybe >= answered && found.len() <= answered + maybe, "{} of {answered}", found.len());
}

fn check_file(place: &Place) {
    let connection = place.sqlite();
    let integrity: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
    let broken = connection.prepare("PRAGMA foreign_key_check").unwrap().query([]).unwrap().next().unwrap().is_some();
    assert!(!broken, "a foreign key leads nowhere");
}

/// Clients at work on a server; whatever happens to it, what they know in the end.
async fn under_load(
    server: &Server,
    token: &str,
    catalog: &str,
    rng: &mut Rng,
    meanwhile: impl Future<Output = ()>,
) -> Vec<Known> {
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let client = Client {
                http: http(),
                url: server.url("/accessPackages"),
                token: token.to_owned(),
                catalog: catalog.to_owned(),
                number,
                rng: Rng::new(rng.next()),
                known: Known::default(),
            };
            tokio::spawn(client.run(Arc::clone(&stop)))
        })
        .collect();
    meanwhile.await;
    stop.store(true, Ordering::Relaxed);
    futures_util::future::join_all(clients).await.into_iter().map(Result::unwrap).collect()
}

async fn catalog(server: &Server, token: &str) -> String {
    let body = json!({ "displayName": "Sales" });
    let made = http().post(server.url("/accessPackageCatalogs")).bearer_auth(token).json(&body).send().await.unwrap();
    let made: Json = serde_json::from_slice(&made.error_for_status().unwrap().bytes().await.unwrap()).unwrap();
    made["id"].as_str().unwrap().to_owned()
}

on_each_engine! {
    async fn what_was_answered_survives_a_kill(place: Place) {
        let _alone = LOAD.lock().await;
        let mut rng = Rng::new(11);
        let token = token(&place, &["--lifetime", "1h"]).await;
        let mut server = Server::start(&place).await;
        let catalog = catalog(&server, &token).await;
        let (mut known, mut wal_left) = (Vec::new(), 0);
        for round in 0..ROUNDS {
            let moment = Duration::from_millis(60 + rng.next() % 500);
            let pid = server.child.id().to_string();
            let kill = async {
                tokio::time::sleep(moment).await;
                let killed = std::process::Command::new("kill").args(["-KILL", &pid]).status().unwrap();
                assert!(killed.success());
            };
            known.extend(under_load(&server, &token, &catalog, &mut rng, kill).await);
            assert_eq!(server.exit_code().await, None, "it was killed");
            wal_left += usize::from(holds_something(&place.data().join("cardea.db-wal")));
            let begin = Instant::now();
            server = Server::start(&place).await;
            assert!(begin.elapsed() < Duration::from_secs(10), "it took {:?} to start", begin.elapsed());
            let found = all(&server, &token).await;
            assert!(found.len() > usize::try_from(10 * round).unwrap(), "only {} were made", found.len());
            check(&known, &found);
            // By their own addresses, too.
            let sample = found.values().step_by(17);
            for row in sample {
                let url = server.url(&format!("/accessPackages/{}", row["id"].as_str().unwrap()));
                let one = http().get(url).bearer_auth(&token).send().await.unwrap().error_for_status().unwrap();
                let one: Json = serde_json::from_slice(&one.bytes().await.unwrap()).unwrap();
                assert_eq!(essence(&one), essence(row));
            }
            // Every change has its record, and the chain is whole.
            let database = database(&place);
            let mut verify = vec!["audit", "verify", "--json"];
            verify.extend(database.iter().map(String::as_str));
            let verified = output(&verify).await;
            let said = String::from_utf8(verified.stdout).unwrap();
            assert_eq!(verified.status.code(), Some(0), "{said}");
            let made = place.number("SELECT count(*) FROM access_package").await;
            let records = "SELECT count(*) FROM directory_audit WHERE activity_display_name = 'Create access package'";
            let gone = "SELECT count(*) FROM directory_audit WHERE activity_display_name = 'Delete access package'";
            assert_eq!(place.number(records).await - place.number(gone).await, made);
            if place.engine == Engine::Sqlite {
                check_file(&place);
            }
        }
        drop(server);
        if place.engine == Engine::Sqlite {
            assert!(wal_left > 0, "no kill left a log to recover");
            check_file(&place);
        }
    }

    async fn what_was_answered_survives_a_stop(place: Place) {
        let _alone = LOAD.lock().await;
        let mut rng = Rng::new(12);
        let token = token(&place, &[]).await;
        let mut server = Server::start(&place).await;
        let catalog = catalog(&server, &token).await;
        let pid = server.child.id().to_string();
        let stop = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        };
        let known = under_load(&server, &token, &catalog, &mut rng, stop).await;
        assert_eq!(server.exit_code().await, Some(0));
        if place.engine == Engine::Sqlite {
            // The log was taken into the database, so that the next start has nothing to recover.
            assert!(!holds_something(&place.data().join("cardea.db-wal")));
            check_file(&place);
        }
        let server = Server::start(&place).await;
        check(&known, &all(&server, &token).await);
    }
}
