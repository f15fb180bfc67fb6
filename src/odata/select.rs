//! `$select`: which properties of a row are written.

use std::ptr;

use super::{error::Error, query::Expand};
use crate::model::meta::{Face, Property};

/// Reads `$select`; without it, all properties are written. They come in the face's order.
///
/// A navigation property selects nothing by itself, as its link is not written; `navigation/property` narrows what is
/// written of the targets where the navigation property is expanded.
pub(super) fn parse(
    text: Option<&str>,
    face: &'static Face,
    expand: &mut [Expand],
) -> Result<Vec<&'static Property>, Error> {
    let Some(text) = text else { return Ok(face.shown().collect()) };
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
    for expand in expand {
        narrow(expand, &narrowed);
    }
    Ok(face.shown().filter(|p| all || selected.iter().any(|s| ptr::eq(*s, *p))).collect())
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
    names.next_if(|name| item.contains('/') && name.eq_ignore_ascii_case(&face.qualified_name()));
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
    let wanted = |property: &&'static Property| {
        narrowed.iter().any(|(name, p)| *name == expand.navigation.name && ptr::eq(*p, *property))
    };
    if narrowed.iter().any(|(name, _)| *name == expand.navigation.name) {
        expand.shape.select.retain(wanted);
    }
}
