//! Operations of objects whatever they are, and of those that were deleted.

use http::{Method, header};
use serde_json::Value as Json;

use super::{Answer, Call, Error, Kind, Operation, Version, actions, done, objects, one};
use crate::{
    api::respond,
    authz::Action,
    model::{DIRECTORY_OBJECT, meta::EntityType},
    odata::{options, query::Rows},
};

/// How many objects are asked for by their ids at once, as in Graph.
const MOST_IDS: usize = 1000;

/// What operations need on something whose kind their path does not tell.
const BY_KIND: &str = "Of the permissions, it takes one for the kind that the object is of.";

/// The table.
pub(super) fn operations(version: Version) -> Vec<Operation> {
    let face = objects(version);
    let mut table = vec![
        Operation::new(Method::GET, format!("/{}", face.path), "listDirectoryObjects", Kind::List, face)
            .about("List directory objects", "Gives everything in the directory, a page at a time."),
        Operation::new(Method::GET, format!("/{}/$count", face.path), "countDirectoryObjects", Kind::Count, face)
            .about("Count directory objects", "Tells how many objects there are, as a plain number."),
        Operation::new(Method::GET, one(face), "getDirectoryObject", Kind::Get, face)
            .about("Get a directory object", "Gives an object of the directory, whatever it is."),
        actions::call("getDirectoryObjectsByIds", format!("/{}/getByIds", face.path), face, "getByIds")
            .about("Get directory objects by their ids", "Gives the objects with these ids, as far as they are there.")
            .takes(Action::ReadDirectory)
            .by(|call| Box::pin(by_ids(call))),
    ];
    table.extend(actions::membership(face, &super::Words { one: "an object", many: "Objects", id: "DirectoryObject" }));
    table.extend(deleted(version));
    table
}

/// What was deleted.
fn deleted(version: Version) -> Vec<Operation> {
    let face = objects(version);
    let at = format!("/{}", face.deleted_items.unwrap_or(face.path));
    let each = format!("{at}/{{{}-id}}", face.name);
    let mut table = vec![
        Operation::new(Method::GET, at.clone(), "listDeletedItems", Kind::List, face)
            .about("List deleted items", "Gives what was deleted and can be restored."),
        Operation::new(Method::GET, each.clone(), "getDeletedItem", Kind::Get, face)
            .about("Get a deleted item", format!("Gives one of the things that were deleted. {BY_KIND}"))
            .takes(Action::ReadDeleted),
        Operation::new(Method::DELETE, each.clone(), "deleteDeletedItem", Kind::Delete, face)
            .about("Delete a deleted item for good", format!("It cannot be restored after this. {BY_KIND}"))
            .takes(Action::ManageDeleted)
            .by(|call| Box::pin(purge(call))),
        actions::call("restoreDeletedItem", format!("{each}/restore"), face, "restore")
            .about(
                "Restore a deleted item",
                format!("Brings back what was deleted, with what it is linked to. {BY_KIND}"),
            )
            .takes(Action::ManageDeleted)
            .by(|call| Box::pin(restore(call))),
    ];
    table.extend(DIRECTORY_OBJECT.derived.iter().map(|entity: &&'static EntityType| {
        let kind = entity.face(version);
        let name = super::upper_first(kind.name);
        Operation::new(
            Method::GET,
            format!("{at}/{}", kind.qualified_name()),
            format!("listDeleted{name}s"),
            Kind::List,
            kind,
        )
        .about(format!("List deleted {}s", kind.name), "Gives those that were deleted and can be restored.")
    }));
    table
}

async fn purge(call: Call) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    done(objects(call.version), call.api.app.object_purge(call.caller(), call.named()?.value).await)
}

async fn restore(call: Call) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    let face = objects(call.version);
    let id = call.named()?.value.to_owned();
    let restored = Rows::Keyed { of: Box::new(Rows::All(face)), property: face.entity.key(), value: id.clone() };
    let mut query = options::parse_entity("", restored.clone(), call.api.now())?;
    query.root = call.root();
    let context = respond::context(&call, &restored, Some(&query.shape));
    let page = call.api.app.object_restore(call.caller(), &id, query).await.map_err(|e| Error::app(e, face))?;
    let answer = respond::entity(&context, &page);
    Ok(match page.version {
        Some(version) => answer.with(header::ETAG, &version.to_etag()),
        None => answer,
    })
}

async fn by_ids(call: Call) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    let face = objects(call.version);
    let asked = actions::body(&call)?;
    let ids = actions::texts(&asked, "ids", MOST_IDS)?.unwrap_or_default();
    let types = match asked.get("types") {
        None | Some(Json::Null) => Vec::new(),
        Some(_) => actions::texts(&asked, "types", MOST_IDS)?.unwrap_or_default(),
    };
    let page = call.api.app.objects_by_ids(call.caller(), call.version, ids, &types).await;
    let page = page.map_err(|e| Error::app(e, face))?;
    let context = respond::context(&call, &Rows::All(face), None);
    Ok(respond::collection(&context, &page, None))
}
