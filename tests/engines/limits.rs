//! Statements that take too long and callers that go away: neither does harm to those who come after.

use std::{sync::Arc, time::Duration};

use cardea::{
    model::{AccessPackage, changeset::Changeset, meta::Version, record::RowVersion, value::Timestamp},
    odata::{options, path, query::Query},
    store::{Error, Options},
};

use crate::stores::{Place, catalog, find, insert, link, on_each_engine, package};

fn query(options: &str) -> Query {
    let path = path::parse(Version::V1, "/identityGovernance/entitlementManagement/accessPackages").unwrap();
    let path::Resource::Rows(rows) = path.resource else { panic!("not rows") };
    options::parse_query(options, rows, None, Timestamp(0)).unwrap()
}

/// Joins the packages of a catalog with themselves, four times.
const ENDLESS: &str = "$filter=catalog/accessPackages/all(a:a/catalog/accessPackages/all(b:b/catalog/accessPackages/all(\
    c:c/catalog/accessPackages/all(d:length(concat(concat(a/id,b/id),concat(c/id,d/id))) ge 0))))";

on_each_engine! {
    async fn a_statement_that_takes_too_long_is_given_up(place: Place) {
        let (store, tenant) = place.furnished().await;
        insert(&*store, tenant, [catalog("c")]).await;
        insert(&*store, tenant, (0..200).map(|n| package(&format!("p{n}"), "c"))).await;
        store.close().await;
        let options = Options { connections: 2, statement_timeout_ms: 300, ..Options::default() };
        let store = place.try_open(&options).await.unwrap();
        for _ in 0..3 {
            let begin = std::time::Instant::now();
            let (read, count) = tokio::join!(store.read(tenant, query(ENDLESS)), store.count(tenant, query(ENDLESS)));
            assert!(matches!(read, Err(Error::Timeout)), "{read:?}");
            assert!(matches!(count, Err(Error::Timeout)), "{count:?}");
            let several = store.read(tenant, query(&format!("$count=true&$expand=catalog&{ENDLESS}"))).await;
            assert!(matches!(several, Err(Error::Timeout)), "{several:?}");
            assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
            // The same connections serve the next ones.
            for _ in 0..4 {
                let page = store.read(tenant, query("$count=true&$expand=catalog&$top=3")).await.unwrap().unwrap();
                assert_eq!(page.count, Some(200));
                store.ping().await.unwrap();
            }
            let mut after = package("p1", "c");
            after.display_name = format!("{:?}", begin.elapsed());
            let before = find(&*store, tenant, "p1").await.unwrap();
            let version = RowVersion(before.version.0 + 1);
            store.commit(tenant, Changeset::default().update(before, after.clone(), version)).await.unwrap();
            assert_eq!(find::<AccessPackage>(&*store, tenant, "p1").await.unwrap().record, after);
        }
    }

    // A server drops what it is doing for a client that closes its connection.
    async fn callers_that_go_away_leave_no_transaction_behind(place: Place) {
        let (store, tenant) = place.furnished().await;
        insert(&*store, tenant, [catalog("c")]).await;
        insert(&*store, tenant, (0..300).map(|n| package(&format!("p{n}"), "c"))).await;
        store.close().await;
        let options = Options { connections: 2, ..Options::default() };
        let store = place.try_open(&options).await.unwrap();
        let mut written = Vec::new();
        for n in 0..300_u64 {
            let patience = Duration::from_micros(n * 37 % 3000);
            let abandoned = Arc::clone(&store);
            if n % 2 == 0 {
                let read = async move { abandoned.read(tenant, query("$count=true&$expand=catalog,incompatibleAccessPackages")).await };
                let _ = tokio::time::timeout(patience, read).await;
            } else {
                let id = format!("abandoned{n}");
                let mut changes = Changeset::default().insert(package(&id, "c"), RowVersion(1)).insert(package(&format!("{id}b"), "c"), RowVersion(1));
                changes.writes.push(link(&id, "p1"));
                let commit = async move { abandoned.commit(tenant, changes).await };
                let _ = tokio::time::timeout(patience, commit).await;
            }
            // What is answered after that is on disk, whatever connection it came over.
            let id = format!("kept{n}");
            store.commit(tenant, Changeset::default().insert(package(&id, "c"), RowVersion(1))).await.unwrap();
            let two = Changeset::default().insert(package(&format!("{id}b"), "c"), RowVersion(1)).insert(package(&format!("{id}c"), "c"), RowVersion(1));
            store.commit(tenant, two).await.unwrap();
            written.extend([id.clone(), format!("{id}b"), format!("{id}c")]);
        }
        store.close().await;
        let store = place.open().await;
        for id in written {
            assert!(find::<AccessPackage>(&*store, tenant, &id).await.is_some(), "{id} is lost");
        }
        // What was abandoned is whole or not at all.
        let halves = "SELECT count(*) FROM access_package p WHERE id LIKE 'abandoned%' AND NOT EXISTS (\
            SELECT 1 FROM access_package q WHERE q.id = CASE WHEN p.id LIKE '%b' THEN substr(p.id, 1, length(p.id) - 1) ELSE p.id || 'b' END)";
        assert_eq!(place.number(halves).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_database_cuts_are_made_anew() {
    let test = |place: Place| async move {
        let (store, tenant) = place.furnished().await;
        insert(&*store, tenant, [catalog("c")]).await;
        for round in 0..3 {
            // As a restart or a failover does.
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
            place.execute(cut).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            for n in 0..4 {
                insert(&*store, tenant, [package(&format!("p{round}{n}"), "c")]).await;
                let page = store.read(tenant, query("$count=true&$expand=catalog")).await.unwrap().unwrap();
                assert_eq!(page.count, Some(4 * round + n + 1));
            }
        }
    };
    crate::stores::on(crate::support::Engine::Postgres, test).await;
}
