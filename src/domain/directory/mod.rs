//! The rules of the directory: people, groups, applications, and what applications are in a tenant.

mod addresses;
pub mod application;
pub mod group;
pub mod service_principal;
pub mod user;

use super::{Decision, Occasion, Refusal};
use crate::model::{
    bind::Violation,
    changeset::Changeset,
    record::{Input, Record, Stored},
    value::{Timestamp, Value},
};

/// Something of the directory, typed: what all kinds have in common.
pub trait Object: Record + Default + PartialEq {
    /// Where the record says that it was deleted.
    fn deleted_at(&mut self) -> &mut Option<Timestamp>;
    /// What must hold of it, whatever made it so.
    ///
    /// # Errors
    /// What does not hold, each with its property.
    fn check(&self) -> Vec<Violation>;

    /// What is wrong with becoming this, having been that.
    fn check_change(&self, _before: &Self) -> Vec<Violation> {
        Vec::new()
    }
    /// Works out what follows from what was said.
    fn derive(&mut self, on: &Occasion);
    /// Whether the tokens that it has count no more when it becomes `after`.
    fn loses_tokens(&self, _after: &Self) -> bool {
        false
    }
    /// The client id of what people sign in through; their tokens end with its own.
    fn client_id(&self) -> Option<&str> {
        None
    }
}

/// Writes a new object, if it may be.
pub fn insert<R: Object>(mut record: R, on: &Occasion) -> Result<Decision<R>, Refusal> {
    record.derive(on);
    let violations = record.check();
    if !violations.is_empty() {
        return Err(Refusal::Invalid(violations));
    }
    let changes = Changeset::default().insert(record.clone(), on.version);
    Ok((Stored { record, version: on.version }, changes))
}

/// Changes an object as a body says. What is fixed may be repeated, not changed.
pub fn change<I: Input>(before: Stored<I::Record>, input: I, on: &Occasion) -> Result<Decision<I::Record>, Refusal>
where
    I::Record: Object,
{
    let mut after = before.record.clone();
    input.apply_to(&mut after);
    replace(before, after, on)
}

/// Puts another state of an object in its place, if it may be.
pub fn replace<R: Object>(before: Stored<R>, mut after: R, on: &Occasion) -> Result<Decision<R>, Refusal> {
    after.derive(on);
    if after == before.record {
        return Ok((before, Changeset::default()));
    }
    let entity = R::ENTITY;
    let (old, new) = (before.record.clone().into_values(), after.clone().into_values());
    let fixed = |column: &&usize| {
        old.get(**column).is_some_and(|was| *was != Value::Null) && old.get(**column) != new.get(**column)
    };
    if let Some(column) = entity.fixed.iter().find(fixed) {
        return Err(Refusal::Fixed { entity, column: *column });
    }
    // What was so before there was a rule against it stays until somebody changes it.
    let mut violations = after.check();
    let before_this = if violations.is_empty() { Vec::new() } else { before.record.check() };
    violations.retain(|violation| !before_this.contains(violation));
    violations.extend(after.check_change(&before.record));
    if !violations.is_empty() {
        return Err(Refusal::Invalid(violations));
    }
    Ok((Stored { record: after.clone(), version: on.version }, update(before, after, on)))
}

/// The changeset that puts another state in the place of one.
fn update<R: Object>(before: Stored<R>, after: R, on: &Occasion) -> Changeset {
    let lost = before.record.loses_tokens(&after);
    let (id, client_id) = (after.id().to_owned(), after.client_id().map(str::to_owned));
    let changes = Changeset::default().update(before, after, on.version);
    match client_id {
        _ if !lost => changes,
        Some(client_id) => changes.revoke(&id, on.now).revoke_through(&client_id, on.now),
        None => changes.revoke(&id, on.now),
    }
}

/// Deletes an object, so that it can be restored.
pub fn delete<R: Object>(before: Stored<R>, on: &Occasion) -> Changeset {
    let mut after = before.record.clone();
    *after.deleted_at() = Some(on.now);
    update(before, after, on)
}

/// Brings a deleted object back.
pub fn restore<R: Object>(before: Stored<R>, on: &Occasion) -> Decision<R> {
    let mut after = before.record.clone();
    *after.deleted_at() = None;
    let changes = Changeset::default().update(before, after.clone(), on.version);
    (Stored { record: after, version: on.version }, changes)
}

/// The security identifier of an object, made of its id as Entra makes it: the UUID's sixteen bytes as four numbers.
fn security_identifier(id: &str) -> Option<String> {
    let bytes = uuid::Uuid::parse_str(id).ok()?.to_bytes_le();
    let numbers: Vec<String> = bytes
        .chunks_exact(4)
        .filter_map(|four| <[u8; 4]>::try_from(four).ok())
        .map(|four| u32::from_le_bytes(four).to_string())
        .collect();
    Some(format!("S-1-12-1-{}", numbers.join("-")))
}

/// The texts of a stored list.
pub fn texts(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// That a text is one of some words.
fn one_of(property: &str, said: Option<&str>, words: &[&str]) -> Option<Violation> {
    let said = said?;
    (!words.contains(&said))
        .then(|| Violation::new(property, format!("'{property}' must be one of {}, not '{said}'.", words.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_security_identifier_is_made_of_the_id() {
        let id = "73f5f7c8-9e0e-4a2b-8a9a-3e0b0d7f4c11";
        let sid = security_identifier(id).unwrap();
        assert!(sid.starts_with("S-1-12-1-1945499592-"), "{sid}");
        assert_eq!(sid.split('-').count(), 8);
        assert_eq!(security_identifier("not a UUID"), None);
    }
}
