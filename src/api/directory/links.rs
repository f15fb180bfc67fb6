//! Operations of links: `$ref` on navigation properties.

use http::{Method, StatusCode};

use super::{Answer, Call, Error, Kind, Operation, Words, done, list_of, objects, one, upper_first};
use crate::{
    api::write,
    app::{Error as AppError, directory::to_link},
    authz::Action,
    model::meta::{Face, Navigation},
    odata::{options, path::Resource, query::Rows},
};

/// What a navigation property leads to: listed, counted, linked and unlinked.
pub(super) fn operations(
    face: &'static Face,
    navigation: &'static Navigation,
    words: &Words,
    many: &str,
    each: &str,
) -> Vec<Operation> {
    let target = navigation.target.face(face.version);
    let at = format!("{}/{}", one(face), navigation.name);
    let (all, name) = (format!("{at}/$ref"), format!("{}{}", words.id, upper_first(each)));
    let action = to_link(face.entity, navigation);
    let mut table = list_of(face, navigation, words, &format!("the {many}"));
    table.extend([
        Operation::new(
            Method::GET,
            all.clone(),
            format!("list{name}References"),
            Kind::ListReferences(navigation),
            target,
        )
        .about(format!("List references to the {many} of {}", words.one), "Gives the addresses of them.")
        .takes(super::reading(face, target)),
        Operation::new(Method::POST, all.clone(), format!("add{name}"), Kind::AddReference(navigation), target)
            .about(
                format!("Add a {each} to {}", words.one),
                format!("The object that the body refers to is among the {many} from now on."),
            )
            .takes(action)
            .by(|call| Box::pin(add(call))),
        Operation::new(Method::DELETE, all, format!("remove{name}ById"), Kind::RemoveReferenceById(navigation), target)
            .about(
                format!("Remove a {each} of {} by its address", words.one),
                format!("The object that the query option refers to is not among the {many} any more."),
            )
            .takes(action)
            .by(|call| Box::pin(remove(call))),
        Operation::new(
            Method::DELETE,
            format!("{at}/{{{}-id}}/$ref", target.name),
            format!("remove{name}"),
            Kind::RemoveReference(navigation),
            target,
        )
        .about(format!("Remove a {each} of {}", words.one), format!("The object is not among the {many} any more."))
        .takes(action)
        .by(|call| Box::pin(remove(call))),
    ]);
    table
}

/// The manager of a person.
pub(super) fn manager(face: &'static Face, navigation: &'static Navigation) -> Vec<Operation> {
    let target = navigation.target.face(face.version);
    let at = format!("{}/{}", one(face), navigation.name);
    let link = format!("{at}/$ref");
    vec![
        Operation::new(Method::GET, at, "getUserManager", Kind::Get, target)
            .about("Get the manager of a user", "Gives the manager; 404 where there is none.")
            .takes(Action::ReadUsers),
        Operation::new(Method::PUT, link.clone(), "setUserManager", Kind::AddReference(navigation), target)
            .about("Set the manager of a user", "The user is a direct report of the object that the body refers to.")
            .takes(Action::ManageUsers)
            .by(|call| Box::pin(set_manager(call))),
        Operation::new(Method::DELETE, link, "removeUserManager", Kind::RemoveReference(navigation), target)
            .about("Remove the manager of a user", "The user is nobody's direct report any more.")
            .takes(Action::ManageUsers)
            .by(|call| Box::pin(remove_manager(call))),
    ]
}

/// What the path links from, and by what.
fn linked(call: &Call) -> Option<(&'static Face, crate::app::Named<'_>, &'static Navigation)> {
    let rows = match &call.path.resource {
        Resource::References(rows) => Some(rows),
        Resource::Reference(Rows::Keyed { of, .. }) => Some(&**of),
        _ => None,
    };
    match rows? {
        Rows::Related { of, navigation, .. } => {
            let source = write::keyed(of)?;
            Some((of.face(), source, navigation))
        }
        _ => None,
    }
}

async fn add(call: Call) -> Result<Answer, Error> {
    let face = objects(call.version);
    options::parse_none(&call.query)?;
    let other = call.reference_in_body(face)?;
    let (source, named, navigation) = linked(&call).ok_or_else(|| Error::app(AppError::NoSuchPath, face))?;
    done(face, call.api.app.link_add(call.caller(), (source, named), navigation, &other).await)
}

async fn remove(call: Call) -> Result<Answer, Error> {
    let face = objects(call.version);
    let other = write::reference_to_remove(&call, face)?;
    let (source, named, navigation) = linked(&call).ok_or_else(|| Error::app(AppError::NoSuchPath, face))?;
    done(face, call.api.app.link_remove(call.caller(), (source, named), navigation, &other).await)
}

async fn set_manager(call: Call) -> Result<Answer, Error> {
    let face = objects(call.version);
    options::parse_none(&call.query)?;
    let other = call.reference_in_body(face)?;
    let (_, named, _) = linked(&call).ok_or_else(|| Error::app(AppError::NoSuchPath, face))?;
    done(face, call.api.app.manager_set(call.caller(), named, Some(other)).await)
}

async fn remove_manager(call: Call) -> Result<Answer, Error> {
    let face = objects(call.version);
    options::parse_none(&call.query)?;
    let (_, named, _) = linked(&call).ok_or_else(|| Error::app(AppError::NoSuchPath, face))?;
    let removed = call.api.app.manager_set(call.caller(), named, None).await;
    removed.map_err(|e| Error::app(e, face))?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
