//! The rules. Pure: stored state, a command, who and when go in; a changeset or a refusal comes out.

pub mod access_package;
pub mod catalog;

use crate::model::{
    meta::EntityType,
    record::{Input, Record, RowVersion, Stored},
    value::Timestamp,
};

/// Who changes something, when, and what the change is called.
#[derive(Clone, Debug)]
pub struct Occasion {
    /// The caller's name, for `createdBy` and `modifiedBy` where the body declares none.
    pub by: Option<String>,
    /// The time.
    pub now: Timestamp,
    /// The version that the written row gets.
    pub version: RowVersion,
}

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The command changes something that stays as it was made.
    Fixed {
        /// The entity type.
        entity: &'static EntityType,
        /// The column.
        column: usize,
    },
    /// A catalog goes only when it is empty.
    CatalogNotEmpty,
    /// A package is never incompatible with itself.
    IncompatibleWithItself,
}

/// Applies what a body says to a stored record. What is fixed may be repeated, not changed.
fn apply<I: Input>(input: I, before: &I::Record, fixed: &[usize]) -> Result<I::Record, Refusal> {
    let mut after = before.clone();
    input.apply_to(&mut after);
    let (old, new) = (before.clone().into_values(), after.clone().into_values());
    match fixed.iter().find(|column| old.get(**column) != new.get(**column)) {
        Some(column) => Err(Refusal::Fixed { entity: I::Record::ENTITY, column: *column }),
        None => Ok(after),
    }
}

/// What a decision writes, and the record as it will be. None to write: the command changes nothing.
pub type Decision<R> = (Stored<R>, crate::model::changeset::Changeset);
