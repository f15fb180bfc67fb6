//! SCIM 2.0 (RFC 7643, RFC 7644): an identity provider pushes people and groups into a tenant's directory.
//!
//! What SCIM calls things is a third face of the directory beside v1.0 and beta, and is known here alone: [`users`] and
//! [`groups`] turn records into resources and back, [`filter`] turns filters into those of the store. The protocol itself,
//! without HTTP and store, is [`crate::scim`]; rules and records of what was done are those of every other write.

mod bulk;
mod failure;
mod fields;
mod filter;
mod groups;
mod lists;
mod locate;
mod users;
mod values;
mod writes;

use std::{net::IpAddr, sync::Arc};

use axum::{Router, body::Body, extract::State, response::Response, routing::any};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::Value as Json;
use tokio::sync::OnceCell;

use self::{
    failure::Failure,
    locate::{Place, locate},
};
use super::{
    Api, body,
    dispatch::{self, Refused, What},
    finish,
    panics::caught,
};
use crate::{
    app::{self, Expected, Named, Provenance},
    authority::{self, Visit},
    authz::Action,
    ids,
    model::meta::{EntityType, Face, Version},
    scim::{Error, ScimType, discovery, list::ListQuery, project::Projection, schema::ResourceType},
};

/// Where everything of it is.
const ROOT: &str = "/scim/v2";
/// The content type of its bodies.
const SCIM_JSON: HeaderValue = HeaderValue::from_static("application/scim+json");

/// The routes.
pub(super) fn router() -> Router<Arc<Api>> {
    Router::new()
        .route(ROOT, any(answer))
        .route(&format!("{ROOT}/"), any(answer))
        .route(&format!("{ROOT}/{{*rest}}"), any(answer))
}

/// What a request is answered with.
struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<Json>,
}

impl Answer {
    fn new(status: StatusCode, body: Option<Json>) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}

/// A request on its way.
struct Call {
    api: Arc<Api>,
    caller: Arc<authority::Caller>,
    provenance: Provenance,
    /// The address of [`ROOT`], as the caller reaches it.
    base: String,
    domain: OnceCell<String>,
}

impl Call {
    fn app(&self) -> &app::App {
        &self.api.app
    }

    /// Who calls, as use cases want to know it.
    fn caller(&self) -> app::Caller<'_> {
        let authority::Caller { principal, tenant } = &*self.caller;
        app::Caller { tenant: *tenant, principal, grants: &[], provenance: &self.provenance }
    }

    fn location(&self, kind: &ResourceType, id: &str) -> String {
        let id = percent_encoding::utf8_percent_encode(id, crate::odata::links::SEGMENT);
        format!("{}{}/{id}", self.base, kind.endpoint)
    }

    /// The domain of names that have none.
    async fn domain(&self) -> Result<&str, Failure> {
        let load = || self.app().default_domain(self.caller.tenant);
        Ok(self.domain.get_or_try_init(load).await?)
    }
}

/// An object by its id.
fn named<'a>(entity: &'static EntityType, id: &'a str) -> Named<'a> {
    Named { property: entity.key(), value: id }
}

/// The names of an entity's properties that this face of it is made from.
fn face(entity: &'static EntityType) -> &'static Face {
    entity.face(Version::V1)
}

/// What is asked.
struct Asked {
    method: Method,
    query: String,
    headers: HeaderMap,
    body: Body,
}

/// Answers a request; whatever goes wrong is an answer too.
async fn answer(State(api): State<Arc<Api>>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = ids::new_id();
    let client_id = dispatch::client_request_id(&parts.headers);
    let said = client_id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or(&request_id).to_owned();
    let address: Option<IpAddr> = dispatch::address(&parts.extensions);
    let provenance = Provenance { correlation_id: said, address };
    let origin = dispatch::origin(&api.options, &parts.uri, &parts.headers);
    let path = parts.uri.path().get(ROOT.len()..).unwrap_or_default();
    // What is no text, or holds what no text of ours does, is the name of nothing.
    let path = percent_encoding::percent_decode_str(path).decode_utf8().unwrap_or("/-".into()).replace('\0', "/-/");
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let asked = Asked { method: parts.method, query, headers: parts.headers, body };
    let handled = caught(&request_id, handle(&api, &origin, &path, asked, provenance)).await;
    let outcome = handled.unwrap_or_else(|panicked| Err(super::error::Error::from(panicked).into()));
    let answer = outcome.unwrap_or_else(Failure::into_answer);
    let (Answer { status, headers, body }, text) = charged(&api, answer, reads);
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let all = response.headers_mut();
    if body.is_some() {
        all.insert(header::CONTENT_TYPE, SCIM_JSON);
    }
    all.extend(headers);
    finish::common_headers(all, &request_id, client_id);
    response
}

/// The answer and its text, which has its share of the memory for answers from now on. What was written is told in any
/// case.
fn charged(api: &Api, answer: Answer, reads: bool) -> (Answer, Bytes) {
    let text = |answer: &Answer| Bytes::from(answer.body.as_ref().map(Json::to_string).unwrap_or_default());
    let whole = text(&answer);
    let share = if reads { api.memory.take(whole.len()) } else { Some(api.memory.force(whole.len())) };
    if let Some(share) = share {
        return (answer, share.hold(whole));
    }
    let refused = Failure::from(finish::no_memory()).into_answer();
    let text = text(&refused);
    (refused, text)
}

async fn handle(
    api: &Arc<Api>,
    origin: &str,
    path: &str,
    asked: Asked,
    provenance: Provenance,
) -> Result<Answer, Failure> {
    let visit = Visit { address: provenance.address, correlation_id: Some(&provenance.correlation_id) };
    let caller = api.authority.check_provisioning(asked.headers.get(header::AUTHORIZATION), visit).await;
    let caller = caller.map_err(|error| super::error::Error::check(error, &dispatch::sign_in(origin)))?;
    api.limits.admit(&caller)?;
    // The server writes no body for HEAD.
    let method = if asked.method == Method::HEAD { Method::GET } else { asked.method };
    let place = locate(path, &method)?;
    let call = Call {
        api: Arc::clone(api),
        caller: Arc::clone(&caller),
        provenance: provenance.clone(),
        base: format!("{origin}{ROOT}"),
        domain: OnceCell::new(),
    };
    for action in place.takes(&method) {
        if let Err(error) = api.app.grants(caller.tenant, &caller.principal, action).await {
            let what = What::Other(format!("SCIM {method} {}", place.template()));
            let refused = Refused { api, caller, provenance, what };
            let error = super::error::Error::app(error, face(place.kind().map_or(&crate::model::USER, fields::entity)));
            return Err(refused.remember(error).await.into());
        }
    }
    let body = body::read(&api.options, &method, &asked.headers, asked.body, &body::SCIM_TYPES).await?;
    let what = What::Other(format!("SCIM {method} {}", place.template()));
    let request = Request { method, query: asked.query, headers: asked.headers, body: body.to_vec() };
    let outcome = serve(&call, &place, &request).await;
    if let Err(failure) = &outcome
        && failure.error.status == StatusCode::FORBIDDEN.as_u16()
    {
        // Only once the object is known, it is known that the caller is not privileged enough to change it.
        let error = super::error::Error::new(super::error::Code::DENIED, failure.error.detail.clone());
        Refused { api, caller, provenance, what }.remember(error).await;
    }
    outcome
}

/// A request whose caller may do what it asks.
struct Request {
    method: Method,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Request {
    fn json(&self) -> Result<Json, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let detail = match error.classify() {
                serde_json::error::Category::Eof if self.body.is_empty() => "The body is empty: send JSON.".to_owned(),
                _ => format!("The body is not valid JSON: {error}."),
            };
            Error::bad(ScimType::InvalidSyntax, detail)
        })
    }

    /// The pairs of the query string.
    fn pairs(&self) -> impl Iterator<Item = (String, String)> + '_ {
        form_urlencoded::parse(self.query.as_bytes()).into_owned()
    }

    /// The states in which the caller wants a change to happen.
    fn expected(&self) -> Expected {
        super::write::expected(&self.headers)
    }
}

async fn serve(call: &Call, place: &Place<'_>, request: &Request) -> Result<Answer, Failure> {
    let ok = |body: Json| Ok(Answer::new(StatusCode::OK, Some(body)));
    match *place {
        Place::Config => ok(discovery::service_provider_config(&call.base, call.api.options.max_body_bytes)),
        Place::Types => ok(discovery::resource_types(&call.base)),
        Place::Type(name) => ok(found(discovery::resource_type(name, &call.base))?),
        Place::Schemas => ok(discovery::schemas(&call.base)),
        Place::Schema(id) => ok(found(discovery::schema(id, &call.base))?),
        Place::Bulk => bulk::run(call, &request.json()?).await,
        Place::Search(kind) => ok(lists::search(call, kind, &ListQuery::from_search(&request.json()?)?).await?),
        Place::All => ok(lists::search(call, None, &ListQuery::from_pairs(request.pairs())?).await?),
        Place::Set(kind) if request.method == Method::GET => {
            let query = ListQuery::from_pairs(request.pairs())?;
            ok(lists::search(call, Some(kind), &query).await?)
        }
        Place::Set(kind) => writes::create(call, kind, &request.json()?, &projection(request)?).await,
        Place::One(kind, id) => one(call, kind, id, request).await,
    }
}

async fn one(call: &Call, kind: &'static ResourceType, id: &str, request: &Request) -> Result<Answer, Failure> {
    let shown = projection(request)?;
    match request.method {
        Method::GET => {
            let (resource, tag) = lists::get(call, kind, id, &shown).await?;
            if super::read::names_tag(&request.headers, &tag) {
                return Ok(Answer::new(StatusCode::NOT_MODIFIED, None).with(header::ETAG, &tag));
            }
            Ok(Answer::new(StatusCode::OK, Some(resource)).with(header::ETAG, &tag))
        }
        Method::PUT => writes::replace(call, kind, id, &request.json()?, &request.expected(), &shown).await,
        Method::PATCH => writes::patch(call, kind, id, &request.json()?, &request.expected(), &shown).await,
        _ => writes::delete(call, kind, id, &request.expected()).await,
    }
}

/// Which attributes an answer is to show.
fn projection(request: &Request) -> Result<Projection, Error> {
    Ok(ListQuery::from_pairs(request.pairs())?.projection)
}

fn found(description: Option<Json>) -> Result<Json, Error> {
    description.ok_or_else(|| Error::not_found("There is nothing of this name."))
}

/// What reading and changing resources of a type takes.
fn actions(kind: &ResourceType) -> [Action; 2] {
    if kind.name == "Group" {
        [Action::ReadGroups, Action::ManageGroups]
    } else {
        [Action::ReadUsers, Action::ManageUsers]
    }
}
