//! Devices that wait for a person, as the store keeps them.

use cardea::{
    model::{self, changeset::Changeset, record::RowVersion, value::Timestamp},
    store::{
        CommitError, DeviceCode, Grant, GrantDetails, GrantKind, MAX_DEVICE_CODES, Password, Store, TenantKey, User,
    },
};

use crate::stores::{Place, find, insert, on_each_engine};

fn code(name: &str) -> DeviceCode {
    DeviceCode {
        hash: format!("hash of {name}"),
        user_code: name.to_owned(),
        app_id: "app".to_owned(),
        details: GrantDetails { scope: "openid \"x\"".to_owned(), ..GrantDetails::default() },
        created_at: Timestamp(1),
        expires_at: Timestamp(10),
        polled_at: None,
        declined: false,
    }
}

fn grant(name: &str) -> Grant {
    let DeviceCode { hash, app_id, details, created_at, expires_at, .. } = code(name);
    let (kind, family, user_id) = (GrantKind::Device, "family".to_owned(), "u".to_owned());
    Grant { hash, kind, family, app_id, user_id, details, created_at, expires_at }
}

async fn person(store: &dyn Store, tenant: TenantKey) {
    let user = User {
        id: "u".to_owned(),
        version: RowVersion(1),
        user_principal_name: "u@contoso.example".to_owned(),
        display_name: "U".to_owned(),
        account_enabled: true,
        directory_roles: Vec::new(),
        created_at: Timestamp(0),
    };
    let password = Password { hash: "hash".to_owned(), changed_at: Timestamp(0) };
    insert(store, tenant, [user.record(Some(password))]).await;
}

#[track_caller]
fn conflict(outcome: &Result<(), CommitError>) {
    assert!(matches!(outcome, Err(CommitError::Conflict)), "{outcome:?}");
}

on_each_engine! {
    async fn a_code_comes_back_as_it_was_stored_and_tells_when_it_was_asked_for(place: Place) {
        let (store, tenant) = place.furnished().await;
        store.device_code_add(tenant, code("a"), Timestamp(0)).await.unwrap();
        assert_eq!(store.device_code_named("a", Timestamp(9)).await.unwrap(), Some((tenant, code("a"))));
        for (name, now) in [("b", 9), ("A", 9), ("a", 10)] {
            assert_eq!(store.device_code_named(name, Timestamp(now)).await.unwrap(), None, "{name} {now}");
        }
        let poll = async |tenant, app: &str, now| {
            let code = store.device_code_poll(tenant, "hash of a", app, Timestamp(now)).await.unwrap();
            code.map(|code| code.polled_at)
        };
        let other = place.another_tenant(&*store, "second").await;
        assert_eq!((poll(tenant, "other", 2).await, poll(other, "app", 2).await), (None, None));
        assert_eq!(poll(tenant, "app", 3).await, Some(None));
        assert_eq!(poll(tenant, "app", 4).await, Some(Some(Timestamp(3))));
    }

    async fn a_code_becomes_a_grant_once(place: Place) {
        let (store, tenant) = place.furnished().await;
        let other = place.another_tenant(&*store, "second").await;
        person(&*store, tenant).await;
        for name in ["a", "b", "c"] {
            store.device_code_add(tenant, code(name), Timestamp(0)).await.unwrap();
        }
        conflict(&store.device_code_approve(other, grant("a"), RowVersion(1), Timestamp(5)).await);
        conflict(&store.device_code_approve(tenant, grant("nothing"), RowVersion(1), Timestamp(5)).await);
        conflict(&store.device_code_approve(tenant, grant("a"), RowVersion(1), Timestamp(10)).await);
        store.device_code_approve(tenant, grant("a"), RowVersion(1), Timestamp(5)).await.unwrap();
        conflict(&store.device_code_approve(tenant, grant("a"), RowVersion(1), Timestamp(5)).await);
        conflict(&store.device_code_decline(tenant, "hash of a", Timestamp(5)).await);
        assert_eq!(store.device_code_poll(tenant, "hash of a", "app", Timestamp(6)).await.unwrap(), None);
        for first in [true, false] {
            let used = store.grant_use(tenant, "hash of a", Timestamp(6)).await.unwrap().unwrap();
            assert_eq!((used.grant, used.first), (grant("a"), first));
        }
        store.device_code_decline(tenant, "hash of b", Timestamp(5)).await.unwrap();
        conflict(&store.device_code_approve(tenant, grant("b"), RowVersion(1), Timestamp(5)).await);
        assert_eq!(store.device_code_named("b", Timestamp(5)).await.unwrap(), None);
        let declined = store.device_code_poll(tenant, "hash of b", "app", Timestamp(6)).await.unwrap();
        assert!(declined.unwrap().declined);
        // The person is gone: nothing has changed.
        let person = find::<model::User>(&*store, tenant, "u").await.unwrap();
        store.commit(tenant, Changeset::default().delete(&person)).await.unwrap();
        assert!(store.device_code_approve(tenant, grant("c"), RowVersion(1), Timestamp(5)).await.is_err());
        assert!(store.device_code_named("c", Timestamp(5)).await.unwrap().is_some());
        assert_eq!(place.number("SELECT count(*) FROM sign_in_grant").await, 0);
    }

    async fn of_two_who_enter_a_code_at_once_one_succeeds(place: Place) {
        let (store, tenant) = place.furnished().await;
        person(&*store, tenant).await;
        store.device_code_add(tenant, code("a"), Timestamp(0)).await.unwrap();
        let (one, two) = tokio::join!(
            store.device_code_approve(tenant, grant("a"), RowVersion(1), Timestamp(5)),
            store.device_code_decline(tenant, "hash of a", Timestamp(5)),
        );
        assert_eq!(one.is_ok(), two.is_err(), "{one:?} {two:?}");
    }

    async fn codes_are_told_apart_and_are_not_many(place: Place) {
        let (store, tenant) = place.furnished().await;
        let other = place.another_tenant(&*store, "second").await;
        store.device_code_add(tenant, code("a"), Timestamp(0)).await.unwrap();
        // What a person types names no tenant.
        conflict(&store.device_code_add(other, DeviceCode { hash: "h".into(), ..code("a") }, Timestamp(0)).await);
        conflict(&store.device_code_add(tenant, DeviceCode { user_code: "z".into(), ..code("a") }, Timestamp(0)).await);
        let numbers = format!("WITH RECURSIVE n (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < {MAX_DEVICE_CODES})");
        place.execute(&format!(
            "INSERT INTO device_code (tenant_id, hash, user_code, app_id, details, created_at, expires_at, declined) \
             {numbers} SELECT {}, 'h' || n, 'u' || n, 'app', '{{}}', 1, 10, FALSE FROM n", tenant.0
        )).await;
        conflict(&store.device_code_add(tenant, code("one too many"), Timestamp(9)).await);
        store.device_code_add(other, code("of another"), Timestamp(9)).await.unwrap();
        // Those that have expired make room.
        store.device_code_add(tenant, code("later"), Timestamp(10)).await.unwrap();
        assert_eq!(place.number("SELECT count(*) FROM device_code").await, 1);
    }
}
