//! One operation of the table, described.

use utoipa::openapi::{
    ContentBuilder, HttpMethod, RefOr, Required, Response, Schema,
    link::{Link, LinkBuilder},
    path::{self, OperationBuilder},
    request_body::{RequestBody, RequestBodyBuilder},
    security::SecurityRequirement,
};

use super::{
    examples, parameters,
    responses::{self, JSON, error},
    schemas,
};
use crate::{
    api::operations::{Kind, Operation},
    authz::table::{self, Row},
    model::{
        ENTITY_TYPES, USER,
        meta::{Face, Version},
    },
};

/// The name of the security scheme by which a caller shows a token.
pub(super) const BEARER: &str = "bearer";
/// The name of the security scheme by which a caller gets one.
pub(super) const OAUTH2: &str = "oauth2";

/// Describes an operation. `all` are those of its version: the ones that responses link to are among them.
pub(super) fn describe(operation: &Operation, version: Version, all: &[Operation]) -> path::Operation {
    let row = table::row(operation.action);
    let described = OperationBuilder::new()
        .tag(tag(operation, version))
        .operation_id(Some(operation.id.as_str()))
        .summary(Some(operation.summary.as_str()))
        .description(Some(format!("{}\n\n{}", operation.description, needs(row))))
        .securities(Some(
            [BEARER, OAUTH2]
                .iter()
                .flat_map(|scheme| row.permissions.iter().map(|p| SecurityRequirement::new(*scheme, [*p]))),
        ))
        .request_body(request_body(operation));
    let described = parameters::in_path(&operation.template).into_iter().fold(described, OperationBuilder::parameter);
    let described = match operation.kind {
        Kind::RemoveReferenceById(navigation) => {
            described.parameter(parameters::reference_to_remove(navigation, version))
        }
        _ => described,
    };
    let of_directory = parameters::of_directory(operation.kind, operation.face);
    let shared =
        parameters::of(operation.kind).iter().chain(of_directory).map(|component| parameters::reference(component));
    let described = shared.fold(described, OperationBuilder::parameter_ref);
    let described = answers(operation).into_iter().fold(described, |described, (status, mut response)| {
        if status == "201" {
            response.links.extend(links(operation, all));
        }
        described.response(status, response)
    });
    let refusals = responses::refusals(operation.kind, operation.face, operation.is_nested());
    refusals.into_iter().fold(described, |described, status| described.response(status, error(status))).build()
}

/// The method, as a path item knows it.
pub(super) fn method(operation: &Operation) -> HttpMethod {
    match operation.method.as_str() {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

/// The tag: the collection at the beginning of the path, by its v1.0 name.
fn tag(operation: &Operation, version: Version) -> String {
    // Who is signed in is one of the people.
    let of_me = operation.template.strip_prefix("/me").filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let template =
        of_me.map_or_else(|| operation.template.clone(), |rest| format!("/{}{rest}", USER.face(version).path));
    let at = |face: &Face| {
        let below = template.strip_prefix('/').and_then(|path| path.strip_prefix(face.path));
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '(']))
    };
    let entity = ENTITY_TYPES.iter().find(|e| at(e.face(version)));
    tag_of(entity.map_or(operation.face, |e| e.face(Version::V1)))
}

/// The tag of the operations on a collection.
pub(super) fn tag_of(face: &Face) -> String {
    let words = parameters::words(face.entity.face(Version::V1).set);
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn needs(row: &Row) -> String {
    let list = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let permissions = match row.permissions {
        [one] => format!("Needs the permission `{one}`"),
        several => format!("Needs one of the permissions {}", list(several)),
    };
    match row.roles {
        [] => format!("{permissions}."),
        [one] => format!("{permissions}, or the role `{one}`."),
        several => format!("{permissions}, or one of the roles {}.", list(several)),
    }
}

/// The answers of an operation that succeeds: what its annotation says, or what follows from its kind.
fn answers(operation: &Operation) -> Vec<(String, Response)> {
    let annotated = operation.annotated.iter().flat_map(|annotated| annotated.responses.responses.clone());
    let said: Vec<(String, Response)> = annotated
        .filter_map(|(status, response)| match response {
            RefOr::T(response) => Some((status, response)),
            RefOr::Ref(_) => None,
        })
        .collect();
    if !said.is_empty() {
        return said;
    }
    let built = responses::successes(operation.kind, operation.face).into_iter();
    built.map(|(status, response)| (status.to_owned(), response.build())).collect()
}

/// The body: the schema that the annotation names, or that follows from the kind, with what is said of such a body.
fn request_body(operation: &Operation) -> Option<RequestBody> {
    let (kind, face) = (operation.kind, operation.face);
    let (example, description) = match kind {
        Kind::Create => (examples::create(face), "The entity to make."),
        Kind::Update => (examples::update(face), "What to change."),
        Kind::AddReference(_) => (examples::reference_body(face), "The entity to link to."),
        Kind::Call(signature) if signature.takes.is_some() => (examples::call(signature), "What is asked."),
        _ => return None,
    };
    let schema = match kind {
        Kind::AddReference(navigation) => Some(responses::schema(&schemas::reference_create_name(navigation)).into()),
        Kind::Call(signature) => Some(responses::schema(&schemas::request_name(signature)).into()),
        _ => operation.annotated.as_ref().and_then(annotated_body),
    };
    let content = ContentBuilder::new().schema(schema).example(Some(example));
    let body = RequestBodyBuilder::new().description(Some(description)).content(JSON, content.build());
    // An action that needs nothing can be called without a body.
    let needed = match kind {
        Kind::Call(signature) => signature.takes.is_some_and(|schema| schema().get("required").is_some()),
        _ => true,
    };
    Some(body.required(Some(if needed { Required::True } else { Required::False })).build())
}

/// The schema of the body that an annotation names.
fn annotated_body(annotated: &path::Operation) -> Option<RefOr<Schema>> {
    let RefOr::T(body) = annotated.request_body.as_ref()? else { return None };
    let RefOr::T(content) = body.content.values().next()? else { return None };
    content.schema.clone()
}

/// What can be done with a new entity: the operations whose path needs its id and no other.
fn links(create: &Operation, all: &[Operation]) -> Vec<(String, RefOr<Link>)> {
    let key = format!("{}-id", create.face.name);
    let of_entity = format!("/{}/{{{key}}}", create.face.path);
    let on_it = all.iter().filter(|o| {
        let mut names = parameters::names_in(&o.template);
        o.template.starts_with(&of_entity) && names.next() == Some(key.as_str()) && names.next().is_none()
    });
    let link = |o: &Operation| {
        let link = LinkBuilder::new().operation_id(&o.id).parameter(&key, "$response.body#/id");
        (o.id.clone(), RefOr::T(link.description(o.summary.as_str()).build()))
    };
    on_it.map(link).collect()
}
