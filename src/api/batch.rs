//! `$batch`: several requests in one. Each passes the same door as any other and is authorized by itself.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value as Json, json};

use super::{
    dispatch::{Request, answer},
    error::{Code, Error},
    finish::{Finished, finish, no_memory},
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
///
/// The bodies of the responses are taken as they are, with their shares of the memory: nothing is parsed or copied.
pub(super) async fn run(call: Call) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    let body: Json = serde_json::from_slice(&call.body)
        .map_err(|e| Error::new(Code::BAD_REQUEST, format!("The body is not valid JSON: {e}.")))?;
    let batch = batch::parse(&body)?;
    let mut responses: Vec<Option<Response>> = batch.requests.iter().map(|_| None).collect();
    for position in batch.order {
        let Some(request) = batch.requests.get(position) else { continue };
        let failed = request.depends_on.iter().find(|d| !succeeded(responses.get(**d)));
        let response = match failed {
            Some(dependency) => {
                let on = batch.requests.get(*dependency).map_or("", |r| r.id.as_str());
                failed_dependency(&call, request, on)
            }
            None => respond(&call, request, one(&call, request).await),
        };
        if let Some(slot) = responses.get_mut(position) {
            *slot = Some(response);
        }
    }
    let heads = responses.iter().flatten().map(|response| response.head.len()).sum();
    let share = call.api.memory.take(heads).ok_or_else(no_memory)?;
    let mut pieces = vec![share.hold(Bytes::from_static(b"{\"responses\":["))];
    for (n, response) in responses.into_iter().flatten().enumerate() {
        pieces.push(Bytes::from_static(if n == 0 { b"" } else { b"," }));
        pieces.extend([response.head, response.body, Bytes::from_static(b"}")]);
    }
    pieces.push(Bytes::from_static(b"]}"));
    Ok(Answer::pieces(JSON, pieces))
}

/// The response to one request, in JSON but for the brace at its end.
struct Response {
    status: StatusCode,
    head: Bytes,
    /// A value, if there is one; the head ends with its name.
    body: Bytes,
}

impl Response {
    /// Of a status, headers and the text of a JSON value, which may be empty.
    fn new(id: &str, status: StatusCode, headers: &Json, body: Bytes) -> Self {
        let mut head = json!({ "id": id, "status": status.as_u16(), "headers": headers }).to_string();
        head.pop();
        if !body.is_empty() {
            head.push_str(",\"body\":");
        }
        Self { status, head: head.into(), body }
    }
}

fn succeeded(response: Option<&Option<Response>>) -> bool {
    response.and_then(Option::as_ref).is_some_and(|response| response.status.as_u16() < 400)
}

async fn one(call: &Call, request: &BatchRequest) -> Result<Finished, Error> {
    // The earlier answers stay in memory until all are there: what finds no room any more is not worked on.
    if call.api.memory.is_full() {
        return Ok(refused(call));
    }
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

fn respond(call: &Call, request: &BatchRequest, outcome: Result<Finished, Error>) -> Response {
    let finished = match outcome {
        Ok(finished) => finished,
        Err(error) => {
            let body = json!({ "error": { "code": error.code.name, "message": error.message } });
            return Response::new(&request.id, error.code.status, &json!({}), body.to_string().into());
        }
    };
    let mut headers = Map::new();
    for (name, value) in &finished.headers {
        if let Ok(value) = value.to_str() {
            headers.insert(header_case(name.as_str()), json!(value));
        }
    }
    let body = if is_json(&finished) {
        finished.body
    } else {
        let text = json!(String::from_utf8_lossy(&finished.body)).to_string();
        match call.api.memory.take(text.len()) {
            Some(share) => share.hold(text.into()),
            None => return respond(call, request, Ok(refused(call))),
        }
    };
    Response::new(&request.id, finished.status, &Json::Object(headers), body)
}

/// The answer where there is no memory for another one.
fn refused(call: &Call) -> Finished {
    finish(&call.api, &crate::ids::new_id(), None, Err(no_memory()))
}

/// Whether the body is a JSON value as it is, or empty. A number, which `$count` answers, is one whatever its type.
fn is_json(finished: &Finished) -> bool {
    let media_type = finished.headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    finished.body.is_empty()
        || media_type.starts_with(b"application/json")
        || serde_json::from_slice::<serde::de::IgnoredAny>(&finished.body).is_ok()
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

fn failed_dependency(call: &Call, request: &BatchRequest, on: &str) -> Response {
    let message = format!("The request was not tried, because the request '{on}' that it depends on failed.");
    let error = Error::new(Code::FAILED_DEPENDENCY, message);
    let id = crate::ids::new_id();
    let body = error.body(call.api.now(), &id, &id).into();
    Response::new(&request.id, error.code.status, &json!({ "Content-Type": "application/json" }), body)
}
