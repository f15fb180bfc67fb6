//! What belongs to no resource: errors, references, `$batch`, `$metadata` and the service document.

use serde_json::{Map, Value, json};
use utoipa::openapi::{
    ContentBuilder, HttpMethod, Required,
    path::{Operation, OperationBuilder},
    request_body::RequestBodyBuilder,
    security::SecurityRequirement,
};

use super::{
    bodies, examples, operations, parameters,
    responses::{self, error},
    schemas::{context, count, name, next_link, reference_create_name, reference_to},
};
use crate::{
    model::{
        ENTITY_TYPES,
        meta::{Face, Navigation, Version},
    },
    odata::batch::MAX_REQUESTS,
};

/// The tag of the operations here.
pub(super) const TAG: &str = "Protocol";

/// The statuses of refusals that operations here can answer.
pub(super) const STATUSES: [&str; 9] = ["400", "401", "408", "413", "415", "429", "500", "501", "503"];
/// Those of them that have no body to refuse.
const STATUSES_OF_GET: [&str; 6] = ["400", "401", "429", "500", "501", "503"];

/// Adds the schemas of what belongs to no resource.
pub(super) fn schemas(version: Version, schemas: &mut Map<String, Value>) {
    let mut add = |of: &str, schema| schemas.insert(name(of), schema);
    add("ODataErrors.ODataError", odata_error());
    add("ODataErrors.MainError", main_error());
    add("ODataErrors.ErrorDetails", error_details());
    add("ODataErrors.InnerError", inner_error());
    add("reference", reference());
    add("referenceCollectionResponse", reference_collection());
    for navigation in links(version) {
        add(&reference_create_name(navigation), reference_create(version, navigation.name));
    }
    add("batchRequest", batch_request());
    add("batchRequestItem", batch_request_item());
    add("batchResponse", batch_response());
    add("batchResponseItem", batch_response_item());
    add("serviceDocument", service_document());
    add("serviceDocumentItem", service_document_item());
}

/// The operations that belong to no resource: path, method, operation.
pub(super) fn operations() -> [(&'static str, HttpMethod, Operation); 3] {
    [
        ("/", HttpMethod::Get, get_service_document()),
        ("/$metadata", HttpMethod::Get, get_metadata()),
        ("/$batch", HttpMethod::Post, batch()),
    ]
}

/// The navigation properties whose links are changed through `$ref`.
fn links(version: Version) -> impl Iterator<Item = &'static Navigation> {
    let faces = ENTITY_TYPES.iter().map(move |entity| entity.face(version));
    faces.flat_map(|face| face.navigations.iter().filter(|n| n.by_reference))
}

fn odata_error() -> Value {
    json!({
        "type": "object",
        "description": "What every refusal answers.",
        "required": ["error"],
        "properties": { "error": reference_to("ODataErrors.MainError") },
    })
}

fn main_error() -> Value {
    json!({
        "type": "object",
        "description": "What went wrong.",
        "required": ["code", "message"],
        "properties": {
            "code": { "type": "string", "description": "What went wrong, for programs.", "examples": ["InvalidModel"] },
            "message": {
                "type": "string",
                "description": "What went wrong, for people: what was wrong with what, and what would be right.",
                "examples": ["The model is invalid. 'displayName' is required."],
            },
            "target": { "type": "string", "description": "What it is about: a property, a query option or a header." },
            "details": {
                "type": "array",
                "description": "Everything that is wrong with a body, one entry for each thing.",
                "items": reference_to("ODataErrors.ErrorDetails"),
            },
            "innerError": reference_to("ODataErrors.InnerError"),
        },
    })
}

fn error_details() -> Value {
    json!({
        "type": "object",
        "description": "One of several things that are wrong.",
        "required": ["code", "message"],
        "properties": {
            "code": { "type": "string", "description": "What is wrong, for programs." },
            "message": { "type": "string", "description": "What is wrong, for people." },
            "target": { "type": "string", "description": "The property that it is about.", "examples": ["displayName"] },
        },
    })
}

fn inner_error() -> Value {
    json!({
        "type": "object",
        "description": "What finds the request in the server's log.",
        "properties": {
            "date": { "type": "string", "description": "When, in UTC.", "examples": ["2026-01-31T08:00:00"] },
            "request-id": { "type": "string", "description": "The server's id of the request." },
            "client-request-id": { "type": "string", "description": "The caller's id of the request, or the server's." },
        },
    })
}

/// The body that names the target of a new link. Navigation properties of one name share it.
fn reference_create(version: Version, name: &str) -> Value {
    let named: Vec<_> = links(version).filter(|n| n.name == name).collect();
    let mut faces: Vec<&Face> = named.iter().flat_map(|n| bodies::leading_to(n, version)).collect();
    faces.sort_unstable_by_key(|face| face.path);
    faces.dedup_by_key(|face| face.path);
    let example = named.first().map(|n| n.target.face(version));
    reference_to_one(version, &faces, example)
}

/// The body that names an entity of one of these faces by its URL.
pub(super) fn reference_to_one(version: Version, faces: &[&Face], example: Option<&Face>) -> Value {
    let examples: Vec<String> = example.into_iter().map(examples::reference).collect();
    json!({
        "type": "object",
        "description": "Names an entity by its URL.",
        "required": ["@odata.id"],
        "properties": {
            "@odata.id": {
                "type": "string",
                "description": "The URL of the entity, absolute or relative to the service root.",
                "pattern": bodies::url_pattern(version, faces),
                "examples": examples,
            },
        },
        "patternProperties": { "@": {} },
        "additionalProperties": false,
    })
}

fn reference() -> Value {
    json!({
        "type": "object",
        "description": "A link to an entity.",
        "required": ["@odata.id"],
        "properties": {
            "@odata.id": { "type": "string", "description": "The URL of the entity." },
        },
    })
}

fn reference_collection() -> Value {
    json!({
        "type": "object",
        "description": "A page of links.",
        "required": ["value"],
        "properties": {
            "@odata.context": context(),
            "@odata.count": count("How many there are in all pages together; there with `$count=true`."),
            "@odata.nextLink": next_link("The URL of the next page; not there on the last one."),
            "value": { "type": "array", "description": "The links.", "items": reference_to("reference") },
        },
    })
}

fn batch_request() -> Value {
    json!({
        "type": "object",
        "description": "Requests to carry out in one.",
        "required": ["requests"],
        "properties": {
            "requests": {
                "type": "array",
                "description": "The requests.",
                "minItems": 1,
                "maxItems": MAX_REQUESTS,
                "items": reference_to("batchRequestItem"),
            },
        },
    })
}

fn batch_request_item() -> Value {
    json!({
        "type": "object",
        "description": "One request of a batch. It is authorised by itself.",
        "required": ["id", "method", "url"],
        "properties": {
            "id": { "type": "string", "minLength": 1, "description": "Names the request within the batch." },
            "method": { "type": "string", "enum": ["GET", "POST", "PUT", "PATCH", "DELETE"], "description": "The method." },
            "url": {
                "type": "string",
                "minLength": 1,
                "pattern": bodies::one_line(),
                "description": "The URL, relative to the version's root.",
                "examples": ["/identityGovernance/entitlementManagement/accessPackages?$top=5"],
            },
            "headers": {
                "type": ["object", "null"],
                "description": "The headers. A request with a body needs a `Content-Type`.",
                "additionalProperties": { "type": "string", "pattern": bodies::one_line() },
            },
            "body": { "description": "The body, as JSON." },
            "dependsOn": {
                "type": ["array", "null"],
                "description": "Ids of requests that must have succeeded before; otherwise this one answers 424.",
                "items": { "type": "string" },
            },
        },
    })
}

fn batch_response() -> Value {
    json!({
        "type": "object",
        "description": "The answers to a batch. Their order need not be that of the requests.",
        "required": ["responses"],
        "properties": {
            "responses": { "type": "array", "description": "The answers.", "items": reference_to("batchResponseItem") },
        },
    })
}

fn batch_response_item() -> Value {
    json!({
        "type": "object",
        "description": "The answer to one request of a batch.",
        "required": ["id", "status"],
        "properties": {
            "id": { "type": "string", "description": "The id of the request." },
            "status": { "type": "integer", "format": "int32", "description": "The HTTP status." },
            "headers": {
                "type": "object",
                "description": "The headers.",
                "additionalProperties": { "type": "string" },
            },
            "body": { "description": "The body, as the request by itself would have been answered." },
        },
    })
}

fn service_document() -> Value {
    json!({
        "type": "object",
        "description": "What is at the root of the service.",
        "required": ["value"],
        "properties": {
            "@odata.context": context(),
            "value": {
                "type": "array",
                "description": "The things at the root.",
                "items": reference_to("serviceDocumentItem"),
            },
        },
    })
}

fn service_document_item() -> Value {
    json!({
        "type": "object",
        "description": "A thing at the root.",
        "required": ["name", "url"],
        "properties": {
            "name": { "type": "string", "description": "Its name." },
            "kind": { "type": "string", "description": "What it is.", "examples": ["Singleton"] },
            "url": { "type": "string", "description": "Its URL, relative to the service root." },
        },
    })
}

fn get_service_document() -> Operation {
    let content = responses::json_content(&responses::schema("serviceDocument")).build();
    fixed(
        "getServiceDocument",
        "Get the service document",
        "Tells what is at the root of the service.",
        &STATUSES_OF_GET,
    )
    .response("200", responses::ok("The service document.").content(responses::JSON, content))
    .build()
}

fn get_metadata() -> Operation {
    let text = "Describes entity types, properties and navigation properties in OData's Common Schema Definition \
                Language (CSDL) 4.01, as XML or, with `$format=json` or `Accept: application/json`, as JSON.";
    let json = ContentBuilder::new().schema(Some(responses::any_object())).build();
    let xml = ContentBuilder::new().schema(Some(responses::string())).build();
    let response =
        responses::ok("The metadata document.").content("application/xml", xml).content(responses::JSON, json);
    fixed("getMetadata", "Get the metadata document", text, &STATUSES_OF_GET)
        .parameter_ref(parameters::reference("format"))
        .response("200", response)
        .build()
}

fn batch() -> Operation {
    let text = format!(
        "Carries out up to {MAX_REQUESTS} requests, in the order that `dependsOn` asks for. Every request succeeds or \
         fails by itself, and is authorised by itself: the batch answers 200 whatever its requests answer."
    );
    let request = responses::json_content(&responses::schema("batchRequest")).example(Some(examples::batch())).build();
    let body = RequestBodyBuilder::new()
        .description(Some("The requests."))
        .content(responses::JSON, request)
        .required(Some(Required::True))
        .build();
    let content = responses::json_content(&responses::schema("batchResponse")).build();
    fixed("batch", "Carry out several requests in one", &text, &STATUSES)
        .request_body(Some(body))
        .response("200", responses::ok("The answers.").content(responses::JSON, content))
        .build()
}

/// An operation that any valid token may call.
fn fixed(id: &str, summary: &str, description: &str, refusals: &[&'static str]) -> OperationBuilder {
    let described = format!("{description}\n\nNeeds a valid token, whatever it permits.");
    let operation = OperationBuilder::new()
        .tag(TAG)
        .operation_id(Some(id))
        .summary(Some(summary))
        .description(Some(described))
        .security(SecurityRequirement::new::<_, [&str; 0], _>(operations::BEARER, []))
        .security(SecurityRequirement::new::<_, [&str; 0], _>(operations::OAUTH2, []))
        .parameter_ref(parameters::reference("client-request-id"));
    refusals.iter().fold(operation, |operation, status| operation.response(*status, error(status)))
}
