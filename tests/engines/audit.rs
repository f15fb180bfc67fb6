//! The chain of records: whole whatever happens, and what is done to it from outside is found.

use cardea::{
    model::{
        DirectoryAudit, SignIn,
        audit::{Entry, Head},
        changeset::Changeset,
        record::RowVersion,
    },
    store::{self, Broken, CommitError, Store, TenantKey},
};

use crate::stores::{Place, catalog, insert, on_each_engine, package};

fn change(id: &str) -> Entry {
    let record = DirectoryAudit {
        id: id.to_owned(),
        activity_display_name: format!("Do {id}"),
        initiated_by: "{}".to_owned(),
        target_resources: "[]".to_owned(),
        additional_details: "[]".to_owned(),
        ..DirectoryAudit::default()
    };
    Entry::change(record, RowVersion(1))
}

fn sign_in(id: &str) -> Entry {
    Entry::sign_in(SignIn { id: id.to_owned(), status: "{}".to_owned(), ..SignIn::default() }, RowVersion(1))
}

async fn write(store: &dyn Store, tenant: TenantKey, audit: Vec<Entry>) -> Result<(), CommitError> {
    store.commit(tenant, Changeset { audit, ..Changeset::default() }).await
}

async fn verify(store: &dyn Store, tenant: TenantKey) -> Result<Head, Broken> {
    store::verify(store, tenant, None).await.unwrap()
}

on_each_engine! {
    async fn what_is_done_to_a_chain_is_found(place: Place) {
        let (store, tenant) = place.furnished().await;
        for number in 1..=6 {
            let entry = if number % 2 == 0 { sign_in(&format!("s{number}")) } else { change(&format!("c{number}")) };
            write(&*store, tenant, vec![entry]).await.unwrap();
        }
        let whole = verify(&*store, tenant).await.unwrap();
        assert_eq!(whole.sequence, 6);
        let copies = [
            "CREATE TABLE kept_audit AS SELECT * FROM directory_audit",
            "CREATE TABLE kept_sign_in AS SELECT * FROM sign_in",
            "CREATE TABLE kept_head AS SELECT * FROM audit_head",
        ];
        place.execute(&copies.join(";")).await;
        let long_hash = "0".repeat(64);
        let forged = format!("UPDATE directory_audit SET activity_display_name = 'x', hash = '{long_hash}' WHERE id = 'c3'");
        for (statement, broken) in [
            ("UPDATE directory_audit SET activity_display_name = 'x' WHERE id = 'c3'", Broken::Altered(3)),
            ("UPDATE sign_in SET user_id = 'x' WHERE id = 's2'", Broken::Altered(2)),
            ("UPDATE sign_in SET id = 'other' WHERE id = 's2'", Broken::Altered(2)),
            (&forged, Broken::Altered(3)),
            ("DELETE FROM directory_audit WHERE id = 'c1'", Broken::Missing(1)),
            ("DELETE FROM sign_in WHERE id = 's4'", Broken::Missing(4)),
            ("DELETE FROM sign_in WHERE id = 's6'", Broken::Missing(6)),
            ("UPDATE directory_audit SET sequence = 7 WHERE id = 'c5'", Broken::End { found: 7, expected: 6 }),
            ("DELETE FROM sign_in; DELETE FROM directory_audit", Broken::Missing(1)),
            ("UPDATE audit_head SET hash = 'x'", Broken::Altered(6)),
            ("UPDATE audit_head SET sequence = 5", Broken::End { found: 6, expected: 5 }),
            ("DELETE FROM audit_head", Broken::End { found: 6, expected: 0 }),
        ] {
            place.execute(statement).await;
            assert_eq!(verify(&*store, tenant).await, Err(broken), "{statement}");
            let back = [
                "DELETE FROM directory_audit; DELETE FROM sign_in; DELETE FROM audit_head",
                "INSERT INTO directory_audit SELECT * FROM kept_audit",
                "INSERT INTO sign_in SELECT * FROM kept_sign_in",
                "INSERT INTO audit_head SELECT * FROM kept_head",
            ];
            place.execute(&back.join(";")).await;
            assert_eq!(verify(&*store, tenant).await.as_ref(), Ok(&whole), "{statement}");
        }
        // Who takes the last records away and mends the end is found by where the chain ended once.
        let fifth = store::verify(&*store, tenant, Some(&whole)).await.unwrap().unwrap();
        assert_eq!(fifth, whole);
        let hash = "(SELECT hash FROM directory_audit WHERE sequence = 5)";
        place.execute(&format!("DELETE FROM sign_in WHERE id = 's6'; UPDATE audit_head SET sequence = 5, hash = {hash}")).await;
        assert!(verify(&*store, tenant).await.is_ok());
        let cut = store::verify(&*store, tenant, Some(&whole)).await.unwrap();
        assert_eq!(cut, Err(Broken::End { found: 5, expected: 6 }));
        write(&*store, tenant, vec![change("another")]).await.unwrap();
        let replaced = store::verify(&*store, tenant, Some(&whole)).await.unwrap();
        assert_eq!(replaced, Err(Broken::Replaced(6)));
    }

    async fn a_change_that_fails_leaves_neither_record_nor_gap(place: Place) {
        let (store, tenant) = place.furnished().await;
        insert(&*store, tenant, [catalog("c")]).await;
        write(&*store, tenant, vec![change("first")]).await.unwrap();
        let orphan = Changeset { audit: vec![change("no")], ..Changeset::default() };
        let orphan = orphan.insert(package("p", "nowhere"), RowVersion(1));
        assert!(store.commit(tenant, orphan).await.is_err());
        // A record whose key is taken takes the change with it.
        let twice = Changeset { audit: vec![change("first")], ..Changeset::default() };
        assert!(store.commit(tenant, twice.insert(package("q", "c"), RowVersion(1))).await.is_err());
        assert_eq!(place.number("SELECT count(*) FROM access_package").await, 0);
        let good = Changeset { audit: vec![change("second"), sign_in("third")], ..Changeset::default() };
        store.commit(tenant, good.insert(package("r", "c"), RowVersion(1))).await.unwrap();
        assert_eq!(verify(&*store, tenant).await.unwrap().sequence, 3);
        assert_eq!(place.number("SELECT count(*) FROM access_package").await, 1);
    }

    async fn chains_of_many_tenants_grow_side_by_side_from_two_servers(place: Place) {
        let (one, first) = place.furnished().await;
        let other = place.open().await;
        let mut tenants = vec![first];
        for name in ["b", "c", "d"] {
            tenants.push(place.another_tenant(&*one, name).await);
        }
        let mut tasks = Vec::new();
        for task in 0..16_u32 {
            let store = if task % 2 == 0 { one.clone() } else { other.clone() };
            let tenants = tenants.clone();
            tasks.push(tokio::spawn(async move {
                for number in 0..20 {
                    let tenant = tenants[number % tenants.len()];
                    let id = format!("{task}-{number}");
                    let entry = if number % 3 == 0 { sign_in(&id) } else { change(&id) };
                    while let Err(error) = write(&*store, tenant, vec![entry.clone()]).await {
                        assert!(matches!(error, CommitError::Conflict), "{error}");
                    }
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        for tenant in tenants {
            assert_eq!(verify(&*one, tenant).await.unwrap().sequence, 80);
        }
    }

    async fn a_chain_is_exported_in_its_order_from_where_one_likes(place: Place) {
        let (store, tenant) = place.furnished().await;
        for number in 0..1203 {
            write(&*store, tenant, vec![change(&number.to_string())]).await.unwrap();
        }
        let mut lines = 0;
        let count = |line: &[u8]| {
            let json: serde_json::Value = serde_json::from_slice(line).unwrap();
            lines += 1;
            assert_eq!(json["sequence"], 1000 + lines);
            assert_eq!(json["@odata.type"], "#microsoft.graph.directoryAudit");
            Ok::<_, store::Error>(())
        };
        store::export(&*store, tenant, 1000, count).await.unwrap();
        assert_eq!(lines, 203);
    }
}
