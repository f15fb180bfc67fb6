//! `$batch`: several requests in one.

use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        Client, TestApp,
        client::{ROOT, Request},
        fixtures::{self, PACKAGES, VERSIONS, refused},
    },
};

engines! {
    each_request_of_a_batch_is_answered,
    a_batch_may_read_what_it_has_made,
    what_depends_on_a_failure_is_not_tried,
    answers_come_in_the_order_of_the_requests,
    a_request_runs_after_those_it_depends_on_wherever_they_stand,
    a_failure_does_not_undo_the_others,
    each_request_is_authorized_by_itself,
    a_batch_needs_a_token,
    at_most_twenty_requests_are_taken,
    a_batch_that_makes_no_sense_is_refused_whole,
    a_batch_within_a_batch_is_refused,
    errors_inside_have_the_envelope,
    texts_and_nothing_are_answered_too,
}

/// A batch, sent to a version.
fn batch(client: &Client, version: &str, requests: &[Json]) -> Request {
    client.below(&format!("/{version}")).post("/$batch", json!({ "requests": requests }))
}

fn get(id: &str, path: &str) -> Json {
    json!({ "id": id, "method": "GET", "url": format!("{ROOT}{path}") })
}

fn create(id: &str, path: &str, body: &Json) -> Json {
    let headers = json!({ "Content-Type": "application/json" });
    json!({ "id": id, "method": "POST", "url": format!("{ROOT}{path}"), "headers": headers, "body": body })
}

/// The ids and statuses of the answers.
fn statuses(answers: &Json) -> Vec<(String, u64)> {
    let status = |r: &Json| (r["id"].as_str().unwrap().to_owned(), r["status"].as_u64().unwrap());
    answers["responses"].as_array().unwrap().iter().map(status).collect()
}

fn pairs(pairs: &[(&str, u64)]) -> Vec<(String, u64)> {
    pairs.iter().map(|(id, status)| ((*id).to_owned(), *status)).collect()
}

async fn each_request_of_a_batch_is_answered(app: TestApp) {
    let catalog = fixtures::catalog_with(&app.client(), &["A", "B"]).await;
    for words in VERSIONS {
        let requests = [
            get("list", &format!("{PACKAGES}?$orderby=displayName desc&$select=displayName")),
            get("one", &format!("{}/{catalog}", words.catalogs)),
            create("make", words.catalogs, &json!({ "displayName": "New" })),
        ];
        let answers = batch(&app.client(), words.version, &requests).await.expect(200).json();
        assert_eq!(statuses(&answers), pairs(&[("list", 200), ("one", 200), ("make", 201)]));
        let [list, one, made] = [0, 1, 2].map(|n| answers["responses"][n].clone());
        assert_eq!(list["body"]["value"], json!([{ "displayName": "B" }, { "displayName": "A" }]));
        assert_eq!((&one["body"]["id"], made["body"]["displayName"].as_str()), (&json!(catalog), Some("New")));
        assert!(made["headers"]["Location"].as_str().unwrap().starts_with(&app.base));
        assert!(one["headers"]["ETag"].as_str().is_some());
        let url = made["headers"]["Location"].as_str().unwrap();
        app.client().get(url).await.expect(200);
    }
}

async fn a_batch_may_read_what_it_has_made(app: TestApp) {
    for words in VERSIONS {
        let id = format!("c-{}", words.version);
        let make = create("1", words.catalogs, &json!({ "id": id, "displayName": "C" }));
        let mut read = get("2", &format!("{}/{id}", words.catalogs));
        read["dependsOn"] = json!(["1"]);
        let answers = batch(&app.client(), words.version, &[make, read]).await.expect(200).json();
        assert_eq!(statuses(&answers), pairs(&[("1", 201), ("2", 200)]));
    }
}

async fn what_depends_on_a_failure_is_not_tried(app: TestApp) {
    for words in VERSIONS {
        let wrong = create("1", words.catalogs, &json!({ "displayName": 5 }));
        let mut after = create("2", words.catalogs, &json!({ "displayName": "Never" }));
        after["dependsOn"] = json!(["1"]);
        let mut last = get("3", words.catalogs);
        last["dependsOn"] = json!(["2"]);
        let answers = batch(&app.client(), words.version, &[wrong, after, last]).await.expect(200).json();
        assert_eq!(statuses(&answers), pairs(&[("1", 400), ("2", 424), ("3", 424)]));
        assert_eq!(answers["responses"][1]["body"]["error"]["code"], "FailedDependency");
        let found = words.of(&app.client()).get(words.catalogs).query("$filter", "displayName eq 'Never'").await;
        assert_eq!(found.expect(200).rows(), [] as [Json; 0]);
    }
}

async fn answers_come_in_the_order_of_the_requests(app: TestApp) {
    for words in VERSIONS {
        let requests: Vec<Json> = (0..20).rev().map(|n| get(&n.to_string(), words.catalogs)).collect();
        let answers = batch(&app.client(), words.version, &requests).await.expect(200).json();
        let expected: Vec<(String, u64)> = (0..20).rev().map(|n: u32| (n.to_string(), 200)).collect();
        assert_eq!(statuses(&answers), expected);
    }
}

async fn a_request_runs_after_those_it_depends_on_wherever_they_stand(app: TestApp) {
    for words in VERSIONS {
        let id = format!("c-{}", words.version);
        let mut read = get("read", &format!("{}/{id}", words.catalogs));
        read["dependsOn"] = json!(["make"]);
        let make = create("make", words.catalogs, &json!({ "id": id, "displayName": "C" }));
        let answers = batch(&app.client(), words.version, &[read, make]).await.expect(200).json();
        assert_eq!(statuses(&answers), pairs(&[("read", 200), ("make", 201)]));
    }
}

async fn a_failure_does_not_undo_the_others(app: TestApp) {
    for words in VERSIONS {
        let requests = [
            create("1", words.catalogs, &json!({ "displayName": "Before" })),
            get("2", &format!("{PACKAGES}/nothing")),
            create("3", words.catalogs, &json!({ "displayName": "After" })),
        ];
        let answers = batch(&app.client(), words.version, &requests).await.expect(200).json();
        assert_eq!(statuses(&answers), pairs(&[("1", 201), ("2", 404), ("3", 201)]));
    }
}

async fn each_request_is_authorized_by_itself(app: TestApp) {
    let reader =
        app.issue(crate::auth::application(&[cardea::authz::READ_ALL]), std::time::Duration::from_hours(1)).await;
    for words in VERSIONS {
        let make = create("make", words.catalogs, &json!({ "displayName": "C" }));
        let requests = [get("read", words.catalogs), make.clone()];
        let answers = batch(&app.reader(), words.version, &requests).await.expect(200).json();
        assert_eq!(statuses(&answers), pairs(&[("read", 200), ("make", 403)]));
        // A token of its own counts instead.
        let (mut own, mut bad) = (make, get("bad", words.catalogs));
        own["headers"]["Authorization"] = json!(format!("Bearer {reader}"));
        bad["headers"] = json!({ "Authorization": "Bearer nonsense" });
        let answers = batch(&app.client(), words.version, &[own, bad]).await.expect(200).json();
        assert_eq!(statuses(&answers), pairs(&[("make", 403), ("bad", 401)]));
    }
}

async fn a_batch_needs_a_token(app: TestApp) {
    for words in VERSIONS {
        batch(&app.anonymous(), words.version, &[get("1", words.catalogs)]).await.expect(401);
    }
}

async fn at_most_twenty_requests_are_taken(app: TestApp) {
    for words in VERSIONS {
        let make = |n: u32| create(&n.to_string(), words.catalogs, &json!({ "displayName": "C" }));
        let requests: Vec<Json> = (0..21).map(make).collect();
        let problem = refused(&app.client(), batch(&app.client(), words.version, &requests), 400).await;
        problem.says("BadRequest", "requests", "1 to 20 requests, not 21");
        let problem = batch(&app.client(), words.version, &[]).await.problem(400);
        problem.says("BadRequest", "requests", "not 0");
    }
}

async fn a_batch_that_makes_no_sense_is_refused_whole(app: TestApp) {
    let good = create("good", "/catalogs", &json!({ "displayName": "C" }));
    let with = |name: &str, value: Json| {
        let mut request = get("bad", "/catalogs");
        request[name] = value;
        request
    };
    for (bad, target, part) in [
        (with("id", json!("")), "id", "has no 'id'"),
        (with("id", json!(5)), "id", "has no 'id'"),
        (with("id", json!("GOOD")), "id", "used twice"),
        (with("method", json!("TRACE")), "method", "must be GET, POST"),
        (with("url", json!("")), "url", "is missing"),
        (with("url", json!("https://example.com/x")), "url", "must be relative"),
        (with("url", json!("//example.com/x")), "url", "must be relative"),
        (with("url", json!("/a\nb")), "url", "control characters"),
        (with("headers", json!(5)), "headers", "must be an object"),
        (with("headers", json!({ "a": 5 })), "headers", "texts of one line"),
        (with("headers", json!({ "a": "b\r\nc: d" })), "headers", "texts of one line"),
        (with("body", json!({})), "headers", "Content-Type"),
        (with("dependsOn", json!("good")), "dependsOn", "must be an array"),
        (with("dependsOn", json!(["other"])), "dependsOn", "no request of the batch"),
        (with("dependsOn", json!(["bad"])), "dependsOn", "names the request itself"),
        (json!(5), "requests", "not an object"),
    ] {
        let request = batch(&app.client(), "v1.0", &[good.clone(), bad.clone()]);
        refused(&app.client(), request, 400).await.says("BadRequest", target, part);
    }
    let mut circle = [good.clone(), get("other", "/catalogs")];
    (circle[0]["dependsOn"], circle[1]["dependsOn"]) = (json!(["other"]), json!(["good"]));
    let problem = refused(&app.client(), batch(&app.client(), "v1.0", &circle), 400).await;
    problem.says("BadRequest", "dependsOn", "leads back to the request itself");
    for body in [json!({}), json!([]), json!({ "requests": {} })] {
        let problem = app.client().below("/beta").post("/$batch", body).await.problem(400);
        problem.says("BadRequest", "requests", "an array 'requests'");
    }
    let request = app.client().below("/beta").request(http::Method::POST, "/$batch").body("application/json", "{");
    request.await.problem(400).says("BadRequest", "", "not valid JSON");
}

async fn a_batch_within_a_batch_is_refused(app: TestApp) {
    for words in VERSIONS {
        for url in ["/$batch", "$batch", "/%24batch", "/$BATCH/"] {
            let inner = json!({ "id": "1", "method": "POST", "url": url });
            let problem = batch(&app.client(), words.version, &[inner]).await.problem(400);
            problem.says("BadRequest", "url", "must not be a $batch again");
        }
    }
}

async fn errors_inside_have_the_envelope(app: TestApp) {
    for words in VERSIONS {
        let requests = [
            get("missing", &format!("{PACKAGES}/nothing")),
            get("malformed", &format!("{PACKAGES}?$filter=(")),
            create("invalid", PACKAGES, &json!({ "displayName": "P" })),
        ];
        let answers = batch(&app.client(), words.version, &requests).await.expect(200).json();
        assert_eq!(statuses(&answers), pairs(&[("missing", 404), ("malformed", 400), ("invalid", 400)]));
        let codes = [0, 1, 2].map(|n| answers["responses"][n]["body"]["error"]["code"].as_str().unwrap().to_owned());
        assert_eq!(codes, ["AccessPackageNotFound", "InvalidFilter", "InvalidModel"]);
    }
}

async fn texts_and_nothing_are_answered_too(app: TestApp) {
    for words in VERSIONS {
        let catalog = fixtures::catalog(&app.client(), "C").await;
        let removal = json!({ "id": "gone", "method": "DELETE", "url": format!("{ROOT}{}/{catalog}", words.catalogs) });
        let requests = [removal, get("count", &format!("{}/$count", words.catalogs))];
        let answers = batch(&app.client(), words.version, &requests).await.expect(200).json();
        assert_eq!(statuses(&answers), pairs(&[("gone", 204), ("count", 200)]));
        assert_eq!(answers["responses"][0].get("body"), None);
        assert_eq!(answers["responses"][1]["body"], 1);
    }
}
