//! What a document says: which object it is about, what it says of it, and what it links it to.

use serde_json::{Map, Value as Json};

use super::{Kind, Problem};
use crate::{
    model::{
        bind::{check_new_id, describe, leads_to},
        meta::{Link, Navigation, Version},
    },
    odata::reference::parse_reference,
};

/// One document of what is imported.
#[derive(Debug)]
pub struct Document {
    /// The line on which it begins, counted from 1.
    pub line: u32,
    /// What it is about where it does not say.
    pub kind: Option<Kind>,
    /// What it says.
    pub body: Body,
}

/// What a document says.
#[derive(Debug)]
pub enum Body {
    /// As JSON.
    Text(Vec<u8>),
    /// Read already.
    Object(Map<String, Json>),
    /// Nothing, since this is wrong with a property, or with the whole of it.
    Wrong(String, String),
}

/// Another object, as a document names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reference {
    /// By its id.
    Id(String),
    /// A person, by the name to sign in by, in lower case.
    Person(String),
}

impl Reference {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Id(text) | Self::Person(text) => text,
        }
    }
}

/// A link that a document names.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) navigation: &'static Navigation,
    /// The member of the document that names it.
    pub(super) member: String,
    pub(super) target: Reference,
}

/// A document, read.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) line: u32,
    pub(super) kind: Kind,
    pub(super) id: Option<String>,
    /// What it says of the object, without its id and its links.
    pub(super) body: Json,
    pub(super) manager: Option<Named>,
    pub(super) links: Vec<Named>,
    /// Whether it says nothing but links: then the object is another document's, or is there.
    pub(super) only_links: bool,
}

impl Item {
    /// A text that it gives a property.
    pub(super) fn text(&self, property: &str) -> Option<&str> {
        self.body.get(property).and_then(Json::as_str)
    }

    pub(super) fn problem(&self, property: &str, message: impl Into<String>) -> Problem {
        Problem { line: self.line, property: property.to_owned(), message: message.into() }
    }

    /// All that it refers to.
    pub(super) fn references(&self) -> impl Iterator<Item = &Reference> {
        self.manager.iter().chain(&self.links).map(|named| &named.target)
    }
}

/// Reads a document.
pub(super) fn read(document: Document) -> Result<Item, Problem> {
    let Document { line, kind, body } = document;
    let problem = |property: &str, message: String| Problem { line, property: property.to_owned(), message };
    let mut members = match body {
        Body::Wrong(property, message) => return Err(problem(&property, message)),
        Body::Object(members) => members,
        Body::Text(text) => match serde_json::from_slice(&text) {
            Ok(Json::Object(members)) => members,
            Ok(other) => return Err(problem("", format!("A JSON object is expected, not {}.", describe(&other)))),
            Err(error) => {
                // Where in the document it is: its lines are not those of the file.
                let wrong = error.to_string();
                let wrong = wrong.split(" at line ").next().unwrap_or_default();
                return Err(problem(
                    "",
                    format!("This is not a JSON object: {wrong}, at character {}.", error.column()),
                ));
            }
        },
    };
    let kind = match members.get("@odata.type") {
        Some(Json::String(said)) => Kind::of_type(said).ok_or_else(|| {
            let known = Kind::ALL.map(|kind| format!("#microsoft.graph.{}", kind.name())).join(", ");
            problem("@odata.type", format!("'@odata.type' must be one of {known}, not '{said}'."))
        })?,
        Some(_) => return Err(problem("@odata.type", "'@odata.type' must be a string.".to_owned())),
        None => kind.ok_or_else(|| {
            problem("@odata.type", "'@odata.type' is missing, and nothing else says what this is.".to_owned())
        })?,
    };
    let id = match members.shift_remove("id") {
        None | Some(Json::Null) => None,
        Some(Json::String(id)) => {
            check_new_id(&id).map_err(|wrong| problem("id", format!("'id' {wrong}")))?;
            Some(id)
        }
        Some(other) => return Err(problem("id", format!("'id' must be a string, not {}.", describe(&other)))),
    };
    let (mut manager, mut links) = (None, Vec::new());
    for navigation in kind.face().navigations.iter().filter(|navigation| navigation.by_reference) {
        for member in [navigation.name.to_owned(), format!("{}@odata.bind", navigation.name)] {
            let Some(value) = members.shift_remove(&member) else { continue };
            let named = |value: &Json| {
                let target = reference(navigation, value).map_err(|wrong| problem(&member, wrong))?;
                Ok(Named { navigation, member: member.clone(), target })
            };
            match (navigation.link, value) {
                (_, Json::Null) => {}
                (Link::Column(_), value) => manager = Some(named(&value)?),
                (_, Json::Array(values)) => {
                    for value in &values {
                        links.push(named(value)?);
                    }
                }
                (_, other) => {
                    return Err(problem(&member, format!("'{member}' must be a list, not {}.", describe(&other))));
                }
            }
        }
    }
    let only_links = id.is_some() && manager.is_none() && members.keys().all(|name| name.contains('@'));
    Ok(Item { line, kind, id, body: Json::Object(members), manager, links, only_links })
}

/// What names another object: an id, the name of a person, an address, or an object that has one of these.
fn reference(navigation: &Navigation, value: &Json) -> Result<Reference, String> {
    let by_name = |name: &str| Reference::Person(name.to_lowercase());
    match value {
        Json::String(text) if text.contains("://") || text.contains('/') => address(navigation, text),
        Json::String(text) if text.contains('@') => Ok(by_name(text)),
        Json::String(text) if !text.trim().is_empty() => Ok(Reference::Id(text.clone())),
        Json::Object(members) => match ["id", "@odata.id", "userPrincipalName"].map(|name| members.get(name)) {
            [Some(Json::String(id)), ..] => Ok(Reference::Id(id.clone())),
            [_, Some(Json::String(at)), _] => address(navigation, at),
            [_, _, Some(Json::String(name))] => Ok(by_name(name)),
            _ => Err("An object that is named has an 'id' or a 'userPrincipalName'.".to_owned()),
        },
        other => Err(format!("An id, a userPrincipalName or an address is expected, not {}.", describe(other))),
    }
}

fn address(navigation: &Navigation, text: &str) -> Result<Reference, String> {
    let (face, id) = parse_reference(Version::V1, text).map_err(|error| error.message)?;
    if !leads_to(navigation, face) {
        return Err(format!("A {} cannot be among the {}.", face.name, navigation.name));
    }
    Ok(Reference::Id(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Item, Problem> {
        read(Document { line: 7, kind: Some(Kind::Group), body: Body::Text(text.as_bytes().to_vec()) })
    }

    #[test]
    fn a_document_says_what_it_is_about_and_what_it_links() {
        let item = read_text(
            r##"{"@odata.type":"#microsoft.graph.group","id":"g","displayName":"G","members":["u1","Ada@Contoso.example",
                {"id":"u2","displayName":"x"},"https://graph.microsoft.com/v1.0/users/u3"],
                "owners@odata.bind":["https://graph.microsoft.com/v1.0/users('u4')"]}"##,
        )
        .unwrap();
        assert_eq!((item.kind, item.id.as_deref(), item.only_links), (Kind::Group, Some("g"), false));
        let ada = Reference::Person("ada@contoso.example".to_owned());
        let id = |id: &str| Reference::Id(id.to_owned());
        let targets: Vec<_> = item.links.iter().map(|named| named.target.clone()).collect();
        assert_eq!(targets, [id("u1"), ada, id("u2"), id("u3"), id("u4")]);
        assert_eq!(item.text("displayName"), Some("G"));
    }

    #[test]
    fn a_document_may_say_nothing_but_links() {
        let item = read_text(r#"{"@odata.type":"microsoft.graph.group","id":"g","members":["u"]}"#).unwrap();
        assert!(item.only_links);
        assert!(!read_text(r#"{"id":"g","displayName":"x","members":[]}"#).unwrap().only_links);
    }

    #[test]
    fn what_is_wrong_is_told_with_line_and_property() {
        for (text, property) in [
            ("", ""),
            ("[]", ""),
            (r##"{"@odata.type":"#microsoft.graph.device"}"##, "@odata.type"),
            (r#"{"@odata.type":1}"#, "@odata.type"),
            (r#"{"id":1}"#, "id"),
            (r#"{"id":"$x"}"#, "id"),
            (r#"{"members":"u"}"#, "members"),
            (r#"{"members":[1]}"#, "members"),
            (r#"{"members":[{"displayName":"x"}]}"#, "members"),
            (r#"{"owners@odata.bind":["https://x/v1.0/groups/g"]}"#, "owners@odata.bind"),
        ] {
            let problem = read_text(text).unwrap_err();
            assert_eq!((problem.line, problem.property.as_str()), (7, property), "{text}: {}", problem.message);
        }
    }
}
