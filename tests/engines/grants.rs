//! What people were granted, and how it ends: nothing is left of it, however many meet.

use cardea::{
    model::{
        self, ServicePrincipal,
        changeset::{Changeset, Revocation},
        record::{RowVersion, Stored},
        value::Timestamp,
    },
    store::{
        CommitError, DeviceCode, FAMILIES_KEPT, Grant, GrantDetails, GrantKind, Store, TenantKey, User,
        sql::write::REVOCATIONS_KEPT,
    },
};
use futures_util::future::join_all;

use crate::stores::{Place, find, insert, on_each_engine};

const V1: RowVersion = RowVersion(1);

fn person(id: &str) -> User {
    User {
        id: id.to_owned(),
        version: V1,
        user_principal_name: format!("{id}@contoso.example"),
        display_name: id.to_owned(),
        account_enabled: true,
        directory_roles: Vec::new(),
        created_at: Timestamp(0),
    }
}

fn grant(hash: &str, family: &str) -> Grant {
    Grant {
        hash: hash.to_owned(),
        kind: GrantKind::Refresh,
        family: family.to_owned(),
        app_id: "app".to_owned(),
        user_id: "u".to_owned(),
        details: GrantDetails::default(),
        created_at: Timestamp(1),
        expires_at: Timestamp(i64::MAX),
    }
}

#[track_caller]
fn conflict(outcome: &Result<(), CommitError>) {
    assert!(matches!(outcome, Err(CommitError::Conflict)), "{outcome:?}");
}

/// A person and an application.
async fn scene(place: &Place) -> (std::sync::Arc<dyn Store>, TenantKey) {
    let (store, tenant) = place.furnished().await;
    insert(&*store, tenant, [person("u").record(None)]).await;
    let app = ServicePrincipal { id: "s".into(), app_id: "app".into(), display_name: "A".into(), ..Default::default() };
    insert(&*store, tenant, [app]).await;
    (store, tenant)
}

/// A changeset that writes a person's or an application's row and ends what was granted, as all do that end it.
fn by_person(row: Stored<model::User>, round: i64) -> Changeset {
    let after = model::User { given_name: Some(round.to_string()), ..row.record.clone() };
    Changeset::default().update(row, after, RowVersion(round + 10)).revoke("u", Timestamp(round))
}

fn by_application(row: Stored<ServicePrincipal>, round: i64) -> Changeset {
    let after = ServicePrincipal { notes: Some(round.to_string()), ..row.record.clone() };
    Changeset::default().update(row, after, RowVersion(round + 10)).revoke_through("app", Timestamp(round))
}

on_each_engine! {
    async fn nothing_follows_a_grant_that_has_ended(place: Place) {
        let (store, tenant) = scene(&place).await;
        let follow = async |before: &str, next: &str| {
            store.grant_follow(tenant, before, grant(next, "f"), Timestamp(2)).await
        };
        store.grant_add(tenant, grant("a", "f"), V1, Timestamp(1)).await.unwrap();
        follow("a", "b").await.unwrap();
        conflict(&follow("nothing", "x").await);
        store.family_end(tenant, "f", Timestamp(3)).await.unwrap();
        for before in ["a", "b"] {
            conflict(&follow(before, "x").await);
            assert_eq!(store.grant_use(tenant, before, Timestamp(3)).await.unwrap(), None);
        }
        for changes in [
            Changeset::default().revoke("u", Timestamp(4)),
            Changeset::default().revoke_through("app", Timestamp(4)),
        ] {
            store.grant_add(tenant, grant("c", "g"), V1, Timestamp(4)).await.unwrap();
            store.commit(tenant, changes).await.unwrap();
            conflict(&follow("c", "x").await);
        }
        let mut revoked = store.revocations().await.unwrap();
        revoked.sort_by(|a, b| a.1.cmp(&b.1));
        let keys = [Revocation::Application("app"), Revocation::Family("f"), Revocation::Object("u")];
        assert_eq!(revoked.into_iter().map(|(_, key, _)| key).collect::<Vec<_>>(), keys.map(Revocation::key));
        let other = place.another_tenant(&*store, "second").await;
        store.grant_add(tenant, grant("d", "h"), V1, Timestamp(4)).await.unwrap();
        conflict(&store.grant_follow(other, "d", grant("x", "h"), Timestamp(4)).await);
        store.family_end(other, "h", Timestamp(4)).await.unwrap();
        assert!(store.grant_use(tenant, "d", Timestamp(4)).await.unwrap().is_some(), "another tenant's family");
    }

    async fn what_was_proven_of_a_person_who_has_changed_since_grants_nothing(place: Place) {
        let (store, tenant) = scene(&place).await;
        let code = DeviceCode {
            hash: "d".into(),
            user_code: "BCDFGHJKL".into(),
            app_id: "app".into(),
            details: GrantDetails::default(),
            created_at: Timestamp(1),
            expires_at: Timestamp(100),
            declined: false,
        };
        store.device_code_add(tenant, code, Timestamp(0)).await.unwrap();
        let row = find::<model::User>(&*store, tenant, "u").await.unwrap();
        store.commit(tenant, by_person(row, 1)).await.unwrap();
        conflict(&store.grant_add(tenant, grant("a", "f"), V1, Timestamp(2)).await);
        conflict(&store.device_code_approve(tenant, grant("d", "f"), V1, Timestamp(2)).await);
        assert_eq!(place.number("SELECT count(*) FROM sign_in_grant").await, 0);
        store.grant_add(tenant, grant("a", "f"), RowVersion(11), Timestamp(2)).await.unwrap();
        store.device_code_approve(tenant, grant("d", "f"), RowVersion(11), Timestamp(2)).await.unwrap();
    }

    async fn of_many_who_follow_and_end_a_family_nothing_is_left(place: Place) {
        let (store, tenant) = scene(&place).await;
        for round in 0..60 {
            let (family, first) = (format!("f{round}"), format!("first {round}"));
            store.grant_add(tenant, grant(&first, &family), V1, Timestamp(1)).await.unwrap();
            let follow = async |number: usize| {
                let next = grant(&format!("next {round} {number}"), &family);
                let followed = store.grant_follow(tenant, &first, next, Timestamp(2)).await;
                if followed.is_ok() {
                    // It is refreshed at once, too.
                    let next = grant(&format!("next of next {round} {number}"), &family);
                    drop(store.grant_follow(tenant, &format!("next {round} {number}"), next, Timestamp(2)).await);
                }
            };
            let end = async |_: usize| store.family_end(tenant, &family, Timestamp(2)).await.unwrap();
            tokio::join!(join_all((0..3).map(follow)), join_all((0..2).map(end)), join_all((3..6).map(follow)));
            let left = format!("SELECT count(*) FROM sign_in_grant WHERE family = '{family}'");
            assert_eq!(place.number(&left).await, 0, "round {round}");
        }
    }

    async fn of_many_who_follow_and_a_person_or_an_application_that_ends_nothing_is_left(place: Place) {
        let (store, tenant) = scene(&place).await;
        for round in 1..60 {
            let (version, first) = (find::<model::User>(&*store, tenant, "u").await.unwrap().version, format!("{round}"));
            store.grant_add(tenant, grant(&first, &first), version, Timestamp(1)).await.unwrap();
            let follow = async |number: usize| {
                let next = grant(&format!("next {round} {number}"), &first);
                drop(store.grant_follow(tenant, &first, next, Timestamp(2)).await);
            };
            let end = async {
                let changes = if round % 2 == 0 {
                    by_person(find::<model::User>(&*store, tenant, "u").await.unwrap(), round)
                } else {
                    by_application(find::<ServicePrincipal>(&*store, tenant, "s").await.unwrap(), round)
                };
                store.commit(tenant, changes).await.unwrap();
            };
            tokio::join!(join_all((0..4).map(follow)), end, join_all((4..8).map(follow)));
            assert_eq!(place.number("SELECT count(*) FROM sign_in_grant").await, 0, "round {round}");
        }
    }

    async fn what_has_ended_is_remembered_for_as_long_as_a_token_could_count(place: Place) {
        let (store, tenant) = scene(&place).await;
        let minute = 60_000_000;
        for number in 0..400_i64 {
            store.family_end(tenant, &format!("f{number}"), Timestamp(number * minute)).await.unwrap();
        }
        let kept = usize::try_from(FAMILIES_KEPT / minute).unwrap() + 1;
        assert_eq!(store.revocations().await.unwrap().len(), kept);
        // Who only signs in makes room, too.
        let later = Timestamp(400 * minute + FAMILIES_KEPT);
        store.commit(tenant, Changeset::default().revoke("v", later)).await.unwrap();
        store.grant_add(tenant, grant("a", "g"), V1, later).await.unwrap();
        assert_eq!(store.revocations().await.unwrap(), [(tenant, "v".to_owned(), later)]);
        store.grant_add(tenant, grant("b", "g"), V1, Timestamp(later.0 + REVOCATIONS_KEPT + 1)).await.unwrap();
        assert_eq!(store.revocations().await.unwrap(), []);
    }
}
