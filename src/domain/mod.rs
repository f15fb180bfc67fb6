//! The rules. Pure: stored state, a command, who and when go in; a changeset or a refusal comes out.

pub mod access_package;
pub mod address;
pub mod catalog;
pub mod directory;
pub mod role_assignment;

use crate::model::{
    bind::Violation,
    changeset::Changeset,
    meta::{EntityType, ID},
    record::{Authored, Input, Record, RowVersion, Stored},
    value::{Timestamp, Value},
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
    /// The body names a place for a role that is none.
    BadRoleScope,
    /// The role is for the whole tenant alone.
    RoleForTenant,
    /// A package is never incompatible with itself.
    IncompatibleWithItself,
    /// The entity would not be as it must be.
    Invalid(Vec<Violation>),
}

/// What a decision writes, and the record as it will be. A changeset without writes: the command changes nothing.
pub type Decision<R> = (Stored<R>, Changeset);

/// Makes a record of what a body says.
fn make<I: Input>(id: String, mut input: I, on: &Occasion) -> I::Record
where
    I::Record: Authored,
{
    let mut record = I::Record::default();
    let by = record.authorship();
    by.created_by.clone_from(&on.by);
    by.modified_by.clone_from(&on.by);
    input.set(ID, Value::Text(id));
    input.apply_to(&mut record);
    let at = record.authorship();
    (*at.created_at, *at.modified_at) = (on.now, on.now);
    record
}

/// Writes a new record.
fn insert<R: Record>(record: R, on: &Occasion) -> Decision<R> {
    let changes = Changeset::default().insert(record.clone(), on.version);
    (Stored { record, version: on.version }, changes)
}

/// Changes a record as a body says. What is fixed may be repeated, not changed.
fn change<I: Input>(mut before: Stored<I::Record>, input: I, on: Occasion) -> Result<Decision<I::Record>, Refusal>
where
    I::Record: Authored + PartialEq,
{
    let mut after = before.record.clone();
    input.apply_to(&mut after);
    if after == before.record {
        return Ok((before, Changeset::default()));
    }
    let entity = I::Record::ENTITY;
    let (old, new) = (before.record.clone().into_values(), after.clone().into_values());
    if let Some(column) = entity.fixed.iter().find(|column| old.get(**column) != new.get(**column)) {
        return Err(Refusal::Fixed { entity, column: *column });
    }
    let (was, is) = (before.record.authorship(), after.authorship());
    *is.modified_at = on.now;
    // Who sends back what was got does not declare that somebody else made this change.
    if is.modified_by == was.modified_by {
        *is.modified_by = on.by;
    }
    let changes = Changeset::default().update(before, after.clone(), on.version);
    Ok((Stored { record: after, version: on.version }, changes))
}
