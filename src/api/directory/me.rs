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
        let (name, action) = (super::upper_first(navigation.name), super::reading(face, target));
        let what = format!("what `{}` of who is signed in leads to", navigation.name);
        if navigation.is_collection() {
            table.push(
                Operation::new(Method::GET, at.clone(), format!("listMy{name}"), Kind::List, target)
                    .about(format!("List {what}"), navigation.description)
                    .takes(action),
            );
            table.extend(super::casts(navigation, &at, &format!("listMy{name}"), &what, action, version));
        } else {
            table.push(
                Operation::new(Method::GET, at, format!("getMy{name}"), Kind::Get, target)
                    .about(format!("Get the {} of who is signed in", navigation.name), navigation.description)
                    .takes(action),
            );
        }
    }
    table.extend(actions::membership_at("/me", face, &Words { one: "who is signed in", many: "", id: "My" }));
    table.push(super::passwords::change("/me", face, "My", "one's own"));
    table
}
