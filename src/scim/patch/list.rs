//! One change of a multi-valued attribute.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{
    super::{
        error::{Error, invalid_value, no_target},
        filter::{Comparison, Filter, Literal, matches_value},
        json::{describe, get},
        schema::{Attribute, Mutability},
        validate::{elements, is_primary, key, limit, require, single, sub_attribute, unfold},
    },
    edit::{Change, Target, merge, required, set},
};

/// A change of a multi-valued attribute. What is touched and primary takes that from the others.
pub(super) fn edit_list(
    target: &Target<'_>,
    change: Change<'_>,
    members: &mut Map<String, Value>,
) -> Result<(), Error> {
    let name = target.attribute.name;
    if let Some(filter) = target.filter {
        filter.check_value(target.attribute)?;
    }
    let mut list = match members.get_mut(name).map(Value::take) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let touched = match (target.filter, target.sub) {
        (None, None) => edit_whole(target, change, &mut list)?,
        _ => edit_some(target, change, &mut list)?,
    };
    limit(target.attribute, list.len(), &target.at)?;
    for value in touched.iter().filter_map(|at| list.get(*at)?.as_object()) {
        require(target.attribute.sub_attributes, value, &format!("{name}."))?;
    }
    let primary: Vec<_> = touched.into_iter().filter(|at| list.get(*at).is_some_and(is_primary)).collect();
    if primary.len() > 1 {
        return Err(invalid_value(format!("'{}' would have more than one primary value.", target.at)));
    }
    for (at, value) in list.iter_mut().enumerate() {
        if !primary.is_empty() && !primary.contains(&at) && is_primary(value) {
            value["primary"] = false.into();
        }
    }
    if target.filter.is_some() || target.sub.is_some() {
        list = distinct(target.attribute, list);
    }
    if !list.is_empty() {
        members.insert(name.to_owned(), Value::Array(list));
    } else if target.attribute.required {
        return Err(required(&target.at));
    } else {
        members.shift_remove(name);
    }
    Ok(())
}

/// Each value once: an edited one may have become the same as another.
fn distinct(attribute: &'static Attribute, list: Vec<Value>) -> Vec<Value> {
    let mut known = HashMap::with_capacity(list.len());
    let mut distinct: Vec<Value> = Vec::with_capacity(list.len());
    for value in list {
        let at = *known.entry(key(attribute, &value)).or_insert(distinct.len());
        match distinct.get_mut(at) {
            None => distinct.push(value),
            Some(kept) if is_primary(&value) => *kept = value,
            Some(_) => {}
        }
    }
    distinct
}

/// A change of the list as such.
fn edit_whole(target: &Target<'_>, change: Change<'_>, list: &mut Vec<Value>) -> Result<Vec<usize>, Error> {
    match change {
        Change::Replace(given) => {
            *list = elements(target.attribute, some(given), &target.at)?;
            Ok(Vec::new())
        }
        Change::Add(given) => {
            let given = elements(target.attribute, some(given), &target.at)?;
            Ok(add(target.attribute, given, list))
        }
        Change::Remove(None) => {
            list.clear();
            Ok(Vec::new())
        }
        Change::Remove(Some(given)) => {
            for value in some(given) {
                remove_like(target, value, list)?;
            }
            Ok(Vec::new())
        }
    }
}

/// One value stands for a list of one.
fn some(given: &Value) -> &[Value] {
    given.as_array().map_or_else(|| std::slice::from_ref(given), Vec::as_slice)
}

/// Adds values; one that is there already takes what the new one says besides.
fn add(attribute: &'static Attribute, given: Vec<Value>, list: &mut Vec<Value>) -> Vec<usize> {
    let mut known: HashMap<String, usize> = list.iter().enumerate().map(|(at, v)| (key(attribute, v), at)).collect();
    let mut touched = Vec::with_capacity(given.len());
    for value in given {
        let at = *known.entry(key(attribute, &value)).or_insert(list.len());
        touched.push(at);
        match (list.get_mut(at), value) {
            (Some(Value::Object(before)), Value::Object(more)) => {
                for (name, value) in more {
                    let sub = attribute.sub_attribute(&name);
                    let stays = sub.is_some_and(|sub| sub.mutability == Mutability::Immutable);
                    if !(stays && before.contains_key(&name)) {
                        before.insert(name, value);
                    }
                }
            }
            (_, value) => list.push(value),
        }
    }
    touched
}

/// Removes the values that have everything that this one says. Entra ID names members so.
fn remove_like(target: &Target<'_>, given: &Value, list: &mut Vec<Value>) -> Result<(), Error> {
    let attribute = target.attribute;
    let given = unfold(attribute, given);
    let Value::Object(wanted) = given.as_ref() else {
        return Err(invalid_value(format!("'{}' must be an object, not {}.", target.at, describe(&given))));
    };
    // What identifies a value is enough; clients add names and addresses that need not be those of today.
    let identifying = attribute.sub_attribute("value").filter(|_| get(wanted, "value").is_some());
    let mut conditions = Vec::new();
    for (name, value) in wanted {
        let sub = sub_attribute(attribute, name, &target.at)?;
        let counts = identifying.is_none_or(|id| id == sub || (sub.name == "type" && !id.required));
        if let Some(value) = single(sub, value, &format!("{}.{}", target.at, sub.name))?.filter(|_| counts) {
            conditions.push((sub, value));
        }
    }
    if conditions.is_empty() {
        return Err(invalid_value(format!("A value of '{}' to remove must say which one it is.", target.at)));
    }
    list.retain(|value| !conditions.iter().all(|(sub, wanted)| same(sub, value.get(sub.name), wanted)));
    Ok(())
}

fn same(attribute: &Attribute, value: Option<&Value>, wanted: &Value) -> bool {
    match (value, wanted) {
        (Some(Value::String(value)), Value::String(wanted)) if !attribute.case_exact => {
            value.to_lowercase() == wanted.to_lowercase()
        }
        (value, wanted) => value == Some(wanted),
    }
}

/// A change of some of the values, or of a sub-attribute of them.
fn edit_some(target: &Target<'_>, change: Change<'_>, list: &mut Vec<Value>) -> Result<Vec<usize>, Error> {
    let chosen = |value: &Value| target.filter.is_none_or(|filter| matches_value(filter, target.attribute, value));
    let mut touched: Vec<_> = list.iter().enumerate().filter(|(_, v)| chosen(v)).map(|(at, _)| at).collect();
    if touched.is_empty() {
        match (change, target.sub) {
            (Change::Remove(_), _) => return Ok(touched),
            (Change::Replace(_), None) => return Err(nothing(target)),
            _ => {
                touched.push(list.len());
                list.push(Value::Object(create(target)?));
            }
        }
    }
    let mut gone = Vec::new();
    for &at in &touched {
        let Some(Value::Object(object)) = list.get_mut(at) else { continue };
        match (target.sub, change) {
            (Some(sub), _) => {
                set(sub, change, object, &target.at)?;
                // A type without the value that it is of is nothing.
                if object.is_empty() || (sub.name == "value" && !object.contains_key("value")) {
                    gone.push(at);
                }
            }
            (None, Change::Remove(_)) => gone.push(at),
            (None, Change::Add(given)) => merge(target.attribute, given, change, object, &target.at)?,
            (None, Change::Replace(given)) => match elements(target.attribute, some(given), &target.at)?.as_slice() {
                [Value::Object(value)] => value.clone_into(object),
                [] => gone.push(at),
                _ => return Err(invalid_value(format!("'{}' takes one value here, not a list.", target.at))),
            },
        }
    }
    if gone.is_empty() {
        return Ok(touched);
    }
    let mut at = 0..;
    list.retain(|_| at.next().is_none_or(|at| gone.binary_search(&at).is_err()));
    Ok(Vec::new())
}

fn nothing(target: &Target<'_>) -> Error {
    no_target(format!("No value of '{}' matches the filter.", target.at))
}

/// A value that the filter matches, made of what it compares with `eq`. Entra ID expects that.
fn create(target: &Target<'_>) -> Result<Map<String, Value>, Error> {
    let mut object = Map::new();
    let Some(filter) = target.filter else { return Ok(object) };
    collect(filter, target, &mut object)?;
    let value = Value::Object(object);
    match value {
        _ if !matches_value(filter, target.attribute, &value) => Err(nothing(target)),
        Value::Object(object) => Ok(object),
        _ => Err(nothing(target)),
    }
}

fn collect(filter: &Filter, target: &Target<'_>, object: &mut Map<String, Value>) -> Result<(), Error> {
    match filter {
        Filter::And(left, right) => {
            collect(left, target, object)?;
            collect(right, target, object)
        }
        Filter::Compare(path, Comparison::Equal, literal) => {
            let given = match literal {
                Literal::Null => return Ok(()),
                Literal::Boolean(value) => Value::Bool(*value),
                Literal::Number(value) => Value::Number(value.clone()),
                Literal::Text(value) => Value::String(value.clone()),
            };
            let sub = sub_attribute(target.attribute, &path.name, target.attribute.name)?;
            if let Some(value) = single(sub, &given, &format!("{}.{}", target.attribute.name, sub.name))? {
                object.insert(sub.name.to_owned(), value);
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
