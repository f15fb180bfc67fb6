//! Whoever pages through a list while others write sees every row that was there all the time, once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use serde_json::json;

use crate::{
    random::rng::Rng,
    stores::{insert, package},
    support::{Client, TestApp, fixtures},
};

crate::engines! {
    by_id,
    by_name,
    by_a_name_of_the_catalog_descending,
    inside_an_entity,
}

/// How many rows nobody removes.
const LASTING: usize = 150;

/// A list that is being written to.
struct List {
    app: TestApp,
    catalog: String,
    /// Whether rows that stay may get other names.
    renames: bool,
}

impl List {
    /// Rows that stay, and as many that do not.
    async fn new(app: TestApp, renames: bool) -> Self {
        let catalog = fixtures::catalog(&app.client(), "The one").await;
        let tenant = app.store.tenants().await.unwrap()[0].key;
        let rows = (0..2 * LASTING).map(|n| {
            let mut row = package(&format!("{}{n:03}", if n % 2 == 0 { "lasting" } else { "fleeting" }), &catalog);
            // Names repeat, so that the order hangs on the id too.
            row.display_name = format!("name {:02}", n * 7 % 40);
            row
        });
        insert(&*app.store, tenant, rows).await;
        Self { app, catalog, renames }
    }

    /// Pages through `path` while others write, several times.
    async fn check(self, path: &str, query: &str) {
        let (done, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..3)
            .map(|n| {
                let writer =
                    Writer { client: self.app.client().beta(), catalog: self.catalog.clone(), renames: self.renames };
                tokio::spawn(writer.run(Rng::new(n), Arc::clone(&done), Arc::clone(&count)))
            })
            .collect();
        let client = self.app.client().v1();
        let lasting: BTreeSet<String> = (0..2 * LASTING).step_by(2).map(|n| format!("lasting{n:03}")).collect();
        let enough = || count.load(Ordering::Relaxed) >= 100;
        for (pass, size) in [3, 7, 40].into_iter().cycle().enumerate().take_while(|(pass, _)| *pass < 3 || !enough()) {
            assert!(pass < 60, "{count:?} writes disturb nobody");
            let mut seen = BTreeMap::<String, usize>::new();
            let (mut next, mut pages) = (Some(client.url(&format!("{path}?{query}"))), 0);
            while let Some(url) = next {
                let answer = client.get(&url).header("prefer", format!("odata.maxpagesize={size}")).await.expect(200);
                for id in answer.column("id") {
                    *seen.entry(id).or_default() += 1;
                }
                next = answer.json()["@odata.nextLink"].as_str().map(str::to_owned);
                pages += 1;
                assert!(pages < 2000, "pages without end");
            }
            let missing: Vec<_> = lasting.iter().filter(|id| !seen.contains_key(*id)).collect();
            assert!(missing.is_empty(), "{missing:?} are missing");
            let twice: Vec<_> = lasting.iter().filter(|id| seen.get(*id) != Some(&1)).collect();
            assert!(twice.is_empty(), "{twice:?} are there twice");
            assert!(pages > LASTING / size, "{pages} pages");
        }
        done.store(true, Ordering::Relaxed);
        for task in tasks {
            task.await.unwrap();
        }
    }
}

struct Writer {
    client: Client,
    catalog: String,
    renames: bool,
}

impl Writer {
    async fn run(self, mut rng: Rng, done: Arc<AtomicBool>, writes: Arc<AtomicUsize>) {
        while !done.load(Ordering::Relaxed) {
            let fleeting = format!("fleeting{:03}", rng.below(4 * LASTING));
            let name = format!("name {:02}", rng.below(40));
            match rng.below(4) {
                0 | 1 => {
                    let body = json!({ "id": fleeting, "displayName": name, "catalogId": self.catalog });
                    let status = self.client.post("/accessPackages", body).await.status;
                    assert!(matches!(status, 201 | 409), "{status}");
                }
                2 => {
                    let status = self.client.delete(format!("/accessPackages/{fleeting}")).await.status;
                    assert!(matches!(status, 204 | 404), "{status}");
                }
                _ => {
                    let id = if self.renames { format!("lasting{:03}", 2 * rng.below(LASTING)) } else { fleeting };
                    let body = json!({ "displayName": name });
                    let status = self.client.patch(format!("/accessPackages/{id}"), body).await.status;
                    assert!(matches!(status, 200 | 204 | 404), "{status}");
                }
            }
            writes.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn by_id(app: TestApp) {
    List::new(app, true).await.check("/accessPackages", "").await;
}

async fn by_name(app: TestApp) {
    List::new(app, false).await.check("/accessPackages", "$orderby=displayName&$select=id").await;
}

async fn by_a_name_of_the_catalog_descending(app: TestApp) {
    let query = "$orderby=catalog/displayName%20desc,displayName%20desc,description&$select=id&$expand=catalog";
    List::new(app, false).await.check("/accessPackages", query).await;
}

async fn inside_an_entity(app: TestApp) {
    let list = List::new(app, true).await;
    let path = format!("/catalogs/{}/accessPackages", list.catalog);
    list.check(&path, "$filter=startswith(id,'lasting')%20or%20displayName%20ne%20null").await;
}
