//! `$batch`: several requests in one. Each passes the same door as any other and is authorized by itself.

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value as Json, json};

use super::{
    dispatch::{Finished, Request, answer},
    error::{Code, Error},
    operations::Call,
    respond::{Answer, JSON},
};
use crate::odata::{
    batch::{self, BatchRequest},
    options,
};

/// What a URL in a batch may hold unencoded and a URL on the wire may not.
const LOOSE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}').add(b'|').add(b'\\').add(b'^');

/// Runs a batch: its requests one after the other, each after those it depends on.
pub(super) async fn run(call: Call) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    let body: Json = serde_json::from_slice(&call.body)
        .map_err(|e| Error::new(Code::BAD_REQUEST, format!("The body is not valid JSON: {e}.")))?;
    let batch = batch::parse(&body)?;
    let mut responses: Vec<Option<Json>> = vec![None; batch.requests.len()];
    for position in batch.order {
        let Some(request) = batch.requests.get(position) else { continue };
        let failed = request.depends_on.iter().find(|d| !succeeded(responses.get(**d)));
        let response = match failed {
            Some(dependency) => {
                let on = batch.requests.get(*dependency).map_or("", |r| r.id.as_str());
                failed_dependency(&call, request, on)
            }
            None => respond(request, one(&call, request).await),
        };
        if let Some(slot) = responses.get_mut(position) {
            *slot = Some(response);
        }
    }
    let body = json!({ "responses": responses });
    Ok(Answer::body(JSON, body.to_string().into_bytes()))
}

fn succeeded(response: Option<&Option<Json>>) -> bool {
    let status = response.and_then(Option::as_ref).and_then(|r| r["status"].as_u64());
    status.is_some_and(|s| s < 400)
}

async fn one(call: &Call, request: &BatchRequest) -> Result<Finished, Error> {
    let method = Method::from_bytes(request.method.name().as_bytes()).unwrap_or(Method::GET);
    let url = format!("/{}{}", call.prefix, utf8_percent_encode(&request.url, LOOSE));
    let uri: Uri = url.parse().map_err(|_| {
        let message = format!("The request '{}' has an invalid url.", request.id);
        Error::new(Code::BAD_REQUEST, message).about("url")
    })?;
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str())) {
            headers.append(name, value);
        }
    }
    // The body here is whole whatever a header says of its length.
    headers.remove(header::CONTENT_LENGTH);
    if let (None, Some(own)) = (headers.get(header::AUTHORIZATION), call.headers.get(header::AUTHORIZATION)) {
        headers.insert(header::AUTHORIZATION, own.clone());
    }
    let body = request.body.as_ref().map_or_else(Body::empty, |b| Body::from(b.to_string()));
    let (origin, address) = (call.origin.clone(), call.provenance.address);
    let request = Request { method, uri, headers, body, origin, address, in_batch: true };
    // A request of a batch cannot be a batch, so this is one level deep.
    Ok(Box::pin(answer(&call.api, request)).await)
}

fn respond(request: &BatchRequest, outcome: Result<Finished, Error>) -> Json {
    let finished = match outcome {
        Ok(finished) => finished,
        Err(error) => {
            return json!({ "id": request.id, "status": error.code.status.as_u16(), "headers": {},
                "body": { "error": { "code": error.code.name, "message": error.message } } });
        }
    };
    let mut headers = Map::new();
    for (name, value) in &finished.headers {
        if let Ok(value) = value.to_str() {
            headers.insert(header_case(name.as_str()), json!(value));
        }
    }
    let mut response = json!({ "id": request.id, "status": finished.status.as_u16(), "headers": headers });
    if !finished.body.is_empty() {
        let text = || json!(String::from_utf8_lossy(&finished.body));
        response["body"] = serde_json::from_slice(&finished.body).unwrap_or_else(|_| text());
    }
    response
}

/// Header names of HTTP are written as everyone writes them; those of Graph stay in lower case.
fn header_case(name: &str) -> String {
    match name {
        "request-id" | "client-request-id" => name.to_owned(),
        "odata-version" => "OData-Version".to_owned(),
        "odata-entityid" => "OData-EntityId".to_owned(),
        "etag" => "ETag".to_owned(),
        "www-authenticate" => "WWW-Authenticate".to_owned(),
        other => {
            let word = |w: &str| {
                let mut w = w.to_owned();
                if let Some(first) = w.get_mut(..1) {
                    first.make_ascii_uppercase();
                }
                w
            };
            other.split('-').map(word).collect::<Vec<_>>().join("-")
        }
    }
}

fn failed_dependency(call: &Call, request: &BatchRequest, on: &str) -> Json {
    let message = format!("The request was not tried, because the request '{on}' that it depends on failed.");
    let error = Error::new(Code::FAILED_DEPENDENCY, message);
    let id = crate::ids::new_id();
    let body: Json = serde_json::from_slice(&error.body(call.api.now(), &id, &id)).unwrap_or_default();
    json!({ "id": request.id, "status": 424, "headers": { "Content-Type": "application/json" }, "body": body })
}
