//! Answers: bodies in OData's envelope, and the headers that every answer has.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use percent_encoding::utf8_percent_encode;

use super::operations::Call;
use crate::{
    model::{
        meta::{Face, ID, Property},
        record::{Record, Stored},
        value::Value,
        write::{Row, write_properties, write_text},
    },
    odata::{
        links::{self, SEGMENT},
        prefer::Returning,
        query::{Rows, Shape},
    },
    store::Page,
};

/// The content type of JSON answers, as Graph has it.
pub const JSON: HeaderValue = HeaderValue::from_static(
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
);
/// The content type of `$count` and `$value`.
pub const TEXT: HeaderValue = HeaderValue::from_static("text/plain;charset=utf-8");

const ODATA_ENTITY_ID: HeaderName = HeaderName::from_static("odata-entityid");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// An answer without the headers that all have.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body; its type is among the headers.
    pub body: Bytes,
    /// What comes after the body, where that is in pieces.
    pub more: Vec<Bytes>,
    /// Whether the body is one that is kept, for everybody, or has its share of the memory already.
    pub kept: bool,
}

impl Answer {
    /// Nothing but a status.
    pub const fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), more: Vec::new(), kept: false }
    }

    /// A body of this type, with status 200.
    pub fn body(content_type: HeaderValue, body: Vec<u8>) -> Self {
        let mut answer = Self::empty(StatusCode::OK);
        answer.headers.push((header::CONTENT_TYPE, content_type));
        answer.body = body.into();
        answer
    }

    /// A body that is kept and the same for everybody, with status 200.
    pub fn kept(content_type: HeaderValue, body: Bytes) -> Self {
        let mut answer = Self::body(content_type, Vec::new());
        (answer.body, answer.kept) = (body, true);
        answer
    }

    /// A body of pieces that have their shares of the memory already, with status 200.
    pub fn pieces(content_type: HeaderValue, more: Vec<Bytes>) -> Self {
        Self { more, ..Self::kept(content_type, Bytes::new()) }
    }

    /// A header. A value that no header can have is left out.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// A status.
    #[must_use]
    pub const fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Says that a preference was followed.
    #[must_use]
    pub fn applied(self, preference: &str) -> Self {
        self.with(PREFERENCE_APPLIED, preference)
    }
}

/// A page of a collection.
pub fn collection(context: &str, page: &Page, next: Option<&str>) -> Answer {
    let mut body = Vec::with_capacity(page.rows.len() + 1024);
    body.extend_from_slice(b"{\"@odata.context\":");
    write_text(&mut body, context);
    if let Some(count) = page.count {
        body.extend_from_slice(format!(",\"@odata.count\":{count}").as_bytes());
    }
    if let Some(next) = next {
        body.extend_from_slice(b",\"@odata.nextLink\":");
        write_text(&mut body, next);
    }
    body.extend_from_slice(b",\"value\":[");
    body.extend_from_slice(&page.rows);
    body.extend_from_slice(b"]}");
    Answer::body(JSON, body)
}

/// One entity, as it was read.
pub fn entity(context: &str, page: &Page) -> Answer {
    let mut body = Vec::with_capacity(page.rows.len() + context.len() + 32);
    body.extend_from_slice(b"{\"@odata.context\":");
    write_text(&mut body, context);
    // The row's own opening brace gives way to the one written above.
    let members = page.rows.get(1..).unwrap_or(b"}");
    if members != b"}" {
        body.push(b',');
    }
    body.extend_from_slice(members);
    Answer::body(JSON, body)
}

/// The answer to a write that made or left an entity: the record itself, or nothing. A create answers with it unless the
/// caller prefers otherwise, an update does so only if the caller prefers that. The body says what it is by `@odata.type`
/// where the request did, else by `@odata.context`.
pub(super) fn written<R: Record>(
    call: &Call,
    face: &'static Face,
    stored: &Stored<R>,
    status: StatusCode,
    declares_type: bool,
) -> Answer {
    let preferred = call.preferences().returning;
    let default = if status == StatusCode::CREATED { Returning::Representation } else { Returning::Minimal };
    let location = address(call, &written_rows(call, face, stored.record.id()));
    let answer = match preferred.unwrap_or(default) {
        Returning::Minimal => Answer::empty(StatusCode::NO_CONTENT).with(ODATA_ENTITY_ID, &location),
        Returning::Representation => Answer::body(JSON, record(call, face, stored, declares_type)).status(status),
    };
    let answer = answer.with(header::ETAG, &stored.version.to_etag());
    let answer = if status == StatusCode::CREATED { answer.with(header::LOCATION, &location) } else { answer };
    match preferred {
        None => answer,
        Some(Returning::Minimal) => answer.applied("return=minimal"),
        Some(Returning::Representation) => answer.applied("return=representation"),
    }
}

/// A record as a body.
fn record<R: Record>(call: &Call, face: &'static Face, stored: &Stored<R>, declares_type: bool) -> Vec<u8> {
    let mut body = Vec::with_capacity(1024);
    if declares_type {
        body.extend_from_slice(b"{\"@odata.type\":");
        write_text(&mut body, &format!("#{}", face.qualified_name()));
    } else {
        let rows = written_rows(call, face, stored.record.id());
        body.extend_from_slice(b"{\"@odata.context\":");
        write_text(&mut body, &context(call, &rows, None));
    }
    body.push(b',');
    let values = stored.record.clone().into_values();
    let shown: Vec<&Property> = face.by_default().collect();
    let row = Values(shown.iter().map(|p| values.get(p.column).cloned().unwrap_or(Value::Null)).collect());
    write_properties(&mut body, &row, 0, &shown);
    body.push(b'}');
    body
}

/// The entity that was written, as rows: in the collection of its type, or, where the type has none, in the one that the path
/// addresses.
fn written_rows(call: &Call, face: &'static Face, id: &str) -> Rows {
    let addressed = match call.path.resource.rows() {
        Some(Rows::Keyed { of, .. }) => Some(&**of),
        other => other,
    };
    let of = match addressed {
        Some(rows) if face.path.is_empty() => rows.clone(),
        _ => Rows::All(face),
    };
    Rows::Keyed { of: Box::new(of), property: face.entity.key(), value: id.to_owned() }
}

/// A record's values as a row.
struct Values(Vec<Value>);

impl Row for Values {
    fn text(&self, column: usize) -> Option<&str> {
        match self.0.get(column)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn int(&self, column: usize) -> Option<i64> {
        match self.0.get(column)? {
            Value::Int(n) => Some(*n),
            Value::Time(time) => Some(time.0),
            _ => None,
        }
    }

    fn bool(&self, column: usize) -> Option<bool> {
        match self.0.get(column)? {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }
}

/// The address of an entity.
pub fn location(call: &Call, face: &Face, id: &str) -> String {
    links::entity(&call.root(), face, id)
}

/// The address of rows that the path leads to, or that are in the collection that it leads to.
fn address(call: &Call, rows: &Rows) -> String {
    let mut url = call.root();
    url.push('/');
    place(&mut url, rows, Keys::Segments);
    url
}

/// The context URL of some rows (OData JSON §10): where they are, and what of them is in the answer.
pub fn context(call: &Call, rows: &Rows, shape: Option<&Shape>) -> String {
    let mut url = String::with_capacity(192);
    url.push_str(&call.root());
    url.push_str("/$metadata#");
    let single = !rows.is_collection();
    // Of a keyed entity the context names the collection.
    let named = match rows {
        Rows::Keyed { of, .. } => of,
        other => other,
    };
    place(&mut url, named, Keys::Parentheses);
    if let Some(shape) = shape {
        selection(&mut url, rows.face(), shape);
    }
    if single {
        url.push_str("/$entity");
    }
    url
}

/// The context URL of one property of one entity.
pub fn property_context(call: &Call, rows: &Rows, property: &Property) -> String {
    let mut url = format!("{}/$metadata#", call.root());
    place(&mut url, rows, Keys::Parentheses);
    url.push('/');
    url.push_str(property.name);
    url
}

/// How a key is written.
#[derive(Clone, Copy)]
enum Keys {
    /// `groups('id')`, as in context URLs.
    Parentheses,
    /// `groups/id`, as in addresses.
    Segments,
}

fn place(url: &mut String, rows: &Rows, keys: Keys) {
    match rows {
        Rows::All(face) => url.push_str(face.path),
        Rows::Deleted(face) => url.push_str(face.deleted_items.unwrap_or(face.path)),
        Rows::Cast { of, face } => {
            place(url, of, keys);
            url.push('/');
            url.push_str(&face.qualified_name());
        }
        Rows::Keyed { of, value, property } => {
            place(url, of, keys);
            // Writing to a String cannot fail.
            let _ = match keys {
                Keys::Segments if property.column == ID => write!(url, "/{}", utf8_percent_encode(value, SEGMENT)),
                Keys::Segments => write!(url, "({}='{}')", property.name, quoted(value)),
                Keys::Parentheses => write!(url, "('{}')", quoted(value)),
            };
        }
        Rows::Related { of, navigation, .. } => {
            place(url, of, keys);
            url.push('/');
            url.push_str(navigation.name);
        }
    }
}

/// A key inside of quotes.
fn quoted(value: &str) -> String {
    utf8_percent_encode(&value.replace('\'', "''"), SEGMENT).to_string()
}

/// `(displayName,catalog())`: what the caller selected and expanded; nothing where it is all there is.
fn selection(url: &mut String, face: &Face, shape: &Shape) {
    let default = face.by_default().count();
    let everything = if shape.kinds.is_empty() {
        shape.select.len() == default && shape.select.iter().all(|p| p.by_default)
    } else {
        shape.kinds.iter().all(|of| of.select.len() == of.face.by_default().count())
    };
    if everything && shape.expand.is_empty() {
        return;
    }
    let selected = shape.select.iter().filter(|_| !everything).map(|p| p.name.to_owned());
    let expanded = shape.expand.iter().map(|e| format!("{}()", e.navigation.name));
    let parts: Vec<String> = selected.chain(expanded).collect();
    let _ = write!(url, "({})", parts.join(","));
}
