//! The responses: what an operation of each kind can answer, and what refusals and headers share.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::{
    IntoResponses,
    openapi::{
        ComponentsBuilder, ContentBuilder, Header, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type,
        extensions::Extensions, header::HeaderBuilder, schema::Schema,
    },
};

use super::{examples, schemas::NAMESPACE};
use crate::{
    api::{
        handler::{Called, Created, Deleted, Failure, Linked, Unlinked, Updated},
        operations::Kind,
    },
    model::{meta::Face, record::Record, spoken::version},
};

/// The media type of almost every body.
pub(super) const JSON: &str = "application/json";

/// The headers that every response has.
const COMMON: [&str; 3] = ["request-id", "client-request-id", "OData-Version"];

/// A refusal: status, component, what it means, the example's code and message, headers of its own.
struct Refusal {
    status: &'static str,
    component: &'static str,
    description: &'static str,
    example: (&'static str, &'static str),
    header: Option<&'static str>,
}

const REFUSALS: &[Refusal] = &[
    Refusal {
        status: "400",
        component: "BadRequest",
        description: "Something about the request is wrong; the message says what, and what would be right.",
        example: ("InvalidModel", "The model is invalid. 'displayName' is required."),
        header: None,
    },
    Refusal {
        status: "401",
        component: "Unauthorized",
        description: "There is no valid token.",
        example: (
            "InvalidAuthenticationToken",
            "Access token is missing: send the header 'Authorization: Bearer <token>'.",
        ),
        header: Some("WWW-Authenticate"),
    },
    Refusal {
        status: "403",
        component: "Forbidden",
        description: "The caller has none of the permissions that the operation needs.",
        example: ("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
        header: None,
    },
    Refusal {
        status: "404",
        component: "NotFound",
        description: "Something that the path or the body names does not exist.",
        example: ("AccessPackageNotFound", "The access package was not found."),
        header: None,
    },
    Refusal {
        status: "408",
        component: "RequestTimeout",
        description: "The body took too long to arrive.",
        example: ("RequestTimeout", "The body took too long to arrive."),
        header: None,
    },
    Refusal {
        status: "409",
        component: "Conflict",
        description: "Another entity has the same key, or others are changing the same thing at the same time.",
        example: ("DuplicateKey", "There is already a duplicated entity."),
        header: None,
    },
    Refusal {
        status: "412",
        component: "PreconditionFailed",
        description: "The entity no longer has the `ETag` that `If-Match` names.",
        example: ("PreconditionFailed", "The entity has been changed since; read it again."),
        header: None,
    },
    Refusal {
        status: "413",
        component: "ContentTooLarge",
        description: "The body is larger than the server takes.",
        example: ("RequestEntityTooLarge", "The body is too large."),
        header: None,
    },
    Refusal {
        status: "415",
        component: "UnsupportedMediaType",
        description: "The body is not declared to be JSON.",
        example: ("UnsupportedMediaType", "The Content-Type must be application/json."),
        header: None,
    },
    Refusal {
        status: "429",
        component: "TooManyRequests",
        description: "The caller, or its tenant, calls more often than the server was told to allow.",
        example: ("TooManyRequests", "There are too many calls of this client: try again in 1 s."),
        header: Some("Retry-After"),
    },
    Refusal {
        status: "500",
        component: "InternalServerError",
        description: "The server failed; its log says why, under the request's id.",
        example: ("InternalServerError", "The server failed to answer."),
        header: None,
    },
    Refusal {
        status: "501",
        component: "NotImplemented",
        description: "OData has what the request asks for, the server does not.",
        example: ("NotImplemented", "'$apply' is not implemented."),
        header: None,
    },
    Refusal {
        status: "503",
        component: "ServiceUnavailable",
        description: "The server has too much to do, or its storage is full or cannot be reached. Try again later.",
        example: ("ServiceUnavailable", "The server is busy; try again later."),
        header: Some("Retry-After"),
    },
];

/// Headers: name, what it is, an example, whether it is always there where it is documented.
const HEADERS: &[(&str, &str, &str, bool)] = &[
    ("request-id", "The server's id of the request.", "019b76da-a400-7000-8000-000000000001", true),
    (
        "client-request-id",
        "The caller's id of the request, or else the server's.",
        "4d1f9b5c-0000-4000-8000-0a6a3b1c9d21",
        true,
    ),
    ("OData-Version", "The version of OData that the response speaks.", "4.0", true),
    (
        "ETag",
        "The state of the entity, for `If-Match` and `If-None-Match`; not there with `$expand`.",
        "W/\"31db16311a8f94dd\"",
        false,
    ),
    (
        "Location",
        "The URL of the new entity.",
        "http://127.0.0.1:8080/beta/identityGovernance/entitlementManagement/accessPackages/614bf432-f432-614b-32f4-4b6132f44b61",
        true,
    ),
    (
        "OData-EntityId",
        "The URL of the entity, where the response does not hold it.",
        "http://127.0.0.1:8080/beta/identityGovernance/entitlementManagement/accessPackages/614bf432-f432-614b-32f4-4b6132f44b61",
        false,
    ),
    ("Preference-Applied", "What of `Prefer` was honoured.", "return=minimal", false),
    ("WWW-Authenticate", "How to authenticate: by a bearer token.", "Bearer realm=\"\"", true),
    ("Retry-After", "After how many seconds to try again.", "1", true),
];

/// The statuses of refusals that every operation can answer.
const EVERYWHERE: [&str; 7] = ["400", "401", "403", "429", "500", "501", "503"];

const ENTITY_IS_GONE: &str = "The entity is gone.";
const LINK_IS_THERE: &str = "The link is there.";
const LINK_IS_GONE: &str = "The link is gone.";

/// The statuses of refusals that an operation can answer.
pub(super) fn refusals(kind: Kind, face: &Face, nested: bool) -> Vec<&'static str> {
    let own: &[&str] = match kind {
        Kind::List | Kind::Count | Kind::ListReferences(_) if !nested => &[],
        Kind::List | Kind::Count | Kind::ListReferences(_) | Kind::Get => &["404"],
        Kind::Create if !nested && face.navigations.iter().all(|n| !n.required) => &["408", "409", "413", "415"],
        Kind::Update => &["404", "408", "409", "412", "413", "415"],
        Kind::Delete => &["404", "409", "412"],
        Kind::RemoveReference(_) | Kind::RemoveReferenceById(_) => &["404", "409"],
        Kind::Call(_) if !nested => &["404", "408", "413", "415"],
        Kind::Create | Kind::AddReference(_) | Kind::Call(_) => &["404", "408", "409", "413", "415"],
    };
    EVERYWHERE.iter().chain(own).copied().collect()
}

/// What an operation answers when it succeeds: status and response.
pub(super) fn successes(kind: Kind, face: &'static Face) -> Vec<(&'static str, ResponseBuilder)> {
    let entity = || json_content(&schema(face.name)).example(Some(examples::entity(face))).build();
    let collection = |of: &str, example: Value| {
        json_content(&schema(&format!("{of}CollectionResponse"))).example(Some(example)).build()
    };
    match kind {
        Kind::List => {
            let content = collection(face.name, examples::collection(face));
            vec![("200", header(ok("A page of the collection.").content(JSON, content), "Preference-Applied"))]
        }
        Kind::ListReferences(_) => {
            let content = collection("reference", examples::references(face));
            vec![("200", ok("A page of links.").content(JSON, content))]
        }
        Kind::Count => {
            let number = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9]+$")).build();
            let content = ContentBuilder::new().schema(Some(Schema::from(number))).example(Some("42".into())).build();
            vec![("200", ok("How many there are, as digits.").content("text/plain", content))]
        }
        Kind::Get => vec![
            ("200", header(ok("The entity.").content(JSON, entity()), "ETag")),
            ("304", header(ok("The entity still has the `ETag` that `If-None-Match` names."), "ETag")),
        ],
        Kind::Create => {
            let created = ok("The new entity.").content(JSON, entity());
            let quiet = ok("The entity is made; `Prefer: return=minimal` asked for no more.");
            let headers = ["Location", "ETag", "Preference-Applied"];
            let (created, quiet) = headers.iter().fold((created, quiet), |(a, b), h| (header(a, h), header(b, h)));
            vec![("201", created), ("204", header(quiet, "OData-EntityId"))]
        }
        Kind::Update => {
            let shown = ok("The entity as it is now; `Prefer: return=representation` asked for it.");
            let quiet = ok("The entity is changed.");
            let headers = ["ETag", "Preference-Applied"];
            let (shown, quiet) = headers.iter().fold((shown, quiet), |(a, b), h| (header(a, h), header(b, h)));
            vec![("200", shown.content(JSON, entity())), ("204", header(quiet, "OData-EntityId"))]
        }
        Kind::Delete => vec![("204", ok(ENTITY_IS_GONE))],
        Kind::Call(signature) => {
            let answer = ok(if signature.gives.is_some() { "The answer." } else { "It is done." });
            let answer = match signature.gives {
                // Some give an entity.
                Some(_) => {
                    let content = json_content(&schema(&super::schemas::answer_name(signature)));
                    header(answer.content(JSON, content.build()), "ETag")
                }
                None => answer,
            };
            vec![(signature.status, answer)]
        }
        Kind::AddReference(_) => vec![("204", ok(LINK_IS_THERE))],
        Kind::RemoveReference(_) | Kind::RemoveReferenceById(_) => vec![("204", ok(LINK_IS_GONE))],
    }
}

/// A response that is no refusal, with the headers that all of them have.
pub(super) fn ok(description: &str) -> ResponseBuilder {
    let response = ResponseBuilder::new().description(description);
    COMMON.into_iter().fold(response, header)
}

/// A reference to the response of a refusal; a status that is not among them has none and cannot be documented.
pub(super) fn error(status: &str) -> Ref {
    let component = REFUSALS.iter().find(|r| r.status == status).map_or(status, |r| r.component);
    Ref::new(format!("#/components/responses/{component}"))
}

/// JSON of a schema.
pub(super) fn json_content(schema: &Ref) -> ContentBuilder {
    ContentBuilder::new().schema(Some(schema.clone()))
}

/// A reference to a schema.
pub(super) fn schema(name: &str) -> Ref {
    Ref::new(format!("#/components/schemas/{NAMESPACE}.{name}"))
}

/// Any JSON object.
pub(super) fn any_object() -> Schema {
    ObjectBuilder::new().schema_type(Type::Object).build().into()
}

/// Any text.
pub(super) fn string() -> Schema {
    ObjectBuilder::new().schema_type(Type::String).build().into()
}

/// Adds headers, and the refusals whose statuses are `used`.
pub(super) fn components(components: ComponentsBuilder, used: &[&str]) -> ComponentsBuilder {
    let components = HEADERS.iter().fold(components, |components, (name, description, example, always)| {
        components.header(*name, header_component(description, example, *always))
    });
    let used = REFUSALS.iter().filter(|refusal| used.contains(&refusal.status));
    used.fold(components, |components, refusal| components.response(refusal.component, refusal.build()))
}

fn header_component(description: &str, example: &str, always: bool) -> Header {
    let header = HeaderBuilder::new()
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .example(Some(example.into()));
    // utoipa's Header has no `required`; what it calls extensions is written beside its own members.
    let header = if always { header.extensions(Some(Extensions::from_iter([("required", true)]))) } else { header };
    header.build()
}

fn header(response: ResponseBuilder, name: &str) -> ResponseBuilder {
    response.header_ref(name, Ref::new(format!("#/components/headers/{name}")))
}

impl Refusal {
    fn build(&self) -> ResponseBuilder {
        let (code, message) = self.example;
        let content = json_content(&schema("ODataErrors.ODataError")).example(Some(examples::error(code, message)));
        let response = ResponseBuilder::new().description(self.description).content(JSON, content.build());
        COMMON.into_iter().chain(self.header).fold(response, header)
    }
}

/// Responses by status, as utoipa wants them of a handler's return type.
type Responses = BTreeMap<String, RefOr<Response>>;

fn built(successes: Vec<(&'static str, ResponseBuilder)>) -> Responses {
    successes.into_iter().map(|(status, response)| (status.to_owned(), response.build().into())).collect()
}

impl<R: Record> IntoResponses for Created<R> {
    fn responses() -> Responses {
        built(successes(Kind::Create, R::ENTITY.face(version())))
    }
}

impl<R: Record> IntoResponses for Updated<R> {
    fn responses() -> Responses {
        built(successes(Kind::Update, R::ENTITY.face(version())))
    }
}

impl IntoResponses for Deleted {
    fn responses() -> Responses {
        built(vec![("204", ok(ENTITY_IS_GONE))])
    }
}

impl IntoResponses for Linked {
    fn responses() -> Responses {
        built(vec![("204", ok(LINK_IS_THERE))])
    }
}

impl IntoResponses for Unlinked {
    fn responses() -> Responses {
        built(vec![("204", ok(LINK_IS_GONE))])
    }
}

/// What an action gives is said by its signature.
impl IntoResponses for Called {
    fn responses() -> Responses {
        Responses::new()
    }
}

/// The refusals that every operation can answer.
impl IntoResponses for Failure {
    fn responses() -> Responses {
        EVERYWHERE.into_iter().map(|status| (status.to_owned(), RefOr::Ref(error(status)))).collect()
    }
}
