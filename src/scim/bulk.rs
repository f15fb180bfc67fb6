//! Bulk requests (RFC 7644, section 3.7): many operations in one message, which may refer to what others create.

use serde_json::{Map, Value, json};

use super::{
    error::{Error, invalid_syntax, invalid_value},
    json::{self, describe, get, shown},
    message,
    schema::ResourceType,
};

mod references;
#[cfg(test)]
mod tests;

/// How many operations a request may have.
pub const MAX_OPERATIONS: usize = 1000;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Creates a resource.
    Post,
    /// Replaces one.
    Put,
    /// Changes one.
    Patch,
    /// Deletes one.
    Delete,
}

impl Method {
    /// The name in a message.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Post, Self::Put, Self::Patch, Self::Delete].into_iter().find(|m| m.as_str().eq_ignore_ascii_case(word))
    }
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkOperation {
    /// What it does.
    pub method: Method,
    /// To what, below the base URL: `/Users`, `/Users/{id}`.
    pub path: String,
    /// What the request calls what it creates.
    pub bulk_id: Option<String>,
    /// The version that the resource must be in.
    pub version: Option<String>,
    /// The body, but for DELETE.
    pub data: Option<Value>,
}

/// The message.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkRequest {
    /// After how many errors the server stops.
    pub fail_on_errors: Option<u64>,
    /// What is to be done.
    pub operations: Vec<BulkOperation>,
}

/// How big a request may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many operations it may have.
    pub max_operations: usize,
    /// How many bytes its body may have.
    pub max_payload_size: usize,
}

impl Limits {
    /// Refuses a body that is too long, before it is read.
    pub fn check_payload(self, length: usize) -> Result<(), Error> {
        if length > self.max_payload_size {
            let most = self.max_payload_size;
            let detail = format!("The size of the bulk operation exceeds the maxPayloadSize ({most} bytes).");
            return Err(Error::new(413, detail));
        }
        Ok(())
    }
}

impl BulkRequest {
    /// Reads the body of `POST /Bulk`.
    pub fn parse(body: &Value, limits: Limits) -> Result<Self, Error> {
        let members = json::message(body, message::BULK_REQUEST)?;
        let fail_on_errors = match get(members, "failOnErrors") {
            None | Some(Value::Null) => None,
            Some(value) => Some(
                value
                    .as_u64()
                    .filter(|most| *most > 0)
                    .ok_or_else(|| invalid_value("'failOnErrors' must be a whole number of errors, at least 1."))?,
            ),
        };
        let Some(Value::Array(written)) = get(members, "Operations") else {
            return Err(invalid_syntax("'Operations' must be an array of operations."));
        };
        if written.len() > limits.max_operations {
            let (count, most) = (written.len(), limits.max_operations);
            return Err(Error::new(413, format!("There are {count} operations; maxOperations is {most}.")));
        }
        let read = |(written, number): (&Value, usize)| {
            operation(written).map_err(|error| error.of(&format!("Operation {number}")))
        };
        let operations = written.iter().zip(1..).map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { fail_on_errors, operations })
    }

    /// Whether the server stops after so many errors.
    pub fn stops_after(&self, errors: u64) -> bool {
        self.fail_on_errors.is_some_and(|most| errors >= most)
    }
}

impl BulkOperation {
    /// The type of resource that the path names, and the id.
    pub fn target(&self) -> Result<(&'static ResourceType, Option<&str>), Error> {
        let path = self.path.trim_matches('/');
        let (endpoint, id) = match path.split_once('/') {
            Some((endpoint, id)) => (endpoint, Some(id)),
            None => (path, None),
        };
        match ResourceType::at_endpoint(endpoint) {
            Some(kind) if id.is_none_or(|id| !id.is_empty() && !id.contains(['/', '?', '#'])) => Ok((kind, id)),
            _ => {
                let path = shown(&self.path);
                Err(Error::not_found(format!("'path' must be '/Users', '/Groups' or one with an id, not '{path}'.")))
            }
        }
    }
}

fn operation(written: &Value) -> Result<BulkOperation, Error> {
    let Value::Object(members) = written else {
        return Err(invalid_syntax(format!("An operation must be an object, not {}.", describe(written))));
    };
    let method = text(members, "method")?.as_deref().and_then(Method::from_word);
    let Some(method) = method else {
        return Err(invalid_syntax("'method' must be 'POST', 'PUT', 'PATCH' or 'DELETE'."));
    };
    let Some(path) = text(members, "path")? else { return Err(invalid_syntax("'path' is required.")) };
    let bulk_id = text(members, "bulkId")?;
    if bulk_id.as_deref().is_some_and(|id| !references::is_bulk_id(id)) {
        return Err(invalid_value("'bulkId' must not be empty nor contain '/', '\"', ']' or white space."));
    }
    let has_id = path.trim_matches('/').contains('/');
    match method {
        Method::Post if bulk_id.is_none() => return Err(invalid_syntax("'bulkId' is required with 'POST'.")),
        Method::Post if has_id => return Err(invalid_syntax("'path' has no id with 'POST'.")),
        Method::Put | Method::Patch | Method::Delete if !has_id => {
            let method = method.as_str();
            return Err(invalid_syntax(format!("'path' must have the id of the resource with '{method}'.")));
        }
        _ => {}
    }
    let data = get(members, "data").filter(|data| !data.is_null() && method != Method::Delete).cloned();
    if method != Method::Delete && !data.as_ref().is_some_and(Value::is_object) {
        return Err(invalid_syntax(format!("'data' must be an object with '{}'.", method.as_str())));
    }
    Ok(BulkOperation { method, path, bulk_id, version: text(members, "version")?, data })
}

fn text(members: &Map<String, Value>, name: &str) -> Result<Option<String>, Error> {
    match get(members, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(invalid_syntax(format!("'{name}' must be a string, not {}.", describe(other)))),
    }
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkResult {
    /// What it did.
    pub method: Method,
    /// What the request called the resource.
    pub bulk_id: Option<String>,
    /// The URL of the resource; a POST that failed has none.
    pub location: Option<String>,
    /// The version of the resource afterwards.
    pub version: Option<String>,
    /// The HTTP status.
    pub status: u16,
    /// The body of the answer; there must be one if it failed.
    pub response: Option<Value>,
}

impl BulkResult {
    /// The result of an operation that failed.
    pub fn failed(operation: &BulkOperation, location: Option<String>, error: &Error) -> Self {
        Self {
            method: operation.method,
            bulk_id: operation.bulk_id.clone(),
            location,
            version: None,
            status: error.status,
            response: Some(error.to_json()),
        }
    }

    fn to_json(&self) -> Value {
        let mut result = Map::new();
        let texts = [("location", &self.location), ("bulkId", &self.bulk_id), ("version", &self.version)];
        result.insert("method".to_owned(), self.method.as_str().into());
        for (name, text) in texts {
            if let Some(text) = text {
                result.insert(name.to_owned(), text.as_str().into());
            }
        }
        result.insert("status".to_owned(), self.status.to_string().into());
        if let Some(response) = &self.response {
            result.insert("response".to_owned(), response.clone());
        }
        Value::Object(result)
    }
}

/// The answer to a bulk request.
pub fn bulk_response(results: &[BulkResult]) -> Value {
    let results: Vec<_> = results.iter().map(BulkResult::to_json).collect();
    json!({ "schemas": [message::BULK_RESPONSE], "Operations": results })
}
