//! From an outcome to the answer: the headers that every answer has, and the memory that its body takes.

use std::sync::Arc;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{
    Api,
    dispatch::CLIENT_REQUEST_ID,
    error::Error,
    memory::Memory,
    pieces,
    respond::{Answer, JSON},
};
use crate::{clock::Clock, ids, model::value::Timestamp};

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const ODATA_VERSION: HeaderName = HeaderName::from_static("odata-version");

/// An answer with all its headers.
pub(super) struct Finished {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// What comes after the body, where that is in pieces.
    pub(super) more: Vec<Bytes>,
}

impl IntoResponse for Finished {
    fn into_response(self) -> Response {
        let body = if self.more.is_empty() { Body::from(self.body) } else { pieces::body(self.body, self.more) };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// An outcome as an answer with all its headers.
pub(super) fn finish(
    api: &Api,
    request_id: &str,
    client_request_id: Option<HeaderValue>,
    outcome: Result<Answer, Error>,
) -> Finished {
    match outcome.and_then(|answer| charged(&api.memory, answer)) {
        Ok(answer) => with_headers(answer, request_id, client_request_id),
        Err(error) => refusal(error, api.now(), request_id, client_request_id),
    }
}

/// The answer, whose body has its share of the memory from now on.
fn charged(memory: &Arc<Memory>, answer: Answer) -> Result<Answer, Error> {
    if answer.kept || answer.body.is_empty() {
        return Ok(answer);
    }
    let share = memory.take(answer.body.len()).ok_or_else(no_memory)?;
    Ok(Answer { body: share.hold(answer.body), ..answer })
}

/// There are too many answers that nobody has read yet.
pub(super) fn no_memory() -> Error {
    Error::unavailable("The answers that are being sent take all the memory there is for them: try again.")
}

/// An error as an answer with all its headers, for a request that no route was asked for.
pub(super) fn refuse(error: Error, client_request_id: Option<HeaderValue>) -> Response {
    refusal(error, Clock::System.now(), &ids::new_id(), client_request_id).into_response()
}

fn refusal(error: Error, now: Timestamp, request_id: &str, client_request_id: Option<HeaderValue>) -> Finished {
    let client = client_request_id.as_ref().and_then(|v| v.to_str().ok()).unwrap_or(request_id);
    let body = error.body(now, request_id, client);
    let mut answer = Answer::empty(error.code.status);
    answer.headers = error.headers;
    answer.headers.push((header::CONTENT_TYPE, JSON));
    answer.body = body.into();
    with_headers(answer, request_id, client_request_id)
}

fn with_headers(answer: Answer, request_id: &str, client_request_id: Option<HeaderValue>) -> Finished {
    let mut headers = HeaderMap::with_capacity(answer.headers.len() + 6);
    headers.extend(answer.headers);
    common_headers(&mut headers, request_id, client_request_id);
    headers.insert(ODATA_VERSION, HeaderValue::from_static("4.0"));
    Finished { status: answer.status, headers, body: answer.body, more: answer.more }
}

/// The headers that every answer has, whatever protocol it speaks.
pub(super) fn common_headers(headers: &mut HeaderMap, request_id: &str, client_request_id: Option<HeaderValue>) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(CLIENT_REQUEST_ID, client_request_id.unwrap_or_else(|| id.clone()));
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
