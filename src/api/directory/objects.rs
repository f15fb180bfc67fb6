//! Operations of objects of any kind, and of those that were deleted.

use http::header;
use serde_json::Value as Json;

use super::actions;
use crate::{
    api::{
        declared::{Declared, operations},
        handler::{Called, Deleted, Failure},
        operations::Call,
        respond,
    },
    model::DIRECTORY_OBJECT,
    odata::{options, query::Rows},
};

/// How many objects are asked for by their ids at once, as in Graph.
const MOST_IDS: usize = 1000;

/// The operations, and what each takes.
pub(super) fn operations() -> Vec<Declared> {
    operations![
        ReadDirectory: get_directory_objects_by_ids;
        ManageDeleted: delete_deleted_item, restore_deleted_item;
    ]
}

/// Delete a deleted item for good
///
/// It cannot be restored after this. Of the permissions, it takes one for the kind that the object is of.
#[utoipa::path(delete, path = "/directory/deletedItems/{directoryObject-id}")]
async fn delete_deleted_item(call: Call) -> Result<Deleted, Failure> {
    call.api.app.object_purge(call.caller(), call.named()?.value).await?;
    Ok(Deleted)
}

/// Restore a deleted item
///
/// Brings back what was deleted, with what it is linked to. Of the permissions, it takes one for the kind that the
/// object is of.
#[utoipa::path(post, path = "/directory/deletedItems/{directoryObject-id}/restore")]
async fn restore_deleted_item(call: Call) -> Result<Called, Failure> {
    let face = DIRECTORY_OBJECT.face(call.version);
    let id = call.named()?.value.to_owned();
    let restored = Rows::Keyed { of: Box::new(Rows::All(face)), property: face.entity.key(), value: id.clone() };
    let mut query = options::parse_entity("", restored.clone(), call.api.now())?;
    query.root = call.root();
    let context = respond::context(&call, &restored, Some(&query.shape));
    let page = call.api.app.object_restore(call.caller(), &id, query).await?;
    let answer = respond::entity(&context, &page);
    Ok(Called(match page.version {
        Some(version) => answer.with(header::ETAG, &version.to_etag()),
        None => answer,
    }))
}

/// Get directory objects by their ids
///
/// Gives the objects with these ids, as far as they are there.
#[utoipa::path(post, path = "/directoryObjects/getByIds")]
async fn get_directory_objects_by_ids(call: Call) -> Result<Called, Failure> {
    let face = DIRECTORY_OBJECT.face(call.version);
    let asked = actions::body(&call)?;
    let ids = actions::texts(&asked, "ids", MOST_IDS)?.unwrap_or_default();
    let types = match asked.get("types") {
        None | Some(Json::Null) => Vec::new(),
        Some(_) => actions::texts(&asked, "types", MOST_IDS)?.unwrap_or_default(),
    };
    let page = call.api.app.objects_by_ids(call.caller(), call.version, ids, &types).await?;
    let context = respond::context(&call, &Rows::All(face), None);
    Ok(Called(respond::collection(&context, &page, None)))
}
