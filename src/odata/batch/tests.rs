use proptest::prelude::*;
use serde_json::json;

use super::*;

fn refused(requests: &Json) -> String {
    let error = parse(&json!({ "requests": requests })).unwrap_err();
    assert_eq!(error.code, "BadRequest");
    error.message
}

/// A request that is as it should be, but for what is given.
fn request(id: &str, change: Json) -> Json {
    let mut request = json!({ "id": id, "method": "GET", "url": "/x" });
    let Json::Object(change) = change else { panic!("{change}") };
    request.as_object_mut().unwrap().extend(change);
    request
}

#[test]
fn a_batch_is_read() {
    let batch = parse(&json!({ "requests": [
        { "id": "1", "method": "post", "url": "x?$filter=a eq 'b'", "headers": { "content-type": "application/json" },
          "body": { "a": 1 }, "dependsOn": ["B", "b"] },
        { "id": "b", "method": "DELETE", "url": "/y/%2F", "headers": null, "body": null, "dependsOn": [] },
    ] }))
    .unwrap();
    let [first, second] = batch.requests.as_slice() else { panic!("{batch:?}") };
    assert_eq!(
        (first.method, first.url.as_str(), &first.body),
        (Method::Post, "/x?$filter=a eq 'b'", &Some(json!({ "a": 1 })))
    );
    assert_eq!((first.header("Content-Type"), first.depends_on.as_slice()), (Some("application/json"), &[1][..]));
    assert_eq!((second.method, second.url.as_str(), &second.body), (Method::Delete, "/y/%2F", &None));
    assert_eq!(batch.order, [1, 0]);
}

#[test]
fn requests_run_as_listed_but_after_what_they_depend_on() {
    let depends = |id: &str, on: &[&str]| request(id, json!({ "dependsOn": on }));
    let order = |requests: Vec<Json>| parse(&json!({ "requests": requests })).unwrap().order;
    assert_eq!(order(vec![depends("a", &[]), depends("b", &[]), depends("c", &["a"])]), [0, 1, 2]);
    assert_eq!(order(vec![depends("a", &["c"]), depends("b", &[]), depends("c", &["b"])]), [1, 2, 0]);
    assert_eq!(
        refused(&json!([depends("a", &["c"]), depends("b", &[]), depends("c", &["a"])])),
        "$batch: request 'a': 'dependsOn' leads back to the request itself."
    );
}

#[test]
fn the_body_must_hold_requests() {
    let message = "$batch: the body must be an object with an array 'requests'.";
    for body in [json!(null), json!([]), json!({}), json!({ "requests": {} })] {
        assert_eq!(parse(&body).unwrap_err().message, message);
    }
    assert_eq!(refused(&json!([])), "$batch: there must be 1 to 20 requests, not 0.");
    let many: Vec<_> = (0..21).map(|id| request(&id.to_string(), json!({}))).collect();
    assert_eq!(refused(&many.into()), "$batch: there must be 1 to 20 requests, not 21.");
    assert_eq!(refused(&json!([1])), "$batch: the request at position 1 is not an object.");
}

#[test]
fn what_is_wrong_with_a_request_is_told() {
    let no_id = "$batch: the request at position 1 has no 'id', a text that is not empty.";
    for (change, message) in [
        (json!({ "id": "" }), no_id),
        (json!({ "id": 1 }), no_id),
        (
            json!({ "method": "HEAD" }),
            "$batch: request 'a': 'method' must be GET, POST, PATCH, PUT or DELETE, not 'HEAD'.",
        ),
        (json!({ "method": null }), "$batch: request 'a': 'method' must be GET, POST, PATCH, PUT or DELETE, not ''."),
        (json!({ "url": "" }), "$batch: request 'a': 'url' is missing."),
        (json!({ "url": 1 }), "$batch: request 'a': 'url' is missing."),
        (
            json!({ "url": "https://h/x" }),
            "$batch: request 'a': 'url' must be relative, such as '/identityGovernance/…', not 'https://h/x'.",
        ),
        (
            json!({ "url": "//h/x" }),
            "$batch: request 'a': 'url' must be relative, such as '/identityGovernance/…', not '//h/x'.",
        ),
        (json!({ "url": "/x\n" }), "$batch: request 'a': 'url' must not hold control characters."),
        (json!({ "url": "%24BATCH/?x" }), "$batch: request 'a': 'url' must not be a $batch again."),
        (json!({ "headers": [] }), "$batch: request 'a': 'headers' must be an object."),
        (json!({ "headers": { "x": 1 } }), "$batch: request 'a': 'headers' must hold texts of one line; 'x' is none."),
        (json!({ "body": {} }), "$batch: request 'a': 'headers' must have a Content-Type, as there is a body."),
        (json!({ "dependsOn": "b" }), "$batch: request 'a': 'dependsOn' must be an array of ids."),
        (json!({ "dependsOn": [1] }), "$batch: request 'a': 'dependsOn' must be an array of ids."),
        (
            json!({ "dependsOn": ["b"] }),
            "$batch: request 'a': 'dependsOn' names 'b', which is no request of the batch.",
        ),
        (json!({ "dependsOn": ["A"] }), "$batch: request 'a': 'dependsOn' names the request itself."),
    ] {
        assert_eq!(refused(&json!([request("a", change)])), message);
    }
    assert_eq!(
        refused(&json!([request("a", json!({})), request("A", json!({}))])),
        "$batch: the id 'A' is used twice; letter case does not count."
    );
}

/// Any JSON that is not too large.
fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![Just(Json::Null), any::<bool>().prop_map(Json::from), "\\PC{0,8}".prop_map(Json::from)];
    let key = prop::sample::select(vec!["requests", "id", "method", "url", "headers", "body", "dependsOn", "x"]);
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::vec((key.clone(), inner), 0..8)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_body_panics(body in any_json()) {
        let _ = parse(&body);
        let _ = parse(&json!({ "requests": body }));
        if let Json::Object(change) = body {
            let _ = parse(&json!({ "requests": [request("a", Json::Object(change))] }));
        }
    }
}
