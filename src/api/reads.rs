//! Operations that only read: they have no code of their own and follow from the schemas, which also say what one and many
//! of a thing are called. They are documented here; [`super::read`] serves them, and every other GET that a path can lead to.

use std::sync::Arc;

use http::Method;

use super::{
    operations::{Handler, Kind, Operation, entity_templates, one_template, set_template, upper_first},
    read,
};
use crate::{
    authz::{Action, table::to_read},
    model::{
        ENTITY_TYPES, USER,
        meta::{Face, Navigation, Reading, Version, Wording},
    },
};

/// What operations need on something whose kind their path does not tell.
const BY_KIND: &str = "Of the permissions, it takes one for the kind that the object is of.";

/// The reading operations of a version.
pub(super) fn operations(version: Version) -> Vec<Operation> {
    let faces = ENTITY_TYPES.iter().map(|entity| entity.face(version)).filter(|face| !face.path.is_empty());
    faces.flat_map(of_face).chain(own(USER.face(version))).collect()
}

fn of_face(face: &'static Face) -> Vec<Operation> {
    let mut all = collection(face);
    for navigation in face.navigations {
        if navigation.is_collection() {
            all.extend(related(face, navigation));
        } else {
            all.push(related_one(face, navigation));
        }
    }
    all.extend(deleted(face));
    all
}

/// The collection of a face, how many are in it, and one of it by each of its keys.
fn collection(face: &'static Face) -> Vec<Operation> {
    let (names, set) = (&face.entity.names, set_template(face));
    let many = upper_first(face.entity.face(Version::V1).set);
    let said = |reading| wording(face.entity.documented, reading).copied().unwrap_or_default();
    let action = to_read(face.entity);
    let mut all = vec![
        Read { template: set.clone(), id: format!("list{many}"), kind: Kind::List, face, action }.about(
            said(Reading::List),
            format!("List {}", names.many),
            format!("Gives the {} of the tenant, a page at a time.", names.many),
        ),
        Read { template: format!("{set}/$count"), id: format!("count{many}"), kind: Kind::Count, face, action }.about(
            said(Reading::Count),
            format!("Count {}", names.many),
            format!("Tells how many {} there are, as a plain number.", names.many),
        ),
    ];
    for (template, by) in entity_templates(face) {
        let one = Read { template, id: format!("get{}{by}", names.id), kind: Kind::Get, face, action };
        all.push(one.about(
            said(Reading::Get),
            format!("Get {}", names.one),
            format!("Gives {} by its key.", names.one),
        ));
    }
    all
}

/// The targets of a navigation property of one entity: listed, counted, by type, by reference, and one of them.
fn related(face: &'static Face, navigation: &'static Navigation) -> Vec<Operation> {
    let (names, target) = (&face.entity.names, navigation.target.face(face.version));
    let at = format!("{}/{}", one_template(face), navigation.name);
    let (name, action) = (format!("{}{}", names.id, upper_first(navigation.name)), reading(face, target));
    let many = format!("{} of {}", navigation.targets.many.unwrap_or(navigation.name), names.one);
    let said = |reading| wording(navigation.documented, reading).copied();
    let list = said(Reading::List).unwrap_or_default();
    let mut all = vec![
        Read { template: at.clone(), id: format!("list{name}"), kind: Kind::List, face: target, action }.about(
            list,
            format!("List {many}"),
            navigation.description.to_owned(),
        ),
        Read { template: format!("{at}/$count"), id: format!("count{name}"), kind: Kind::Count, face: target, action }
            .about(
                said(Reading::Count).unwrap_or_default(),
                format!("Count {many}"),
                "Tells how many there are, as a plain number.".to_owned(),
            ),
    ];
    all.extend(casts(navigation, &at, &format!("list{name}"), &many, (action, face.version)));
    if navigation.by_reference {
        let id = format!("list{}{}References", names.id, upper_first(navigation.targets.each.unwrap_or_default()));
        let kind = Kind::ListReferences(navigation);
        all.push(Read { template: format!("{at}/$ref"), id, kind, face: target, action }.about(
            said(Reading::References).unwrap_or_default(),
            format!("List references to {many}"),
            "Gives the addresses of them.".to_owned(),
        ));
    }
    if let Some(one) = said(Reading::Get) {
        let template = format!("{at}/{{{}-id}}", target.name);
        all.push(Read { template, id: format!("get{name}"), kind: Kind::Get, face: target, action }.about(
            one,
            format!("Get a {} of {}", navigation.targets.each.unwrap_or(navigation.name), names.one),
            navigation.description.to_owned(),
        ));
    }
    all
}

/// The one target of a navigation property of one entity.
fn related_one(face: &'static Face, navigation: &'static Navigation) -> Operation {
    let (names, target) = (&face.entity.names, navigation.target.face(face.version));
    let template = format!("{}/{}", one_template(face), navigation.name);
    let id = format!("get{}{}", names.id, upper_first(navigation.name));
    let what = navigation.targets.many.unwrap_or(navigation.name);
    Read { template, id, kind: Kind::Get, face: target, action: reading(face, target) }.about(
        wording(navigation.documented, Reading::Get).copied().unwrap_or_default(),
        format!("Get {what} of {}", names.one),
        navigation.description.to_owned(),
    )
}

/// The targets of a navigation property that are of one type.
fn casts(
    navigation: &Navigation,
    at: &str,
    id: &str,
    what: &str,
    (action, version): (Action, Version),
) -> Vec<Operation> {
    let target = navigation.target.face(version);
    let cast = |face: &'static Face| {
        let (template, id) = (format!("{at}/{}", face.qualified_name()), format!("{id}As{}", upper_first(face.name)));
        Read { template, id, kind: Kind::List, face, action }.about(
            Wording::default(),
            format!("List {what} as {}", face.set),
            "Gives those that are of this type.".to_owned(),
        )
    };
    navigation.kinds.iter().filter_map(|kind| target.of_kind(kind)).map(cast).collect()
}

/// What was deleted and can be restored, where a face has such.
fn deleted(face: &'static Face) -> Vec<Operation> {
    let Some(at) = face.deleted_items.map(|path| format!("/{path}")) else { return Vec::new() };
    let (said, action) = (Wording::default(), to_read(face.entity));
    let one = Read {
        template: format!("{at}/{{{}-id}}", face.name),
        id: "getDeletedItem".to_owned(),
        kind: Kind::Get,
        face,
        action: Action::ReadDeleted,
    };
    let all = Read { template: at.clone(), id: "listDeletedItems".to_owned(), kind: Kind::List, face, action };
    let of_type = face.derived().map(|kind| {
        let (template, id) =
            (format!("{at}/{}", kind.qualified_name()), format!("listDeleted{}s", upper_first(kind.name)));
        Read { template, id, kind: Kind::List, face: kind, action: to_read(kind.entity) }.about(
            said,
            format!("List deleted {}s", kind.name),
            "Gives those that were deleted and can be restored.".to_owned(),
        )
    });
    let own = [
        all.about(said, "List deleted items".to_owned(), "Gives what was deleted and can be restored.".to_owned()),
        one.about(
            said,
            "Get a deleted item".to_owned(),
            format!("Gives one of the things that were deleted. {BY_KIND}"),
        ),
    ];
    own.into_iter().chain(of_type).collect()
}

/// `/me`: the person for whom the caller calls, and what that person is linked to.
fn own(face: &'static Face) -> Vec<Operation> {
    let me = Read { template: "/me".to_owned(), id: "getMe".to_owned(), kind: Kind::Get, face, action: Action::ReadMe };
    let mut all = vec![me.about(
        Wording::default(),
        "Get who is signed in".to_owned(),
        "Gives the person for whom the caller calls.".to_owned(),
    )];
    for navigation in face.navigations {
        let (target, at) = (navigation.target.face(face.version), format!("/me/{}", navigation.name));
        let (name, action) = (upper_first(navigation.name), reading(face, target));
        let said = |kind, id, summary| {
            Read { template: at.clone(), id, kind, face: target, action }.about(
                Wording::default(),
                summary,
                navigation.description.to_owned(),
            )
        };
        if navigation.is_collection() {
            let what = format!("what `{}` of who is signed in leads to", navigation.name);
            all.push(said(Kind::List, format!("listMy{name}"), format!("List {what}")));
            all.extend(casts(navigation, &at, &format!("listMy{name}"), &what, (action, face.version)));
        } else {
            let summary = format!("Get the {} of who is signed in", navigation.name);
            all.push(said(Kind::Get, format!("getMy{name}"), summary));
        }
    }
    all
}

/// What reading targets takes: what is of one of several types is read with the right to read what it hangs on.
pub(super) fn reading(face: &Face, target: &Face) -> Action {
    to_read(if target.entity.derived.is_empty() { target.entity } else { face.entity })
}

fn wording(documented: &'static [(Reading, Wording)], reading: Reading) -> Option<&'static Wording> {
    documented.iter().find(|(of, _)| *of == reading).map(|(_, wording)| wording)
}

/// A reading operation but for its words.
struct Read {
    template: String,
    id: String,
    kind: Kind,
    face: &'static Face,
    action: Action,
}

impl Read {
    /// The operation, in the schema's words where it has some.
    fn about(self, said: Wording, summary: String, description: String) -> Operation {
        let Self { template, id, kind, face, action } = self;
        let handler: Handler = Arc::new(|call| Box::pin(async move { read::get(call).await }));
        let or = |said: Option<&str>, text: String| said.map_or(text, str::to_owned);
        Operation {
            method: Method::GET,
            template,
            id: or(said.id, id),
            summary: or(said.summary, summary),
            description: or(said.description, description),
            kind,
            face,
            action,
            annotated: None,
            handler,
        }
    }
}
