//! Devices that wait for a person, as the store keeps them.

use cardea::{
    model::{self, changeset::Changeset, record::RowVersion, value::Timestamp},
    store::{
        CommitError, DeviceCode, Grant, GrantDetails, GrantKind, MAX_DEVICE_CODES, MAX_DEVICE_CODES_PER_CLIENT,
        Password, Store, TenantKey, User,
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

/// How many devices wait in the first tenant, as they are counted.
const COUNTED: &str = "SELECT number FROM device_code_count WHERE tenant_id = 1 AND app_id = ''";

/// Makes many codes at once.
async fn many(place: &Place, tenant: TenantKey, app: &str, from: i64, to: i64) {
    let numbers = format!("WITH RECURSIVE n (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM n WHERE n < {to})");
    let insert =
        "INSERT INTO device_code (tenant_id, hash, user_code, app_id, details, created_at, expires_at, declined)";
    let sql = format!("{insert} {numbers} SELECT {}, 'h' || n, 'u' || n, {app}, '{{}}', 1, 10, FALSE FROM n", tenant.0);
    place.execute(&sql).await;
}

on_each_engine! {
    async fn a_code_comes_back_as_it_was_stored_and_asking_writes_nothing(place: Place) {
        let (store, tenant) = place.furnished().await;
        store.device_code_add(tenant, code("a"), Timestamp(0)).await.unwrap();
        assert_eq!(store.device_code_named("a", Timestamp(9)).await.unwrap(), Some((tenant, code("a"))));
        for (name, now) in [("b", 9), ("A", 9), ("a", 10)] {
            assert_eq!(store.device_code_named(name, Timestamp(now)).await.unwrap(), None, "{name} {now}");
        }
        let other = place.another_tenant(&*store, "second").await;
        let poll = async |tenant, app: &str| store.device_code_waiting(tenant, "hash of a", app).await.unwrap();
        assert_eq!((poll(tenant, "other").await, poll(other, "app").await), (None, None));
        for _ in 0..3 {
            assert_eq!(poll(tenant, "app").await, Some(code("a")));
        }
        assert_eq!(place.number("SELECT count(*) FROM device_code WHERE polled_at IS NOT NULL").await, 0);
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
        assert_eq!(store.device_code_waiting(tenant, "hash of a", "app").await.unwrap(), None);
        for first in [true, false] {
            let used = store.grant_use(tenant, "hash of a", Timestamp(6)).await.unwrap().unwrap();
            assert_eq!((used.grant, used.first), (grant("a"), first));
        }
        store.device_code_decline(tenant, "hash of b", Timestamp(5)).await.unwrap();
        conflict(&store.device_code_approve(tenant, grant("b"), RowVersion(1), Timestamp(5)).await);
        assert_eq!(store.device_code_named("b", Timestamp(5)).await.unwrap(), None);
        let declined = store.device_code_waiting(tenant, "hash of b", "app").await.unwrap();
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
        many(&place, tenant, "'app' || n % 10", 2, MAX_DEVICE_CODES).await;
        conflict(&store.device_code_add(tenant, code("one too many"), Timestamp(9)).await);
        store.device_code_add(other, code("of another"), Timestamp(9)).await.unwrap();
        // Those that have expired make room.
        store.device_code_add(tenant, code("later"), Timestamp(10)).await.unwrap();
        assert_eq!(place.number("SELECT count(*) FROM device_code").await, 1);
        assert_eq!(place.number(COUNTED).await, 1);
    }

    async fn a_client_has_so_many_devices_and_no_other_client_has_less(place: Place) {
        let (store, tenant) = place.furnished().await;
        many(&place, tenant, "'app'", 1, MAX_DEVICE_CODES_PER_CLIENT).await;
        conflict(&store.device_code_add(tenant, code("one too many"), Timestamp(9)).await);
        let of_another = |name: &str| DeviceCode { app_id: "another".to_owned(), ..code(name) };
        store.device_code_add(tenant, of_another("b"), Timestamp(9)).await.unwrap();
        assert_eq!(place.number(COUNTED).await, MAX_DEVICE_CODES_PER_CLIENT + 1);
        // One that becomes a grant makes room, too.
        person(&*store, tenant).await;
        store.device_code_approve(tenant, Grant { hash: "h7".to_owned(), ..grant("a") }, RowVersion(1), Timestamp(5)).await.unwrap();
        store.device_code_add(tenant, code("in its place"), Timestamp(9)).await.unwrap();
        conflict(&store.device_code_add(tenant, code("one too many"), Timestamp(9)).await);
        // What is refused is not counted.
        conflict(&store.device_code_add(tenant, of_another("b"), Timestamp(9)).await);
        assert_eq!(place.number(COUNTED).await, MAX_DEVICE_CODES_PER_CLIENT + 1);
    }
}
