//! What the service says of itself: whether it is well, what it has, how it is described.

use std::sync::{Arc, OnceLock};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value as Json, json};

use super::{
    Api,
    error::{Code, Error},
    operations::Call,
    respond::{Answer, JSON},
};
use crate::{
    model::{ENTITY_TYPES, meta::Version},
    odata::{csdl, options},
    store,
};

/// The process runs.
pub(super) async fn healthz() -> &'static str {
    "ok"
}

/// The process can serve: its database answers, and takes what is written.
pub(super) async fn readyz(State(api): State<Arc<Api>>) -> Response {
    let Err(error) = api.app.store().ping().await else { return "ready".into_response() };
    tracing::warn!(%error, "not ready");
    let message = match error {
        store::Error::Full(_) => "the storage is full",
        store::Error::Unreachable(_) => "the database cannot be reached",
        _ => "the database does not answer",
    };
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], message).into_response()
}

/// The service document (OData JSON §5).
pub(super) fn document(call: &Call) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    let base = format!("{}/{}", call.origin, call.prefix);
    let mut value: Vec<Json> = Vec::new();
    for path in ENTITY_TYPES.iter().flat_map(|entity| entity.face(call.version).paths()).chain(["me/"]) {
        let (name, kind) = match path.split_once('/') {
            Some((folder, _)) => (folder, "Singleton"),
            None => (path, "EntitySet"),
        };
        if value.iter().all(|known| known["name"] != name) {
            value.push(json!({ "kind": kind, "name": name, "url": name }));
        }
    }
    let body = json!({
        "@odata.context": format!("{base}/$metadata"),
        "value": value,
    });
    Ok(Answer::body(JSON, body.to_string().into_bytes()))
}

/// `$metadata`: CSDL in XML, or in JSON where `$format` or `Accept` asks for it.
pub(super) fn metadata(call: &Call) -> Result<Answer, Error> {
    let format = metadata_format(call)?;
    let media_type = match format {
        Format::Xml => HeaderValue::from_static("application/xml;charset=utf-8"),
        Format::Json => JSON,
    };
    Ok(Answer::kept(media_type, metadata_text(call.version, format)))
}

/// The text, which is made when it is first asked for.
fn metadata_text(version: Version, format: Format) -> Bytes {
    static TEXTS: [[OnceLock<Bytes>; 2]; 2] = [const { [const { OnceLock::new() }; 2] }; 2];
    let make = || match format {
        Format::Xml => csdl::metadata_xml(version).into(),
        Format::Json => csdl::metadata_json(version).to_string().into(),
    };
    TEXTS[version as usize][format as usize].get_or_init(make).clone()
}

#[derive(Clone, Copy)]
enum Format {
    Xml,
    Json,
}

fn metadata_format(call: &Call) -> Result<Format, Error> {
    let mut asked = None;
    for pair in call.query.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        if !matches!(name.as_ref(), "$format" | "format") {
            let message = format!("'{name}' does not apply to $metadata; $format does.");
            return Err(Error::new(Code::BAD_REQUEST, message).about(name));
        }
        asked = Some(percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned());
    }
    let media = if let Some(format) = &asked {
        format.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    } else {
        let accept = call.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let first = accept.split([',', ';']).next().unwrap_or_default().trim();
        // What a browser or a client that has no wish sends is not a wish for JSON.
        if first.eq_ignore_ascii_case("application/json") { "json".into() } else { "xml".into() }
    };
    match media.as_str() {
        "xml" | "application/xml" => Ok(Format::Xml),
        "json" | "application/json" => Ok(Format::Json),
        other => {
            let message = format!("$format: '{other}' is not implemented; 'xml' and 'json' are.");
            Err(Error::new(Code::NOT_IMPLEMENTED, message).about("$format"))
        }
    }
}
