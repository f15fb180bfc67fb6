//! A disk that is full: what is answered with success is there, what is not leaves nothing, and it passes.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{LOAD, Server, http, token};
use crate::{
    stores::{Place, catalog, insert, on},
    support::Engine,
};

/// How large files may get, in blocks of 512 bytes.
const BLOCKS: u32 = 14_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_and_passes() {
    let test = |place: Place| async move {
        let _alone = LOAD.lock().await;
        let (store, tenant) = place.furnished().await;
        insert(&*store, tenant, [catalog("c")]).await;
        store.close().await;
        let token = token(&place, &[]).await;
        let limited = format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec \"$0\" \"$@\"");
        let server = Server::start_by(&place, &["sh", "-c", &limited], &["--log", "off"]).await;
        let writers = (0..8).map(|n| tokio::spawn(fill(server.url("/accessPackages"), token.clone(), n)));
        let made: Vec<_> = futures_util::future::join_all(writers).await.into_iter().flat_map(Result::unwrap).collect();
        let made: BTreeSet<String> = made.into_iter().collect();
        assert!(made.len() > 100, "{made:?}");
        // Reading goes on.
        assert_eq!(ids(&server, &token).await, made);
        drop(server);
        let server = Server::start(&place).await;
        assert_eq!(ids(&server, &token).await, made);
        let integrity: String = place.sqlite().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(integrity, "ok");
        assert!(fill_one(&server.url("/accessPackages"), &token, "after".into()).await.is_ok());
    };
    on(Engine::Sqlite, test).await;
}

/// Makes packages until that has failed a few times; gives the ids of those that were made.
async fn fill(url: String, token: String, writer: u32) -> Vec<String> {
    let (mut made, mut failed) = (Vec::new(), 0);
    for turn in 0.. {
        match fill_one(&url, &token, format!("{writer}-{turn}")).await {
            Ok(id) => made.push(id),
            Err(status) => {
                assert!((500..=599).contains(&status), "{status}");
                failed += 1;
            }
        }
        if failed == 5 {
            break;
        }
    }
    made
}

async fn fill_one(url: &str, token: &str, id: String) -> Result<String, u16> {
    let body = json!({ "id": id, "displayName": id, "description": "lorem ".repeat(600), "catalogId": "c" });
    let answer = http().post(url).bearer_auth(token).json(&body).send().await.unwrap();
    if answer.status().as_u16() == 201 { Ok(id) } else { Err(answer.status().as_u16()) }
}

async fn ids(server: &Server, token: &str) -> BTreeSet<String> {
    let url = server.url("/accessPackages?$select=id&$top=999");
    let page = http().get(url).bearer_auth(token).send().await.unwrap().error_for_status().unwrap();
    let page: Json = serde_json::from_slice(&page.bytes().await.unwrap()).unwrap();
    assert!(page["@odata.nextLink"].is_null());
    page["value"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}
