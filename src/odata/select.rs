//! `$select`: which properties of a row are written.

use super::{
    error::Error,
    query::{Expand, OfKind, Shape},
};
use crate::model::meta::{Face, Property};

/// Reads `$select`; without it, the properties are written that are by default. They come in the face's order.
///
/// A navigation property selects nothing by itself, as its link is not written; `navigation/property` narrows what is
/// written of the targets where the navigation property is expanded.
pub(super) fn parse(text: Option<&str>, face: &'static Face, mut expand: Vec<Expand>) -> Result<Shape, Error> {
    let Some(text) = text else { return Ok(shape(face, expand, |p| p.by_default)) };
    let mut all = false;
    let mut selected: Vec<&Property> = Vec::new();
    let mut narrowed: Vec<(&str, &'static Property)> = Vec::new();
    for item in text.split(',') {
        match read(item.trim(), face)? {
            Item::All => all = true,
            Item::Property(property) => selected.push(property),
            Item::Within(navigation, property) => narrowed.push((navigation, property)),
            Item::Link => {}
        }
    }
    for expand in &mut expand {
        narrow(expand, &narrowed);
    }
    // What is of one of several types is selected by name: each type that has it shows it.
    let named = |p: &Property| selected.iter().any(|s| s.name == p.name && s.column_name == p.column_name);
    Ok(shape(face, expand, |p| (all && p.by_default) || named(p)))
}

/// The shape with those properties that `wanted` picks.
pub(super) fn shape(face: &'static Face, expand: Vec<Expand>, wanted: impl Fn(&Property) -> bool) -> Shape {
    if face.entity.derived.is_empty() {
        return Shape { select: face.shown().filter(|p| wanted(p)).collect(), kinds: Vec::new(), expand };
    }
    let mut select: Vec<&'static Property> = Vec::new();
    let mut kinds = Vec::new();
    for face in face.derived() {
        let position = |property: &'static Property| {
            let known = select.iter().position(|p| p.column_name == property.column_name);
            let at = known.unwrap_or_else(|| {
                select.push(property);
                select.len() - 1
            });
            (at, property)
        };
        let own = face.shown().filter(|p| wanted(p)).map(position).collect();
        kinds.push(OfKind { face, select: own });
    }
    Shape { select, kinds, expand }
}

/// One thing that `$select` names.
enum Item {
    All,
    Property(&'static Property),
    /// A navigation property.
    Link,
    /// A property of what a navigation property leads to.
    Within(&'static str, &'static Property),
}

fn read(item: &str, face: &'static Face) -> Result<Item, Error> {
    if item == "*" {
        return Ok(Item::All);
    }
    let unknown = |name: &str, face| Err(Error::unknown_selection("$select", name, face));
    let mut names = item.split('/').peekable();
    // A cast to the type that it is anyway.
    names.next_if(|name| item.contains('/') && face.is_named(name));
    let first = names.next().unwrap_or_default();
    let second = names.next();
    if let (Some(third), Some(second)) = (names.next(), second) {
        let message = format!("$select: '{first}/{second}/{third}' is too long a path; use $select inside $expand.");
        return Err(Error::not_implemented(message).about("$select"));
    }
    if let Some(property) = face.property(first) {
        return second.map_or(Ok(Item::Property(property)), |name| {
            let message = format!("$select: '{}' has no property '{}'.", property.name, super::error::shown(name));
            Err(Error::bad_request(message).about("$select"))
        });
    }
    let Some(navigation) = face.navigation(first) else { return unknown(first, face) };
    let Some(second) = second else { return Ok(Item::Link) };
    let target = navigation.target.face(face.version);
    match target.property(second) {
        Some(property) => Ok(Item::Within(navigation.name, property)),
        None if target.navigation(second).is_some() => Ok(Item::Link),
        None => unknown(second, target),
    }
}

fn narrow(expand: &mut Expand, narrowed: &[(&str, &'static Property)]) {
    if narrowed.iter().any(|(name, _)| *name == expand.navigation.name) {
        let inner = std::mem::take(&mut expand.shape.expand);
        expand.shape = shape(expand.face, inner, |p| {
            let same = |(name, q): &(&str, &'static Property)| *name == expand.navigation.name && q.name == p.name;
            narrowed.iter().any(same)
        });
    }
}
