//! One operation of the table, described.

use utoipa::openapi::{
    ContentBuilder, HttpMethod, RefOr, Required,
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
        .request_body(request_body(operation.kind, operation.face));
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
    let described = responses::successes(operation.kind, operation.face).into_iter().fold(
        described,
        |described, (status, response)| {
            let links = if status == "201" { links(operation, all) } else { Vec::new() };
            let linked = links.into_iter().fold(response, |response, (name, link)| response.link(name, link));
            described.response(status, linked)
        },
    );
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

fn request_body(kind: Kind, face: &'static Face) -> Option<RequestBody> {
    let (schema, example, description) = match kind {
        Kind::Create => (format!("{}Create", face.name), examples::create(face), "The entity to make."),
        Kind::Update => (format!("{}Update", face.name), examples::update(face), "What to change."),
        Kind::AddReference(navigation) => {
            (schemas::reference_create_name(navigation), examples::reference_body(face), "The entity to link to.")
        }
        Kind::Call(signature) if signature.takes.is_some() => {
            let name = schemas::request_name(signature);
            (name, examples::call(signature), "What is asked.")
        }
        _ => return None,
    };
    let content = ContentBuilder::new().schema(Some(responses::schema(&schema))).example(Some(example));
    let body = RequestBodyBuilder::new().description(Some(description)).content(JSON, content.build());
    // An action that needs nothing can be called without a body.
    let needed = match kind {
        Kind::Call(signature) => signature.takes.is_some_and(|schema| schema().get("required").is_some()),
        _ => true,
    };
    Some(body.required(Some(if needed { Required::True } else { Required::False })).build())
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
