//! From a request to an operation and back: who calls, what the path leads to, the body within its limits, and the
//! headers that every answer has.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, uri::Scheme};
use percent_encoding::utf8_percent_encode;

use super::{
    Api, Options, batch, body,
    error::{Code, Error},
    finish::{Finished, finish},
    operations::{Call, Operation, Parts},
    panics::caught,
    read,
    refusals::Noted,
    respond::Answer,
    service,
};
use crate::{
    app::{self, Provenance},
    authority::Caller,
    authz::{Grant, Kind},
    ids,
    model::{ACCESS_PACKAGE, USER, meta::Version},
    odata::{
        links::SEGMENT,
        path::{self, Path, Resource},
        query::Rows,
    },
};

pub(super) const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
/// Longer ids of clients are cut.
const MAX_CLIENT_REQUEST_ID: usize = 128;

/// Answers any request that is not to one of the server's own pages.
pub(super) async fn dispatch(State(api): State<Arc<Api>>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let request = Request {
        origin: origin(&api.options, &parts.uri, &parts.headers),
        method: parts.method,
        uri: parts.uri,
        headers: parts.headers,
        body,
        address: address(&parts.extensions),
        in_batch: false,
    };
    answer(&api, request).await.into_response()
}

/// A request, from the wire or from a batch.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    /// Scheme and authority under which the caller reaches us.
    pub(super) origin: String,
    /// The caller's address.
    pub(super) address: Option<IpAddr>,
    pub(super) in_batch: bool,
}

/// Answers a request; whatever goes wrong is an answer too.
pub(super) async fn answer(api: &Arc<Api>, request: Request) -> Finished {
    let request_id = ids::new_id();
    let client_request_id = client_request_id(&request.headers);
    let said = client_request_id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or(&request_id);
    let provenance = Provenance { correlation_id: said.to_owned(), address: request.address };
    let handled = caught(&request_id, handle(api, request, provenance)).await;
    let outcome = handled.unwrap_or_else(|panicked| Err(panicked.into()));
    finish(api, &request_id, client_request_id, outcome)
}

/// Sends those away, unheard, who call too often.
pub(super) async fn admit(State(api): State<Arc<Api>>, request: axum::extract::Request, next: Next) -> Response {
    match address(request.extensions()).map_or(Ok(()), |address| api.limits.admit_address(address)) {
        Ok(()) => next.run(request).await,
        Err(error) => finish(&api, &ids::new_id(), client_request_id(request.headers()), Err(error)).into_response(),
    }
}

async fn handle(api: &Arc<Api>, request: Request, provenance: Provenance) -> Result<Answer, Error> {
    let raw = request.uri.path().trim_start_matches('/');
    let (segment, below) = raw.split_once('/').unwrap_or((raw, ""));
    let Some((version, prefix)) = version(segment) else {
        let documentation = if api.options.swagger_ui { "/swagger-ui/" } else { "/v1.0/openapi.json" };
        let message = format!(
            "There is nothing at this address. The API is at /v1.0 and /beta, its documentation at {documentation}."
        );
        return Err(Error::new(Code::NOT_FOUND, message));
    };
    let caller = api.authority.check(request.headers.get(header::AUTHORIZATION)).await;
    let caller = caller.map_err(|e| Error::check(e, &sign_in(&request.origin)))?;
    api.limits.admit(&caller)?;
    let query = request.uri.query().unwrap_or_default().to_owned();
    if contains_nul(below) || contains_nul(&query) {
        return Err(Error::new(Code::BAD_REQUEST, "The address contains %00, a character that nothing here can hold."));
    }
    let path = parse_path(version, below, &caller)?;
    let route = route(api, version, &path, &request)?;
    check_me(&path, &caller)?;
    let refused =
        Refused { api, caller: Arc::clone(&caller), provenance: provenance.clone(), what: what(&route, &path) };
    let grants = match permitted(api, &route, &path, &caller).await {
        Ok(grants) => grants,
        Err(error) => return Err(refused.remember(error).await),
    };
    let body = body::read(&api.options, &request.method, &request.headers, request.body, &body::JSON_TYPES).await?;
    let call = Call::from(Parts {
        api: Arc::clone(api),
        caller,
        grants,
        version,
        prefix,
        origin: request.origin,
        raw_path: format!("/{below}"),
        path,
        query,
        headers: request.headers,
        body,
        provenance,
    });
    let outcome = match route {
        Route::Operation(operation) => (operation.handler)(call).await,
        Route::Read => read::get(call).await,
        Route::Service => service::document(&call),
        Route::Metadata => service::metadata(&call),
        Route::Batch => batch::run(call).await,
    };
    match outcome {
        Err(error) => Err(refused.remember(error).await),
        done => done,
    }
}

/// What the path leads to. `/me` is the address of the person for whom the caller calls.
fn parse_path(version: Version, below: &str, caller: &Caller) -> Result<Path, Error> {
    let (first, rest) = below.split_once('/').map_or((below, ""), |(first, rest)| (first, rest));
    if !first.eq_ignore_ascii_case("me") {
        return Ok(path::parse(version, below)?);
    }
    let id = utf8_percent_encode(&caller.principal.oid, SEGMENT);
    let people = USER.face(version).path;
    let rest = if rest.is_empty() { String::new() } else { format!("/{rest}") };
    let mut path = path::parse(version, &format!("{people}/{id}{rest}"))?;
    let own = format!("/{people}/{{{}-id}}", USER.name);
    for template in [&mut path.template, &mut path.by_key] {
        if let Some(rest) = template.strip_prefix(&own) {
            *template = format!("/me{rest}");
        }
    }
    Ok(path)
}

/// That somebody is signed in, where the path says so.
fn check_me(path: &Path, caller: &Caller) -> Result<(), Error> {
    if path.template.split('/').nth(1) != Some("me") || caller.principal.kind == Kind::Delegated {
        return Ok(());
    }
    let message = "/me is the person for whom an application calls, and this one calls for itself.";
    Err(Error::new(Code::BAD_REQUEST, message))
}

/// What a route is called in the records.
fn what<'a>(route: &Route<'a>, path: &Path) -> What<'a> {
    if let Route::Operation(operation) = route {
        return What::Operation(&operation.summary);
    }
    // Paths can be made of many segments, and lead to few things.
    let face = path.resource.rows().map(Rows::face);
    What::Other(format!("GET {}", face.map_or("", |face| if face.path.is_empty() { face.name } else { face.path })))
}

/// What is written down if the caller turns out not to be allowed to do it.
pub(super) struct Refused<'a> {
    pub(super) api: &'a Api,
    pub(super) caller: Arc<Caller>,
    pub(super) provenance: Provenance,
    pub(super) what: What<'a>,
}

/// What a caller wanted to do.
pub(super) enum What<'a> {
    /// An operation, by its summary.
    Operation(&'a str),
    /// What the table does not list, by its method and the type of what it is about: there are few of them.
    Other(String),
}

impl Refused<'_> {
    /// Writes the refusal down, if it is one; what is not written down is not told either.
    pub(super) async fn remember(self, error: Error) -> Error {
        if error.code.status != StatusCode::FORBIDDEN {
            return error;
        }
        let what = match self.what {
            What::Operation(summary) => summary.to_owned(),
            What::Other(what) => what,
        };
        let Caller { principal, tenant } = &*self.caller;
        let (what, times) = match self.api.refusals.note(*tenant, &principal.oid, &what, self.api.now()) {
            Noted::Nothing => return error,
            Noted::This(times) => (what, times),
            Noted::Others(times) => ("Other requests, of several callers".to_owned(), times),
        };
        let caller = app::Caller { tenant: *tenant, principal, grants: &[], provenance: &self.provenance };
        match self.api.app.remember_refusal(caller, &what, &error.message, times).await {
            Ok(()) => error,
            Err(failed) => Error::app(failed, ACCESS_PACKAGE.face(Version::V1)),
        }
    }
}

/// What answers a request.
enum Route<'a> {
    Operation(&'a Operation),
    /// A GET of something that the table does not list.
    Read,
    Service,
    Metadata,
    Batch,
}

fn route<'a>(api: &'a Api, version: Version, path: &Path, request: &Request) -> Result<Route<'a>, Error> {
    // The server writes no body for HEAD.
    let method = if request.method == Method::HEAD { &Method::GET } else { &request.method };
    // What an alternate key addresses has the operations of what the key addresses.
    let table = match api.operations(version, &path.template) {
        [] => api.operations(version, &path.by_key),
        own => own,
    };
    if let Some(operation) = table.iter().find(|o| o.method == *method) {
        return Ok(Route::Operation(operation));
    }
    let (own, route) = match &path.resource {
        Resource::ServiceDocument => (Method::GET, Route::Service),
        Resource::Metadata => (Method::GET, Route::Metadata),
        Resource::Batch if request.in_batch => {
            return Err(Error::new(Code::BAD_REQUEST, "A batch cannot be part of a batch."));
        }
        Resource::Batch => (Method::POST, Route::Batch),
        Resource::Action(..) if !table.is_empty() => (Method::POST, Route::Read),
        _ => (Method::GET, Route::Read),
    };
    if *method == own {
        return Ok(route);
    }
    let listed = table.iter().map(|o| o.method.as_str());
    let mut allowed: Vec<&str> = listed.chain([own.as_str()]).collect();
    allowed.sort_unstable();
    allowed.dedup();
    let allowed = allowed.join(", ");
    let message = format!("Specified HTTP method is not allowed for the request target: it takes {allowed}.");
    let error = Error::new(Code::METHOD_NOT_ALLOWED, message);
    Err(match HeaderValue::from_str(&allowed) {
        Ok(value) => error.with(header::ALLOW, value),
        Err(_) => error,
    })
}

/// Who may not do this at all is told so before the body is looked at. The use cases decide again, and have the last word:
/// they know what it is about. For them these are the roles of a caller whose token does not decide.
async fn permitted(api: &Api, route: &Route<'_>, path: &Path, caller: &Caller) -> Result<Vec<Grant>, Error> {
    let (action, face) = match (route, path.resource.rows()) {
        // Reading may take less than is documented: who it is about may read themselves.
        (Route::Operation(operation), Some(rows)) if !operation.kind.is_write() => {
            (app::read_action(&caller.principal, rows), operation.face)
        }
        (Route::Operation(operation), _) => (operation.action, operation.face),
        (Route::Read, Some(rows)) => (app::read_action(&caller.principal, rows), rows.face()),
        // What these tell of the service is no secret, and the requests of a batch come here by themselves.
        _ => return Ok(Vec::new()),
    };
    let grants = api.app.grants(caller.tenant, &caller.principal, action).await;
    grants.map_err(|error| Error::app(error, face))
}

/// The version that a path's first segment names, and the segment for links.
fn version(segment: &str) -> Option<(Version, &'static str)> {
    let version = Version::from_segment(segment)?;
    Some((version, if segment == "localtest" { "localtest" } else { version.segment() }))
}

fn contains_nul(text: &str) -> bool {
    text.contains("%00")
}

/// Scheme and authority under which the caller reaches us: what is configured, else what the target says, which the
/// server has made whole.
pub(super) fn origin(options: &Options, uri: &Uri, headers: &HeaderMap) -> String {
    if let Some(url) = &options.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let said = uri.authority().map(http::uri::Authority::as_str);
    let host = said.or_else(|| headers.get(header::HOST)?.to_str().ok()).unwrap_or_default();
    let harmless = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    let host = if !host.is_empty() && host.bytes().all(harmless) { host } else { "localhost" };
    let scheme = if uri.scheme() == Some(&Scheme::HTTPS) { "https" } else { "http" };
    format!("{scheme}://{host}")
}

/// The address from which a request came.
pub(super) fn address(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(client)| client.ip())
}

/// Where a caller without a token can get one.
pub(super) fn sign_in(origin: &str) -> String {
    format!("{origin}/common/oauth2/v2.0/authorize")
}

/// The id that the client gave the request, as far as it is one.
pub(super) fn client_request_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let value = headers.get(&CLIENT_REQUEST_ID)?.to_str().ok()?;
    let value: String = value.chars().filter(char::is_ascii_graphic).take(MAX_CLIENT_REQUEST_ID).collect();
    if value.is_empty() { None } else { HeaderValue::from_str(&value).ok() }
}
