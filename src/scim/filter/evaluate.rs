//! Whether a resource matches a filter.
//!
//! A comparison holds if it does for one value of the attribute; `ne` holds if `eq` does not, so also where there is no
//! value. A complex attribute without sub-attribute is compared by its `value`. What a schema does not know has no value
//! to compare, as the RFC has it for attributes of other resource types.

use std::cmp::Ordering;

use serde_json::Value;

use super::{
    super::{
        json,
        path::AttrPath,
        schema::{Attribute, Place, ResourceType, Type},
    },
    Comparison, Filter, Literal, datetime,
};

/// Whether a resource matches, by the type that its `schemas` name. One without a known type matches nothing.
pub fn evaluate(filter: &Filter, resource: &Value) -> bool {
    ResourceType::of(resource).is_some_and(|kind| evaluate_as(filter, kind, resource))
}

/// Whether a resource of this type matches.
pub fn evaluate_as(filter: &Filter, kind: &ResourceType, resource: &Value) -> bool {
    matches(filter, Scope::Resource(kind), resource)
}

/// Whether one value of a complex attribute matches a filter over its sub-attributes.
pub(in super::super) fn matches_value(filter: &Filter, attribute: &Attribute, value: &Value) -> bool {
    matches(filter, Scope::Value(attribute), value)
}

/// What the paths of a filter lead into.
#[derive(Clone, Copy)]
enum Scope<'a> {
    Resource(&'a ResourceType),
    Value(&'a Attribute),
}

impl Scope<'_> {
    /// The values that a path leads to, and the attribute that they are of.
    fn values<'v>(self, path: &AttrPath, from: &'v Value) -> Option<(&'static Attribute, Vec<&'v Value>)> {
        let (mut from, attribute, sub) = match self {
            Scope::Resource(kind) => match kind.resolve(path)? {
                Place::Attribute { extension: None, attribute, sub } => (from, attribute, sub),
                Place::Attribute { extension: Some(e), attribute, sub } => (member(from, e.id)?, attribute, sub),
                Place::Extension(_) => return None,
            },
            Scope::Value(attribute) if path.urn.is_none() && path.sub.is_none() => {
                (from, attribute.sub_attribute(&path.name)?, None)
            }
            Scope::Value(_) => return None,
        };
        from = member(from, attribute.name)?;
        let values: Vec<_> = match from {
            Value::Array(values) => values.iter().collect(),
            Value::Null => return None,
            value => vec![value],
        };
        Some(match sub {
            Some(sub) => (sub, values.into_iter().filter_map(|value| member(value, sub.name)).collect()),
            None => (attribute, values),
        })
    }
}

fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    json::get(value.as_object()?, name)
}

fn matches(filter: &Filter, scope: Scope<'_>, from: &Value) -> bool {
    match filter {
        Filter::And(left, right) => matches(left, scope, from) && matches(right, scope, from),
        Filter::Or(left, right) => matches(left, scope, from) || matches(right, scope, from),
        Filter::Not(filter) => !matches(filter, scope, from),
        Filter::Present(path) => scope.values(path, from).is_some_and(|(_, values)| values.into_iter().any(is_present)),
        Filter::Compare(path, Comparison::NotEqual, literal) => !any(path, Comparison::Equal, literal, scope, from),
        Filter::Compare(path, comparison, literal) => any(path, *comparison, literal, scope, from),
        Filter::Value(path, inner) => scope.values(path, from).is_some_and(|(attribute, values)| {
            values.into_iter().any(|value| matches(inner, Scope::Value(attribute), value))
        }),
    }
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => values.iter().any(is_present),
        Value::Object(members) => members.values().any(is_present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn any(path: &AttrPath, comparison: Comparison, literal: &Literal, scope: Scope<'_>, from: &Value) -> bool {
    let found = scope.values(path, from);
    if *literal == Literal::Null {
        let present = found.is_some_and(|(_, values)| values.into_iter().any(is_present));
        return comparison == Comparison::Equal && !present;
    }
    let Some((attribute, values)) = found else { return false };
    if attribute.ty == Type::Complex {
        let Some(sub) = attribute.sub_attribute("value") else { return false };
        return values.into_iter().filter_map(|v| member(v, sub.name)).any(|v| compare(sub, v, comparison, literal));
    }
    values.into_iter().any(|value| compare(attribute, value, comparison, literal))
}

fn compare(attribute: &Attribute, value: &Value, comparison: Comparison, literal: &Literal) -> bool {
    match (value, literal) {
        (Value::Bool(value), Literal::Boolean(wanted)) => comparison == Comparison::Equal && value == wanted,
        // Entra ID writes `primary eq "True"`.
        (Value::Bool(value), Literal::Text(wanted)) => {
            comparison == Comparison::Equal && wanted.eq_ignore_ascii_case(if *value { "true" } else { "false" })
        }
        (Value::Number(value), Literal::Number(wanted)) => {
            let order = value.as_f64().zip(wanted.as_f64()).and_then(|(value, wanted)| value.partial_cmp(&wanted));
            order.is_some_and(|order| holds(comparison, order))
        }
        (Value::String(value), Literal::Text(wanted)) if attribute.ty == Type::DateTime => {
            match (datetime::instant(value), datetime::instant(wanted)) {
                (Some(value), Some(wanted)) => match comparison {
                    Comparison::Contains | Comparison::StartsWith | Comparison::EndsWith => false,
                    _ => holds(comparison, value.cmp(&wanted)),
                },
                _ => compare_text(value, comparison, wanted),
            }
        }
        (Value::String(value), Literal::Text(wanted)) if attribute.case_exact => {
            compare_text(value, comparison, wanted)
        }
        (Value::String(value), Literal::Text(wanted)) => {
            compare_text(&value.to_lowercase(), comparison, &wanted.to_lowercase())
        }
        _ => false,
    }
}

fn compare_text(value: &str, comparison: Comparison, wanted: &str) -> bool {
    match comparison {
        Comparison::Contains => value.contains(wanted),
        Comparison::StartsWith => value.starts_with(wanted),
        Comparison::EndsWith => value.ends_with(wanted),
        _ => holds(comparison, value.cmp(wanted)),
    }
}

fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Contains | Comparison::StartsWith | Comparison::EndsWith => false,
    }
}
