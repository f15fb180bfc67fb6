//! The body of `$batch`: its requests, checked, and the order to run them in.
//!
//! Nothing is run here. A body is taken whole or refused whole, as Graph does.

use serde_json::{Map, Value as Json};

use super::{
    decode,
    error::{Error, shown},
};

/// The largest number of requests in a batch.
pub const MAX_REQUESTS: usize = 20;

/// A batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The requests, as they are listed.
    pub requests: Vec<BatchRequest>,
    /// Their positions in the order to run them in: as listed, but each after those it depends on.
    pub order: Vec<usize>,
}

/// A request of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchRequest {
    /// What the response is found by; no two in a batch are equal in any letter case.
    pub id: String,
    /// The method.
    pub method: Method,
    /// The path and query below the version's segment, beginning with `/`. It may hold spaces and other characters
    /// that a URL would encode.
    pub url: String,
    /// The headers, as given.
    pub headers: Vec<(String, String)>,
    /// The body; null is none.
    pub body: Option<Json>,
    /// The positions of the requests that must have succeeded before this one.
    pub depends_on: Vec<usize>,
}

impl BatchRequest {
    /// The value of a header; letter case of names does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A method that batches take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are HTTP's")]
pub enum Method {
    Get,
    Post,
    Patch,
    Put,
    Delete,
}

impl Method {
    const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Patch, Self::Put, Self::Delete];

    /// Its name in HTTP.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Reads the body of a `$batch` request.
pub fn parse(body: &Json) -> Result<Batch, Error> {
    let Some(items) = body.get("requests").and_then(Json::as_array) else {
        return Err(fault("requests", "the body must be an object with an array 'requests'"));
    };
    if items.is_empty() || items.len() > MAX_REQUESTS {
        return Err(fault("requests", &format!("there must be 1 to {MAX_REQUESTS} requests, not {}", items.len())));
    }
    let mut requests: Vec<BatchRequest> = Vec::with_capacity(items.len());
    for (position, item) in items.iter().enumerate() {
        let request = read(position, item)?;
        if requests.iter().any(|r| r.id.eq_ignore_ascii_case(&request.id)) {
            let what = format!("the id '{}' is used twice; letter case does not count", shown(&request.id));
            return Err(fault("id", &what));
        }
        requests.push(request);
    }
    for (position, item) in items.iter().enumerate() {
        let depends_on = dependencies(position, item, &requests)?;
        if let Some(request) = requests.get_mut(position) {
            request.depends_on = depends_on;
        }
    }
    let order = order(&requests)?;
    Ok(Batch { requests, order })
}

fn fault(property: &str, what: &str) -> Error {
    Error::bad_request(format!("$batch: {what}.")).about(property)
}

/// What is refused about one request.
fn refusal(id: &str, property: &str, what: &str) -> Error {
    fault(property, &format!("request '{}': '{property}' {what}", shown(id)))
}

fn read(position: usize, item: &Json) -> Result<BatchRequest, Error> {
    let Some(item) = item.as_object() else {
        return Err(fault("requests", &format!("the request at position {} is not an object", position + 1)));
    };
    let id = item.get("id").and_then(Json::as_str).filter(|id| !id.is_empty()).ok_or_else(|| {
        let what = format!("the request at position {} has no 'id', a text that is not empty", position + 1);
        fault("id", &what)
    })?;
    let headers = headers(id, item)?;
    let body = item.get("body").filter(|body| !body.is_null()).cloned();
    if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        return Err(refusal(id, "headers", "must have a Content-Type, as there is a body"));
    }
    let (method, url) = (method(id, item)?, url(id, item)?);
    Ok(BatchRequest { id: id.to_owned(), method, url, headers, body, depends_on: Vec::new() })
}

fn method(id: &str, item: &Map<String, Json>) -> Result<Method, Error> {
    let name = item.get("method").and_then(Json::as_str).unwrap_or_default();
    Method::ALL.into_iter().find(|method| method.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
        refusal(id, "method", &format!("must be GET, POST, PATCH, PUT or DELETE, not '{}'", shown(name)))
    })
}

fn url(id: &str, item: &Map<String, Json>) -> Result<String, Error> {
    let Some(url) = item.get("url").and_then(Json::as_str).filter(|url| !url.is_empty()) else {
        return Err(refusal(id, "url", "is missing"));
    };
    let path = url.split(['?', '#']).next().unwrap_or_default();
    if path.contains("://") || path.starts_with("//") {
        let what = format!("must be relative, such as '/identityGovernance/…', not '{}'", shown(url));
        return Err(refusal(id, "url", &what));
    }
    if url.contains(char::is_control) {
        return Err(refusal(id, "url", "must not hold control characters"));
    }
    let name = decode::segment(path).unwrap_or_default();
    if name.trim_matches('/').eq_ignore_ascii_case("$batch") {
        return Err(refusal(id, "url", "must not be a $batch again"));
    }
    Ok(if url.starts_with('/') { url.to_owned() } else { format!("/{url}") })
}

fn headers(id: &str, item: &Map<String, Json>) -> Result<Vec<(String, String)>, Error> {
    let headers = match item.get("headers") {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::Object(headers)) => headers,
        Some(_) => return Err(refusal(id, "headers", "must be an object")),
    };
    let header = |(name, value): (&String, &Json)| match value.as_str() {
        Some(value) if !value.contains(char::is_control) => Ok((name.clone(), value.to_owned())),
        _ => Err(refusal(id, "headers", &format!("must hold texts of one line; '{}' is none", shown(name)))),
    };
    headers.iter().map(header).collect()
}

fn dependencies(position: usize, item: &Json, requests: &[BatchRequest]) -> Result<Vec<usize>, Error> {
    let id = requests.get(position).map_or("", |request| &request.id);
    let ids = match item.get("dependsOn") {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::Array(ids)) => ids,
        Some(_) => return Err(refusal(id, "dependsOn", "must be an array of ids")),
    };
    let mut positions = Vec::new();
    for item in ids {
        let name = item.as_str().ok_or_else(|| refusal(id, "dependsOn", "must be an array of ids"))?;
        match requests.iter().position(|request| request.id.eq_ignore_ascii_case(name)) {
            None => {
                let what = format!("names '{}', which is no request of the batch", shown(name));
                return Err(refusal(id, "dependsOn", &what));
            }
            Some(found) if found == position => return Err(refusal(id, "dependsOn", "names the request itself")),
            Some(found) if positions.contains(&found) => {}
            Some(found) => positions.push(found),
        }
    }
    Ok(positions)
}

/// The order to run in: again and again the first request whose dependencies have run.
fn order(requests: &[BatchRequest]) -> Result<Vec<usize>, Error> {
    let mut order: Vec<usize> = Vec::with_capacity(requests.len());
    while order.len() < requests.len() {
        let waiting = || requests.iter().enumerate().filter(|(position, _)| !order.contains(position));
        let ready = waiting().find(|(_, request)| request.depends_on.iter().all(|d| order.contains(d)));
        match (ready, waiting().next()) {
            (Some((position, _)), _) => order.push(position),
            (None, Some((_, request))) => {
                return Err(refusal(&request.id, "dependsOn", "leads back to the request itself"));
            }
            (None, None) => break,
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests;
