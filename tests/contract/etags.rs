//! `ETag`, `If-Match`, `If-None-Match`: changes that happen only to the state that the caller has seen.

use serde_json::json;

use crate::{
    engines,
    support::{
        TestApp,
        fixtures::{self, PACKAGES, VERSIONS, refused},
    },
};

engines! {
    every_change_has_a_tag_of_its_own,
    a_change_of_what_was_seen_is_made,
    a_change_of_what_has_changed_meanwhile_is_refused,
    a_catalog_that_has_changed_meanwhile_is_neither_changed_nor_removed,
    what_was_seen_is_not_sent_again,
    a_star_matches_whatever_is_there,
    of_two_changes_of_the_same_state_one_is_made,
    an_entity_made_anew_has_another_tag,
}

async fn every_change_has_a_tag_of_its_own(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let made = client.post(PACKAGES, words.package(&catalog, "P")).await.expect(201);
        let path = format!("{PACKAGES}/{}", made.id());
        let mut seen = vec![made.header("etag").to_owned()];
        for name in ["Q", "P", "Q"] {
            let tag = client.patch(&path, json!({ "displayName": name })).await.expect(204).header("etag").to_owned();
            assert_eq!(client.get(&path).await.expect(200).header("etag"), tag);
            assert!(!seen.contains(&tag));
            seen.push(tag);
        }
    }
}

async fn a_change_of_what_was_seen_is_made(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let path = format!("{PACKAGES}/{}", fixtures::package(&app.client(), &catalog, "P").await);
        let mut tag = client.get(&path).await.expect(200).header("etag").to_owned();
        for tags in ["{}", "\"other\", {}", "*", "*, {}"] {
            let request = client.patch(&path, json!({ "displayName": tags }));
            let changed = request.header("if-match", tags.replace("{}", &tag)).await.expect(204);
            changed.header("etag").clone_into(&mut tag);
        }
        client.delete(&path).header("if-match", &tag).await.expect(204);
    }
}

async fn a_change_of_what_has_changed_meanwhile_is_refused(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let path = format!("{PACKAGES}/{}", fixtures::package(&app.client(), &catalog, "P").await);
        let stale = client.get(&path).await.expect(200).header("etag").to_owned();
        client.patch(&path, json!({ "displayName": "Q" })).await.expect(204);
        for tag in [stale.as_str(), "W/\"0\"", "nonsense", ""] {
            let change = client.patch(&path, json!({ "displayName": "R" })).header("if-match", tag);
            refused(&app.client(), change, 412).await.says("PreconditionFailed", "If-Match", "not in the state");
            let removal = client.delete(&path).header("if-match", tag);
            refused(&app.client(), removal, 412).await.says("PreconditionFailed", "If-Match", "not in the state");
        }
    }
}

async fn a_catalog_that_has_changed_meanwhile_is_neither_changed_nor_removed(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let made = client.post(words.catalogs, json!({ "displayName": "C" })).await.expect(201);
        let path = format!("{}/{}", words.catalogs, made.id());
        let fresh = client.patch(&path, json!({ "displayName": "D" })).header("if-match", made.header("etag")).await;
        let fresh = fresh.expect(204).header("etag").to_owned();
        for request in [client.patch(&path, json!({ "displayName": "E" })), client.delete(&path)] {
            refused(&app.client(), request.header("if-match", made.header("etag")), 412).await;
        }
        client.delete(&path).header("if-match", fresh).await.expect(204);
    }
}

async fn what_was_seen_is_not_sent_again(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let package = fixtures::package(&app.client(), &catalog, "P").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        for path in [
            format!("{PACKAGES}/{package}"),
            format!("{}/{catalog}", words.catalogs),
            format!("{PACKAGES}/{package}/{}", words.catalog),
            format!("{}/{catalog}{PACKAGES}/{package}", words.catalogs),
        ] {
            let tag = client.get(&path).await.expect(200).header("etag").to_owned();
            for tags in [tag.clone(), format!("\"x\", {tag}"), "*".to_owned(), tag.trim_start_matches("W/").to_owned()]
            {
                let same = client.get(&path).header("if-none-match", &tags).await.expect(304);
                assert!(same.body.is_empty());
                assert_eq!(same.header("etag"), tag);
            }
            client.get(&path).header("if-none-match", "\"x\"").await.expect(200);
        }
    }
}

async fn a_star_matches_whatever_is_there(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let path = format!("{PACKAGES}/nothing");
        client.patch(&path, json!({ "displayName": "P" })).header("if-match", "*").await.expect(404);
        client.delete(&path).header("if-match", "*").await.expect(404);
        client.get(&path).header("if-none-match", "*").await.expect(404);
    }
}

async fn of_two_changes_of_the_same_state_one_is_made(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let path = format!("{PACKAGES}/{}", fixtures::package(&app.client(), &catalog, "P").await);
    let client = app.client().beta();
    let tag = client.get(&path).await.expect(200).header("etag").to_owned();
    let changes = (0..8).map(|n| {
        let request = client.patch(&path, json!({ "displayName": format!("P{n}") })).header("if-match", &tag);
        async move { request.await.status }
    });
    let mut statuses = futures_util::future::join_all(changes).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 412, 412, 412, 412, 412, 412, 412]);
}

async fn an_entity_made_anew_has_another_tag(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let client = app.client().beta();
    let body = json!({ "id": "p", "displayName": "P", "catalogId": catalog });
    let first = client.post(PACKAGES, body.clone()).await.expect(201);
    client.delete(format!("{PACKAGES}/p")).await.expect(204);
    let second = client.post(PACKAGES, body).await.expect(201);
    assert_ne!(first.header("etag"), second.header("etag"));
    client.delete(format!("{PACKAGES}/p")).header("if-match", first.header("etag")).await.expect(412);
}
