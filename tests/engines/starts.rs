//! First starts, migrations, and databases that are too new.

use std::sync::Arc;

use cardea::{
    app::catalog::first_catalog,
    authority::{self, Authority},
    clock::Clock,
    model::{AccessPackageCatalog, changeset::Changeset, record::RowVersion, value::Timestamp},
    store::{CommitError, Constraint, Error, Options, Store},
};

use crate::{
    stores::{Place, catalog, find, insert, on_each_engine, package, signing_key, tenant},
    support::Engine,
};

/// Every table, index, constraint and function: what a migration makes.
async fn schema(place: &Place) -> i64 {
    match place.engine {
        Engine::Sqlite => place.number("SELECT count(*) FROM sqlite_schema").await,
        Engine::Postgres => {
            let sql = "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace) \
                + (SELECT count(*) FROM pg_constraint WHERE connamespace = 'public'::regnamespace) \
                + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)";
            place.number(sql).await
        }
    }
}

async fn open_at_once(place: &Place, number: usize) -> Vec<Arc<dyn Store>> {
    let options = Options { connections: 2, ..Options::default() };
    let opened = futures_util::future::join_all((0..number).map(|_| place.try_open(&options))).await;
    opened.into_iter().map(Result::unwrap).collect()
}

on_each_engine! {
    async fn one_of_many_first_tenants_and_keys_wins(place: Place) {
        let stores = open_at_once(&place, 4).await;
        let tasks = (0..40).map(|n| {
            let store = Arc::clone(&stores[n % stores.len()]);
            tokio::spawn(async move {
                let first = Changeset::default().insert(catalog(&format!("c{n}")), RowVersion(1));
                store.tenant_create_first(tenant(&format!("t{n}")), first).await.unwrap();
                store.signing_key_create(signing_key(&format!("k{n}"))).await.unwrap();
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let tenants = stores[0].tenants().await.unwrap();
        let [winner] = tenants.as_slice() else { panic!("{tenants:?}") };
        assert_eq!(place.number("SELECT count(*) FROM catalog").await, 1);
        let id = winner.id.replace('t', "c");
        assert!(find::<AccessPackageCatalog>(&*stores[1], winner.key, &id).await.is_some());
        for store in &stores {
            let keys = store.signing_keys().await.unwrap();
            assert_eq!(keys.len(), 1);
            assert_eq!((keys[0].pkcs8.as_slice(), keys[0].created_at), (&[1, 2, 3][..], Timestamp(1)));
        }
    }

    async fn a_first_tenant_comes_with_all_it_starts_with_or_not_at_all(place: Place) {
        let store = place.open().await;
        let broken = Changeset::default().insert(catalog("c"), RowVersion(1)).insert(package("p", "nobody"), RowVersion(1));
        let outcome = store.tenant_create_first(tenant("t"), broken).await;
        assert!(matches!(outcome, Err(CommitError::Constraint(Constraint::MissingReference))), "{outcome:?}");
        assert!(store.tenants().await.unwrap().is_empty());
        assert_eq!(place.number("SELECT count(*) FROM catalog").await, 0);
        store.tenant_create_first(tenant("t"), Changeset::default()).await.unwrap();
        assert_eq!(store.tenants().await.unwrap().len(), 1);
    }

    async fn authorities_that_open_at_once_believe_each_other(place: Place) {
        let stores = open_at_once(&place, 4).await;
        let open = |store: &Arc<dyn Store>| {
            Authority::open(Arc::clone(store), Clock::System, authority::Options::default(), first_catalog)
        };
        let opened = futures_util::future::join_all(stores.iter().map(open)).await;
        let authorities: Vec<_> = opened.into_iter().map(Result::unwrap).collect();
        let request = authority::TokenRequest {
            tenant: None,
            subject: authority::Subject::Application { roles: vec!["EntitlementManagement.ReadWrite.All".into()] },
            lifetime: std::time::Duration::from_mins(1),
        };
        for issuer in &authorities {
            let token = issuer.issue(&request).await.unwrap();
            let header = http::HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
            for checker in &authorities {
                assert!(checker.check(Some(&header)).await.is_ok());
                assert_eq!(checker.default_tenant(), issuer.default_tenant());
            }
        }
        assert_eq!(place.number("SELECT count(*) FROM catalog").await, 1);
    }

    async fn a_second_migration_changes_nothing(place: Place) {
        let (store, tenant) = place.furnished().await;
        insert(&*store, tenant, [catalog("c")]).await;
        let before = schema(&place).await;
        store.close().await;
        drop(store);
        for _ in 0..3 {
            let store = place.open().await;
            assert!(find::<AccessPackageCatalog>(&*store, tenant, "c").await.is_some());
            store.close().await;
        }
        assert_eq!(schema(&place).await, before);
    }

    async fn many_that_migrate_at_once_make_one_schema(place: Place) {
        let alone = Place::new(place.engine).await;
        drop(alone.open().await);
        let stores = open_at_once(&place, 12).await;
        assert_eq!(schema(&place).await, schema(&alone).await);
        for store in stores {
            store.ping().await.unwrap();
        }
        if place.engine == Engine::Postgres {
            assert_eq!(place.number("SELECT count(*) - max(version) FROM schema_migration").await, 0);
        }
    }

    async fn a_database_that_is_newer_is_refused_and_left_alone(place: Place) {
        let (store, tenant) = place.furnished().await;
        insert(&*store, tenant, [catalog("c")]).await;
        store.close().await;
        drop(store);
        match place.engine {
            Engine::Sqlite => place.execute("PRAGMA user_version = 1000").await,
            Engine::Postgres => place.execute("INSERT INTO schema_migration (version) VALUES (1000)").await,
        }
        let before = schema(&place).await;
        let error = place.try_open(&Options::default()).await.err().expect("it opened");
        assert!(matches!(error, Error::Newer { found: 1000, known: 1.. }), "{error:?}");
        assert!(error.to_string().contains("use the newer cardea"), "{error}");
        assert_eq!(schema(&place).await, before);
        assert_eq!(place.number("SELECT count(*) FROM catalog").await, 1);
    }

    async fn what_was_written_is_there_after_closing(place: Place) {
        let (store, tenant) = place.furnished().await;
        insert(&*store, tenant, [catalog("c")]).await;
        store.close().await;
        let late = store.commit(tenant, Changeset::default().insert(catalog("late"), RowVersion(1))).await;
        assert!(matches!(late, Err(CommitError::Store(_))), "{late:?}");
        let store = place.open().await;
        assert!(find::<AccessPackageCatalog>(&*store, tenant, "c").await.is_some());
        assert!(find::<AccessPackageCatalog>(&*store, tenant, "late").await.is_none());
    }
}
