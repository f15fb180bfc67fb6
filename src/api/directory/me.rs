//! `/me`: the person for whom the caller calls. What is below it is what is below the person's own address.

use http::Method;

use super::{Kind, Operation, Version, Words, actions};
use crate::{authz::Action, model::USER};

/// The table.
pub(super) fn operations(version: Version) -> Vec<Operation> {
    let face = USER.face(version);
    let mut table = vec![
        Operation::new(Method::GET, "/me".to_owned(), "getMe", Kind::Get, face)
            .about("Get who is signed in", "Gives the person for whom the caller calls.")
            .takes(Action::ReadMe),
    ];
    for navigation in face.navigations {
        let (target, at) = (navigation.target.face(version), format!("/me/{}", navigation.name));
        let name = super::upper_first(navigation.name);
        if navigation.is_collection() {
            table.push(
                Operation::new(Method::GET, at, format!("listMy{name}"), Kind::List, target)
                    .about(
                        format!("List what `{}` of who is signed in leads to", navigation.name),
                        navigation.description,
                    )
                    .takes(super::reading(face, target)),
            );
        } else {
            table.push(
                Operation::new(Method::GET, at, format!("getMy{name}"), Kind::Get, target)
                    .about(format!("Get the {} of who is signed in", navigation.name), navigation.description)
                    .takes(super::reading(face, target)),
            );
        }
    }
    table.extend(actions::membership_at("/me", face, &Words { one: "who is signed in", many: "", id: "My" }));
    table
}
