//! Use cases of the directory. What all kinds of objects have in common is here; what one kind needs beside it, in its file.

mod applications;
mod export;
pub mod graph;
mod groups;
pub mod import;
mod links;
mod membership;
mod objects;
mod provisioning;
mod role_assignments;
mod users;

use serde_json::Value as Json;

pub use self::{applications::NewSecret, membership::MAX_GROUPS, provisioning::Members, users::set_password};
use super::{App, Caller, Error, Expected, Named, refused};
use crate::{
    authz::Action,
    domain::{Decision, Occasion, Refusal, directory as rules, directory::Object},
    ids,
    model::{
        DIRECTORY_OBJECT, DOMAIN, DirectoryObject,
        bind::{Bind, Violation, leads_to},
        changeset::{Changeset, RowWrite},
        meta::{EntityType, Link, LinkTable, Navigation, Version},
        record::{Input, Record, Stored},
        scope::Sight,
        value::Timestamp,
    },
    odata::{
        options,
        query::{Expr, Rows},
    },
    store::{self, Life, TenantKey},
};

/// What changing an object of this kind takes.
pub(crate) fn to_manage(kind: Option<&str>) -> Action {
    match kind {
        Some("user") => Action::ManageUsers,
        Some("group") => Action::ManageGroups,
        _ => Action::ManageApplications,
    }
}

/// What linking by a navigation property takes, whatever it leads from.
pub(crate) fn to_link(source: &EntityType, navigation: &Navigation) -> Action {
    match (source.kind, navigation.name) {
        (Some("group"), "members") => Action::ManageMembers,
        (kind, _) => to_manage(kind),
    }
}

impl App {
    /// Makes an object and links it.
    async fn object_create<R: Object>(
        &self,
        caller: Caller<'_>,
        record: R,
        links: Vec<Bind>,
        on: &Occasion,
    ) -> Result<Stored<R>, Error> {
        let (made, mut changes) = rules::insert(record, on)?;
        self.add_links(caller, made.record.id(), links, &mut changes).await?;
        self.commit_once(caller, changes).await.map_err(refused::<R>)?;
        Ok(made)
    }

    /// Changes an object as a body says, and as `refine` does after it.
    async fn object_update<I>(
        &self,
        caller: Caller<'_>,
        (named, expected): (Named<'_>, &Expected),
        (input, links): (I, Vec<Bind>),
        refine: impl Fn(&mut I::Record, &Occasion) + Send + Sync,
    ) -> Result<Stored<I::Record>, Error>
    where
        I: Input + Clone + Send + Sync,
        I::Record: Object + Send + Sync,
    {
        let allowed = caller.allow(to_manage(I::Record::ENTITY.kind))?;
        let linked = if links.is_empty() {
            Changeset::default()
        } else {
            let source: Stored<I::Record> = self.load(caller, &allowed, named).await?;
            let mut linked = Changeset::default();
            self.add_links(caller, source.record.id(), links, &mut linked).await?;
            linked
        };
        let decide = |before: Stored<I::Record>| -> Result<Decision<I::Record>, Refusal> {
            let on = self.occasion(caller);
            let mut after = before.record.clone();
            input.clone().apply_to(&mut after);
            refine(&mut after, &on);
            let (after, mut changes) = rules::replace(before, after, &on)?;
            changes.writes.extend(linked.writes.clone());
            Ok((after, changes))
        };
        self.decide(caller, &allowed, named, expected, decide).await
    }

    /// Deletes an object, so that it can be restored.
    async fn object_delete<R: Object + Send + Sync>(
        &self,
        caller: Caller<'_>,
        named: Named<'_>,
        expected: &Expected,
    ) -> Result<(), Error> {
        let allowed = caller.allow(to_manage(R::ENTITY.kind))?;
        let decide = |before: Stored<R>| Ok(((), rules::delete(before, &self.occasion(caller))));
        self.decide(caller, &allowed, named, expected, decide).await
    }

    /// Adds to a changeset the links that a body names, if their targets are there.
    async fn add_links(
        &self,
        caller: Caller<'_>,
        source: &str,
        links: Vec<Bind>,
        changes: &mut Changeset,
    ) -> Result<(), Error> {
        for Bind { navigation, id } in links {
            let Link::Table(table) = navigation.link else { continue };
            // Who names several things is told which of them is not there.
            let target = self.link_target(caller, navigation, &id).await.map_err(|error| match error {
                Error::NoSuchTarget { id, .. } => nobody(&format!("{}@odata.bind", navigation.name), &id),
                other => other,
            })?;
            changes.writes.extend(link_writes(table, source, &target));
        }
        Ok(())
    }

    /// The object that a link is to lead to.
    async fn link_target(
        &self,
        caller: Caller<'_>,
        navigation: &'static Navigation,
        id: &str,
    ) -> Result<DirectoryObject, Error> {
        let missing = || Error::NoSuchTarget { entity: &DIRECTORY_OBJECT, id: id.to_owned(), column: None };
        let key = DIRECTORY_OBJECT.key();
        let found = store::load::<DirectoryObject>(self.store(), caller.tenant, key, id).await?.ok_or_else(missing)?;
        let face = DIRECTORY_OBJECT.face(Version::V1).of_kind(&found.record.kind).ok_or_else(missing)?;
        if !leads_to(navigation, face) {
            let message = format!("A {} cannot be among the {}.", face.name, navigation.name);
            return Err(Refusal::Invalid(vec![Violation::new(navigation.name, message)]).into());
        }
        Ok(found.record)
    }

    /// The ids of some rows, as a filter picks them, `most` at the most.
    async fn ids(
        &self,
        tenant: TenantKey,
        rows: Rows,
        filter: Option<Expr>,
        most: usize,
    ) -> Result<Option<Vec<String>>, Error> {
        self.ids_in_sight(tenant, (rows, &Sight::default()), filter, most).await
    }

    /// The same, of those rows that a caller may see.
    async fn ids_in_sight(
        &self,
        tenant: TenantKey,
        (rows, sight): (Rows, &Sight),
        filter: Option<Expr>,
        most: usize,
    ) -> Result<Option<Vec<String>>, Error> {
        let Ok(mut query) = options::parse_query("$select=id", rows, None, Timestamp(0)) else {
            return Ok(None);
        };
        (query.filter, query.limit, query.sight) = (filter, most, sight.clone());
        let Some(page) = self.store().read(tenant, query).await? else { return Ok(None) };
        let rows: Vec<Json> = serde_json::from_slice(&[b"[", page.rows.as_slice(), b"]"].concat()).unwrap_or_default();
        Ok(Some(rows.iter().filter_map(|row| row["id"].as_str().map(str::to_owned)).collect()))
    }

    /// The domain of new objects of a tenant.
    pub async fn default_domain(&self, tenant: TenantKey) -> Result<String, Error> {
        let rows = Rows::All(DOMAIN.face(Version::V1));
        let domains = self.ids(tenant, rows, None, 1).await?.unwrap_or_default();
        Ok(domains.into_iter().next().unwrap_or_else(|| "localhost".to_owned()))
    }

    /// The object with this id, whatever it is.
    async fn object(&self, caller: Caller<'_>, id: &str, life: Life) -> Result<Stored<DirectoryObject>, Error> {
        let found = store::load_in(self.store(), caller.tenant, DIRECTORY_OBJECT.key(), id, life).await?;
        found.ok_or_else(|| Error::NotFound { entity: &DIRECTORY_OBJECT, id: id.to_owned() })
    }
}

/// The refusal of a body that names an object that is not there.
fn nobody(member: &str, id: &str) -> Error {
    let message = format!("'{member}' names an object that is not there: there is none with the id '{id}'.");
    Refusal::Invalid(vec![Violation::new(member, message)]).into()
}

/// A link to a target. Groups in groups are noted in a table of their own beside it.
fn link_writes(table: LinkTable, source: &str, target: &DirectoryObject) -> Vec<RowWrite> {
    let link = |table: LinkTable| RowWrite::Link { table, source: source.to_owned(), target: target.id.clone() };
    let mut writes = vec![link(table)];
    if table.table == "group_member" && target.kind == "group" {
        writes.push(link(LinkTable { table: "group_nesting", ..table }));
    }
    writes
}

/// An id for a new object, and the occasion.
fn new_id() -> String {
    ids::new_id()
}
