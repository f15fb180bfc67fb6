//! Operations of the directory: people, groups, applications, and the questions that are asked of them.

mod actions;
mod applications;
mod groups;
mod me;
mod objects;
mod passwords;
mod role_assignments;
mod users;

use super::declared::Declared;
use crate::model::bind::{Bind, Bound};

/// The operations, and what each takes.
pub(super) fn operations() -> Vec<Declared> {
    let tables = [
        users::operations(),
        groups::operations(),
        applications::operations(),
        role_assignments::operations(),
        objects::operations(),
        passwords::operations(),
        actions::operations(),
        me::operations(),
    ];
    tables.into_iter().flatten().collect()
}

/// A body, as use cases take it.
fn parts<I>(bound: Bound<I>) -> (I, Vec<Bind>) {
    (bound.input, bound.links)
}
