//! What a patch does to the members of a group, without the members.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    super::{
        error::{Error, invalid_filter, invalid_path, invalid_value, mutability},
        filter::{Comparison, Filter, Literal},
        json::get,
        schema::{GROUPS, Mutability, Place},
        validate::unfold,
    },
    Op, Operation, PatchOp,
};

/// What becomes of the members of a group. No id is in more than one of the lists, nor twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MembersDelta {
    /// Who becomes a member, or stays one.
    pub add: Vec<String>,
    /// Who does not stay a member.
    pub remove: Vec<String>,
    /// Who is a member afterwards, and nobody else; then the other lists are empty.
    pub replace_all: Option<Vec<String>>,
}

/// Takes the changes of members out of a group's patch; the rest is for [`apply()`](super::apply()) on the
/// group without them.
///
/// A filter of members that does not name them by their `value` would need a look at them and is refused.
pub fn members_delta(patch: &PatchOp) -> Result<(Option<MembersDelta>, PatchOp), Error> {
    let mut changes = Changes::default();
    let mut rest = PatchOp::default();
    let mut any = false;
    for operation in &patch.operations {
        match GROUPS.resolve(&operation.path.attr_path()) {
            Some(Place::Attribute { attribute, .. }) if attribute.name == "members" => {
                any = true;
                changes.take(operation).map_err(|error| error.of(&format!("Operation {}", operation.number)))?;
            }
            _ => rest.operations.push(operation.clone()),
        }
    }
    Ok((any.then(|| changes.finish()), rest))
}

#[derive(Default)]
struct Changes {
    replaces: bool,
    /// Everyone who was named since, in order.
    order: Vec<String>,
    /// Whether they are members in the end.
    stays: HashMap<String, bool>,
}

impl Changes {
    fn take(&mut self, operation: &Operation) -> Result<(), Error> {
        if let Some(sub) = &operation.path.sub {
            return Err(no_sub_attribute(sub));
        }
        let value = operation.value.as_ref().filter(|value| !value.is_null());
        match (operation.op, &operation.path.filter, value) {
            (Op::Add, None, Some(value)) => self.all(ids(value)?, true),
            (Op::Remove, None, Some(value)) => self.all(ids(value)?, false),
            (Op::Remove, None, None) => self.replace(Vec::new()),
            (Op::Replace, None, _) if operation.value.is_none() => {
                return Err(invalid_value("'replace' of 'members' needs a 'value'."));
            }
            (Op::Replace, None, value) => self.replace(value.map_or_else(|| Ok(Vec::new()), ids)?),
            (Op::Remove, Some(filter), _) => {
                let mut named = Vec::new();
                named_by(filter, &mut named)?;
                self.all(named, false);
            }
            (Op::Add, None, None) => return Err(invalid_value("'add' of 'members' needs a 'value'.")),
            (Op::Add | Op::Replace, Some(_), _) => {
                return Err(invalid_path("A member cannot be changed; add and remove members without a filter."));
            }
        }
        Ok(())
    }

    fn all(&mut self, ids: Vec<String>, stay: bool) {
        for id in ids {
            if self.stays.insert(id.clone(), stay).is_none() {
                self.order.push(id);
            }
        }
    }

    fn replace(&mut self, ids: Vec<String>) {
        *self = Self { replaces: true, ..Self::default() };
        self.all(ids, true);
    }

    fn finish(self) -> MembersDelta {
        let stays = self.stays;
        let (add, remove) = self.order.into_iter().partition(|id| stays.get(id) == Some(&true));
        if self.replaces {
            return MembersDelta { replace_all: Some(add), ..MembersDelta::default() };
        }
        MembersDelta { add, remove, replace_all: None }
    }
}

fn no_sub_attribute(name: &str) -> Error {
    let sub = GROUPS.attribute("members").and_then(|members| members.sub_attribute(name));
    let kind = match sub.map(|sub| sub.mutability) {
        Some(Mutability::ReadOnly) => "readOnly",
        _ => "immutable",
    };
    mutability(format!("'members.{name}' is {kind}; add and remove members instead."))
}

/// The ids of a list of members, or of one.
fn ids(given: &Value) -> Result<Vec<String>, Error> {
    let given = given.as_array().map_or_else(|| std::slice::from_ref(given), Vec::as_slice);
    given.iter().map(id).collect()
}

fn id(given: &Value) -> Result<String, Error> {
    let wrong = || invalid_value("Each of 'members' must be an object with the id of the member as 'value'.");
    let attribute = GROUPS.attribute("members").ok_or_else(wrong)?;
    let given = unfold(attribute, given);
    let members = given.as_object().ok_or_else(wrong)?;
    let id = get(members, "value").and_then(Value::as_str).filter(|id| !id.trim().is_empty() && !id.contains('\0'));
    id.map(str::to_owned).ok_or_else(wrong)
}

/// The ids that a filter names.
fn named_by(filter: &Filter, ids: &mut Vec<String>) -> Result<(), Error> {
    match filter {
        Filter::Or(left, right) => {
            named_by(left, ids)?;
            named_by(right, ids)
        }
        Filter::Compare(path, Comparison::Equal, Literal::Text(id))
            if path.urn.is_none() && path.sub.is_none() && path.name.eq_ignore_ascii_case("value") =>
        {
            ids.push(id.clone());
            Ok(())
        }
        _ => Err(invalid_filter("Members can only be filtered by their id: 'members[value eq \"…\"]'.")),
    }
}
