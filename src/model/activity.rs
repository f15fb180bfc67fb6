//! What is remembered of a change: who made it, what it was, and what it changed.

use std::{borrow::Cow, net::IpAddr};

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{
    DirectoryAudit, ENTITY_TYPES,
    audit::Entry,
    changeset::{Changeset, RowWrite},
    meta::{Column, EntityType, LinkTable, Told},
    record::RowVersion,
    value::{Timestamp, Value},
    write::write_text,
};

/// Texts of a change that are longer are cut: a record is read by people.
const MAX_TEXT: usize = 1024;
/// So many things are named at the most that one activity has changed.
const MAX_TARGETS: usize = 50;

/// Who made a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Initiator {
    /// A person.
    User {
        /// The id in the directory.
        id: String,
        /// The name.
        name: Option<String>,
        /// From where.
        address: Option<IpAddr>,
    },
    /// An application that acted for itself.
    App {
        /// The application's id.
        app_id: Option<String>,
        /// Its name.
        name: Option<String>,
        /// The id of its object in the directory.
        principal_id: Option<String>,
    },
}

/// Something that was done.
#[derive(Clone, Debug)]
pub struct Activity {
    /// Its name: a verb and what it is about.
    pub name: String,
    /// What kind of thing it is about.
    pub category: &'static str,
    /// `Add`, `Update`, `Delete`, `Assign`, `Unassign`.
    pub operation: &'static str,
    /// Who did it.
    pub by: Initiator,
    /// The request by which it was done.
    pub correlation_id: Option<String>,
    /// Why it was not done; none: it was.
    pub refused: Option<String>,
    /// What was changed.
    pub targets: Vec<Target>,
    /// What else is known: names and values.
    pub details: Vec<(&'static str, String)>,
}

impl Activity {
    /// The record of it.
    pub fn record(self, id: String, now: Timestamp, version: RowVersion) -> Entry {
        let mut record = DirectoryAudit {
            id,
            activity_at: now,
            activity_display_name: cut(&self.name).into_owned(),
            category: self.category.to_owned(),
            correlation_id: self.correlation_id.map(|id| id.chars().take(128).collect()),
            logged_by_service: match self.category {
                ENTITLEMENT_MANAGEMENT => "Entitlement Management".to_owned(),
                _ => "Core Directory".to_owned(),
            },
            operation_type: self.operation.to_owned(),
            result: if self.refused.is_some() { "failure" } else { "success" }.to_owned(),
            result_reason: self.refused.as_deref().map(|why| cut(why).into_owned()),
            target_resources: json(&self.targets),
            additional_details: details(&self.details),
            ..DirectoryAudit::default()
        };
        let (user, app) = match self.by {
            Initiator::User { id, name, address } => {
                let user = Person {
                    id: id.clone(),
                    display_name: name.clone(),
                    user_principal_name: name.clone(),
                    ip_address: address,
                };
                (record.initiator_user_id, record.initiator_user_name) = (Some(id), name);
                (Some(user), None)
            }
            Initiator::App { app_id, name, principal_id } => {
                let app = Application {
                    app_id: app_id.clone(),
                    display_name: name.clone(),
                    service_principal_id: principal_id.clone(),
                    service_principal_name: None,
                };
                (record.initiator_app_id, record.initiator_app_name) = (app_id, name);
                record.initiator_principal_id = principal_id;
                (None, Some(app))
            }
        };
        record.initiated_by = json(&InitiatedBy { user, app });
        Entry::change(record, version)
    }
}

/// What Graph calls `auditActivityInitiator`.
#[derive(Serialize)]
struct InitiatedBy {
    user: Option<Person>,
    app: Option<Application>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    id: String,
    display_name: Option<String>,
    user_principal_name: Option<String>,
    ip_address: Option<IpAddr>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Application {
    app_id: Option<String>,
    display_name: Option<String>,
    service_principal_id: Option<String>,
    service_principal_name: Option<String>,
}

fn details(details: &[(&str, String)]) -> String {
    if details.is_empty() {
        return "[]".to_owned();
    }
    details.iter().map(|(key, value)| json!({ "key": key, "value": cut(value) })).collect::<Json>().to_string()
}

/// As JSON. What has only texts and lists of them can be told so.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_TEXT { Cow::Borrowed(text) } else { Cow::Owned(text.chars().take(MAX_TEXT).collect()) }
}

/// Something that was changed: a `targetResource`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Its id.
    pub id: Option<String>,
    /// What people call it.
    pub display_name: Option<String>,
    /// What it is.
    #[serde(rename = "type")]
    pub ty: &'static str,
    /// What is other than it was.
    pub modified_properties: Vec<Modified>,
}

/// A property that was changed: a `modifiedProperty`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Modified {
    /// Its name.
    pub display_name: &'static str,
    /// What it was, as JSON; none: nothing, or a secret.
    pub old_value: Option<String>,
    /// What it is.
    pub new_value: Option<String>,
}

/// Something that is named only.
pub fn target(id: &str, name: Option<&str>, ty: &'static str) -> Target {
    Target { id: Some(id.to_owned()), display_name: name.map(str::to_owned), ty, modified_properties: Vec::new() }
}

/// What a changeset does, in words, and what it changes. Empty: it writes nothing. That tokens end goes without saying: it
/// comes of something else that is written.
/// A change of many things is several activities.
pub fn describe(changes: &Changeset) -> Vec<Described> {
    let activity = |writes: &[RowWrite]| {
        let (name, operation, category) = writes.iter().find_map(named)?;
        let (targets, authors) = (writes.iter().flat_map(targets).collect(), writes.iter().flat_map(authors).collect());
        Some(Described { name, operation, category, targets, authors })
    };
    changes.writes.chunks(MAX_TARGETS).filter_map(activity).collect()
}

/// What a changeset does.
#[derive(Debug)]
pub struct Described {
    /// A verb and what it is about.
    pub name: String,
    /// `Add`, `Update`, `Delete`, `Assign`, `Unassign`.
    pub operation: &'static str,
    /// What kind of thing it is about.
    pub category: &'static str,
    /// What is changed.
    pub targets: Vec<Target>,
    /// The authors that are written: by which name a record calls one that a body has declared, and the author.
    pub authors: Vec<(&'static str, String)>,
}

/// The columns that say who made and changed something, and what a record calls what they were declared to be.
const AUTHORS: [(&str, &str); 2] = [("created_by", "declaredCreatedBy"), ("modified_by", "declaredModifiedBy")];

/// The authors that are written. Bodies may declare them, so they need not be who calls.
fn authors(write: &RowWrite) -> Vec<(&'static str, String)> {
    let author = |column: Option<&Column>, value: &Value| {
        let (_, name) = AUTHORS.into_iter().find(|(author, _)| column.is_some_and(|column| column.name == *author))?;
        if let Value::Text(author) = value { Some((name, author.clone())) } else { None }
    };
    match write {
        RowWrite::Insert { entity, values, .. } => {
            entity.columns.iter().zip(values).filter_map(|(column, value)| author(Some(column), value)).collect()
        }
        RowWrite::Update { entity, changes, .. } => {
            changes.iter().filter_map(|(at, value)| author(entity.columns.get(*at), value)).collect()
        }
        _ => Vec::new(),
    }
}

fn named(write: &RowWrite) -> Option<(String, &'static str, &'static str)> {
    let of_entity = |verb: &str, entity: &EntityType| (format!("{verb} {}", words(entity.name)), category(entity.name));
    let of_links = |verb: &str, table: LinkTable| {
        let (what, of) = linked(table).unwrap_or_else(|| ("link".to_owned(), ""));
        (format!("{verb} {what}"), category(of))
    };
    let ((name, category), operation) = match write {
        RowWrite::Insert { entity, .. } => (of_entity("Create", entity), "Add"),
        RowWrite::Update { entity, .. } => (of_entity("Update", entity), "Update"),
        RowWrite::Delete { entity, .. } => (of_entity("Delete", entity), "Delete"),
        RowWrite::Link { table, .. } => (of_links("Add", *table), "Assign"),
        RowWrite::Unlink { table, .. } => (of_links("Remove", *table), "Unassign"),
        RowWrite::Touch { .. } | RowWrite::Revoke { .. } | RowWrite::RevokeThrough { .. } => return None,
    };
    Some((name, operation, category))
}

/// The category of what is about entitlement management, which is most.
pub const ENTITLEMENT_MANAGEMENT: &str = "EntitlementManagement";

/// The category of what is about entities of a type, in Entra's words.
fn category(entity: &str) -> &'static str {
    match entity {
        "user" => "UserManagement",
        "group" => "GroupManagement",
        "application" | "servicePrincipal" | "appRoleAssignment" => "ApplicationManagement",
        _ => ENTITLEMENT_MANAGEMENT,
    }
}

/// `accessPackage` as `access package`.
fn words(name: &str) -> String {
    let name = name.strip_prefix("unified").unwrap_or(name);
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// What a table of links is called by the entity that has them, and the entity.
fn linked(table: LinkTable) -> Option<(String, &'static str)> {
    use super::meta::Link;
    let navigations =
        ENTITY_TYPES.iter().flat_map(|entity| entity.faces[0].navigations.iter().map(move |n| (entity, n)));
    let mut found = navigations.filter(|(_, navigation)| navigation.link == Link::Table(table));
    found.next().map(|(entity, n)| (format!("{} of {}", words(n.name), words(entity.name)), entity.name))
}

fn targets(write: &RowWrite) -> Vec<Target> {
    let whole = |entity: &'static EntityType, values: &[Value], modified: Vec<Modified>| {
        let text = |value: Option<&Value>| match value {
            Some(Value::Text(text)) => Some(cut(text).into_owned()),
            _ => None,
        };
        let name = entity.columns.iter().position(|column| column.name == "display_name");
        let display_name = name.and_then(|at| text(values.get(at)));
        Target { id: text(values.first()), display_name, ty: entity.name, modified_properties: modified }
    };
    match write {
        RowWrite::Insert { entity, values, .. } => {
            let said = entity.columns.iter().zip(values);
            let said = said.filter(|(column, value)| column.told == Told::Always && !is_empty(value));
            let new = said.map(|(column, new)| modified(column, None, Some(new)));
            vec![whole(entity, values, new.collect())]
        }
        RowWrite::Update { entity, before, changes, .. } => {
            let changed = changes.iter().filter_map(|(at, new)| Some((*at, entity.columns.get(*at)?, new)));
            let changed = changed.filter(|(_, column, _)| column.told != Told::Never);
            let properties = changed.map(|(at, column, new)| modified(column, before.get(at), Some(new)));
            vec![whole(entity, before, properties.collect())]
        }
        RowWrite::Delete { entity, before, .. } => {
            let said = entity.columns.iter().zip(before);
            let said = said.filter(|(column, value)| column.told != Told::Never && !is_empty(value));
            let old = said.map(|(column, old)| modified(column, Some(old), None));
            vec![whole(entity, before, old.collect())]
        }
        RowWrite::Link { source, target: other, .. } | RowWrite::Unlink { source, target: other, .. } => {
            vec![target(source, None, "source"), target(other, None, "target")]
        }
        RowWrite::Touch { .. } | RowWrite::Revoke { .. } | RowWrite::RevokeThrough { .. } => Vec::new(),
    }
}

/// Whether a column says nothing.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text == "[]",
        _ => false,
    }
}

fn modified(column: &'static Column, old: Option<&Value>, new: Option<&Value>) -> Modified {
    let shown = |value: Option<&Value>| match value {
        _ if column.secret => None,
        None | Some(Value::Null) => None,
        Some(Value::Text(text)) if column.json => Some(cut(text).into_owned()),
        Some(Value::Text(text)) => Some(quoted(&cut(text))),
        Some(Value::Bool(truth)) => Some(truth.to_string()),
        Some(Value::Int(number)) => Some(number.to_string()),
        Some(Value::Time(time)) => Some(quoted(&time.to_string())),
    };
    Modified { display_name: column.told_as, old_value: shown(old), new_value: shown(new) }
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    let mut quoted = Vec::with_capacity(text.len() + 2);
    write_text(&mut quoted, text);
    String::from_utf8(quoted).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ACCESS_PACKAGE, AccessPackage, record::Stored};

    #[test]
    fn a_change_says_what_was_and_what_is() {
        let record = AccessPackage { id: "p".into(), display_name: "Old".into(), ..AccessPackage::default() };
        let after = AccessPackage { display_name: "New".into(), ..record.clone() };
        let before = Stored { record, version: RowVersion(1) };
        let changes = Changeset::default().update(before, after, RowVersion(2));
        let Described { name, operation, targets, .. } = describe(&changes).remove(0);
        assert_eq!((name.as_str(), operation), ("Update access package", "Update"));
        assert_eq!(
            json(&targets),
            json!([{
                "id": "p", "displayName": "Old", "type": "accessPackage",
                "modifiedProperties": [{ "displayName": "displayName", "oldValue": "\"Old\"", "newValue": "\"New\"" }],
            }])
            .to_string()
        );
        assert!(describe(&Changeset::default()).is_empty());
        let ended = Changeset::default().revoke("u", Timestamp(1));
        assert!(describe(&ended).is_empty());
        let writes = [ended.writes, changes.writes].concat();
        let with = describe(&Changeset { writes, ..Changeset::default() }).remove(0);
        assert_eq!((with.name, with.operation, with.targets), (name, operation, targets));
    }

    #[test]
    fn links_are_called_by_their_navigation_property() {
        let link = ACCESS_PACKAGE.faces[0].navigations.iter().find_map(|n| match n.link {
            crate::model::meta::Link::Table(table) if n.by_reference => Some(table),
            _ => None,
        });
        assert_eq!(linked(link.unwrap()).unwrap().0, "incompatible access packages of access package");
    }
}
