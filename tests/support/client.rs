//! The only way in which tests speak to the server. It holds each request and each answer to the document.

use std::{fmt::Write, future::IntoFuture, pin::Pin, sync::Arc};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;

use super::contract::{Contracts, Exchange};

/// What stands in a query option as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'$');

/// What is below the version in most paths.
pub const ROOT: &str = "/identityGovernance/entitlementManagement";

/// A caller.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    contracts: Arc<Contracts>,
    token: Option<String>,
    prefix: String,
}

impl Client {
    pub(super) fn new(http: reqwest::Client, base: String, contracts: Arc<Contracts>, token: Option<String>) -> Self {
        Self { http, base, contracts, token, prefix: String::new() }
    }

    /// The id of the caller's object, as the token says it.
    pub fn oid(&self) -> String {
        let claims = self.token.as_deref().and_then(|token| token.split('.').nth(1)).expect("a token");
        let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).expect("claims");
        let claims: Json = serde_json::from_slice(&claims).expect("claims");
        claims["oid"].as_str().expect("an oid").to_owned()
    }

    /// The same caller, whose paths begin below `/<version>/roleManagement/entitlementManagement`.
    #[must_use]
    pub fn roles(&self, segment: &str) -> Self {
        self.below(&format!("/{segment}/roleManagement/entitlementManagement"))
    }

    /// The same caller, whose paths begin below `/v1.0/identityGovernance/entitlementManagement`.
    #[must_use]
    pub fn v1(&self) -> Self {
        self.version("v1.0")
    }

    /// The same caller, whose paths begin below `/beta/identityGovernance/entitlementManagement`.
    #[must_use]
    pub fn beta(&self) -> Self {
        self.version("beta")
    }

    /// The same caller, whose paths begin below the entitlement management of this version.
    #[must_use]
    pub fn version(&self, segment: &str) -> Self {
        self.below(&format!("/{segment}{ROOT}"))
    }

    /// The same caller, whose paths begin below this one.
    #[must_use]
    pub fn below(&self, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..self.clone() }
    }

    /// The absolute URL of a path.
    pub fn url(&self, path: &str) -> String {
        if path.starts_with("http") {
            assert!(path.starts_with(&self.base), "{path} is not on {}", self.base);
            return path.to_owned();
        }
        format!("{}{}{path}", self.base, self.prefix)
    }

    /// GET of a path or of a URL that the server gave.
    pub fn get(&self, path: impl AsRef<str>) -> Request {
        self.request(Method::GET, path)
    }

    /// POST of a JSON body.
    pub fn post(&self, path: impl AsRef<str>, body: Json) -> Request {
        self.request(Method::POST, path).json(body)
    }

    /// PATCH with a JSON body.
    pub fn patch(&self, path: impl AsRef<str>, body: Json) -> Request {
        self.request(Method::PATCH, path).json(body)
    }

    /// PUT of a JSON body.
    pub fn put(&self, path: impl AsRef<str>, body: Json) -> Request {
        self.request(Method::PUT, path).json(body)
    }

    /// DELETE.
    pub fn delete(&self, path: impl AsRef<str>) -> Request {
        self.request(Method::DELETE, path)
    }

    /// Any request.
    pub fn request(&self, method: Method, path: impl AsRef<str>) -> Request {
        let url = self.url(path.as_ref());
        Request {
            client: self.clone(),
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
            undocumented: None,
            unchecked: false,
        }
    }
}

/// A request that is not sent until it is awaited.
#[must_use = "a request is sent when it is awaited"]
pub struct Request {
    client: Client,
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
    undocumented: Option<&'static str>,
    unchecked: bool,
}

impl Request {
    /// One more header.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::try_from(name).expect("the name of a header");
        self.headers.append(name, HeaderValue::from_bytes(value.as_ref()).expect("the value of a header"));
        self
    }

    /// A query option, encoded as programs do: `+` for a space.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let encode = |text: &str| utf8_percent_encode(text, PLAIN).to_string().replace("%20", "+");
        let (before, name, value) = (if self.url.contains('?') { '&' } else { '?' }, encode(name), encode(value));
        let _ = write!(self.url, "{before}{name}={value}");
        self
    }

    /// A JSON body.
    #[expect(clippy::needless_pass_by_value, reason = "tests write json!(…)")]
    pub fn json(self, body: Json) -> Self {
        self.body("application/json", body.to_string())
    }

    /// A body of any kind; without a type where that is empty.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        if content_type.is_empty() { self } else { self.header("content-type", content_type) }
    }

    /// Asks for the entity in the answer to a change.
    pub fn representation(self) -> Self {
        self.header("prefer", "return=representation")
    }

    /// Opts out of the document: what the server does here is right and not described, for this reason. A request that
    /// is described may not.
    pub fn undocumented(mut self, reason: &'static str) -> Self {
        self.undocumented = Some(reason);
        self
    }

    /// For what is no part of the API and does not even fail as that does.
    pub fn unchecked(mut self) -> Self {
        assert!(self.undocumented.is_some(), "there must be a reason");
        self.unchecked = true;
        self
    }

    /// Sends it and holds the exchange to the document.
    pub async fn send(self) -> Response {
        let mut request = self.client.http.request(self.method.clone(), &self.url).headers(self.headers.clone());
        if let Some(token) = self.client.token.as_ref().filter(|_| !self.headers.contains_key("authorization")) {
            request = request.bearer_auth(token);
        }
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        let answer = request.send().await.unwrap_or_else(|e| panic!("{} {}: {e:?}", self.method, self.url));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.unwrap_or_else(|e| panic!("{} {}: {e:?}", self.method, self.url)).to_vec();
        let target = self.url.strip_prefix(&self.client.base).unwrap_or(&self.url).to_owned();
        let exchange = Exchange {
            method: self.method,
            target,
            request_headers: self.headers,
            request_body: self.body,
            status,
            headers,
            body,
        };
        if !self.unchecked {
            self.client.contracts.hold(&exchange, self.undocumented);
        }
        Response { said: exchange.to_string(), status, headers: exchange.headers, body: exchange.body }
    }
}

impl IntoFuture for Request {
    type Output = Response;
    type IntoFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// An answer, which has been held to the document.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// The whole exchange, for messages.
    said: String,
}

/// What the envelope of an error says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// `error.code`.
    pub code: String,
    /// `error.message`.
    pub message: String,
    /// `error.target`, or nothing.
    pub target: String,
}

impl Response {
    /// The answer, which must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.said);
        self
    }

    /// The body, which must be JSON.
    #[track_caller]
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("no JSON: {e}\n{}", self.said))
    }

    /// The body, which must be UTF-8.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_else(|e| panic!("no text: {e}\n{}", self.said))
    }

    /// A header; the empty text where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap_or_default())
    }

    /// The member `id` of the body.
    #[track_caller]
    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_else(|| panic!("no id\n{}", self.said)).to_owned()
    }

    /// The rows of a page.
    #[track_caller]
    pub fn rows(&self) -> Vec<Json> {
        self.json()["value"].as_array().unwrap_or_else(|| panic!("no rows\n{}", self.said)).clone()
    }

    /// The texts that the rows of a page have in this member.
    #[track_caller]
    pub fn column(&self, name: &str) -> Vec<String> {
        self.rows().iter().map(|row| row[name].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// What the envelope says; the answer must have this status.
    #[track_caller]
    pub fn problem(self, status: u16) -> Problem {
        let body = self.expect(status).json();
        let text = |name: &str| body["error"][name].as_str().unwrap_or_default().to_owned();
        Problem { code: text("code"), message: text("message"), target: text("target") }
    }
}

impl Problem {
    /// The problem must have this code, be about this target and say this.
    #[track_caller]
    pub fn says(&self, code: &str, target: &str, part: &str) {
        assert_eq!((self.code.as_str(), self.target.as_str()), (code, target), "{self:?}");
        assert!(self.message.contains(part), "{part:?} is not in {self:?}");
    }
}
