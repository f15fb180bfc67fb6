//! What is remembered of a change: who made it, what it was, and what it changed.

use std::net::IpAddr;

use serde_json::{Value as Json, json};

use super::{
    DirectoryAudit, ENTITY_TYPES,
    audit::Entry,
    changeset::{Changeset, RowWrite},
    meta::{EntityType, LinkTable, Type},
    record::RowVersion,
    value::{Timestamp, Value},
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
    /// What was changed: each a `targetResource`.
    pub targets: Vec<Json>,
    /// What else is known: names and values.
    pub details: Vec<(&'static str, String)>,
}

impl Activity {
    /// The record of it.
    pub fn record(self, id: String, now: Timestamp, version: RowVersion) -> Entry {
        let mut record = DirectoryAudit {
            id,
            activity_at: now,
            activity_display_name: cut(&self.name),
            category: self.category.to_owned(),
            correlation_id: self.correlation_id.map(|id| id.chars().take(128).collect()),
            logged_by_service: match self.category {
                ENTITLEMENT_MANAGEMENT => "Entitlement Management".to_owned(),
                _ => "Core Directory".to_owned(),
            },
            operation_type: self.operation.to_owned(),
            result: if self.refused.is_some() { "failure" } else { "success" }.to_owned(),
            result_reason: self.refused.as_deref().map(cut),
            target_resources: Json::from(self.targets).to_string(),
            additional_details: details(&self.details).to_string(),
            ..DirectoryAudit::default()
        };
        let (user, app) = match self.by {
            Initiator::User { id, name, address } => {
                let user = json!({
                    "id": id, "displayName": name, "userPrincipalName": name, "ipAddress": address.map(|a| a.to_string()),
                });
                (record.initiator_user_id, record.initiator_user_name) = (Some(id), name);
                (user, Json::Null)
            }
            Initiator::App { app_id, name, principal_id } => {
                let app = json!({
                    "appId": app_id, "displayName": name, "servicePrincipalId": principal_id,
                    "servicePrincipalName": Json::Null,
                });
                (record.initiator_app_id, record.initiator_app_name) = (app_id, name);
                record.initiator_principal_id = principal_id;
                (Json::Null, app)
            }
        };
        record.initiated_by = json!({ "user": user, "app": app }).to_string();
        Entry::change(record, version)
    }
}

fn details(details: &[(&str, String)]) -> Json {
    details.iter().map(|(key, value)| json!({ "key": key, "value": cut(value) })).collect()
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

/// A `targetResource` that is named only.
pub fn target(id: &str, name: Option<&str>, ty: &str) -> Json {
    json!({ "id": id, "displayName": name, "type": ty, "modifiedProperties": [] })
}

/// What a changeset does, in words, and what it changes. Empty: it writes nothing. That tokens end goes without saying: it
/// comes of something else that is written.
/// A change of many things is several activities.
pub fn describe(changes: &Changeset) -> Vec<Described> {
    let activity = |writes: &[RowWrite]| {
        let (name, operation, category) = writes.iter().find_map(named)?;
        Some(Described { name, operation, category, targets: writes.iter().flat_map(targets).collect() })
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
    /// What is changed: each a `targetResource`.
    pub targets: Vec<Json>,
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
        RowWrite::Touch { .. } | RowWrite::Revoke { .. } => return None,
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

fn targets(write: &RowWrite) -> Vec<Json> {
    let text = |value: Option<&Value>| match value {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let whole = |entity: &'static EntityType, values: &[Value], modified: Vec<Json>| {
        let name = entity.columns.iter().position(|column| column.name == "display_name");
        json!({
            "id": text(values.first()),
            "displayName": name.and_then(|at| text(values.get(at))).map(|name| cut(&name)),
            "type": entity.name,
            "modifiedProperties": modified,
        })
    };
    match write {
        RowWrite::Insert { entity, values, .. } => {
            let new = set(entity, values).map(|(at, new)| modified(entity, at, None, Some(new)));
            vec![whole(entity, values, new.collect())]
        }
        RowWrite::Update { entity, before, changes, .. } => {
            let properties = changes.iter().map(|(at, new)| modified(entity, *at, before.get(*at), Some(new)));
            vec![whole(entity, before, properties.collect())]
        }
        RowWrite::Delete { entity, before, .. } => {
            let old = set(entity, before).map(|(at, old)| modified(entity, at, Some(old), None));
            vec![whole(entity, before, old.collect())]
        }
        RowWrite::Link { source, target: other, .. } | RowWrite::Unlink { source, target: other, .. } => {
            vec![target(source, None, "source"), target(other, None, "target")]
        }
        RowWrite::Touch { .. } | RowWrite::Revoke { .. } => Vec::new(),
    }
}

/// What a row says: neither what is empty, nor what follows from the rest.
fn set<'a>(entity: &'static EntityType, values: &'a [Value]) -> impl Iterator<Item = (usize, &'a Value)> {
    let follows = |at: usize| {
        let faces = entity.faces.iter().flat_map(|face| face.properties);
        let folded = |column| faces.filter_map(|p| p.folded).any(|folded| folded.column == column);
        entity.columns.get(at).is_some_and(|column| column.name == "kind") || folded(at)
    };
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Text(text) => text == "[]",
        _ => false,
    };
    values.iter().enumerate().filter(move |(at, value)| !empty(value) && !follows(*at))
}

fn modified(entity: &'static EntityType, column: usize, old: Option<&Value>, new: Option<&Value>) -> Json {
    let secret = entity.columns.get(column).is_some_and(|column| column.secret);
    let (old, new) = if secret { (None, None) } else { (old, new) };
    let faces = entity.faces.iter().rev();
    let property = faces.flat_map(|face| face.properties).find(|property| property.column == column);
    let name = property.map_or_else(|| entity.columns.get(column).map_or("", |c| c.name), |property| property.name);
    let structured = property.is_some_and(|property| matches!(property.ty, Type::Structured(_) | Type::Strings));
    let shown = |value: Option<&Value>| match value {
        None | Some(Value::Null) => None,
        Some(Value::Text(text)) if structured => Some(cut(text)),
        Some(Value::Text(text)) => Some(Json::from(cut(text)).to_string()),
        Some(Value::Bool(truth)) => Some(truth.to_string()),
        Some(Value::Int(number)) => Some(number.to_string()),
        Some(Value::Time(time)) => Some(Json::from(time.to_string()).to_string()),
    };
    json!({ "displayName": name, "oldValue": shown(old), "newValue": shown(new) })
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
            targets,
            [json!({
                "id": "p", "displayName": "Old", "type": "accessPackage",
                "modifiedProperties": [{ "displayName": "displayName", "oldValue": "\"Old\"", "newValue": "\"New\"" }],
            })]
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
