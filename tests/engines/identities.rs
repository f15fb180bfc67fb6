//! Tenants, service principals and their secrets, as the authority keeps them.

use cardea::{
    model::{
        self, AccessPackageCatalog,
        changeset::Changeset,
        record::{RowVersion, Stored},
        value::Timestamp,
    },
    store::{
        ClientSecret, CommitError, Constraint, Grant, GrantDetails, GrantKind, NewTenant, Password, ServicePrincipal,
        SignInSettings, Store, TenantKey, User, sql::write::REVOCATIONS_KEPT,
    },
};

use crate::stores::{Place, catalog, find, insert, on_each_engine, package, tenant};

fn principal(id: &str, app_id: &str) -> ServicePrincipal {
    ServicePrincipal {
        id: id.to_owned(),
        version: RowVersion(1),
        app_id: app_id.to_owned(),
        display_name: format!("App {id}"),
        account_enabled: true,
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

/// The row of a service principal with these secrets.
fn row(principal: &ServicePrincipal, secrets: &[ClientSecret]) -> model::ServicePrincipal {
    let (password_credentials, secret_hashes) = ClientSecret::columns(secrets);
    model::ServicePrincipal { password_credentials, secret_hashes, ..principal.record() }
}

fn application(app_id: &str, secrets: &[ClientSecret]) -> model::Application {
    let (password_credentials, secret_hashes) = ClientSecret::columns(secrets);
    let (id, app_id) = (format!("application {app_id}"), Some(app_id.to_owned()));
    model::Application { id, app_id, password_credentials, secret_hashes, ..model::Application::default() }
}

fn person(id: &str) -> User {
    User {
        id: id.to_owned(),
        version: RowVersion(1),
        user_principal_name: format!("{id}@Contoso.example"),
        display_name: format!("Person {id}"),
        account_enabled: true,
        directory_roles: vec!["role".to_owned()],
        created_at: Timestamp(5),
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
        insert(&*store, tenant, [row(&principal("s", "app"), &[secret("k")])]).await;
        // What a tenant has beside applications goes with it.
        insert(&*store, tenant, [person("u").record(None)]).await;
        insert(&*store, tenant, [model::Group { id: "g".into(), ..model::Group::default() }]).await;
        let gone = model::Application { deleted_at: Some(Timestamp(1)), ..application("gone", &[]) };
        insert(&*store, tenant, [gone]).await;
        let one = find::<AccessPackageCatalog>(&*store, tenant, "c").await.unwrap();
        let other = find::<AccessPackageCatalog>(&*store, tenant, "d").await.unwrap();
        let both = Changeset::default().delete(&one).delete(&other);
        for last in [Changeset::default(), Changeset::default().delete(&one), both.clone()] {
            let outcome = store.tenant_delete(tenant, last, (TenantKey(1), Vec::new())).await;
            assert!(matches!(outcome, Err(CommitError::Constraint(Constraint::StillReferenced))), "{outcome:?}");
            assert!(find::<AccessPackageCatalog>(&*store, tenant, "c").await.is_some(), "nothing has changed");
        }
        let app = find::<model::ServicePrincipal>(&*store, tenant, "s").await.unwrap();
        store.commit(tenant, Changeset::default().delete(&app)).await.unwrap();
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
        insert(&*store, tenant, [row(&made, &[secret("k")]), row(&principal("r", "other"), &[secret("k")])]).await;
        assert_eq!(store.service_principal(tenant, "app").await.unwrap(), Some((made.clone(), vec![secret("k")])));
        assert_eq!(store.service_principals(tenant).await.unwrap(), [principal("r", "other"), made]);
        for taken in [principal("s", "new"), principal("new", "app")] {
            let outcome = store.commit(tenant, Changeset::default().insert(taken.record(), RowVersion(1))).await;
            assert!(matches!(outcome, Err(CommitError::Constraint(Constraint::Unique { .. }))), "{outcome:?}");
        }
        for nobody in ["", "s", "APP", "app ", "' OR '1'='1"] {
            assert_eq!(store.service_principal(tenant, nobody).await.unwrap(), None, "{nobody:?}");
        }
    }

    async fn what_an_application_was_registered_with_counts_as_well(place: Place) {
        let (store, tenant) = place.furnished().await;
        let mut made = principal("s", "app");
        made.sign_in.redirect_uris = vec!["https://a".into()];
        insert(&*store, tenant, [row(&made, &[secret("k")])]).await;
        let newer = ClientSecret { created_at: Timestamp(8), ..secret("n") };
        let web = Some(r#"{"homePageUrl":null,"redirectUris":["https://a","https://b"]}"#.to_owned());
        let spa = Some(r#"{"redirectUris":["https://c"]}"#.to_owned());
        let registered = model::Application { web, spa, ..application("app", std::slice::from_ref(&newer)) };
        insert(&*store, tenant, [registered]).await;
        let (found, secrets) = store.service_principal(tenant, "app").await.unwrap().unwrap();
        assert_eq!(found.sign_in.redirect_uris, ["https://a", "https://b", "https://c"]);
        assert!(!found.sign_in.public);
        assert_eq!(secrets, [newer, secret("k")]);
        assert_eq!(store.service_principals(tenant).await.unwrap(), [found]);

        for (app, uris, fallback, public) in [
            ("none", None, None, false),
            ("native", Some(r#"{"redirectUris":["https://d"]}"#), Some(false), true),
            ("empty", Some(r#"{"redirectUris":null}"#), None, false),
            ("fallback", None, Some(true), true),
        ] {
            insert(&*store, tenant, [principal(&format!("{app}-s"), app).record()]).await;
            let registered = application(app, &[]);
            let registered = model::Application {
                public_client: uris.map(str::to_owned), is_fallback_public_client: fallback, ..registered
            };
            insert(&*store, tenant, [registered]).await;
            let (found, _) = store.service_principal(tenant, app).await.unwrap().unwrap();
            assert_eq!(found.sign_in.public, public, "{app}");
        }
        // One that was deleted says nothing any more.
        place.execute("UPDATE directory_object SET deleted_at = 1 WHERE kind = 'application'").await;
        assert_eq!(store.service_principal(tenant, "app").await.unwrap(), Some((made, vec![secret("k")])));
        place.execute("UPDATE directory_object SET deleted_at = 1").await;
        assert_eq!(store.service_principal(tenant, "app").await.unwrap(), None);
        assert_eq!(store.service_principals(tenant).await.unwrap(), []);
    }

    async fn service_principals_are_their_tenants_alone(place: Place) {
        let (store, ada) = place.furnished().await;
        let bob = place.another_tenant(&*store, "second").await;
        let made = principal("s", "app");
        insert(&*store, bob, [row(&made, &[secret("bobs")])]).await;
        insert(&*store, bob, [application("app", &[])]).await;
        assert_eq!(store.service_principal(ada, "app").await.unwrap(), None);
        assert!(store.service_principals(ada).await.unwrap().is_empty());
        // The same ids may be in both.
        insert(&*store, ada, [row(&made, &[secret("adas")])]).await;
        let adas = find::<model::ServicePrincipal>(&*store, ada, "s").await.unwrap();
        store.commit(ada, Changeset::default().delete(&adas)).await.unwrap();
        assert_eq!(store.service_principal(bob, "app").await.unwrap(), Some((made.clone(), vec![secret("bobs")])));
        let nowhere = store.commit(TenantKey(77), Changeset::default().insert(made.record(), RowVersion(1))).await;
        assert!(nowhere.is_err());
    }

    async fn a_person_comes_back_as_it_was_stored(place: Place) {
        let (store, tenant) = place.furnished().await;
        let password = Password { hash: "hash".into(), changed_at: Timestamp(6) };
        insert(&*store, tenant, [person("u").record(Some(password.clone())), person("a").record(None)]).await;
        for upn in ["u@contoso.example", "U@CONTOSO.EXAMPLE"] {
            assert_eq!(store.user_named(tenant, upn).await.unwrap(), Some((person("u"), Some(password.clone()))));
        }
        assert_eq!(store.user_with_id(tenant, "a").await.unwrap(), Some((person("a"), None)));
        assert_eq!(store.users(tenant).await.unwrap(), [person("a"), person("u")]);
        let again = User { user_principal_name: "U@contoso.EXAMPLE".into(), ..person("v") };
        let again = store.commit(tenant, Changeset::default().insert(again.record(None), RowVersion(1))).await;
        assert!(matches!(again, Err(CommitError::Constraint(Constraint::Unique { .. }))), "{again:?}");
        place.execute("UPDATE directory_object SET deleted_at = 1 WHERE id = 'u'").await;
        assert_eq!(store.user_named(tenant, "u@contoso.example").await.unwrap(), None);
        assert_eq!(store.user_with_id(tenant, "u").await.unwrap(), None);
        assert_eq!(store.users(tenant).await.unwrap(), [person("a")]);
    }

    async fn a_revocation_is_of_one_and_ends_what_was_granted(place: Place) {
        let (store, tenant) = place.furnished().await;
        insert(&*store, tenant, [person("u").record(None), person("v").record(None)]).await;
        for id in ["u", "v"] {
            let grant = Grant {
                hash: format!("hash of {id}"),
                kind: GrantKind::Refresh,
                family: "f".into(),
                app_id: "app".into(),
                user_id: id.into(),
                details: GrantDetails::default(),
                created_at: Timestamp(1),
                expires_at: Timestamp(9),
            };
            store.grant_add(tenant, grant, RowVersion(1), Timestamp(1)).await.unwrap();
        }
        for until in [3, 7] {
            store.commit(tenant, Changeset::default().revoke("u", Timestamp(until))).await.unwrap();
        }
        assert_eq!(store.revocations().await.unwrap(), [(tenant, "u".to_owned(), Timestamp(7))]);
        assert_eq!(store.grant_use(tenant, "hash of u", Timestamp(2)).await.unwrap(), None);
        assert!(store.grant_use(tenant, "hash of v", Timestamp(2)).await.unwrap().is_some());
        // What no token is old enough for is forgotten.
        let later = Timestamp(8 + REVOCATIONS_KEPT);
        store.commit(tenant, Changeset::default().revoke("v", later)).await.unwrap();
        assert_eq!(store.revocations().await.unwrap(), [(tenant, "v".to_owned(), later)]);
        // With what it comes of, or not at all.
        let gone = Stored { record: person("nobody").record(None), version: RowVersion(1) };
        let outcome = store.commit(tenant, Changeset::default().revoke("u", later).delete(&gone)).await;
        assert!(matches!(outcome, Err(CommitError::Conflict)), "{outcome:?}");
        assert_eq!(store.revocations().await.unwrap().len(), 1);
    }
}
