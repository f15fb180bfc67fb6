//! The command line.

use serde_json::{Value as Json, json};

use super::{Server, cardea, database, http, output, token};
use crate::{
    stores::{Place, on_each_engine},
    support::Engine,
};

async fn get(url: String, token: &str) -> (u16, Json) {
    let answer = http().get(url).bearer_auth(token).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
}

on_each_engine! {
    async fn tokens_are_good_before_and_while_the_server_runs(place: Place) {
        let before = token(&place, &[]).await;
        let server = Server::start(&place).await;
        assert!(!server.base.ends_with(":0"), "{}", server.base);
        let during = token(&place, &["--user", "ada@contoso.example", "--scope", "EntitlementManagement.Read.All"]).await;
        let database = database(&place);
        let mut args = vec!["token", "--json", "--lifetime", "90m"];
        args.extend(database.iter().map(String::as_str));
        let told: Json = serde_json::from_slice(&output(&args).await.stdout).unwrap();
        assert_eq!(told["expiresIn"], 5400);
        let as_json = told["accessToken"].as_str().unwrap().to_owned();
        for token in [&before, &during, &as_json] {
            let (status, page) = get(server.url("/accessPackageCatalogs"), token).await;
            assert_eq!((status, page["value"][0]["displayName"].as_str()), (200, Some("General")), "{page}");
            assert_eq!(page["value"].as_array().map(Vec::len), Some(1));
        }
        // What they permit is not the same.
        let body = json!({ "displayName": "Sales" });
        for (token, status) in [(&before, 201), (&during, 403)] {
            let made = http().post(server.url("/accessPackageCatalogs")).bearer_auth(token).json(&body).send().await.unwrap();
            assert_eq!(made.status().as_u16(), status);
        }
        let (status, _) = get(server.url("/accessPackageCatalogs"), "nonsense").await;
        assert_eq!(status, 401);
        for path in ["/healthz", "/readyz"] {
            let answer = http().get(format!("{}{path}", server.base)).send().await.unwrap();
            assert!(answer.status().is_success());
        }
    }

    async fn a_newer_database_is_refused_with_one_line(place: Place) {
        place.open().await.close().await;
        match place.engine {
            Engine::Sqlite => place.execute("PRAGMA user_version = 1000").await,
            Engine::Postgres => place.execute("INSERT INTO schema_migration (version) VALUES (1000)").await,
        }
        let database = database(&place);
        for command in ["serve", "token"] {
            let mut args = vec![command];
            args.extend(database.iter().map(String::as_str));
            let output = output(&args).await;
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
            assert!(said.contains("use the newer cardea"), "{said}");
            assert!(output.stdout.is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_that_start_at_once_on_one_database_serve_the_same() {
    let test = |place: Place| async move {
        let (one, other) = tokio::join!(Server::start(&place), Server::start(&place));
        let token = token(&place, &[]).await;
        let body = json!({ "displayName": "Made by one" });
        let made = http().post(one.url("/accessPackageCatalogs")).bearer_auth(&token).json(&body).send().await.unwrap();
        assert_eq!(made.status().as_u16(), 201);
        let made: Json = serde_json::from_slice(&made.bytes().await.unwrap()).unwrap();
        let id = made["id"].as_str().unwrap();
        let (status, found) = get(other.url(&format!("/accessPackageCatalogs/{id}")), &token).await;
        assert_eq!((status, &found["displayName"]), (200, &made["displayName"]));
        let lists = [
            get(one.url("/accessPackageCatalogs"), &token).await,
            get(other.url("/accessPackageCatalogs"), &token).await,
        ];
        let names = |(_, page): &(u16, Json)| {
            page["value"].as_array().unwrap().iter().map(|c| c["displayName"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&lists[0]), names(&lists[1]));
        assert_eq!(names(&lists[0]).len(), 2, "one General catalog, and the new one");
        assert_eq!(place.number("SELECT count(*) FROM tenant").await, 1);
        assert_eq!(place.number("SELECT count(*) FROM signing_key").await, 1);
    };
    crate::stores::on(Engine::Postgres, test).await;
}

#[tokio::test]
async fn documents_are_printed_offline() {
    let directory = tempfile::tempdir().unwrap();
    for (version, oas, expected) in
        [("v1.0", "3.1", "3.1"), ("beta", "3.1", "3.1"), ("v1.0", "3.0", "3.0"), ("beta", "3.0", "3.0")]
    {
        let output = cardea(&["openapi", version, "--oas", oas]).current_dir(directory.path()).output().unwrap();
        assert!(output.status.success());
        let document: Json = serde_json::from_slice(&output.stdout).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with(expected));
        let path = "/identityGovernance/entitlementManagement/accessPackages";
        assert!(document["paths"][path]["post"].is_object(), "{version}: no create");
        assert!(document["servers"][0]["url"].as_str().unwrap().ends_with(version));
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "it left something");
}

#[tokio::test]
async fn what_is_wrong_is_said_in_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "not a database").unwrap();
    let (file, data) = (file.to_str().unwrap(), directory.path().join("data"));
    let data = data.to_str().unwrap();
    for (args, code) in [
        (vec!["serve", "--data", file], 1),
        (vec!["serve", "--data", data, "--listen", "nowhere:0:0"], 1),
        (vec!["serve", "--data", data, "--log", "!!"], 1),
        (vec!["token", "--data", data, "--tenant", "nobody"], 1),
        (vec!["token", "--data", data, "--lifetime", "25h"], 1),
        (vec!["token", "--database-url", "postgres://nobody@127.0.0.1:1/nothing"], 1),
        (vec!["openapi", "v2.0"], 2),
        (vec!["fly"], 2),
    ] {
        let output = output(&args).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(output.stdout.is_empty() && !said.contains("panicked"), "{args:?}: {said}");
        assert!(code == 2 || said.lines().count() == 1, "{args:?}: {said}");
    }
}
