//! `Prefer: return=…`: whether a change answers with the entity.

use serde_json::json;

use crate::{
    engines,
    support::{
        TestApp,
        fixtures::{self, PACKAGES, VERSIONS},
    },
};

engines! {
    a_create_answers_with_the_entity,
    a_create_answers_with_an_address_where_that_is_preferred,
    an_update_answers_with_nothing,
    an_update_answers_with_the_entity_where_that_is_preferred,
    catalogs_follow_the_same_preferences,
    what_is_not_understood_is_not_followed,
}

async fn a_create_answers_with_the_entity(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let made = client.post(PACKAGES, words.package(&catalog, "P")).await.expect(201);
        assert_eq!((made.json()["displayName"].as_str(), made.header("preference-applied")), (Some("P"), ""));
        let made = client.post(PACKAGES, words.package(&catalog, "P")).representation().await.expect(201);
        assert_eq!(made.header("preference-applied"), "return=representation");
        assert_eq!(made.json()["displayName"], "P");
    }
}

async fn a_create_answers_with_an_address_where_that_is_preferred(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let request = client.post(PACKAGES, words.package(&catalog, "P")).header("prefer", "return=minimal");
        let made = request.await.expect(204);
        assert!(made.body.is_empty());
        assert_eq!(made.header("preference-applied"), "return=minimal");
        assert_eq!(made.header("location"), made.header("odata-entityid"));
        let found = client.get(made.header("location")).await.expect(200);
        assert_eq!((found.json()["displayName"].as_str(), found.header("etag")), (Some("P"), made.header("etag")));
    }
}

async fn an_update_answers_with_nothing(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let path = format!("{PACKAGES}/{}", fixtures::package(&app.client(), &catalog, "P").await);
        let changed = client.patch(&path, json!({ "displayName": "Q" })).await.expect(204);
        assert!(changed.body.is_empty());
        let found = client.get(&path).await.expect(200);
        assert_eq!((found.json()["displayName"].as_str(), found.header("etag")), (Some("Q"), changed.header("etag")));
    }
}

async fn an_update_answers_with_the_entity_where_that_is_preferred(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let path = format!("{PACKAGES}/{}", fixtures::package(&app.client(), &catalog, "P").await);
        let changed = client.patch(&path, json!({ "displayName": "Q" })).representation().await.expect(200);
        assert_eq!(changed.header("preference-applied"), "return=representation");
        assert_eq!(changed.json(), client.get(&path).await.expect(200).json());
    }
}

async fn catalogs_follow_the_same_preferences(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let request = client.post(words.catalogs, json!({ "displayName": "C" })).header("prefer", "return=minimal");
        let made = request.await.expect(204);
        let path = made.header("location").to_owned();
        client.patch(&path, json!({ "displayName": "D" })).await.expect(204);
        let changed = client.patch(&path, json!({ "displayName": "E" })).representation().await.expect(200);
        assert_eq!(changed.json()["displayName"], "E");
    }
}

async fn what_is_not_understood_is_not_followed(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        for (preference, status) in [
            ("return=everything", 201),
            ("respond-async", 201),
            ("RETURN=Minimal; foo=bar, wait=5", 204),
            ("return=minimal, return=representation", 204),
            (";;,,", 201),
        ] {
            let request = client.post(PACKAGES, words.package(&catalog, "P")).header("prefer", preference);
            request.await.expect(status);
        }
    }
}
