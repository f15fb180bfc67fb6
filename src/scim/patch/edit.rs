//! One change of one attribute.

use serde_json::{Map, Value};

use super::{
    super::{
        error::{Error, invalid_path, invalid_value, mutability},
        filter::Filter,
        json::describe,
        schema::{Attribute, Mutability, Type},
        validate::{single, sub_attribute, unfold},
    },
    list,
};

/// What is changed.
pub(super) struct Target<'a> {
    pub(super) attribute: &'static Attribute,
    pub(super) filter: Option<&'a Filter>,
    pub(super) sub: Option<&'static Attribute>,
    /// What messages call it.
    pub(super) at: String,
}

/// How it is changed.
#[derive(Clone, Copy)]
pub(super) enum Change<'a> {
    Add(&'a Value),
    Replace(&'a Value),
    /// Of these values, or of all.
    Remove(Option<&'a Value>),
}

impl<'a> Change<'a> {
    /// The same with another value.
    pub(super) fn with(self, value: &'a Value) -> Self {
        match self {
            Self::Add(_) => Self::Add(value),
            Self::Replace(_) => Self::Replace(value),
            Self::Remove(_) => Self::Remove(Some(value)),
        }
    }
}

/// Makes a change among the members of a resource or extension.
pub(super) fn edit(target: &Target<'_>, change: Change<'_>, members: &mut Map<String, Value>) -> Result<(), Error> {
    if target.attribute.multi_valued {
        return list::edit_list(target, change, members);
    }
    if target.filter.is_some() {
        return Err(invalid_path(format!("'{}' has one value, so there is nothing to filter.", target.at)));
    }
    let name = target.attribute.name;
    if target.attribute.ty != Type::Complex {
        return set(target.attribute, change, members, &target.at);
    }
    let mut object = match members.get_mut(name).map(Value::take) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    match (target.sub, change) {
        (Some(sub), _) => set(sub, change, &mut object, &target.at)?,
        (None, Change::Remove(_)) => object.clear(),
        (None, Change::Add(given) | Change::Replace(given)) => {
            merge(target.attribute, given, change, &mut object, &target.at)?;
        }
    }
    if !object.is_empty() {
        members.insert(name.to_owned(), Value::Object(object));
    } else if target.attribute.required {
        return Err(required(&target.at));
    } else {
        members.shift_remove(name);
    }
    Ok(())
}

pub(super) fn required(at: &str) -> Error {
    mutability(format!("'{at}' is required, so it cannot be removed."))
}

/// Gives a simple attribute its value, or takes it.
pub(super) fn set(
    attribute: &'static Attribute,
    change: Change<'_>,
    members: &mut Map<String, Value>,
    at: &str,
) -> Result<(), Error> {
    let value = match change {
        Change::Add(given) | Change::Replace(given) => single(attribute, given, at)?,
        Change::Remove(_) => None,
    };
    if let Some(before) = members.get(attribute.name)
        && attribute.mutability == Mutability::Immutable
        && value.as_ref() != Some(before)
    {
        return Err(mutability(format!("'{at}' is immutable, so it cannot be changed any more.")));
    }
    match value {
        Some(value) => drop(members.insert(attribute.name.to_owned(), value)),
        None if attribute.required => return Err(required(at)),
        None => drop(members.shift_remove(attribute.name)),
    }
    Ok(())
}

/// Gives a complex value the sub-attributes that are given; the others stay.
pub(super) fn merge(
    attribute: &'static Attribute,
    given: &Value,
    change: Change<'_>,
    object: &mut Map<String, Value>,
    at: &str,
) -> Result<(), Error> {
    let given = unfold(attribute, given);
    let Value::Object(given) = given.as_ref() else {
        return Err(invalid_value(format!("'{at}' must be an object, not {}.", describe(&given))));
    };
    for (name, value) in given {
        let sub = sub_attribute(attribute, name, at)?;
        if sub.mutability != Mutability::ReadOnly {
            let change = if value.is_null() { Change::Remove(None) } else { change.with(value) };
            set(sub, change, object, &format!("{at}.{}", sub.name))?;
        }
    }
    Ok(())
}
