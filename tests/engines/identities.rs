//! Tenants, service principals and their secrets, as the authority keeps them.

use cardea::{
    model::{AccessPackageCatalog, changeset::Changeset, record::RowVersion, value::Timestamp},
    store::{ClientSecret, CommitError, Constraint, NewTenant, ServicePrincipal, SignInSettings, Store, TenantKey},
};

use crate::stores::{Place, catalog, find, insert, on_each_engine, package, tenant};

fn principal(id: &str, app_id: &str) -> ServicePrincipal {
    ServicePrincipal {
        id: id.to_owned(),
        version: RowVersion(7),
        app_id: app_id.to_owned(),
        display_name: format!("App {id}"),
        roles: vec!["A.Read.All".to_owned(), "B \"quoted\"".to_owned()],
        sign_in: SignInSettings::default(),
        created_at: Timestamp(5),
    }
}

fn secret(key_id: &str) -> ClientSecret {
    ClientSecret {
        key_id: key_id.to_owned(),
        hash: format!("hash of {key_id}"),
        hint: "abc".to_owned(),
        created_at: Timestamp(6),
        expires_at: Timestamp(9),
    }
}

fn with_domains(id: &str, domains: &[&str]) -> NewTenant {
    NewTenant { domains: domains.iter().map(|&domain| domain.to_owned()).collect(), ..tenant(id) }
}

async fn key(store: &dyn Store, id: &str) -> Option<TenantKey> {
    store.tenants().await.unwrap().into_iter().find(|tenant| tenant.id == id).map(|tenant| tenant.key)
}

on_each_engine! {
    async fn a_tenant_comes_with_its_domains_and_what_it_starts_with(place: Place) {
        let (store, _) = place.furnished().await;
        let first = Changeset::default().insert(catalog("c"), RowVersion(1));
        store.tenant_create(with_domains("t", &["b.example", "a.example"]), first).await.unwrap();
        let tenants = store.tenants().await.unwrap();
        assert_eq!(tenants.iter().map(|t| t.domains.len()).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(tenants[1].domains, ["a.example", "b.example"]);
        assert!(find::<AccessPackageCatalog>(&*store, tenants[1].key, "c").await.is_some());
        assert!(find::<AccessPackageCatalog>(&*store, tenants[0].key, "c").await.is_none());
    }

    async fn what_is_taken_makes_no_tenant(place: Place) {
        let (store, _) = place.furnished().await;
        store.tenant_create(with_domains("t", &["a.example"]), Changeset::default()).await.unwrap();
        for taken in [with_domains("t", &["c.example"]), with_domains("u", &["c.example", "a.example"])] {
            let outcome = store.tenant_create(taken, Changeset::default()).await;
            assert!(matches!(outcome, Err(CommitError::Conflict)), "{outcome:?}");
        }
        let broken = Changeset::default().insert(package("p", "nobody"), RowVersion(1));
        assert!(store.tenant_create(with_domains("v", &["d.example"]), broken).await.is_err());
        assert_eq!(place.number("SELECT count(*) FROM tenant").await, 2);
        assert_eq!(place.number("SELECT count(*) FROM tenant_domain").await, 1);
    }

    async fn a_tenant_goes_only_when_it_is_empty(place: Place) {
        let (store, first) = place.furnished().await;
        store.tenant_create(with_domains("t", &["a.example"]), Changeset::default()).await.unwrap();
        let tenant = key(&*store, "t").await.unwrap();
        insert(&*store, tenant, [catalog("c"), catalog("d")]).await;
        insert(&*store, first, [catalog("c")]).await;
        store.service_principal_create(tenant, principal("s", "app"), Some(secret("k")), Vec::new()).await.unwrap();
        let one = find::<AccessPackageCatalog>(&*store, tenant, "c").await.unwrap();
        let other = find::<AccessPackageCatalog>(&*store, tenant, "d").await.unwrap();
        let both = Changeset::default().delete(&one).delete(&other);
        for last in [Changeset::default(), Changeset::default().delete(&one), both.clone()] {
            let outcome = store.tenant_delete(tenant, last, (TenantKey(1), Vec::new())).await;
            assert!(matches!(outcome, Err(CommitError::Constraint(Constraint::StillReferenced))), "{outcome:?}");
            assert!(find::<AccessPackageCatalog>(&*store, tenant, "c").await.is_some(), "nothing has changed");
        }
        store.service_principal_delete(tenant, "s", Vec::new()).await.unwrap();
        store.tenant_delete(tenant, both, (TenantKey(1), Vec::new())).await.unwrap();
        assert_eq!(key(&*store, "t").await, None);
        assert_eq!(place.number("SELECT count(*) FROM tenant_domain").await, 0);
        assert!(find::<AccessPackageCatalog>(&*store, first, "c").await.is_some());
        let again = store.tenant_delete(tenant, Changeset::default(), (TenantKey(1), Vec::new())).await;
        assert!(matches!(again, Err(CommitError::Conflict)), "{again:?}");
    }

    async fn a_service_principal_comes_back_as_it_was_stored(place: Place) {
        let (store, tenant) = place.furnished().await;
        let made = principal("s", "app");
        store.service_principal_create(tenant, made.clone(), Some(secret("k")), Vec::new()).await.unwrap();
        assert_eq!(store.service_principal(tenant, "app").await.unwrap(), Some((made.clone(), vec![secret("k")])));
        store.service_principal_create(tenant, principal("r", "other"), Some(secret("k")), Vec::new()).await.unwrap();
        assert_eq!(store.service_principals(tenant).await.unwrap(), [principal("r", "other"), made]);
        for taken in [principal("s", "new"), principal("new", "app")] {
            let outcome = store.service_principal_create(tenant, taken, Some(secret("l")), Vec::new()).await;
            assert!(matches!(outcome, Err(CommitError::Conflict)), "{outcome:?}");
        }
        for nobody in ["", "s", "APP", "app ", "' OR '1'='1"] {
            assert_eq!(store.service_principal(tenant, nobody).await.unwrap(), None, "{nobody:?}");
        }
    }

    async fn a_new_secret_takes_the_place_of_the_old_one(place: Place) {
        let (store, tenant) = place.furnished().await;
        store.service_principal_create(tenant, principal("s", "app"), Some(secret("k")), Vec::new()).await.unwrap();
        store.service_principal_create(tenant, principal("r", "other"), Some(secret("k")), Vec::new()).await.unwrap();
        store.service_principal_set_secret(tenant, "s", secret("l"), Vec::new()).await.unwrap();
        let secrets = async |app: &str| store.service_principal(tenant, app).await.unwrap().unwrap().1;
        assert_eq!((secrets("app").await, secrets("other").await), (vec![secret("l")], vec![secret("k")]));
        let outcome = store.service_principal_set_secret(tenant, "nobody", secret("m"), Vec::new()).await;
        assert!(matches!(outcome, Err(CommitError::Conflict)), "{outcome:?}");
        store.service_principal_delete(tenant, "s", Vec::new()).await.unwrap();
        assert_eq!(store.service_principal(tenant, "app").await.unwrap(), None);
        assert_eq!(place.number("SELECT count(*) FROM service_principal_secret").await, 1);
        let again = store.service_principal_delete(tenant, "s", Vec::new()).await;
        assert!(matches!(again, Err(CommitError::Conflict)), "{again:?}");
    }

    async fn service_principals_are_their_tenants_alone(place: Place) {
        let (store, ada) = place.furnished().await;
        let bob = place.another_tenant(&*store, "second").await;
        store.service_principal_create(bob, principal("s", "app"), Some(secret("bobs")), Vec::new()).await.unwrap();
        assert_eq!(store.service_principal(ada, "app").await.unwrap(), None);
        assert!(store.service_principals(ada).await.unwrap().is_empty());
        assert!(store.service_principal_delete(ada, "s", Vec::new()).await.is_err());
        assert!(store.service_principal_set_secret(ada, "s", secret("adas"), Vec::new()).await.is_err());
        // The same ids may be in both.
        store.service_principal_create(ada, principal("s", "app"), Some(secret("adas")), Vec::new()).await.unwrap();
        store.service_principal_set_secret(ada, "s", secret("new"), Vec::new()).await.unwrap();
        store.service_principal_delete(ada, "s", Vec::new()).await.unwrap();
        assert_eq!(store.service_principal(bob, "app").await.unwrap(), Some((principal("s", "app"), vec![secret("bobs")])));
        let nowhere = store.service_principal_create(TenantKey(77), principal("s", "app"), Some(secret("k")), Vec::new()).await;
        assert!(nowhere.is_err());
    }
}
