//! A commit is whole or not at all, and what forbids it is told.

use std::sync::Arc;

use cardea::{
    model::{
        AccessPackage, AccessPackageCatalog,
        changeset::{Changeset, Reliance, RowWrite},
        meta::ID,
        record::{Record, RowVersion, Stored},
    },
    store::{CommitError, Constraint, Life, Store, TenantKey},
};

use crate::stores::{Place, catalog, column, find, incompatible, insert, link, on_each_engine, package};

const TABLES: [&str; 3] = ["catalog", "access_package", "access_package_incompatible"];

/// What each table holds, so that a trace of anything shows.
async fn rows(place: &Place) -> Vec<i64> {
    let mut rows = Vec::new();
    for table in TABLES {
        rows.push(place.number(&format!("SELECT count(*) FROM {table}")).await);
    }
    rows.push(place.number("SELECT CAST(coalesce(sum(row_version), 0) AS bigint) FROM access_package").await);
    rows
}

/// Two catalogs, two packages, and a link between them.
async fn small_world(place: &Place) -> (Arc<dyn Store>, TenantKey) {
    let (store, tenant) = place.furnished().await;
    insert(&*store, tenant, [catalog("c"), catalog("d")]).await;
    insert(&*store, tenant, [package("p", "c"), package("q", "c")]).await;
    store.commit(tenant, Changeset { writes: vec![link("p", "q")], ..Changeset::default() }).await.unwrap();
    (store, tenant)
}

fn seen<R: Record>(record: R, version: i64) -> Stored<R> {
    Stored { record, version: RowVersion(version) }
}

/// Checks that a changeset is refused so and leaves nothing, alone and as the end of a longer one.
async fn refused(
    place: &Place,
    store: &dyn Store,
    tenant: TenantKey,
    changes: Changeset,
    how: &dyn Fn(&CommitError) -> bool,
) {
    let before = rows(place).await;
    let alone = store.commit(tenant, changes.clone()).await.unwrap_err();
    assert!(how(&alone), "alone: {alone:?}");
    assert_eq!(rows(place).await, before, "alone it left something");

    let mut longer =
        Changeset::default().insert(catalog("new"), RowVersion(1)).insert(package("new", "new"), RowVersion(1));
    longer.writes.push(link("new", "p"));
    longer.writes.push(RowWrite::Unlink { table: incompatible(), source: "p".into(), target: "q".into() });
    longer.writes.extend(changes.writes);
    longer.relies_on.extend(changes.relies_on);
    let last = store.commit(tenant, longer).await.unwrap_err();
    assert!(how(&last), "as the last: {last:?}");
    assert_eq!(rows(place).await, before, "as the last it left something");
    // And the store goes on.
    store.commit(tenant, Changeset { writes: vec![link("p", "q")], ..Changeset::default() }).await.unwrap();
    assert_eq!(rows(place).await, before);
}

fn conflict(error: &CommitError) -> bool {
    matches!(error, CommitError::Conflict)
}

fn constraint(expected: Constraint) -> impl Fn(&CommitError) -> bool {
    move |error| matches!(error, CommitError::Constraint(found) if *found == expected)
}

fn unique<R: Record>(column: usize) -> impl Fn(&CommitError) -> bool {
    constraint(Constraint::Unique { table: R::ENTITY.table, column })
}

on_each_engine! {
    async fn a_commit_is_written_whole_and_read_back(place: Place) {
        let (store, tenant) = small_world(&place).await;
        let p: Stored<AccessPackage> = find(&*store, tenant, "p").await.unwrap();
        assert_eq!(p, seen(package("p", "c"), 1));
        let mut after = p.record.clone();
        after.display_name = "Ünïcode 😀 'quoted' % _ \\ \"\u{7f}".into();
        after.description = Some(String::new());
        after.unique_name = Some("p".into());
        after.is_hidden = true;
        let changes = Changeset::default().update(p.clone(), after.clone(), RowVersion(i64::MAX)).relying_on(&seen(catalog("c"), 1));
        store.commit(tenant, changes).await.unwrap();
        assert_eq!(find(&*store, tenant, "p").await, Some(Stored { record: after.clone(), version: RowVersion(i64::MAX) }));
        // By the alternate key too.
        let by_name = store.row(tenant, AccessPackage::ENTITY, column::<AccessPackage>("unique_name"), "p".into(), Life::Living).await.unwrap();
        assert_eq!(by_name, Some((after.clone().into_values(), RowVersion(i64::MAX))));
        // With the package its links go.
        store.commit(tenant, Changeset::default().delete(&Stored { record: after, version: RowVersion(i64::MAX) })).await.unwrap();
        assert_eq!(find::<AccessPackage>(&*store, tenant, "p").await, None);
        assert_eq!(place.number("SELECT count(*) FROM access_package_incompatible").await, 0);
    }

    async fn a_stale_version_is_a_conflict(place: Place) {
        let (store, tenant) = small_world(&place).await;
        let mut renamed = package("p", "c");
        renamed.display_name = "Renamed".into();
        let stale = seen(package("p", "c"), 7);
        refused(&place, &*store, tenant, Changeset::default().update(stale.clone(), renamed.clone(), RowVersion(8)), &conflict).await;
        refused(&place, &*store, tenant, Changeset::default().delete(&stale), &conflict).await;
        let gone = seen(package("nobody", "c"), 1);
        refused(&place, &*store, tenant, Changeset::default().delete(&gone), &conflict).await;
        refused(&place, &*store, tenant, Changeset::default().update(gone, renamed, RowVersion(8)), &conflict).await;
        assert_eq!(find(&*store, tenant, "p").await, Some(seen(package("p", "c"), 1)));
    }

    async fn what_was_relied_on_must_still_be_so(place: Place) {
        let (store, tenant) = small_world(&place).await;
        for (id, version) in [("c", 2), ("nobody", 1)] {
            let relies = Reliance { entity: AccessPackageCatalog::ENTITY, id: id.into(), version: RowVersion(version) };
            let mut changes = Changeset::default().insert(package("r", "c"), RowVersion(1));
            changes.relies_on.push(relies);
            refused(&place, &*store, tenant, changes, &conflict).await;
        }
        let changes = Changeset::default().insert(package("r", "c"), RowVersion(1)).relying_on(&seen(catalog("c"), 1));
        store.commit(tenant, changes).await.unwrap();
    }

    async fn a_taken_value_names_its_column(place: Place) {
        let (store, tenant) = small_world(&place).await;
        let mut named = package("n", "c");
        named.unique_name = Some("name".into());
        let mut named_catalog = catalog("n");
        named_catalog.unique_name = Some("name".into());
        insert(&*store, tenant, [named.clone()]).await;
        insert(&*store, tenant, [named_catalog.clone()]).await;

        let again = Changeset::default().insert(package("p", "d"), RowVersion(1));
        refused(&place, &*store, tenant, again, &unique::<AccessPackage>(ID)).await;
        let again = Changeset::default().insert(catalog("c"), RowVersion(1));
        refused(&place, &*store, tenant, again, &unique::<AccessPackageCatalog>(ID)).await;
        named.id = "other".into();
        named_catalog.id = "other".into();
        let name = column::<AccessPackage>("unique_name");
        refused(&place, &*store, tenant, Changeset::default().insert(named, RowVersion(1)), &unique::<AccessPackage>(name)).await;
        let name = column::<AccessPackageCatalog>("unique_name");
        refused(&place, &*store, tenant, Changeset::default().insert(named_catalog, RowVersion(1)), &unique::<AccessPackageCatalog>(name)).await;
        let mut renamed = package("p", "c");
        renamed.unique_name = Some("name".into());
        let rename = Changeset::default().update(seen(package("p", "c"), 1), renamed, RowVersion(2));
        let name = column::<AccessPackage>("unique_name");
        refused(&place, &*store, tenant, rename, &unique::<AccessPackage>(name)).await;
    }

    async fn what_does_not_exist_is_not_referred_to(place: Place) {
        let (store, tenant) = small_world(&place).await;
        let missing = constraint(Constraint::MissingReference);
        refused(&place, &*store, tenant, Changeset::default().insert(package("r", "nobody"), RowVersion(1)), &missing).await;
        for (source, target) in [("p", "nobody"), ("nobody", "p")] {
            let changes = Changeset { writes: vec![link(source, target)], ..Changeset::default() };
            refused(&place, &*store, tenant, changes, &missing).await;
        }
    }

    async fn what_is_referred_to_stays(place: Place) {
        let (store, tenant) = small_world(&place).await;
        let still = constraint(Constraint::StillReferenced);
        refused(&place, &*store, tenant, Changeset::default().delete(&seen(catalog("c"), 1)), &still).await;
        store.commit(tenant, Changeset::default().delete(&seen(catalog("d"), 1))).await.unwrap();
    }

    async fn links_are_made_and_undone_any_number_of_times(place: Place) {
        let (store, tenant) = small_world(&place).await;
        let unlink = RowWrite::Unlink { table: incompatible(), source: "p".into(), target: "q".into() };
        for (write, links) in [(link("p", "q"), 1), (unlink.clone(), 0), (unlink, 0), (link("p", "q"), 1), (link("q", "p"), 2)] {
            store.commit(tenant, Changeset { writes: vec![write], ..Changeset::default() }).await.unwrap();
            assert_eq!(place.number("SELECT count(*) FROM access_package_incompatible").await, links);
        }
    }

    async fn of_two_that_saw_the_same_state_one_wins(place: Place) {
        let (store, tenant) = small_world(&place).await;
        for round in 1..40_i64 {
            let tasks = (0..6_i64).map(|n| {
                let store = Arc::clone(&store);
                let before = package("p", "c");
                let mut after = before.clone();
                after.display_name = format!("{round} {n}");
                // A change of another row by which a half-done commit would show.
                let changes = Changeset::default()
                    .insert(package(&format!("{round}-{n}"), "c"), RowVersion(1))
                    .update(seen(before, round), after, RowVersion(round + 1));
                tokio::spawn(async move { store.commit(tenant, changes).await })
            });
            let outcomes = futures_util::future::join_all(tasks.collect::<Vec<_>>()).await;
            let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
            let won: Vec<_> = (0..6).filter(|n| outcomes[*n].is_ok()).collect();
            assert_eq!(won.len(), 1, "{outcomes:?}");
            assert!(outcomes.iter().all(|o| matches!(o, Ok(()) | Err(CommitError::Conflict))), "{outcomes:?}");
            let name = find::<AccessPackage>(&*store, tenant, "p").await.unwrap().record.display_name;
            assert_eq!(name, format!("{round} {}", won[0]));
        }
        assert_eq!(place.number("SELECT count(*) FROM access_package").await, 2 + 39);
    }

    async fn a_catalog_that_is_filled_is_not_removed_meanwhile(place: Place) {
        let (store, tenant) = place.furnished().await;
        for round in 0..40 {
            let id = format!("c{round}");
            insert(&*store, tenant, [catalog(&id)]).await;
            let fill = Changeset::default().insert(package(&id, &id), RowVersion(1));
            let remove = Changeset::default().delete(&seen(catalog(&id), 1));
            let (filled, removed) = tokio::join!(store.commit(tenant, fill), store.commit(tenant, remove));
            match (filled, removed) {
                (Ok(()), Err(CommitError::Constraint(Constraint::StillReferenced)))
                | (Err(CommitError::Constraint(Constraint::MissingReference)), Ok(())) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn many_commits_at_once_are_all_there(place: Place) {
        let (store, tenant) = small_world(&place).await;
        let tasks = (0..500).map(|n| {
            let store = Arc::clone(&store);
            // Every fifth fails, so that the good ones share their transaction with bad ones.
            let (id, catalog) = (format!("x{n:03}"), if n % 5 == 0 { "nobody" } else { "c" });
            let changes = Changeset::default()
                .insert(package(&id, "d"), RowVersion(n + 1))
                .insert(package(&format!("{id}b"), catalog), RowVersion(n + 1));
            tokio::spawn(async move { (n, store.commit(tenant, changes).await) })
        });
        for task in tasks.collect::<Vec<_>>() {
            let (n, outcome) = task.await.unwrap();
            assert_eq!(outcome.is_ok(), n % 5 != 0, "{outcome:?}");
            for id in [format!("x{n:03}"), format!("x{n:03}b")] {
                let found = find::<AccessPackage>(&*store, tenant, &id).await.map(|p| p.version);
                assert_eq!(found, (n % 5 != 0).then_some(RowVersion(n + 1)));
            }
        }
        assert_eq!(place.number("SELECT count(*) FROM access_package").await, 2 + 2 * 400);
    }
}
