//! The client itself: it must be able to fail. Each test spoils one thing of an exchange that is as documented.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value as Json, json};

use crate::support::{
    client::ROOT,
    contract::{Complaints, Contracts, Exchange},
    document::Document,
};

fn contracts() -> Contracts {
    let document = |text: &str| Arc::new(Document::new(serde_json::from_str(text).unwrap()));
    let root = env!("CARGO_MANIFEST_DIR");
    let read = |version: &str| std::fs::read_to_string(format!("{root}/openapi/{version}.json")).unwrap();
    Contracts::new(document(&read("v1.0")), document(&read("beta")))
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

/// What every answer has.
fn common() -> HeaderMap {
    headers(&[
        ("content-type", "application/json;charset=utf-8"),
        ("odata-version", "4.0"),
        ("request-id", "r"),
        ("client-request-id", "c"),
    ])
}

/// A good create.
fn create() -> Exchange {
    let mut headers = common();
    headers.insert("location", HeaderValue::from_static("http://localhost/x"));
    headers.insert("etag", HeaderValue::from_static("W/\"1\""));
    Exchange {
        method: Method::POST,
        target: format!("/beta{ROOT}/accessPackages"),
        request_headers: self::headers(&[("content-type", "application/json"), ("prefer", "return=representation")]),
        request_body: Some(json!({ "displayName": "P", "catalogId": "c" }).to_string().into_bytes()),
        status: 201,
        headers,
        body: package().to_string().into_bytes(),
    }
}

fn package() -> Json {
    json!({
        "@odata.context": "x", "id": "p", "catalogId": "c", "displayName": "P", "description": null, "isHidden": false,
        "isRoleScopesVisible": true, "createdBy": "a", "createdDateTime": "2026-01-31T08:00:00Z", "modifiedBy": "a",
        "modifiedDateTime": "2026-01-31T08:00:00Z",
    })
}

/// A good list.
fn list() -> Exchange {
    Exchange {
        method: Method::GET,
        target: format!("/beta{ROOT}/accessPackages?$top=5&count=true"),
        request_headers: HeaderMap::new(),
        request_body: None,
        status: 200,
        headers: common(),
        body: json!({ "@odata.context": "x", "@odata.count": 1, "value": [package()] }).to_string().into_bytes(),
    }
}

fn spoilt(mut exchange: Exchange, spoil: impl FnOnce(&mut Exchange)) -> Result<(), Complaints> {
    spoil(&mut exchange);
    contracts().check(&exchange)
}

/// The one complaint there must be holds these words.
#[track_caller]
fn complains(result: Result<(), Complaints>, part: &str) {
    let complaints = result.expect_err("nothing was complained about");
    assert!(complaints.iter().any(|complaint| complaint.contains(part)), "{part:?} is not in {complaints:?}");
}

/// The body with another value at this place.
fn with(body: &[u8], pointer: &str, name: &str, value: Json) -> Vec<u8> {
    let mut json: Json = serde_json::from_slice(body).unwrap();
    json.pointer_mut(pointer).unwrap()[name] = value;
    json.to_string().into_bytes()
}

#[test]
fn what_is_as_documented_passes() {
    assert_eq!(spoilt(create(), |_| ()), Ok(()));
    assert_eq!(spoilt(list(), |_| ()), Ok(()));
}

#[test]
fn an_undocumented_property_fails_wherever_it_is() {
    complains(spoilt(create(), |x| x.body = with(&x.body, "", "colour", json!("red"))), "colour");
    complains(spoilt(list(), |x| x.body = with(&x.body, "", "colour", json!("red"))), "colour");
    complains(spoilt(list(), |x| x.body = with(&x.body, "/value/0", "colour", json!("red"))), "colour");
    let expanded = json!({ "id": "c", "colour": "red" });
    complains(spoilt(list(), |x| x.body = with(&x.body, "/value/0", "accessPackageCatalog", expanded)), "colour");
}

#[test]
fn a_value_of_a_wrong_type_fails() {
    complains(spoilt(create(), |x| x.body = with(&x.body, "", "isHidden", json!("no"))), "isHidden");
    complains(spoilt(create(), |x| x.body = with(&x.body, "", "displayName", Json::Null)), "displayName");
    complains(
        spoilt(create(), |x| x.body = with(&x.body, "", "createdDateTime", json!("yesterday"))),
        "createdDateTime",
    );
    complains(spoilt(list(), |x| x.body = with(&x.body, "", "@odata.count", json!("1"))), "@odata.count");
}

#[test]
fn a_missing_property_that_is_required_fails() {
    complains(spoilt(list(), |x| x.body = b"{}".to_vec()), "value");
}

#[test]
fn an_undocumented_status_fails() {
    complains(spoilt(create(), |x| x.status = 200), "no response 200");
    complains(spoilt(create(), |x| x.status = 418), "no response 418");
}

#[test]
fn an_undocumented_operation_fails() {
    complains(spoilt(list(), |x| x.method = Method::PUT), "not a documented operation");
    complains(spoilt(list(), |x| x.target = format!("/beta{ROOT}/nothing")), "not a documented operation");
    complains(
        spoilt(list(), |x| x.target = format!("/v1.0{ROOT}/accessPackageCatalogs")),
        "not a documented operation",
    );
    complains(spoilt(list(), |x| x.target = format!("/beta{ROOT}/accessPackages/")), "not a documented operation");
    complains(spoilt(list(), |x| x.target = "/healthz".to_owned()), "no document");
}

#[test]
fn headers_fail_when_they_are_missing_or_undocumented() {
    complains(spoilt(create(), |x| _ = x.headers.remove("location")), "Location is missing");
    complains(spoilt(list(), |x| _ = x.headers.remove("request-id")), "request-id is missing");
    let value = HeaderValue::from_static("1");
    complains(spoilt(list(), |x| _ = x.headers.insert("x-secret", value)), "x-secret is not documented");
}

#[test]
fn a_body_of_another_type_or_where_none_should_be_fails() {
    let html = HeaderValue::from_static("text/html");
    complains(spoilt(list(), |x| _ = x.headers.insert("content-type", html)), "Content-Type \"text/html\"");
    complains(spoilt(list(), |x| _ = x.headers.remove("content-type")), "Content-Type");
    complains(spoilt(list(), |x| x.body = b"{".to_vec()), "not JSON");
    let minimal = |x: &mut Exchange| x.status = 204;
    complains(spoilt(create(), minimal), "a body where none is documented");
    let head = |x: &mut Exchange| x.method = Method::HEAD;
    complains(spoilt(list(), head), "a body for HEAD");
}

#[test]
fn a_success_for_a_body_that_the_document_forbids_fails() {
    let send = |body: Json| spoilt(create(), |x| x.request_body = Some(body.to_string().into_bytes()));
    complains(send(json!({ "catalogId": "c" })), "displayName");
    complains(send(json!({ "displayName": 5, "catalogId": "c" })), "displayName");
    complains(send(json!({ "displayName": "P", "catalogId": "c", "colour": "red" })), "colour");
    complains(send(json!({ "displayName": "P\u{202e}", "catalogId": "c" })), "displayName");
    complains(spoilt(create(), |x| x.request_body = None), "the body is missing");
    complains(spoilt(create(), |x| x.request_body = Some(b"{".to_vec())), "not JSON");
    complains(spoilt(list(), |x| x.request_body = Some(b"{}".to_vec())), "takes no body");
    // What is refused may be anything.
    let refused = |x: &mut Exchange| {
        (x.status, x.headers, x.request_body) = (400, common(), Some(b"{".to_vec()));
        x.body = br#"{"error":{"code":"a","message":"b"}}"#.to_vec();
    };
    assert_eq!(spoilt(create(), refused), Ok(()));
}

#[test]
fn a_success_for_parameters_that_are_not_documented_fails() {
    let at = |query: &str| spoilt(list(), |x| x.target = format!("/beta{ROOT}/accessPackages?{query}"));
    complains(at("colour=red"), "no query parameter 'colour'");
    complains(at("$top=many"), "'$top'");
    complains(at("$count=1"), "'$count'");
    let header = HeaderValue::from_static("1");
    complains(spoilt(list(), |x| _ = x.request_headers.insert("if-match", header)), "no header parameter 'if-match'");
}

#[test]
fn an_error_without_its_envelope_fails() {
    let refused =
        |body: &'static [u8]| spoilt(create(), |x| (x.status, x.headers, x.body) = (400, common(), body.to_vec()));
    complains(refused(b"{}"), "error");
    complains(refused(br#"{"error":{"code":"a"}}"#), "message");
    complains(refused(br#"{"error":{"code":"a","message":"b","stack":"c"}}"#), "stack");
}

#[test]
fn what_is_inside_a_batch_is_held_to_the_document_too() {
    let batch = |url: &str, body: Json| Exchange {
        method: Method::POST,
        target: "/beta/$batch".to_owned(),
        request_headers: headers(&[("content-type", "application/json")]),
        request_body: Some(
            json!({ "requests": [{ "id": "1", "method": "GET", "url": url }] }).to_string().into_bytes(),
        ),
        status: 200,
        headers: common(),
        body: json!({ "responses": [{ "id": "1", "status": 200, "body": body, "headers": {
            "Content-Type": "application/json", "OData-Version": "4.0", "request-id": "r", "client-request-id": "c",
        } }] })
        .to_string()
        .into_bytes(),
    };
    let url = format!("{ROOT}/accessPackages");
    assert_eq!(contracts().check(&batch(&url, json!({ "value": [package()] }))), Ok(()));
    complains(
        contracts().check(&batch(&url, json!({ "value": [{ "colour": "red" }] }))),
        "in the batch, \"1\": /value/0",
    );
    complains(contracts().check(&batch("/nothing", json!({}))), "not a documented operation");
    complains(
        spoilt(batch(&url, json!({ "value": [] })), |x| x.body = with(&x.body, "/responses/0", "id", json!("2"))),
        "asked",
    );
}

#[test]
fn the_most_literal_template_is_meant() {
    let document = contracts();
    let find =
        |path: &str| document.of("beta").find(&Method::GET, &format!("{ROOT}{path}")).map(|(o, _)| o.id.as_str());
    assert_eq!(find("/accessPackages/$count"), Some("countAccessPackages"));
    assert_eq!(find("/accessPackages/%24count"), Some("countAccessPackages"));
    assert_eq!(find("/accessPackages/count"), Some("getAccessPackage"));
    assert_eq!(find("/accessPackages(uniqueName='a%2Fb')"), Some("getAccessPackageByUniqueName"));
    assert_eq!(find("/accessPackages/"), None);
}

#[test]
#[should_panic(expected = "needs no reason")]
fn an_opt_out_that_is_not_needed_fails() {
    contracts().hold(&list(), Some("no reason"));
}

#[test]
#[should_panic(expected = "without its envelope")]
fn an_undocumented_error_has_the_envelope_all_the_same() {
    let mut exchange = list();
    (exchange.target, exchange.status, exchange.body) = ("/beta/nothing".to_owned(), 404, b"{}".to_vec());
    contracts().hold(&exchange, Some("nowhere"));
}

#[test]
fn only_a_success_counts_as_exercised() {
    let contracts = contracts();
    let mut refused = list();
    (refused.status, refused.body) = (400, br#"{"error":{"code":"a","message":"b"}}"#.to_vec());
    contracts.check(&refused).unwrap();
    assert!(contracts.exercised("beta").is_empty());
    contracts.check(&list()).unwrap();
    assert!(contracts.exercised("beta").contains("listAccessPackages"));
    assert!(contracts.exercised("v1.0").is_empty());
}
