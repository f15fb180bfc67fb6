#![allow(clippy::needless_pass_by_value, reason = "json! is written in place")]

use std::collections::HashMap;

use super::*;

const LIMITS: Limits = Limits { max_operations: 4, max_payload_size: 100 };

fn request(operations: Value) -> Result<BulkRequest, Error> {
    let body = json!({ "schemas": [message::BULK_REQUEST], "failOnErrors": 1, "Operations": operations });
    BulkRequest::parse(&body, LIMITS)
}

fn post(path: &str, id: &str, data: Value) -> Value {
    json!({ "method": "POST", "path": path, "bulkId": id, "data": data })
}

#[test]
fn the_example_of_the_rfc_is_read() {
    let bulk = request(json!([
        post("/Users", "qwerty", json!({ "userName": "Alice" })),
        { "method": "put", "path": "/Users/b7c14771", "version": "W/\"3694e05e9dff591\"", "data": { "userName": "Bob" } },
        { "method": "PATCH", "path": "/Users/5d8d29d3", "data": { "Operations": [] } },
        { "method": "DELETE", "path": "/Users/e9025315", "version": "W/\"0ee8add0a938e1a\"" },
    ]))
    .unwrap();
    assert!(bulk.stops_after(1) && !bulk.stops_after(0));
    let methods: Vec<_> = bulk.operations.iter().map(|o| o.method).collect();
    assert_eq!(methods, [Method::Post, Method::Put, Method::Patch, Method::Delete]);
    assert_eq!(bulk.operations[1].version.as_deref(), Some("W/\"3694e05e9dff591\""));
    let (kind, id) = bulk.operations[3].target().unwrap();
    assert_eq!((kind.name, id), ("User", Some("e9025315")));
    assert_eq!(bulk.order().unwrap(), [0, 1, 2, 3]);
}

#[test]
fn limits_are_kept() {
    let many = vec![json!({ "method": "DELETE", "path": "/Users/1" }); 5];
    assert_eq!(request(Value::Array(many)).unwrap_err().status, 413);
    assert!(LIMITS.check_payload(100).is_ok());
    assert_eq!(LIMITS.check_payload(101).unwrap_err().to_json()["status"], "413");
}

#[test]
fn malformed_operations_are_told_by_number() {
    for (operation, words) in [
        (json!(1), "must be an object"),
        (json!({ "method": "GET", "path": "/Users/1" }), "'method'"),
        (json!({ "method": "DELETE" }), "'path' is required"),
        (json!({ "method": "DELETE", "path": "/Users" }), "id of the resource with 'DELETE'"),
        (json!({ "method": "POST", "path": "/Users", "data": {} }), "'bulkId' is required"),
        (json!({ "method": "POST", "path": "/Users/1", "bulkId": "a", "data": {} }), "no id"),
        (json!({ "method": "POST", "path": "/Users", "bulkId": "a/b", "data": {} }), "'bulkId' must not"),
        (json!({ "method": "PUT", "path": "/Users/1" }), "'data'"),
        (json!({ "method": "PUT", "path": 1, "data": {} }), "'path' must be a string"),
    ] {
        let error = request(json!([{ "method": "DELETE", "path": "/Users/1" }, operation])).unwrap_err();
        assert!(error.detail.starts_with("Operation 2: ") && error.detail.contains(words), "{error}");
    }
    assert!(BulkRequest::parse(&json!({ "schemas": [message::BULK_REQUEST] }), LIMITS).is_err());
    let elsewhere = request(json!([{ "method": "DELETE", "path": "/Things/1" }])).unwrap();
    assert_eq!(elsewhere.operations[0].target().unwrap_err().status, 404);
}

#[test]
fn what_is_referred_to_runs_first() {
    let bulk = request(json!([
        post("/Groups", "ytrewq", json!({ "displayName": "Tour Guides", "members": [{ "type": "User", "value": "bulkId:qwerty" }] })),
        { "method": "PATCH", "path": "/Groups/bulkId:ytrewq", "data": { "Operations": [
            { "op": "remove", "path": "members[value eq \"bulkId:qwerty\"]" },
            { "op": "add", "value": { "nickName": "not a bulkId:qwerty", "$ref": "../Users/bulkId:qwerty", "x": "bulkId: y" } },
        ] } },
        post("/Users", "qwerty", json!({ "userName": "Alice" })),
    ]))
    .unwrap();
    assert_eq!(bulk.order().unwrap(), [2, 0, 1]);

    let created = |pairs: &[(&str, &str)]| -> HashMap<String, String> {
        pairs.iter().map(|(id, made)| ((*id).to_owned(), (*made).to_owned())).collect()
    };
    let both = created(&[("qwerty", "92b725cd"), ("ytrewq", "e9e30dba")]);
    let group = bulk.operations[0].resolve(&both).unwrap();
    assert_eq!(group.data.unwrap()["members"], json!([{ "type": "User", "value": "92b725cd" }]));
    let patch = bulk.operations[1].resolve(&both).unwrap();
    assert_eq!(patch.path, "/Groups/e9e30dba");
    let operations = &patch.data.unwrap()["Operations"];
    assert_eq!(operations[0]["path"], "members[value eq \"92b725cd\"]");
    let value = json!({ "nickName": "not a bulkId:qwerty", "$ref": "../Users/92b725cd", "x": "bulkId: y" });
    assert_eq!(operations[1]["value"], value);
    let error = bulk.operations[0].resolve(&created(&[])).unwrap_err();
    assert_eq!(error.status, 409);
    assert!(error.detail.contains("'bulkId:qwerty'"));
}

#[test]
fn circles_and_doubles_are_refused() {
    let member = |id: &str| json!({ "members": [{ "value": format!("bulkId:{id}") }] });
    let circle = request(json!([
        post("/Groups", "a", member("b")),
        post("/Groups", "b", member("a")),
        post("/Groups", "c", json!({}))
    ]));
    let error = circle.unwrap().order().unwrap_err();
    assert_eq!(error.status, 409);
    assert!(error.detail.contains("'a', 'b'"), "{error}");
    assert_eq!(request(json!([post("/Groups", "a", member("a"))])).unwrap().order().unwrap_err().status, 409);
    let twice = request(json!([post("/Users", "a", json!({})), post("/Users", "a", json!({}))])).unwrap();
    assert!(twice.order().unwrap_err().detail.contains("'a'"));
}

#[test]
fn results_are_rendered() {
    let bulk = request(json!([post("/Users", "qwerty", json!({ "userName": "Alice" }))])).unwrap();
    let error = Error::bad(super::super::ScimType::InvalidSyntax, "Request is unparsable");
    let results = [
        BulkResult {
            method: Method::Post,
            bulk_id: Some("qwerty".to_owned()),
            location: Some("https://example.com/v2/Users/92b725cd".to_owned()),
            version: Some("W/\"4weymrEsh5O6cAEK\"".to_owned()),
            status: 201,
            response: None,
        },
        BulkResult::failed(&bulk.operations[0], None, &error),
    ];
    let expected = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],
        "Operations": [
            {
                "location": "https://example.com/v2/Users/92b725cd", "method": "POST", "bulkId": "qwerty",
                "version": "W/\"4weymrEsh5O6cAEK\"", "status": "201",
            },
            { "method": "POST", "bulkId": "qwerty", "status": "400", "response": error.to_json() },
        ],
    });
    assert_eq!(bulk_response(&results), expected);
}
