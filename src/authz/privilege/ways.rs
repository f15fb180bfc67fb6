//! Finds in a changeset which ways to gain something it uses, so that no use case can leave the check out.

use serde_json::Value as Json;

use super::{super::GRAPH_APP_ID, Way};
use crate::model::{
    APP_ROLE_ASSIGNMENT, AppRoleAssignment, Application, DIRECTORY_OBJECT, GROUP, Group, ServicePrincipal, User,
    changeset::{Changeset, RowWrite},
    meta::{EntityType, ID},
    value::Value,
};

/// Something in a change that takes privilege.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt<'a> {
    /// A way to gain what an object holds.
    Go {
        /// The way.
        way: Way,
        /// The object.
        id: &'a str,
    },
    /// The grant of an app role.
    Give {
        /// The application's service principal.
        resource: &'a str,
        /// The role.
        role: &'a str,
    },
}

/// Whether a change of a column, from one value to another, is of a way.
type Reading = fn(&Value, &Value) -> bool;

/// The columns that credentials and sign-in depend on: kind, column, which changes count, and the way.
const COLUMNS: &[(&str, usize, Reading, Way)] = &[
    ("user", User::PASSWORD_HASH, any, Way::SetPassword),
    ("user", User::FORCE_CHANGE_PASSWORD, any, Way::SetPassword),
    ("user", User::UPN_KEY, any, Way::Rename),
    ("user", User::MOBILE_PHONE, any, Way::SetContact),
    ("user", User::BUSINESS_PHONES, any, Way::SetContact),
    ("user", User::OTHER_MAILS, any, Way::SetContact),
    ("user", User::ON_PREMISES_IMMUTABLE_ID, any, Way::SetContact),
    ("user", User::IDENTITIES, any, Way::SetContact),
    ("user", User::ACCOUNT_ENABLED, on, Way::Enable),
    ("user", User::ACCOUNT_ENABLED, off, Way::Disable),
    ("user", User::SIGN_IN_SESSIONS_VALID_FROM_DATE_TIME, any, Way::EndSessions),
    ("user", User::DELETED_AT, gone, Way::Delete),
    ("user", User::DELETED_AT, back, Way::Restore),
    ("group", Group::DELETED_AT, back, Way::Restore),
    ("group", Group::IS_ASSIGNABLE_TO_ROLE, on, Way::MakeRoleAssignable),
    ("group", Group::MEMBERSHIP_RULE, any, Way::ChangeRule),
    ("group", Group::GROUP_TYPES, any, Way::ChangeRule),
    ("application", Application::DELETED_AT, back, Way::Restore),
    ("application", Application::SECRET_HASHES, more, Way::AddSecret),
    ("application", Application::KEY_CREDENTIALS, more, Way::AddCertificate),
    ("application", Application::WEB, leads_elsewhere, Way::ChangeSignIn),
    ("application", Application::SPA, leads_elsewhere, Way::ChangeSignIn),
    ("application", Application::PUBLIC_CLIENT, leads_elsewhere, Way::ChangeSignIn),
    ("application", Application::IDENTIFIER_URIS, more, Way::ChangeSignIn),
    ("application", Application::IS_FALLBACK_PUBLIC_CLIENT, on, Way::ChangeSignIn),
    ("servicePrincipal", ServicePrincipal::DELETED_AT, back, Way::Restore),
    ("servicePrincipal", ServicePrincipal::ACCOUNT_ENABLED, on, Way::Enable),
    ("servicePrincipal", ServicePrincipal::SECRET_HASHES, more, Way::AddSecret),
    ("servicePrincipal", ServicePrincipal::KEY_CREDENTIALS, more, Way::AddCertificate),
    ("servicePrincipal", ServicePrincipal::REPLY_URLS, more, Way::ChangeSignIn),
];

fn any(_: &Value, _: &Value) -> bool {
    true
}

fn on(_: &Value, after: &Value) -> bool {
    *after == Value::Bool(true)
}

fn off(_: &Value, after: &Value) -> bool {
    *after == Value::Bool(false)
}

fn gone(_: &Value, after: &Value) -> bool {
    *after != Value::Null
}

fn back(_: &Value, after: &Value) -> bool {
    *after == Value::Null
}

/// The list has a new item. Removing one gains nothing.
fn more(before: &Value, after: &Value) -> bool {
    let before = json(before);
    let known = before.as_array().map_or(&[][..], Vec::as_slice);
    json(after).as_array().into_iter().flatten().any(|item| !known.contains(item))
}

/// There is a new redirect URI.
fn leads_elsewhere(before: &Value, after: &Value) -> bool {
    let uris = |value: &Value| Value::Text(json(value).get("redirectUris").cloned().unwrap_or_default().to_string());
    more(&uris(before), &uris(after))
}

fn json(value: &Value) -> Json {
    match value {
        Value::Text(text) => serde_json::from_str(text).unwrap_or_default(),
        _ => Json::Null,
    }
}

/// The attempts in a change, in its order. Links from an object that the change itself creates are left out: it holds nothing
/// yet.
pub fn attempts(changes: &Changeset) -> Vec<Attempt<'_>> {
    let created: Vec<&str> = changes.writes.iter().filter_map(created).collect();
    let mut found = Vec::new();
    for write in &changes.writes {
        match write {
            RowWrite::Insert { entity, values, .. } => found.extend(inserted(entity, values)),
            RowWrite::Update { entity, id, changes, before, .. } if is_object(entity) => {
                let went = changes.iter().flat_map(|(column, after)| {
                    let before = before.get(*column).unwrap_or(&Value::Null);
                    ways(entity, *column, before, after)
                });
                found.extend(went.map(|way| Attempt::Go { way, id }));
            }
            RowWrite::Delete { entity, id, .. } if is_object(entity) => {
                found.push(Attempt::Go { way: Way::Purge, id });
            }
            RowWrite::Link { table, source, .. } if !created.contains(&source.as_str()) => {
                let way = match table.table {
                    "group_member" => Way::AddMember,
                    "object_owner" => Way::AddOwner,
                    _ => continue,
                };
                found.push(Attempt::Go { way, id: source });
            }
            _ => {}
        }
    }
    found.dedup();
    found
}

/// Whether a change is about the application that this API is, which cannot be changed.
pub fn changes_built_in(changes: &Changeset) -> bool {
    changes.writes.iter().any(|write| match write {
        RowWrite::Update { entity, before, .. } | RowWrite::Delete { entity, before, .. } => {
            let column = match entity.kind {
                Some("servicePrincipal") => ServicePrincipal::APP_ID,
                Some("application") => Application::APP_ID,
                _ => return false,
            };
            before.get(column).and_then(text) == Some(GRAPH_APP_ID)
        }
        _ => false,
    })
}

fn is_object(entity: &'static EntityType) -> bool {
    entity.is_a(&DIRECTORY_OBJECT)
}

fn created(write: &RowWrite) -> Option<&str> {
    match write {
        RowWrite::Insert { entity, values, .. } if is_object(entity) => values.get(ID).and_then(text),
        _ => None,
    }
}

fn inserted<'a>(entity: &'static EntityType, values: &'a [Value]) -> Option<Attempt<'a>> {
    if entity == &APP_ROLE_ASSIGNMENT {
        let text = |column: usize| values.get(column).and_then(text);
        let (resource, role) = (text(AppRoleAssignment::RESOURCE_ID)?, text(AppRoleAssignment::APP_ROLE_ID)?);
        return Some(Attempt::Give { resource, role });
    }
    let for_roles = entity == &GROUP && values.get(Group::IS_ASSIGNABLE_TO_ROLE) == Some(&Value::Bool(true));
    let id = values.get(ID).and_then(text)?;
    for_roles.then_some(Attempt::Go { way: Way::MakeRoleAssignable, id })
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn ways(entity: &'static EntityType, column: usize, before: &Value, after: &Value) -> impl Iterator<Item = Way> {
    let kind = entity.kind.unwrap_or_default();
    let of_column = COLUMNS.iter().filter(move |(of, at, ..)| *of == kind && *at == column);
    of_column.filter(|(_, _, reads, _)| reads(before, after)).map(|(.., way)| *way).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::{RowVersion, Stored};

    fn went(change: impl FnOnce(&mut Application)) -> Vec<Way> {
        let before = Application {
            id: "a".into(),
            web: Some(r#"{"redirectUris":["https://a.example"],"logoutUrl":null}"#.into()),
            secret_hashes: r#"[{"keyId":"1","hash":"h"}]"#.into(),
            ..Application::default()
        };
        let mut after = before.clone();
        change(&mut after);
        let changes =
            Changeset::default().update(Stored { record: before, version: RowVersion(1) }, after, RowVersion(2));
        let way = |attempt: Attempt<'_>| match attempt {
            Attempt::Go { way, id: "a" } => way,
            other => panic!("{other:?}"),
        };
        attempts(&changes).into_iter().map(way).collect()
    }

    #[test]
    fn what_takes_something_away_gains_nothing() {
        assert_eq!(went(|app| app.secret_hashes = "[]".into()), []);
        assert_eq!(went(|app| app.web = None), []);
        assert_eq!(went(|app| app.web = Some(r#"{"redirectUris":["https://a.example"],"logoutUrl":"x"}"#.into())), []);
        assert_eq!(went(|app| app.display_name = "x".into()), []);
        let both = r#"[{"keyId":"1","hash":"h"},{"keyId":"2","hash":"i"}]"#;
        assert_eq!(went(|app| app.secret_hashes = both.into()), [Way::AddSecret]);
        let other = r#"{"redirectUris":["https://b.example"]}"#;
        assert_eq!(went(|app| app.web = Some(other.into())), [Way::ChangeSignIn]);
        assert_eq!(went(|app| app.spa = Some(other.into())), [Way::ChangeSignIn]);
        assert_eq!(went(|app| app.is_fallback_public_client = Some(true)), [Way::ChangeSignIn]);
    }

    #[test]
    fn links_from_what_is_created_go_no_way() {
        let link = |source: &str| RowWrite::Link {
            table: crate::model::meta::LinkTable {
                table: "group_member",
                source: "group_id",
                target: "member_id",
                hidden: None,
            },
            source: source.into(),
            target: "m".into(),
        };
        let group = Group { id: "new".into(), ..Group::default() };
        let mut changes = Changeset::default().insert(group, RowVersion(1));
        changes.writes.extend([link("new"), link("old")]);
        assert_eq!(attempts(&changes), [Attempt::Go { way: Way::AddMember, id: "old" }]);
    }
}
