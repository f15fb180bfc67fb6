//! The body of a request: JSON, perhaps compressed, within its limits of size and time.

use std::io::Read;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::BodyExt;

use super::{
    Options,
    error::{Code, Error},
};

/// The types of bodies.
pub(super) const JSON_TYPES: [&str; 2] = ["application/json", "text/json"];
/// The types of SCIM's bodies.
pub(super) const SCIM_TYPES: [&str; 3] = ["application/scim+json", "application/json", "text/json"];

/// Reads the body of a request that has one, which must be of one of these types.
pub(super) async fn read(
    options: &Options,
    method: &Method,
    headers: &HeaderMap,
    body: Body,
    types: &[&str],
) -> Result<Bytes, Error> {
    if !matches!(*method, Method::POST | Method::PATCH | Method::PUT) {
        return Ok(Bytes::new());
    }
    let limit = options.max_body_bytes;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|n| n > limit) {
        return Err(too_large(limit));
    }
    check_media_type(headers, types)?;
    let compressed = is_compressed(headers)?;
    let late = |_| Error::new(Code::TIMEOUT, "The body took too long to arrive.");
    let collected = tokio::time::timeout(options.request_timeout, collect(body, announced, limit)).await;
    let collected = collected.map_err(late)??;
    if compressed { decompress(&collected, limit) } else { Ok(collected) }
}

async fn collect(mut body: Body, announced: Option<usize>, limit: usize) -> Result<Bytes, Error> {
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Error::new(Code::BAD_REQUEST, "The body did not arrive whole."))?;
        if let Ok(data) = frame.into_data() {
            if collected.is_empty() && announced == Some(data.len()) {
                return Ok(data);
            }
            if collected.len() + data.len() > limit {
                return Err(too_large(limit));
            }
            collected.extend_from_slice(&data);
        }
    }
    Ok(collected.freeze())
}

/// The limit holds for what comes out, too: a few bytes can say very much.
fn decompress(body: &[u8], limit: usize) -> Result<Bytes, Error> {
    let mut plain = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    GzDecoder::new(body).take(most).read_to_end(&mut plain).map_err(|_| {
        Error::new(Code::BAD_REQUEST, "The body is not what its Content-Encoding, gzip, says.")
            .about("Content-Encoding")
    })?;
    if plain.len() > limit { Err(too_large(limit)) } else { Ok(plain.into()) }
}

/// Graph's clients in Go compress bodies unasked.
fn is_compressed(headers: &HeaderMap) -> Result<bool, Error> {
    let Some(value) = headers.get(header::CONTENT_ENCODING) else { return Ok(false) };
    match value.to_str().map(str::to_ascii_lowercase).as_deref() {
        Ok("gzip" | "x-gzip") => Ok(true),
        Ok("" | "identity") => Ok(false),
        _ => {
            let message = "The Content-Encoding is not understood: send gzip, or none.";
            let error = Error::new(Code::UNSUPPORTED_MEDIA_TYPE, message).about("Content-Encoding");
            Err(error.with(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip")))
        }
    }
}

fn too_large(limit: usize) -> Error {
    Error::new(Code::TOO_LARGE, format!("The body is larger than {limit} bytes."))
}

/// Bodies are JSON. A body whose type is not said is taken to be.
fn check_media_type(headers: &HeaderMap, types: &[&str]) -> Result<(), Error> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let media = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if types.iter().any(|known| media.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    let shown: String = media.chars().take(80).collect();
    let right = types.first().copied().unwrap_or_default();
    let message = format!("The Content-Type '{shown}' is not understood: send {right}.");
    Err(Error::new(Code::UNSUPPORTED_MEDIA_TYPE, message).about("Content-Type"))
}
