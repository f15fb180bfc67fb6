//! Holding exchanges to the documents: what was sent and what came back must be what the document of that version says.

use std::{collections::BTreeSet, fmt, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use parking_lot::Mutex;
use percent_encoding::percent_decode_str;
use serde_json::Value as Json;
use tokio::sync::OnceCell;

use super::document::{Document, Operation};

/// Headers that belong to the transport and are described once for all, by HTTP.
const TRANSPORT: [&str; 8] = [
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "transfer-encoding",
    "vary",
    "x-content-type-options",
];
/// Request headers that OpenAPI does not let a document describe as parameters.
const OWN_WORDS: [&str; 3] = ["accept", "authorization", "content-type"];

/// A request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The method.
    pub method: Method,
    /// The path and the query, as they were sent.
    pub target: String,
    /// The headers that the test gave.
    pub request_headers: HeaderMap,
    /// The body that was sent.
    pub request_body: Option<Vec<u8>>,
    /// The status.
    pub status: u16,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// The body of the answer.
    pub body: Vec<u8>,
}

/// What is wrong with an exchange.
pub type Complaints = Vec<String>;

/// The documents of both versions, and the operations that were called with success.
pub struct Contracts {
    v1: Arc<Document>,
    beta: Arc<Document>,
    exercised: Mutex<BTreeSet<(String, String)>>,
}

impl Contracts {
    /// The documents that the server at this address serves. All servers of a process serve the same.
    pub async fn fetch(http: &reqwest::Client, base: &str) -> Self {
        static DOCUMENTS: OnceCell<[Arc<Document>; 2]> = OnceCell::const_new();
        let fetch = async |version: &str| {
            let answer = http.get(format!("{base}/{version}/openapi.json")).send().await.expect("the document");
            Arc::new(Document::new(answer.json().await.expect("a document in JSON")))
        };
        let [v1, beta] = DOCUMENTS.get_or_init(async || [fetch("v1.0").await, fetch("beta").await]).await.clone();
        Self::new(v1, beta)
    }

    /// These documents.
    pub fn new(v1: Arc<Document>, beta: Arc<Document>) -> Self {
        Self { v1, beta, exercised: Mutex::default() }
    }

    /// Panics when the exchange is not as the document says. With a reason it need not be, and then must not be.
    pub fn hold(&self, exchange: &Exchange, undocumented: Option<&str>) {
        match (self.check(exchange), undocumented) {
            (Ok(()), None) => {}
            (Err(complaints), None) => panic!("not as documented:\n  {}\n{exchange}", complaints.join("\n  ")),
            (Ok(()), Some(reason)) => panic!("this is documented, so it needs no reason ({reason})\n{exchange}"),
            (Err(_), Some(_)) => self.hold_envelope(exchange),
        }
    }

    /// An error has the one envelope, documented or not.
    fn hold_envelope(&self, exchange: &Exchange) {
        if exchange.status < 400 || exchange.method == Method::HEAD || self.document(&exchange.target).is_none() {
            return;
        }
        let complaints = envelope(&self.beta, exchange);
        assert!(complaints.is_empty(), "an error without its envelope: {complaints:?}\n{exchange}");
    }

    /// The document of the version that a path begins with, and the path below it.
    fn document<'a>(&self, target: &'a str) -> Option<(&Arc<Document>, &'static str, &'a str)> {
        let segment = target.split('/').nth(1)?.split('?').next()?;
        let (document, version) = match segment {
            "v1.0" => (&self.v1, "v1.0"),
            "beta" | "localtest" => (&self.beta, "beta"),
            _ => return None,
        };
        Some((document, version, target.get(segment.len() + 1..)?))
    }

    /// Whether the exchange is as documented; if so and it succeeded, its operation counts as exercised.
    pub fn check(&self, exchange: &Exchange) -> Result<(), Complaints> {
        let Some((document, version, below)) = self.document(&exchange.target) else {
            return Err(vec!["no document describes this address".to_owned()]);
        };
        let (path, query) = below.split_once('?').unwrap_or((below, ""));
        let Some((operation, keys)) = document.find(&exchange.method, path) else {
            return Err(vec![format!("{} {path} is not a documented operation", exchange.method)]);
        };
        let mut complaints = response(document, operation, exchange);
        if exchange.status < 400 {
            complaints.extend(request(document, operation, exchange, &keys, query));
        }
        if operation.id == "batch" && exchange.status == 200 {
            complaints.extend(self.batch(document, version, exchange));
        }
        if !complaints.is_empty() {
            return Err(complaints);
        }
        if exchange.status < 400 {
            self.exercised.lock().insert((version.to_owned(), operation.id.clone()));
        }
        Ok(())
    }

    /// What is inside a batch is held to the document as if it had been sent by itself.
    fn batch(&self, document: &Document, version: &str, exchange: &Exchange) -> Complaints {
        let read = |body: &[u8]| serde_json::from_slice::<Json>(body).unwrap_or_default();
        let (requests, responses) = (read(exchange.request_body.as_deref().unwrap_or_default()), read(&exchange.body));
        let requests = requests["requests"].as_array().cloned().unwrap_or_default();
        let mut complaints = Vec::new();
        for response in responses["responses"].as_array().into_iter().flatten() {
            let id = &response["id"];
            let Some(request) = requests.iter().find(|request| request["id"] == *id) else {
                complaints.push(format!("nothing with the id {id} was asked"));
                continue;
            };
            let inner = inner(version, request, response);
            let found = match inner.status {
                // What was not tried is not an answer of the operation.
                424 => envelope(document, &inner),
                _ => self.check(&inner).err().unwrap_or_default(),
            };
            complaints.extend(found.iter().map(|complaint| format!("in the batch, {id}: {complaint}")));
        }
        complaints
    }

    /// The document of a version.
    pub fn of(&self, version: &str) -> &Document {
        if version == "v1.0" { &self.v1 } else { &self.beta }
    }

    /// The ids of all operations of a version.
    pub fn operations(&self, version: &str) -> BTreeSet<String> {
        self.of(version).operations.iter().map(|operation| operation.id.clone()).collect()
    }

    /// The ids of those operations of a version that were called with success.
    pub fn exercised(&self, version: &str) -> BTreeSet<String> {
        self.exercised.lock().iter().filter(|(of, _)| of == version).map(|(_, id)| id.clone()).collect()
    }
}

/// A request of a batch and its response, as an exchange.
fn inner(version: &str, request: &Json, response: &Json) -> Exchange {
    let headers = |of: &Json| {
        let pairs = of["headers"].as_object().into_iter().flatten();
        let named = pairs.filter_map(|(name, value)| {
            Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value.as_str()?).ok()?))
        });
        named.collect::<HeaderMap>()
    };
    let body = |of: &Json| match &of["body"] {
        Json::Null => None,
        Json::String(text) => Some(text.clone().into_bytes()),
        other => Some(other.to_string().into_bytes()),
    };
    let url = request["url"].as_str().unwrap_or_default();
    Exchange {
        method: Method::from_bytes(request["method"].as_str().unwrap_or_default().as_bytes()).unwrap_or_default(),
        target: format!("/{version}/{}", url.trim_start_matches('/')),
        request_headers: headers(request),
        request_body: body(request),
        status: u16::try_from(response["status"].as_u64().unwrap_or_default()).unwrap_or_default(),
        headers: headers(response),
        body: body(response).unwrap_or_default(),
    }
}

/// What of a request that succeeded the document does not describe: the server would be laxer than it says.
fn request(
    document: &Document,
    operation: &Operation,
    exchange: &Exchange,
    keys: &[(String, String)],
    query: &str,
) -> Complaints {
    let mut complaints = Vec::new();
    let mut value = |place: &str, name: &str, value: &str| match operation.parameter(place, name) {
        None => complaints.push(format!("{} has no {place} parameter '{name}'", operation.id)),
        Some(schema) => {
            let found = document.value_errors(schema, value);
            complaints.extend(found.iter().map(|e| format!("the {place} parameter '{name}' is {value:?}: {e}")));
        }
    };
    for (name, key) in keys {
        value("path", name, key);
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, given) = pair.split_once('=').unwrap_or((pair, ""));
        value("query", &form_decode(name), &form_decode(given));
    }
    for (name, given) in &exchange.request_headers {
        if !OWN_WORDS.contains(&name.as_str()) {
            value("header", name.as_str(), &String::from_utf8_lossy(given.as_bytes()));
        }
    }
    let body = exchange.request_body.as_deref().filter(|body| !body.is_empty());
    match (document.request_schema(operation), body) {
        (None, None) => {}
        (None, Some(_)) => complaints.push(format!("{} takes no body", operation.id)),
        (Some((_, required)), None) => complaints.extend(required.then(|| "the body is missing".to_owned())),
        (Some((schema, _)), Some(body)) => match serde_json::from_slice(body) {
            Err(error) => complaints.push(format!("the body is not JSON: {error}")),
            Ok(body) => {
                let found = document.errors(&schema, &body, false);
                complaints.extend(found.iter().map(|e| format!("the body that was sent: {e}")));
            }
        },
    }
    complaints
}

/// What of an answer the document does not describe.
fn response(document: &Document, operation: &Operation, exchange: &Exchange) -> Complaints {
    let Some(response) = document.response(operation, exchange.status) else {
        return vec![format!("{} has no response {}", operation.id, exchange.status)];
    };
    let mut complaints = Vec::new();
    let described = response["headers"].as_object();
    for (name, header) in described.into_iter().flatten() {
        let header = document.resolve(header);
        match exchange.headers.get(name) {
            None if header["required"] == true => complaints.push(format!("the header {name} is missing")),
            None => {}
            Some(value) => {
                let found = document.value_errors(&header["schema"], &String::from_utf8_lossy(value.as_bytes()));
                complaints.extend(found.iter().map(|e| format!("the header {name}: {e}")));
            }
        }
    }
    let known = |name: &str| described.is_some_and(|all| all.keys().any(|known| known.eq_ignore_ascii_case(name)));
    let unknown = exchange.headers.keys().filter(|name| !TRANSPORT.contains(&name.as_str()) && !known(name.as_str()));
    complaints.extend(unknown.map(|name| format!("the header {name} is not documented")));
    complaints.extend(body(document, response, exchange));
    complaints
}

fn body(document: &Document, response: &Json, exchange: &Exchange) -> Complaints {
    let one = |complaint: String| vec![complaint];
    let content = response["content"].as_object().filter(|content| !content.is_empty());
    let Some(content) = content else {
        let empty = exchange.body.is_empty();
        return if empty { Vec::new() } else { one("a body where none is documented".to_owned()) };
    };
    let media = exchange.headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let described = content.iter().find(|(name, _)| name.split(';').next().unwrap_or_default().trim() == media);
    let Some((_, described)) = described else {
        return one(format!("the Content-Type {media:?} is not documented"));
    };
    if exchange.method == Method::HEAD {
        let empty = exchange.body.is_empty();
        return if empty { Vec::new() } else { one("a body for HEAD".to_owned()) };
    }
    let value = match media.as_str() {
        "application/json" => match serde_json::from_slice(&exchange.body) {
            Ok(value) => value,
            Err(error) => return one(format!("the body is not JSON: {error}")),
        },
        _ => match std::str::from_utf8(&exchange.body) {
            Ok(text) => Json::from(text),
            Err(error) => return one(format!("the body is not text: {error}")),
        },
    };
    document.errors(&described["schema"], &value, true)
}

/// What is wrong with the envelope of an error.
fn envelope(document: &Document, exchange: &Exchange) -> Complaints {
    match serde_json::from_slice(&exchange.body) {
        Ok(value) => document.error_errors(&value),
        Err(error) => vec![format!("the body is not JSON: {error}")],
    }
}

/// Decodes a name or a value of a query as forms do.
fn form_decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |body: &[u8]| String::from_utf8_lossy(body).chars().take(4000).collect::<String>();
        writeln!(f, "> {} {}", self.method, self.target)?;
        for (name, value) in &self.request_headers {
            writeln!(f, "> {name}: {value:?}")?;
        }
        if let Some(body) = &self.request_body {
            writeln!(f, "> {}", short(body))?;
        }
        writeln!(f, "< {}", self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "< {name}: {value:?}")?;
        }
        write!(f, "< {}", short(&self.body))
    }
}
