//! Which attributes of a resource an answer shows (RFC 7644, section 3.9).

use serde_json::{Map, Value};

use super::{
    path::AttrPath,
    schema::{Attribute, Place, ResourceType, Returned, Schema},
};

/// What a client asks to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection {
    /// These and what is always returned; if there is none, what is returned by default.
    pub attributes: Vec<AttrPath>,
    /// Of that not these, unless they are always returned.
    pub excluded: Vec<AttrPath>,
}

/// What an answer shows of a resource. What no schema knows is not shown.
pub fn project(kind: &'static ResourceType, resource: &Value, projection: &Projection) -> Value {
    let Value::Object(members) = resource else { return Value::Null };
    let places = |paths: &[AttrPath]| paths.iter().filter_map(|path| kind.resolve(path)).collect();
    let selects = !projection.attributes.is_empty();
    let wanted = Wanted { selects, selected: places(&projection.attributes), excluded: places(&projection.excluded) };
    let mut shown = Map::new();
    for (name, value) in members {
        if let Some(extension) = kind.extension(name) {
            let inner =
                value.as_object().map(|inner| wanted.members(inner, Some(extension), |name| extension.attribute(name)));
            if let Some(inner) = inner.filter(|inner| !inner.is_empty()) {
                shown.insert(extension.id.to_owned(), Value::Object(inner));
            }
        } else if let Some(attribute) = kind.attribute(name)
            && let Some(value) = wanted.attribute(value, None, attribute)
        {
            shown.insert(attribute.name.to_owned(), value);
        }
    }
    Value::Object(shown)
}

struct Wanted {
    selects: bool,
    selected: Vec<Place>,
    excluded: Vec<Place>,
}

/// How a path is about an attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// All of it.
    Whole,
    /// This part.
    Part(&'static str),
}

impl Wanted {
    fn members(
        &self,
        members: &Map<String, Value>,
        extension: Option<&'static Schema>,
        find: impl Fn(&str) -> Option<&'static Attribute>,
    ) -> Map<String, Value> {
        let shown = members.iter().filter_map(|(name, value)| {
            let attribute = find(name)?;
            Some((attribute.name.to_owned(), self.attribute(value, extension, attribute)?))
        });
        shown.collect()
    }

    /// What is shown of an attribute's value.
    fn attribute(
        &self,
        value: &Value,
        extension: Option<&'static Schema>,
        attribute: &'static Attribute,
    ) -> Option<Value> {
        let about = |places: &[Place]| -> Vec<About> {
            places.iter().filter_map(|place| about(*place, extension, attribute)).collect()
        };
        let (selected, excluded) = (about(&self.selected), about(&self.excluded));
        let named = !selected.is_empty();
        let is_shown = match attribute.returned {
            Returned::Always => true,
            Returned::Never => false,
            Returned::Default => (named || !self.selects) && !excluded.contains(&About::Whole),
            Returned::Request => named && !excluded.contains(&About::Whole),
        };
        if !is_shown {
            return None;
        }
        if attribute.sub_attributes.is_empty() {
            return Some(value.clone());
        }
        let only_parts = named && !selected.contains(&About::Whole);
        let keeps = |sub: &Attribute| {
            let asked = selected.contains(&About::Part(sub.name));
            match sub.returned {
                Returned::Always => true,
                Returned::Never => false,
                Returned::Default => (asked || !only_parts) && !excluded.contains(&About::Part(sub.name)),
                Returned::Request => asked && !excluded.contains(&About::Part(sub.name)),
            }
        };
        parts(value, attribute, &keeps)
    }
}

fn about(place: Place, extension: Option<&Schema>, attribute: &Attribute) -> Option<About> {
    match place {
        Place::Extension(schema) => (Some(schema) == extension).then_some(About::Whole),
        Place::Attribute { extension: of, attribute: named, sub } => {
            let same = of == extension && named.name == attribute.name;
            same.then(|| sub.map_or(About::Whole, |sub| About::Part(sub.name)))
        }
    }
}

/// The parts of a complex value, or of each of a list, that are kept; nothing if none is.
fn parts(value: &Value, attribute: &Attribute, keeps: &dyn Fn(&Attribute) -> bool) -> Option<Value> {
    match value {
        Value::Array(values) => {
            let values: Vec<_> = values.iter().filter_map(|value| parts(value, attribute, keeps)).collect();
            if values.is_empty() { None } else { Some(Value::Array(values)) }
        }
        Value::Object(members) => {
            let kept = members.iter().filter_map(|(name, value)| {
                let sub = attribute.sub_attribute(name).filter(|sub| keeps(sub))?;
                Some((sub.name.to_owned(), value.clone()))
            });
            let kept: Map<_, _> = kept.collect();
            if kept.is_empty() { None } else { Some(Value::Object(kept)) }
        }
        other => Some(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::schema::{ENTERPRISE_USER, USER, USERS},
        *,
    };

    fn shown(attributes: &[&str], excluded: &[&str]) -> Value {
        let paths = |paths: &[&str]| paths.iter().map(|path| AttrPath::parse(path).unwrap()).collect();
        let user = json!({
            "schemas": [USER.id, ENTERPRISE_USER.id], "id": "1", "userName": "bjensen", "password": "secret",
            "name": { "familyName": "Jensen", "givenName": "Barbara" },
            "emails": [{ "value": "b@example.com", "type": "work" }, { "type": "home" }],
            "meta": { "resourceType": "User" },
            "unknown": 1,
            ENTERPRISE_USER.id: { "department": "Tours", "manager": { "value": "2", "displayName": "John" } },
        });
        project(&USERS, &user, &Projection { attributes: paths(attributes), excluded: paths(excluded) })
    }

    #[allow(clippy::needless_pass_by_value, reason = "json! is written in place")]
    fn with(more: Value) -> Value {
        let mut base = json!({ "schemas": [USER.id, ENTERPRISE_USER.id], "id": "1" });
        base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        base
    }

    #[test]
    fn the_default_hides_what_is_never_returned() {
        let all = shown(&[], &[]);
        assert!(all.get("password").is_none() && all.get("unknown").is_none());
        assert_eq!((&all["userName"], &all["meta"]["resourceType"]), (&json!("bjensen"), &json!("User")));
        assert_eq!(shown(&["password"], &[]), with(json!({})));
    }

    #[test]
    fn attributes_select_in_any_case() {
        assert_eq!(shown(&["USERNAME"], &[]), with(json!({ "userName": "bjensen" })));
        assert_eq!(shown(&["emails.Value"], &[]), with(json!({ "emails": [{ "value": "b@example.com" }] })));
        let whole = json!([{ "value": "b@example.com", "type": "work" }, { "type": "home" }]);
        assert_eq!(shown(&["emails", "emails.value"], &[]), with(json!({ "emails": whole })));
        assert_eq!(shown(&[&format!("{}:userName", USER.id)], &[]), with(json!({ "userName": "bjensen" })));
        assert_eq!(shown(&["nope"], &[]), with(json!({})));
    }

    #[test]
    fn extensions_are_selected_by_their_urn() {
        let id = ENTERPRISE_USER.id;
        assert_eq!(shown(&[&format!("{id}:department")], &[]), with(json!({ id: { "department": "Tours" } })));
        let name = format!("{id}:manager.displayName");
        assert_eq!(shown(&[&name], &[]), with(json!({ id: { "manager": { "displayName": "John" } } })));
        assert_eq!(shown(&[id], &[])[id]["manager"]["value"], "2");
        assert!(shown(&[], &[id]).get(id).is_none());
    }

    #[test]
    fn what_is_always_returned_cannot_be_excluded() {
        let shown = shown(&[], &["id", "schemas", "emails.type", "name", "meta"]);
        assert_eq!(shown["id"], "1");
        assert_eq!(shown["emails"], json!([{ "value": "b@example.com" }]));
        assert!(shown.get("name").is_none() && shown.get("meta").is_none());
    }
}
