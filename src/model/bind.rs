//! Bodies to inputs, by the metadata.
//!
//! A body is looked at whole: every violation is told, each with the property it is about. What is read-only is not
//! looked at, so that a client may send back what it was given; what is unknown is refused, so that a misspelt
//! property is not lost in silence. Names with an `@` are OData annotations and are skipped, but for those known here.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json};

mod structured;

pub use self::structured::{MAX_ITEMS, MAX_TEXT};

use super::{
    meta::{Face, ID, Link, Navigation, Property, Type, Write},
    record::Input,
    value::{Timestamp, Value},
};

/// What a body is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A new entity: what is required must be there.
    Create,
    /// A change: what is not there stays.
    Update,
}

/// What is wrong with one property of a body, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The property, as the body spells it.
    pub target: String,
    /// What is wrong with it, a sentence.
    pub message: String,
}

impl Violation {
    /// A violation.
    pub fn new(target: impl Into<String>, message: impl Into<String>) -> Self {
        Self { target: target.into(), message: message.into() }
    }
}

/// A body, bound.
#[derive(Debug)]
pub struct Bound<I> {
    /// What it says.
    pub input: I,
    /// Whether it declares its type by `@odata.type`.
    pub declares_type: bool,
    /// What it links the entity to by `nav@odata.bind`.
    pub links: Vec<Bind>,
}

/// An entity that a body names by `nav@odata.bind`, to be linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// The navigation property.
    pub navigation: &'static Navigation,
    /// The entity's id.
    pub id: String,
}

/// How many entities a body may link by one navigation property, as in Graph.
pub const MAX_LINKS: usize = 20;

/// Turns the URL of an `@odata.bind` into the face it leads to and the key, or says what is wrong with it.
pub type Resolve<'a> = &'a dyn Fn(&str) -> Result<(&'static Face, String), String>;

/// Binds a body.
pub fn bind<I: Input>(
    face: &'static Face,
    body: &Json,
    purpose: Purpose,
    resolve: Resolve<'_>,
) -> Result<Bound<I>, Vec<Violation>> {
    let Json::Object(members) = body else {
        return Err(vec![Violation::new("", format!("The body must be a JSON object, not {}.", describe(body)))]);
    };
    let values = vec![None; face.entity.columns.len() + face.entity.transient];
    let mut binder = Binder { face, resolve, values, links: Vec::new(), violations: Vec::new() };
    for (name, value) in members {
        binder.member(name, value);
    }
    if purpose == Purpose::Create {
        binder.require(members);
    }
    binder.finish(members.contains_key("@odata.type"))
}

struct Binder<'a> {
    face: &'static Face,
    resolve: Resolve<'a>,
    /// By column: what was said, and by which member.
    values: Vec<Option<(String, Value)>>,
    links: Vec<Bind>,
    violations: Vec<Violation>,
}

impl Binder<'_> {
    fn member(&mut self, name: &str, value: &Json) {
        if name == "@odata.type" {
            self.declared_type(value);
        } else if let Some(navigation) = name.strip_suffix("@odata.bind") {
            self.binding(navigation, name, value);
        } else if name.contains('@') {
            // Another annotation.
        } else if let Some(property) = self.face.properties.iter().find(|p| p.name == name) {
            self.property(property, value);
        } else if let Some(navigation) = self.face.navigations.iter().find(|n| n.name == name) {
            self.nested(navigation, value);
        } else {
            let message = format!("'{name}' is not a property of {}.{}", self.face.qualified_name(), self.hint(name));
            self.violations.push(Violation::new(name, message));
        }
    }

    /// The name that was probably meant.
    fn hint(&self, name: &str) -> String {
        let names = self.face.properties.iter().map(|p| p.name).chain(self.face.navigations.iter().map(|n| n.name));
        let near = names.into_iter().find(|n| n.eq_ignore_ascii_case(name));
        near.map_or_else(String::new, |n| format!(" Did you mean '{n}'?"))
    }

    fn declared_type(&mut self, value: &Json) {
        let expected = self.face.qualified_name();
        let said = value.as_str().map(|t| t.trim_start_matches('#'));
        if said.is_none_or(|t| !t.eq_ignore_ascii_case(&expected)) {
            self.violations.push(Violation::new("@odata.type", format!("'@odata.type' must be '#{expected}'.")));
        }
    }

    fn property(&mut self, property: &'static Property, value: &Json) {
        if property.write == Write::Never {
            return;
        }
        match property_value(property, value) {
            Ok(None) => {}
            Ok(Some(value)) => self.say(property.column, property.name, value),
            Err(message) => self.violations.push(Violation::new(property.name, message)),
        }
    }

    fn nested(&mut self, navigation: &'static Navigation, value: &Json) {
        let Link::Column(column) = navigation.link else {
            if !value.is_null() && value.as_array().is_none_or(|a| !a.is_empty()) {
                let how = if navigation.by_reference { "through $ref" } else { "on the other side" };
                let message = format!("'{}' cannot be written inside; its links are changed {how}.", navigation.name);
                self.violations.push(Violation::new(navigation.name, message));
            }
            return;
        };
        let target = format!("{}/id", navigation.name);
        match value {
            Json::Null => {}
            Json::Object(members) => match members.get("id").map(check_id) {
                Some(Ok(id)) => self.say(column, &target, Value::Text(id)),
                Some(Err(message)) => self.violations.push(Violation::new(&target, format!("'{target}' {message}"))),
                None => self.violations.push(Violation::new(&target, format!("'{target}' is missing."))),
            },
            other => {
                let message = format!("'{}' must be an object with an 'id', not {}.", navigation.name, describe(other));
                self.violations.push(Violation::new(navigation.name, message));
            }
        }
    }

    fn binding(&mut self, navigation: &str, member: &str, value: &Json) {
        let known = self.face.navigations.iter().find(|n| n.name == navigation);
        if let (Some(n), Json::Array(urls)) = (known, value)
            && bound_as_list(n)
        {
            return self.bindings(n, member, urls);
        }
        let bound = match (known.map(|n| (n, n.link)), value.as_str()) {
            (Some((n, Link::Column(column))), Some(url)) => (self.resolve)(url).and_then(|(face, id)| {
                if leads_to(n, face) {
                    check_id(&Json::String(id)).map(|id| (column, id)).map_err(|e| format!("The id {e}"))
                } else {
                    Err(format!("It must lead to a {}, not to a {}.", n.target.face(face.version).name, face.name))
                }
            }),
            (Some((_, Link::Column(_))), None) => Err("It must be the URL of one entity, a string.".to_owned()),
            (Some((n, _)), _) if bound_as_list(n) => Err("It must be a list of the URLs of entities.".to_owned()),
            (Some(_), _) => Err("Links of a collection are changed through $ref.".to_owned()),
            (None, _) => Err(format!("{} has no such navigation property.", self.face.qualified_name())),
        };
        match bound {
            Ok((column, id)) => self.say(column, member, Value::Text(id)),
            Err(message) => {
                self.violations.push(Violation::new(member, format!("'{member}' cannot be bound. {message}")));
            }
        }
    }

    /// The entities that a body links.
    fn bindings(&mut self, navigation: &'static Navigation, member: &str, urls: &[Json]) {
        if urls.len() > MAX_LINKS {
            let message = format!("'{member}' names {} entities, {MAX_LINKS} are allowed.", urls.len());
            return self.violations.push(Violation::new(member, message));
        }
        for url in urls {
            let named = url.as_str().ok_or_else(|| format!("It must hold URLs, not {}.", describe(url)));
            let bound = named.and_then(self.resolve).and_then(|(face, id)| {
                if !leads_to(navigation, face) {
                    return Err(format!("A {} cannot be among the {}.", face.name, navigation.name));
                }
                check_id(&Json::String(id)).map_err(|e| format!("The id {e}"))
            });
            match bound {
                Ok(id) if self.links.iter().any(|l| l.id == id && l.navigation == navigation) => {
                    self.violations.push(Violation::new(member, format!("'{member}' names '{id}' twice.")));
                }
                Ok(id) => self.links.push(Bind { navigation, id }),
                Err(message) => {
                    self.violations.push(Violation::new(member, format!("'{member}' cannot be bound. {message}")));
                }
            }
        }
    }

    /// Notes what a member says of a column; two members may say the same thing but not different ones.
    fn say(&mut self, column: usize, member: &str, value: Value) {
        let Some(slot) = self.values.get_mut(column) else { return };
        match slot {
            Some((other, said)) if *said != value => {
                let message = format!("'{member}' and '{other}' contradict each other; send one of them.");
                self.violations.push(Violation::new(member, message));
            }
            _ => *slot = Some((member.to_owned(), value)),
        }
    }

    /// On a create, notes what is missing.
    fn require(&mut self, members: &Map<String, Json>) {
        let of_properties =
            self.face.properties.iter().filter(|p| p.required).map(|p| (p.name, p.name.to_owned(), p.column));
        let of_links = self.face.navigations.iter().filter(|n| n.required).filter_map(|n| match n.link {
            Link::Column(column) => {
                let plain = self.face.shown().find(|p| p.column == column).map(|p| format!("'{}', ", p.name));
                let ways =
                    format!("{}'{}': {{\"id\": …}} or '{}@odata.bind'", plain.unwrap_or_default(), n.name, n.name);
                Some((n.name, ways, column))
            }
            _ => None,
        });
        for (name, ways, column) in of_properties.chain(of_links) {
            let said = self.values.get(column).is_some_and(Option::is_some);
            let mentioned = self.violations.iter().any(|v| v.target.starts_with(name));
            if said || mentioned {
                continue;
            }
            let message = if members.get(name).is_some_and(Json::is_null) {
                format!("'{name}' is required and cannot be null.")
            } else if ways == name {
                format!("'{name}' is required.")
            } else {
                format!("'{name}' is required. Send {ways}.")
            };
            self.violations.push(Violation::new(name, message));
        }
    }

    fn finish<I: Input>(mut self, declares_type: bool) -> Result<Bound<I>, Vec<Violation>> {
        let mut input = I::default();
        for (column, said) in self.values.into_iter().enumerate() {
            let Some((member, value)) = said else { continue };
            if input.set(column, value).is_none() {
                self.violations.push(Violation::new(&member, format!("'{member}' cannot be null.")));
            }
        }
        if self.violations.is_empty() {
            Ok(Bound { input, declares_type, links: self.links })
        } else {
            Err(self.violations)
        }
    }
}

/// The stored value of a property, or what is wrong with it. None: a null that says nothing.
fn property_value(property: &Property, value: &Json) -> Result<Option<Value>, String> {
    let name = property.name;
    let wrong = |right: &str| Err(format!("'{name}' must be {right}, not {}.", describe(value)));
    if value.is_null() {
        return match property.nullable {
            true => Ok(Some(Value::Null)),
            // Clients that write every property send null for what they do not set: the default then holds.
            false if property.default.is_some() || property.write == Write::Create => Ok(None),
            false => Err(format!("'{name}' cannot be null.")),
        };
    }
    Ok(Some(match property.ty {
        Type::String => {
            let Some(text) = value.as_str() else { return wrong("a string") };
            check_text(text, property.min_length, property.max_length).map_err(|e| format!("'{name}' {e}"))?;
            if property.column == ID {
                check_address(text).map_err(|e| format!("'{name}' {e}"))?;
            }
            Value::Text(text.to_owned())
        }
        Type::Enum(spelling) => {
            let member = value.as_str().and_then(|t| spelling.member(t)).filter(|m| m.wire != "unknownFutureValue");
            let Some(member) = member else {
                let known = spelling.members.iter().map(|m| m.wire).filter(|w| *w != "unknownFutureValue");
                return wrong(&format!("one of {}", known.collect::<Vec<_>>().join(", ")));
            };
            Value::Text(member.stored.to_owned())
        }
        Type::Strings => {
            let Some(items) = value.as_array() else { return wrong("a list of strings") };
            Value::Text(structured::strings(name, items, property.max_length)?)
        }
        Type::Structured(of) => Value::Text(structured::value(name, of, value)?),
        Type::Boolean => match value.as_bool() {
            Some(b) => Value::Bool(b),
            None => return wrong("true or false"),
        },
        Type::Int32 => match int32(value) {
            Some(n) => Value::Int(n),
            None => return wrong(INT32),
        },
        Type::Int64 => match whole(value) {
            Some(n) => Value::Int(n),
            None => return wrong("a whole number of 64 bits"),
        },
        Type::DateTimeOffset => match value.as_str().and_then(Timestamp::parse) {
            Some(time) => Value::Time(time),
            None => return wrong("a date and time such as 2026-01-31T08:00:00Z"),
        },
    }))
}

/// What an `Edm.Int32` must be.
const INT32: &str = "a whole number of 32 bits";

fn int32(value: &Json) -> Option<i64> {
    whole(value).filter(|n| i32::try_from(*n).is_ok())
}

/// A whole number. JSON has no other numbers than those that may be written with a fraction, also if that is nothing.
fn whole(value: &Json) -> Option<i64> {
    /// Beyond this, numbers with a fraction are not told apart any more.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small enough")]
    let of_float = |n: f64| (n.fract() == 0.0 && n.abs() <= EXACT).then_some(n as i64);
    value.as_i64().or_else(|| value.as_f64().and_then(of_float))
}

/// Whether a body may name the targets of a navigation property by a list of URLs.
pub fn bound_as_list(navigation: &Navigation) -> bool {
    navigation.by_reference && matches!(navigation.link, Link::Table(_))
}

/// Whether a navigation property may lead to entities of this face.
pub fn leads_to(navigation: &Navigation, face: &Face) -> bool {
    let kinds = navigation.kinds;
    let of_kind =
        kinds.is_empty() || !face.entity.derived.is_empty() || face.entity.kind.is_some_and(|k| kinds.contains(&k));
    (face.entity.is_a(navigation.target) || navigation.target.is_a(face.entity)) && of_kind
}

/// The id in a body, or what is wrong with it.
fn check_id(value: &Json) -> Result<String, String> {
    let id = value.as_str().ok_or_else(|| format!("must be a string, not {}.", describe(value)))?;
    check_text(id, 1, 128)?;
    Ok(id.to_owned())
}

/// What is wrong with an id that a caller gives a new entity, if anything.
pub fn check_new_id(id: &str) -> Result<(), String> {
    check_text(id, 1, 128)?;
    check_address(id)
}

/// What is wrong with a text as the key of a new entity, if anything. In a path, what begins with a dollar or with the
/// namespace is a word of OData, and clients resolve dots before they send them: such an entity could not be addressed.
fn check_address(id: &str) -> Result<(), String> {
    match id.trim_start() {
        start if start.starts_with(['$', '.']) => Err("must not begin with '$' or '.'.".to_owned()),
        start if start.starts_with("microsoft.graph.") => Err("must not begin with 'microsoft.graph.'.".to_owned()),
        _ => Ok(()),
    }
}

/// What is wrong with a text, if anything. NUL ends strings in many a client, other control characters break lines in
/// logs and tables, and direction marks make a name read as another (Unicode TR36 §2.5): none belongs in governed data.
pub(super) fn check_text(text: &str, min: usize, max: usize) -> Result<(), String> {
    let length = text.chars().count();
    if length < min || (min > 0 && text.trim().is_empty()) {
        return Err("must not be empty or blank.".to_owned());
    }
    if length > max {
        return Err(format!("is too long: {length} characters, {max} are allowed."));
    }
    let bad = |c: &char| {
        c.is_control() && !matches!(c, '\t' | '\n' | '\r')
            || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}')
    };
    match text.chars().enumerate().find(|(_, c)| bad(c)) {
        Some((at, c)) => {
            let mut message = String::new();
            let _ = write!(message, "must not contain U+{:04X} (character {}).", u32::from(c), at + 1);
            Err(message)
        }
        None => Ok(()),
    }
}

/// A JSON value in a few words.
pub fn describe(value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(b) => b.to_string(),
        Json::Number(n) => format!("the number {n}"),
        Json::String(s) if s.chars().count() <= 40 => format!("'{s}'"),
        Json::String(_) => "a long string".to_owned(),
        Json::Array(_) => "an array".to_owned(),
        Json::Object(_) => "an object".to_owned(),
    }
}
