//! Operations of the directory: people, groups, applications, and what is asked of them.

mod actions;
mod applications;
mod groups;
mod links;
mod me;
mod objects;
mod passwords;
mod users;

use http::{Method, StatusCode};

pub(super) use self::actions::SIGNATURES;
use super::{
    error::Error,
    operations::{Call, Handler, Kind, Operation, entity_templates, set_template},
    respond::{self, Answer},
};
use crate::{
    app::{Error as AppError, Expected, Named, directory::to_manage},
    authz::{Action, table::to_read},
    model::{
        DIRECTORY_OBJECT, DOMAIN, ORGANIZATION,
        bind::{Bind, Bound, Purpose},
        meta::{EntityType, Face, Navigation, Version},
        record::{Input, Stored},
    },
    odata::options,
};

/// The table.
pub(super) fn operations(version: Version) -> Vec<Operation> {
    let tables = [
        users::operations(version),
        groups::operations(version),
        applications::operations(version),
        objects::operations(version),
        me::operations(version),
        read_only(
            version,
            &ORGANIZATION,
            &Words { one: "the organization", many: "Organizations", id: "Organization" },
        ),
        read_only(version, &DOMAIN, &Words { one: "a domain", many: "Domains", id: "Domain" }),
    ];
    tables.into_iter().flatten().collect()
}

/// What a kind of object is called.
struct Words {
    /// `a group`
    one: &'static str,
    /// `Groups`
    many: &'static str,
    /// `Group`, in operation ids.
    id: &'static str,
}

/// The code of the operations that change objects of a kind.
struct Handlers {
    create: Handler,
    update: Handler,
    delete: Handler,
}

/// List, count and get.
fn read_only(version: Version, entity: &'static EntityType, words: &Words) -> Vec<Operation> {
    let face = entity.face(version);
    let set = set_template(face);
    let Words { one, many, id } = words;
    let plural = many.to_lowercase();
    let mut table = vec![
        Operation::new(Method::GET, set.clone(), format!("list{}", many.replace(' ', "")), Kind::List, face)
            .about(format!("List {plural}"), format!("Gives the {plural} of the tenant, a page at a time.")),
        Operation::new(
            Method::GET,
            format!("{set}/$count"),
            format!("count{}", many.replace(' ', "")),
            Kind::Count,
            face,
        )
        .about(format!("Count {plural}"), format!("Tells how many {plural} there are, as a plain number.")),
    ];
    for (at, by) in entity_templates(face) {
        table.push(
            Operation::new(Method::GET, at, format!("get{id}{by}"), Kind::Get, face)
                .about(format!("Get {one}"), format!("Gives {one} by its key.")),
        );
    }
    table
}

/// List, count, get, create, update and delete.
fn all(version: Version, entity: &'static EntityType, words: &Words, handlers: &Handlers) -> Vec<Operation> {
    let face = entity.face(version);
    let (set, action) = (set_template(face), to_manage(entity.kind));
    let Words { one, id, .. } = words;
    let mut table = read_only(version, entity, words);
    table.push(
        Operation::new(Method::POST, set, format!("create{id}"), Kind::Create, face)
            .about(format!("Create {one}"), format!("Makes {one}. It can be used at once."))
            .takes(action)
            .by(handlers.create),
    );
    for (at, by) in entity_templates(face) {
        table.extend([
            Operation::new(Method::PATCH, at.clone(), format!("update{id}{by}"), Kind::Update, face)
                .about(format!("Update {one}"), "Changes what the body names and leaves the rest.")
                .takes(action)
                .by(handlers.update),
            Operation::new(Method::DELETE, at, format!("delete{id}{by}"), Kind::Delete, face)
                .about(
                    format!("Delete {one}"),
                    "It is gone from all lists, and can be restored from `/directory/deletedItems`.",
                )
                .takes(action)
                .by(handlers.delete),
        ]);
    }
    table
}

/// The path of one object of a kind, by its id.
fn one(face: &Face) -> String {
    format!("{}/{{{}-id}}", set_template(face), face.name)
}

/// What a navigation property leads to, listed and counted.
fn list_of(face: &'static Face, navigation: &'static Navigation, words: &Words, what: &str) -> Vec<Operation> {
    let (target, at) = (navigation.target.face(face.version), format!("{}/{}", one(face), navigation.name));
    let name = upper_first(navigation.name);
    let action = reading(face, target);
    let mut table = vec![
        Operation::new(Method::GET, at.clone(), format!("list{}{name}", words.id), Kind::List, target)
            .about(format!("List {what} of {}", words.one), navigation.description)
            .takes(action),
        Operation::new(Method::GET, format!("{at}/$count"), format!("count{}{name}", words.id), Kind::Count, target)
            .about(format!("Count {what} of {}", words.one), "Tells how many there are, as a plain number.")
            .takes(action),
    ];
    let (id, what) = (format!("list{}{name}", words.id), format!("{what} of {}", words.one));
    table.extend(casts(navigation, &at, &id, &what, action, face.version));
    table
}

/// What a navigation property leads to, those of each type by themselves.
fn casts(navigation: &Navigation, at: &str, id: &str, what: &str, action: Action, version: Version) -> Vec<Operation> {
    let target = navigation.target.face(version);
    let cast = |face: &'static Face| {
        let (at, id) = (format!("{at}/{}", face.qualified_name()), format!("{id}As{}", upper_first(face.name)));
        Operation::new(Method::GET, at, id, Kind::List, face)
            .about(format!("List {what} as {}", face.set), "Gives those that are of this type.")
            .takes(action)
    };
    navigation.kinds.iter().filter_map(|kind| target.of_kind(kind)).map(cast).collect()
}

/// What reading targets takes: what is of one of several types is read with the right to read what it hangs on.
fn reading(face: &Face, target: &Face) -> Action {
    to_read(if target.entity.derived.is_empty() { target.entity } else { face.entity })
}

fn upper_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A body, as use cases take it.
fn parts<I>(bound: Bound<I>) -> (I, Vec<Bind>) {
    (bound.input, bound.links)
}

/// The answer to a create.
fn created<R: crate::model::record::Record>(
    call: &Call,
    face: &'static Face,
    made: Result<Stored<R>, AppError>,
    declares_type: bool,
) -> Result<Answer, Error> {
    let made = made.map_err(|e| Error::app(e, face))?;
    Ok(respond::written(call, face, &made, StatusCode::CREATED, declares_type))
}

/// The answer to an update.
fn updated<R: crate::model::record::Record>(
    call: &Call,
    face: &'static Face,
    after: Result<Stored<R>, AppError>,
    declares_type: bool,
) -> Result<Answer, Error> {
    let after = after.map_err(|e| Error::app(e, face))?;
    Ok(respond::written(call, face, &after, StatusCode::OK, declares_type))
}

/// The answer to what gives nothing.
fn done(face: &'static Face, done: Result<(), AppError>) -> Result<Answer, Error> {
    done.map_err(|e| Error::app(e, face))?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// A body for a face, from a request without query options.
fn body<I: Input>(call: &Call, face: &'static Face, purpose: Purpose) -> Result<Bound<I>, Error> {
    options::parse_none(&call.query)?;
    call.bind::<I>(face, purpose)
}

/// What the path names and in which state it is expected.
fn target(call: &Call) -> Result<(Named<'_>, Expected), Error> {
    Ok((call.named()?, call.expected()))
}

/// The face of all kinds of objects.
fn objects(version: Version) -> &'static Face {
    DIRECTORY_OBJECT.face(version)
}
