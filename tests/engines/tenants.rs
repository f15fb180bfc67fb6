//! No tenant sees anything of another, whatever the ids.

use std::collections::BTreeSet;

use cardea::{
    model::{
        AccessPackage, AccessPackageCatalog,
        changeset::{Changeset, Reliance, RowWrite},
        meta::Version,
        record::{Record, RowVersion, Stored},
        value::Timestamp,
    },
    odata::{options, path},
    store::{CommitError, Constraint, Store, TenantKey},
};
use serde_json::Value as Json;

use crate::stores::{Place, catalog, find, incompatible, insert, link, on_each_engine, package};

const ROOT: &str = "/identityGovernance/entitlementManagement";

/// What a GET gives: the rows, or none where the path leads nowhere.
async fn get(store: &dyn Store, tenant: TenantKey, path: &str, query: &str) -> Option<Vec<Json>> {
    let path = path::parse(Version::V1, &format!("{ROOT}/{path}")).unwrap();
    let path::Resource::Rows(rows) = path.resource else { panic!("not rows") };
    let query = if rows.is_collection() {
        options::parse_query(query, rows, None, Timestamp(0))
    } else {
        options::parse_entity(query, rows, Timestamp(0))
    };
    let page = store.read(tenant, query.unwrap()).await.unwrap()?;
    Some(serde_json::from_slice(&[b"[", page.rows.as_slice(), b"]"].concat()).unwrap())
}

/// Every text in an answer.
fn texts(json: &Json, into: &mut BTreeSet<String>) {
    match json {
        Json::String(text) => _ = into.insert(text.clone()),
        Json::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Json::Object(members) => members.values().for_each(|member| texts(member, into)),
        _ => {}
    }
}

/// The same ids for everyone; the descriptions say whose they are.
async fn furnish(store: &dyn Store, tenant: TenantKey, whose: &str) {
    let mine = |mut c: AccessPackageCatalog| {
        c.description = Some(whose.to_owned());
        c.unique_name = Some(c.id.clone());
        c
    };
    let my = |mut p: AccessPackage| {
        p.description = Some(whose.to_owned());
        p.unique_name = Some(p.id.clone());
        p
    };
    insert(store, tenant, ["c", "d"].map(|id| mine(catalog(id)))).await;
    insert(store, tenant, [("p", "c"), ("q", "c"), ("r", "d")].map(|(id, c)| my(package(id, c)))).await;
}

on_each_engine! {
    async fn reads_do_not_leak(place: Place) {
        let (store, ada) = place.furnished().await;
        let bob = place.another_tenant(&*store, "second").await;
        furnish(&*store, ada, "ada").await;
        furnish(&*store, bob, "bob").await;
        // Ada has a link from p to q and Bob one from q to r.
        store.commit(ada, Changeset { writes: vec![link("p", "q")], ..Changeset::default() }).await.unwrap();
        store.commit(bob, Changeset { writes: vec![link("q", "r")], ..Changeset::default() }).await.unwrap();
        // Bob alone has these.
        insert(&*store, bob, [catalog("bobs")]).await;
        insert(&*store, bob, [package("bobs", "bobs"), package("bobs-c", "c")]).await;

        let everything = "$expand=catalog($expand=accessPackages($top=9;$count=true;$expand=incompatibleAccessPackages($top=9))),\
            incompatibleAccessPackages($top=9;$count=true;$expand=catalog),\
            accessPackagesIncompatibleWith($top=9;$expand=catalog)&$count=true";
        let catalogs = "$expand=accessPackages($top=9;$count=true;\
            $expand=catalog,incompatibleAccessPackages($top=9),accessPackagesIncompatibleWith($top=9))";
        for (path, query, rows) in [
            ("accessPackages", everything, 3),
            ("catalogs", catalogs, 2),
            ("accessPackages/p", everything.trim_end_matches("&$count=true"), 1),
            ("catalogs/c", catalogs, 1),
            ("catalogs/c/accessPackages", everything, 2),
            ("accessPackages/p/catalog", catalogs, 1),
            ("accessPackages/p/catalog/accessPackages", everything, 2),
            ("accessPackages/p/incompatibleAccessPackages", everything, 1),
            ("accessPackages/q/accessPackagesIncompatibleWith", everything, 1),
            ("accessPackages/q/incompatibleAccessPackages", everything, 0),
            ("accessPackages", "$search=bob", 0),
            ("accessPackages", "$filter=description eq 'bob' or catalog/description eq 'bob'", 0),
            ("accessPackages", "$filter=catalog/accessPackages/any(x:x/description eq 'bob' or x/id eq 'bobs-c')", 0),
            ("accessPackages", "$filter=incompatibleAccessPackages/any()", 1),
            ("accessPackages", "$filter=accessPackagesIncompatibleWith/any()", 1),
            ("catalogs", "$filter=accessPackages/all(x:x/description eq 'ada')", 2),
            ("accessPackages", "$orderby=catalog/description,catalog/displayName desc", 3),
        ] {
            let found = get(&*store, ada, path, query).await.unwrap_or_else(|| panic!("{path} is missing"));
            assert_eq!(found.len(), rows, "{path}?{query}: {found:#?}");
            let mut all = BTreeSet::new();
            for row in &found {
                texts(row, &mut all);
            }
            assert!(!all.iter().any(|t| t.contains("bob")), "{path}?{query}: {found:#?}");
            // The links that exist are Ada's.
            let counts = found.iter().filter_map(|row| row.get("incompatibleAccessPackages@odata.count")?.as_i64());
            assert!(counts.sum::<i64>() <= 1, "{path}?{query}: {found:#?}");
        }
        for path in ["accessPackages/bobs", "catalogs/bobs", "catalogs/bobs/accessPackages", "accessPackages/bobs/catalog",
            "accessPackages/bobs/incompatibleAccessPackages", "catalogs/c/accessPackages/bobs-c"] {
            assert!(get(&*store, ada, path, "").await.is_none(), "{path}");
            assert!(get(&*store, bob, path, "").await.is_some(), "{path}");
        }
        let counted = |tenant| {
            let path::Resource::Count(rows) = path::parse(Version::V1, &format!("{ROOT}/accessPackages/$count")).unwrap().resource else {
                panic!("not a count")
            };
            store.count(tenant, options::parse_count("", rows, Timestamp(0)).unwrap())
        };
        assert_eq!(counted(ada).await.unwrap(), Some(3));
        assert_eq!(counted(bob).await.unwrap(), Some(5));
        assert_eq!(counted(TenantKey(77)).await.unwrap(), Some(0));
    }

    async fn writes_do_not_reach_across(place: Place) {
        let (store, ada) = place.furnished().await;
        let bob = place.another_tenant(&*store, "second").await;
        furnish(&*store, ada, "ada").await;
        insert(&*store, bob, [catalog("bobs")]).await;
        insert(&*store, bob, [package("b", "bobs"), package("b2", "bobs")]).await;
        store.commit(bob, Changeset { writes: vec![link("b", "b2")], ..Changeset::default() }).await.unwrap();
        let bobs = find::<AccessPackage>(&*store, bob, "b").await.unwrap();

        let conflict = |outcome| assert!(matches!(outcome, Err(CommitError::Conflict)), "{outcome:?}");
        let missing = |outcome| {
            assert!(matches!(outcome, Err(CommitError::Constraint(Constraint::MissingReference))), "{outcome:?}");
        };
        conflict(store.commit(ada, Changeset::default().delete(&bobs)).await);
        let mut renamed = bobs.record.clone();
        renamed.display_name = "Ada's now".into();
        conflict(store.commit(ada, Changeset::default().update(bobs.clone(), renamed, RowVersion(2))).await);
        let relies = Reliance { entity: AccessPackage::ENTITY, id: "b".into(), version: bobs.version };
        conflict(store.commit(ada, Changeset { relies_on: vec![relies], writes: vec![link("p", "q")], audit: Vec::new() }).await);
        missing(store.commit(ada, Changeset::default().insert(package("x", "bobs"), RowVersion(1))).await);
        missing(store.commit(ada, Changeset { writes: vec![link("p", "b")], ..Changeset::default() }).await);
        let unlink = RowWrite::Unlink { table: incompatible(), source: "b".into(), target: "b2".into() };
        store.commit(ada, Changeset { writes: vec![unlink], ..Changeset::default() }).await.unwrap();
        assert_eq!(place.number("SELECT count(*) FROM access_package_incompatible").await, 1);
        assert_eq!(find(&*store, bob, "b").await, Some(bobs));
        // Ada's removal of what Bob has by the same id is of her own alone.
        let mine = Stored { record: package("p", "c"), version: RowVersion(1) };
        insert(&*store, bob, [package("p", "bobs")]).await;
        store.commit(ada, Changeset::default().delete(&mine)).await.unwrap();
        assert!(find::<AccessPackage>(&*store, bob, "p").await.is_some());
    }
}
