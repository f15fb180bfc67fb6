//! Links between objects of the directory, added and removed through `$ref`. They have no code of their own for each
//! navigation property and follow from the schemas.

use http::Method;

use super::{
    handler::{HandlerFn, Json, Linked, Outcome, Target, Unlinked},
    operations::{Call, Handler, Kind, Operation, one_template, upper_first},
    write,
};
use crate::{
    app::{Error as AppError, Named, directory::to_link},
    model::{
        DirectoryObject, DirectoryObjectReference, ENTITY_TYPES,
        meta::{Face, Link, Navigation, Version},
    },
    odata::{path::Resource, query::Rows},
};

/// The operations on links of a version.
pub(super) fn operations(version: Version) -> Vec<Operation> {
    let faces = ENTITY_TYPES.iter().map(|entity| entity.face(version)).filter(|face| !face.path.is_empty());
    let links = faces.flat_map(|face| face.navigations.iter().map(move |navigation| (face, navigation)));
    let linked =
        links.filter(|(_, n)| n.by_reference && matches!(n.link, Link::Table(_)) && !n.target.derived.is_empty());
    linked.flat_map(|(face, navigation)| of_navigation(face, navigation)).collect()
}

fn of_navigation(face: &'static Face, navigation: &'static Navigation) -> Vec<Operation> {
    let target = navigation.target.face(face.version);
    let (one, each) = (face.entity.names.one, navigation.targets.each.unwrap_or(navigation.name));
    let many = navigation.targets.many.unwrap_or(navigation.name);
    let at = format!("{}/{}", one_template(face), navigation.name);
    let (all, name) = (format!("{at}/$ref"), format!("{}{}", face.entity.names.id, upper_first(each)));
    let operation =
        |method, template, id, kind, (summary, description): (String, String), handler: Handler| Operation {
            method,
            template,
            id,
            summary,
            description,
            kind,
            face: target,
            action: to_link(face.entity, navigation),
            annotated: None,
            handler,
        };
    vec![
        operation(
            Method::POST,
            all.clone(),
            format!("add{name}"),
            Kind::AddReference(navigation),
            (
                format!("Add a {each} to {one}"),
                format!("The object that the body refers to is among {many} from now on."),
            ),
            add.erased(target),
        ),
        operation(
            Method::DELETE,
            all,
            format!("remove{name}ById"),
            Kind::RemoveReferenceById(navigation),
            (
                format!("Remove a {each} of {one} by its address"),
                format!("The object that the query option refers to is not among {many} any more."),
            ),
            remove.erased(target),
        ),
        operation(
            Method::DELETE,
            format!("{at}/{{{}-id}}/$ref", target.name),
            format!("remove{name}"),
            Kind::RemoveReference(navigation),
            (format!("Remove a {each} of {one}"), format!("The object is not among {many} any more.")),
            remove.erased(target),
        ),
    ]
}

async fn add(call: Call, Json(other): Json<DirectoryObjectReference>) -> Outcome<Linked> {
    let (source, named, navigation) = linked(&call).ok_or(AppError::NoSuchPath)?;
    call.api.app.link_add(call.caller(), (source, named), navigation, &other.id).await?;
    Ok(Linked)
}

async fn remove(call: Call, other: Target<DirectoryObject>) -> Outcome<Unlinked> {
    let (source, named, navigation) = linked(&call).ok_or(AppError::NoSuchPath)?;
    call.api.app.link_remove(call.caller(), (source, named), navigation, &other.id).await?;
    Ok(Unlinked)
}

/// What the path links from, and by what.
pub(super) fn linked(call: &Call) -> Option<(&'static Face, Named<'_>, &'static Navigation)> {
    let rows = match &call.path.resource {
        Resource::References(rows) => Some(rows),
        Resource::Reference(Rows::Keyed { of, .. }) => Some(&**of),
        _ => None,
    };
    match rows? {
        Rows::Related { of, navigation, .. } => Some((of.face(), write::keyed(of)?, navigation)),
        _ => None,
    }
}
