//! Whether a filter makes sense for a type of resource.

use super::{
    super::{
        error::{Error, invalid_filter},
        path::AttrPath,
        schema::{Attribute, Place, ResourceType, Returned, Type},
    },
    Comparison, Filter, Literal,
};

impl Filter {
    /// Refuses unknown attributes, comparisons that their types do not have, and questions about what is never shown.
    pub fn check(&self, kind: &ResourceType) -> Result<(), Error> {
        self.walk(&|path| match kind.resolve(path) {
            Some(Place::Attribute { attribute, sub, .. }) => Ok((attribute, sub.unwrap_or(attribute))),
            Some(Place::Extension(_)) => Err(invalid_filter(format!("'{path}' is a schema, not an attribute."))),
            None => Err(invalid_filter(kind.unknown(path))),
        })
    }

    /// The same for a filter over the values of an attribute.
    pub fn check_value(&self, attribute: &Attribute) -> Result<(), Error> {
        self.walk(&|path| match attribute.sub_attribute(&path.name) {
            Some(sub) if path.urn.is_none() && path.sub.is_none() => Ok((sub, sub)),
            _ => Err(invalid_filter(format!("'{path}' is not a sub-attribute of '{}'.", attribute.name))),
        })
    }

    fn walk(&self, resolve: &Resolve<'_>) -> Result<(), Error> {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.walk(resolve)?;
                right.walk(resolve)
            }
            Self::Not(filter) => filter.walk(resolve),
            Self::Present(path) => resolve(path).and_then(|(attribute, sub)| shown(path, attribute, sub)),
            Self::Compare(path, comparison, literal) => {
                let (attribute, sub) = resolve(path)?;
                shown(path, attribute, sub)?;
                check_types(path, sub, *comparison, literal)
            }
            Self::Value(path, filter) => {
                let (attribute, _) = resolve(path)?;
                if attribute.ty != Type::Complex {
                    return Err(invalid_filter(format!("'{path}' has no sub-attributes to filter by.")));
                }
                filter.check_value(attribute)
            }
        }
    }
}

/// Leads a path to the attribute and to what is compared.
type Resolve<'a> = dyn Fn(&AttrPath) -> Result<(&'static Attribute, &'static Attribute), Error> + 'a;

fn shown(path: &AttrPath, attribute: &Attribute, sub: &Attribute) -> Result<(), Error> {
    if attribute.returned == Returned::Never || sub.returned == Returned::Never {
        let detail = format!("'{path}' is never returned, so it cannot be filtered by.");
        return Err(invalid_filter(detail));
    }
    Ok(())
}

fn check_types(path: &AttrPath, what: &Attribute, comparison: Comparison, literal: &Literal) -> Result<(), Error> {
    let what = match what.ty {
        Type::Complex => what.sub_attribute("value").ok_or_else(|| {
            invalid_filter(format!(
                "'{path}' is complex; compare one of its sub-attributes, such as '{}'.",
                example(path, what)
            ))
        })?,
        _ => what,
    };
    let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    let wrong = match (what.ty, literal) {
        (_, Literal::Null) if equality => None,
        (Type::Boolean, _) if !equality => Some("'eq' or 'ne'"),
        (Type::Boolean, Literal::Boolean(_)) => None,
        (Type::Boolean, Literal::Text(text)) if ["true", "false"].iter().any(|b| b.eq_ignore_ascii_case(text)) => None,
        (Type::Boolean, _) => Some("true or false"),
        (_, Literal::Text(_)) => None,
        _ => Some("a text in double quotes"),
    };
    wrong.map_or(Ok(()), |right| Err(invalid_filter(format!("'{path}' can only be compared with {right}."))))
}

fn example(path: &AttrPath, what: &Attribute) -> String {
    let sub = what.sub_attributes.first().map_or("value", |sub| sub.name);
    format!("{path}.{sub}")
}
