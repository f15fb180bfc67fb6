//! Answers that take more memory than there is for them.

use serde_json::{Value as Json, json};

use cardea::api;

use crate::support::{
    Client, Engine, TEST_TIMEOUT, TestApp,
    client::ROOT,
    fixtures::{self, BETA, PACKAGES},
};

/// A server on this engine that has a MiB for answers, and 200 packages whose rows take 3 KiB each.
async fn on(engine: Engine, test: impl AsyncFnOnce(TestApp)) {
    if engine.left_out().is_some() {
        return;
    }
    let test = async {
        let options = api::Options { answer_memory: 1 << 20, ..api::Options::default() };
        let app = TestApp::start_with(engine, options).await;
        let client = app.client();
        let catalog = fixtures::catalog(&client, "Sales").await;
        for n in 0..100 {
            let mut body = BETA.package(&catalog, &format!("P{n}"));
            body["description"] = json!("lorem ipsum ".repeat(250));
            client.beta().post(PACKAGES, body).await.expect(201);
        }
        test(app).await;
    };
    tokio::time::timeout(TEST_TIMEOUT, test).await.expect("the test hangs");
}

async fn batch(client: &Client, many: usize) -> Vec<Json> {
    let url = format!("{ROOT}{PACKAGES}?$top=100");
    let get = |n: usize| json!({ "id": n.to_string(), "method": "GET", "url": url });
    let last = json!({ "id": "last", "method": "GET", "url": format!("{ROOT}{PACKAGES}?$top=1&$select=id") });
    let requests: Vec<Json> = (0..many).map(get).chain([last]).collect();
    let answer = client.below("/beta").post("/$batch", json!({ "requests": requests })).await.expect(200);
    answer.json()["responses"].as_array().unwrap().clone()
}

async fn what_a_batch_has_no_memory_for_is_told_to_come_again(app: TestApp) {
    let client = app.client();
    let responses = batch(&client, 10).await;
    let statuses: Vec<u64> = responses.iter().map(|response| response["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses[0], 200);
    assert!(statuses.iter().filter(|status| **status == 503).count() > 5, "{statuses:?}");
    let refused = responses.iter().find(|response| response["status"] == 503).unwrap();
    assert_eq!(refused["headers"]["Retry-After"], "1");
    assert_eq!(refused["body"]["error"]["code"], "ServiceUnavailable");
    // All of it is given back.
    assert_eq!(batch(&client, 1).await[0]["status"], 200);
    drop(client);
    for _ in 0..50 {
        if app.api.memory.used() == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{} bytes are kept", app.api.memory.used());
}

async fn an_answer_that_has_no_memory_is_refused_and_what_was_written_is_told(app: TestApp) {
    let client = app.client().beta();
    let taken = app.api.memory.take((1 << 20) / 4 * 3).unwrap();
    let refused = client.get(PACKAGES).query("$top", "100").await;
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.problem(503).code, "ServiceUnavailable");
    client.get(PACKAGES).query("$top", "1").await.expect(200);
    fixtures::catalog(&client, "While there is no memory").await;
    drop(taken);
    client.get(PACKAGES).query("$top", "100").await.expect(200);
}

macro_rules! on_both {
    ($($name:ident),+) => {
        mod sqlite { $(#[tokio::test] async fn $name() { super::on(super::Engine::Sqlite, super::$name).await; })+ }
        mod postgres { $(#[tokio::test] async fn $name() { super::on(super::Engine::Postgres, super::$name).await; })+ }
    };
}
on_both!(
    what_a_batch_has_no_memory_for_is_told_to_come_again,
    an_answer_that_has_no_memory_is_refused_and_what_was_written_is_told
);
