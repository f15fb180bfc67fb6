//! A disk that is full: what is answered with success is there, what is not leaves nothing, and it passes.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{Doors, LOAD, Server, command, http, token};
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_of_and_passes_without_a_restart() {
    let test = |place: Place| async move {
        let _alone = LOAD.lock().await;
        let (store, tenant) = place.furnished().await;
        insert(&*store, tenant, [catalog("c")]).await;
        store.close().await;
        let doors = Doors::make(&place).await;
        let limited = format!("trap '' XFSZ; ulimit -S -f {BLOCKS}; exec \"$0\" \"$@\"");
        let server = Server::start_by(&place, &["sh", "-c", &limited], &["--log", "off"]).await;
        let told = |what: &str, (status, said): (u16, Json)| match status {
            503 => Some(said),
            // There may be space for something small.
            200 | 201 => None,
            other => panic!("{what}: {other}: {said}"),
        };
        fill(server.url("/accessPackages"), doors.token.clone(), 0).await;
        let mut said = [const { None::<Json> }; 3];
        for turn in 0..500 {
            said[0] = told("create", doors.create(&server, &format!("t{turn}")).await).or(said[0].take());
            said[1] = told("sign-in", doors.sign_in(&server).await).or(said[1].take());
            said[2] = told("SCIM", doors.push(&server, &format!("t{turn}")).await).or(said[2].take());
            if said.iter().all(Option::is_some) {
                break;
            }
        }
        let [create, sign_in, scim] = said.map(Option::unwrap);
        assert_eq!(create["error"]["code"], "ServiceUnavailable");
        assert_eq!(sign_in["error"], "temporarily_unavailable");
        let texts = [&create["error"]["message"], &sign_in["error_description"], &scim["detail"]];
        assert!(texts.iter().all(|text| text.as_str().unwrap().contains("storage is full")), "{texts:?}");
        assert_eq!(doors.list(&server).await.0, 200);
        let ready = http().get(format!("{}/readyz", server.base)).send().await.unwrap();
        assert_eq!(ready.status(), 503);
        assert_eq!(ready.text().await.unwrap(), "the storage is full");
        // Another process that writes is told, too.
        let users = place.data().join("users.csv");
        let rows: Vec<String> = (0..3000).map(|n| format!("User {n},user{n},user{n}@contoso.example,true")).collect();
        let head = "displayName,mailNickname,userPrincipalName,accountEnabled";
        std::fs::write(&users, format!("{head}\n{}\n", rows.join("\n"))).unwrap();
        let mut import = command("sh");
        import.args(["-c", &limited, super::CARDEA, "import", "directory"]).arg(&users).arg("--data").arg(place.data());
        let import = tokio::task::spawn_blocking(move || import.output()).await.unwrap().unwrap();
        let stderr = String::from_utf8_lossy(&import.stderr).into_owned();
        assert!(!import.status.success() && stderr.contains("the storage is full"), "{stderr}");
        // There is space.
        let pid = server.child.id().to_string();
        let prlimit = std::process::Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited:"]).status();
        assert!(prlimit.unwrap().success());
        server.ready().await;
        assert_eq!(doors.create(&server, "after").await.0, 201);
        assert_eq!(doors.sign_in(&server).await.0, 200);
        assert_eq!(doors.push(&server, "after").await.0, 201);
        let probes = "SELECT count(*) FROM sqlite_schema WHERE name = 'write_probe'";
        assert_eq!(place.number(probes).await, 0, "nothing is left of the attempts to write");
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
                assert_eq!(status, 503);
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
