//! Links between objects: members, owners, sponsors.

use super::{App, Caller, Error, Named, groups::by_rule, link_writes, refused, to_link};
use crate::{
    app::Uncommitted,
    domain::Refusal,
    ids,
    model::{
        DIRECTORY_OBJECT, DirectoryObject, GROUP, Group,
        bind::Violation,
        changeset::{Changeset, RowWrite},
        meta::{EntityType, Face, ID, Link, LinkTable, Navigation, Version},
        record::{Record, Stored},
        value::Value,
    },
    odata::query::Rows,
    store::{self, CommitError, Constraint, Life, Steps},
};

impl App {
    /// Links an object to another by a navigation property.
    pub async fn link_add(
        &self,
        caller: Caller<'_>,
        (face, named): (&'static Face, Named<'_>),
        navigation: &'static Navigation,
        target: &str,
    ) -> Result<(), Error> {
        caller.allow(to_link(face.entity, navigation))?.everywhere()?;
        let Link::Table(table) = navigation.link else { return Err(Error::NoSuchPath) };
        let source = self.link_source(caller, face.entity, named).await?;
        let found = self.link_target(caller, navigation, target).await?;
        if navigation.name == "members" && face.entity == &GROUP {
            self.check_member(caller, &source, &found.id, &found.kind).await?;
        }
        if self.store().exists(caller.tenant, linked(face, navigation, &source, target)).await? {
            let message = format!("'{target}' is among the {} already.", navigation.name);
            return Err(Refusal::Invalid(vec![Violation::new("@odata.id", message)]).into());
        }
        let mut writes = link_writes(table, &source, &found);
        writes.extend(touch(face, navigation, &source));
        let changes = Changeset { writes, ..Changeset::default() };
        self.commit_once(caller, changes).await.map_err(|error| match error {
            Uncommitted::Store(CommitError::Constraint(Constraint::MissingReference)) => {
                Error::NoSuchTarget { entity: &DIRECTORY_OBJECT, id: target.to_owned(), column: None }
            }
            other => refused::<DirectoryObject>(other),
        })
    }

    /// Takes a link away.
    pub async fn link_remove(
        &self,
        caller: Caller<'_>,
        (face, named): (&'static Face, Named<'_>),
        navigation: &'static Navigation,
        target: &str,
    ) -> Result<(), Error> {
        caller.allow(to_link(face.entity, navigation))?.everywhere()?;
        let Link::Table(table) = navigation.link else { return Err(Error::NoSuchPath) };
        let source = self.link_source(caller, face.entity, named).await?;
        if !self.store().exists(caller.tenant, linked(face, navigation, &source, target)).await? {
            return Err(Error::NoSuchTarget { entity: &DIRECTORY_OBJECT, id: target.to_owned(), column: None });
        }
        if navigation.name == "members" && face.entity == &GROUP && self.group(caller, &source).await?.is_dynamic() {
            return Err(by_rule());
        }
        if navigation.name == "owners" && face.entity == &GROUP {
            self.check_last_owner(caller, (face, navigation), &source).await?;
        }
        let unlink = |table| RowWrite::Unlink { table, source: source.clone(), target: target.to_owned() };
        let mut writes = vec![unlink(table)];
        if table.table == "group_member" {
            writes.push(unlink(LinkTable { table: "group_nesting", ..table }));
        }
        // What hangs on a link goes before it.
        writes.reverse();
        writes.extend(touch(face, navigation, &source));
        let changes = Changeset { writes, ..Changeset::default() };
        self.commit_once(caller, changes).await.map_err(refused::<DirectoryObject>)
    }

    /// The id of the object that links lead from.
    pub(super) async fn link_source(
        &self,
        caller: Caller<'_>,
        entity: &'static EntityType,
        named: Named<'_>,
    ) -> Result<String, Error> {
        let value = named.value.to_owned();
        let found = self.store().row(caller.tenant, entity, named.property.column, value.clone(), Life::Living).await?;
        match found.as_ref().and_then(|(values, _)| values.get(ID)) {
            Some(Value::Text(id)) => Ok(id.clone()),
            _ => Err(Error::NotFound { entity, id: value }),
        }
    }

    async fn group(&self, caller: Caller<'_>, id: &str) -> Result<Group, Error> {
        let found: Option<Stored<Group>> = store::load(self.store(), caller.tenant, GROUP.key(), id).await?;
        found.map(|found| found.record).ok_or_else(|| Error::NotFound { entity: Group::ENTITY, id: id.to_owned() })
    }

    /// Whether something can be in a group.
    async fn check_member(&self, caller: Caller<'_>, group: &str, member: &str, kind: &str) -> Result<(), Error> {
        let into = self.group(caller, group).await?;
        if into.is_dynamic() {
            return Err(by_rule());
        }
        if kind == "group" {
            return self.check_group_in(caller, &into, member).await;
        }
        if into.is_unified() && kind != "user" {
            return refuse_member(ONLY_PEOPLE);
        }
        Ok(())
    }

    /// Whether a group can be in a group.
    pub(super) async fn check_group_in(&self, caller: Caller<'_>, into: &Group, member: &str) -> Result<(), Error> {
        if into.is_unified() {
            return refuse_member(ONLY_PEOPLE);
        }
        if into.is_assignable_to_role == Some(true) {
            return refuse_member("No group can be in a group to which roles can be assigned.");
        }
        let around = GROUP.face(Version::V1).navigation("transitiveMemberOf").map(|navigation| navigation.link);
        let circle = match around {
            Some(Link::Closure(closure)) => {
                let member = vec![member.to_owned()];
                !self.store().reached(caller.tenant, closure, &into.id, member, Steps::USUAL).await?.is_empty()
            }
            _ => false,
        };
        if member == into.id || circle {
            return refuse_member("A group cannot be in itself, also not by way of others.");
        }
        Ok(())
    }

    /// That a group keeps an owner, if it has one.
    async fn check_last_owner(
        &self,
        caller: Caller<'_>,
        (face, owners): (&'static Face, &'static Navigation),
        group: &str,
    ) -> Result<(), Error> {
        let rows = related(face, owners, group);
        let left = self.ids(caller.tenant, rows, None, 2).await?.unwrap_or_default();
        if left.len() < 2 {
            let message = "The group must keep an owner: add another one first.";
            return Err(Refusal::Invalid(vec![Violation::new("owners", message)]).into());
        }
        Ok(())
    }
}

const ONLY_PEOPLE: &str = "Only people can be in a group of type Unified.";

fn refuse_member(message: &str) -> Result<(), Error> {
    Err(Refusal::Invalid(vec![Violation::new("@odata.id", message)]).into())
}

/// Another version for a group whose members change, so that tags tell of it.
fn touch(face: &Face, navigation: &Navigation, source: &str) -> Option<RowWrite> {
    let members = navigation.name == "members" && face.entity == &GROUP;
    members.then(|| RowWrite::Touch { entity: &GROUP, id: source.to_owned(), version: ids::new_row_version() })
}

/// What a navigation property of an object leads to.
pub(super) fn related(face: &'static Face, navigation: &'static Navigation, id: &str) -> Rows {
    let source = Rows::Keyed { of: Box::new(Rows::All(face)), property: face.entity.key(), value: id.to_owned() };
    Rows::Related { of: Box::new(source), navigation, face: navigation.target.face(face.version) }
}

/// One of them.
pub(super) fn linked(face: &'static Face, navigation: &'static Navigation, source: &str, target: &str) -> Rows {
    let of = Box::new(related(face, navigation, source));
    Rows::Keyed { of, property: navigation.target.key(), value: target.to_owned() }
}
