//! What a provisioning client does with people and groups: the same rules as for everybody else, but whole objects are put
//! in the place of others, and the members of a group come and go by the thousand.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::{
    App, Caller, Error, Expected, Named, groups::by_rule, link_writes, links::related, new_id, nobody, refused, rules,
};
use crate::{
    app::{ATTEMPTS, Uncommitted},
    authz::Action,
    domain::{Occasion, Refusal, directory::group},
    model::{
        DIRECTORY_OBJECT, DirectoryObject, GROUP, Group, GroupInput, USER, User,
        bind::Violation,
        changeset::RowWrite,
        meta::{Link, LinkTable, Version},
        record::{Record, Stored},
        value::{Timestamp, Value},
    },
    odata::{
        options,
        query::{Expr, PropertyPath, Query, Rows},
    },
    store::{CommitError, Constraint, TenantKey},
};

/// How many ids are looked up by one statement.
const CHUNK: usize = 256;
/// More members than any group has.
const ALL: usize = 10_000_000;

/// What becomes of the members of a group: the people and groups in it. What else is in it stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// Who comes, if they are not there.
    pub add: Vec<String>,
    /// Who goes, if they are there.
    pub remove: Vec<String>,
    /// Who is there afterwards, and nobody else.
    pub replace: Option<Vec<String>>,
}

impl App {
    /// The whole records of a query's page.
    pub async fn records<R: Record>(&self, caller: Caller<'_>, mut query: Query) -> Result<Vec<Stored<R>>, Error> {
        query.sight = super::super::sight(caller, &query.rows)?;
        let unreadable = || crate::store::Error::Corrupt(format!("{} is not readable", R::ENTITY.name));
        let found = self.store().records(caller.tenant, query).await?;
        let read = |(values, version)| Ok(Stored { record: R::from_values(values).ok_or_else(unreadable)?, version });
        found.into_iter().map(read).collect()
    }

    /// The person with this id, as whoever may change people sees it.
    pub async fn user_with_id(&self, caller: Caller<'_>, id: &str) -> Result<User, Error> {
        let allowed = caller.allow(Action::ManageUsers)?;
        let named = Named { property: USER.key(), value: id };
        Ok(self.load::<User>(caller, &allowed, named).await?.record)
    }

    /// Puts another state of a person in its place.
    pub async fn user_rewrite<E: From<Error>>(
        &self,
        caller: Caller<'_>,
        (named, expected): (Named<'_>, &Expected),
        rewrite: impl Fn(&User, &Occasion) -> Result<User, E> + Send + Sync,
    ) -> Result<Stored<User>, E> {
        let allowed = caller.allow(Action::ManageUsers).map_err(Error::from)?;
        for _ in 0..ATTEMPTS {
            let before: Stored<User> = self.load(caller, &allowed, named).await?;
            expected.check(before.version)?;
            let on = self.occasion(caller);
            let after = rewrite(&before.record, &on)?;
            if let Some(manager) = &after.manager_id
                && after.manager_id != before.record.manager_id
            {
                self.check_manager_of(caller, &after, manager).await?;
            }
            let (after, changes) = rules::replace(before, after, &on).map_err(Error::from)?;
            if self.commit(caller, changes).await.map_err(refused::<User>)? {
                return Ok(after);
            }
        }
        Err(Error::Contended.into())
    }

    /// Makes a group with these members.
    pub async fn group_provision(
        &self,
        caller: Caller<'_>,
        input: GroupInput,
        members: Vec<String>,
    ) -> Result<Stored<Group>, Error> {
        caller.allow(Action::ManageGroups)?.everywhere()?;
        let on = self.occasion(caller);
        let domain = self.default_domain(caller.tenant).await?;
        let (made, mut changes) = rules::insert(group::make(new_id(), input, &domain, &on), &on)?;
        let members = Members { add: members, ..Members::default() };
        changes.writes.extend(self.member_writes(caller, &made.record, &members).await?);
        self.commit_once(caller, changes).await.map_err(unlinked)?;
        Ok(made)
    }

    /// Puts another state of a group in its place, and changes its members. Its version tells of both.
    pub async fn group_rewrite<E: From<Error>>(
        &self,
        caller: Caller<'_>,
        (named, expected): (Named<'_>, &Expected),
        members: &Members,
        rewrite: impl Fn(&Group, &Occasion) -> Result<Group, E> + Send + Sync,
    ) -> Result<Stored<Group>, E> {
        let allowed = caller.allow(Action::ManageGroups).map_err(Error::from)?;
        for _ in 0..ATTEMPTS {
            let before: Stored<Group> = self.load(caller, &allowed, named).await?;
            expected.check(before.version)?;
            let on = self.occasion(caller);
            let after = rewrite(&before.record, &on)?;
            let links = self.member_writes(caller, &before.record, members).await?;
            let seen = before.clone();
            let (mut after, mut changes) = rules::replace(before, after, &on).map_err(Error::from)?;
            if changes.writes.is_empty() && !links.is_empty() {
                after.version = on.version;
                let id = seen.record.id.clone();
                changes.writes.push(RowWrite::Touch { entity: &GROUP, id, version: on.version });
                // A whole list is worked out from what was there.
                if *expected != Expected::Any || members.replace.is_some() {
                    changes = changes.relying_on(&seen);
                }
            }
            changes.writes.extend(links);
            if self.commit(caller, changes).await.map_err(unlinked)? {
                return Ok(after);
            }
        }
        Err(Error::Contended.into())
    }

    /// That somebody can be the manager of a person.
    async fn check_manager_of(&self, caller: Caller<'_>, user: &User, manager: &str) -> Result<(), Error> {
        if manager == user.id {
            let message = "Nobody is their own manager.";
            return Err(Refusal::Invalid(vec![Violation::new("manager", message)]).into());
        }
        self.check_manager(caller, manager).await?.ok_or_else(|| nobody("manager", manager))
    }

    /// What is to be written so that the members are as wished, and nothing where they are so already.
    async fn member_writes(&self, caller: Caller<'_>, group: &Group, wish: &Members) -> Result<Vec<RowWrite>, Error> {
        let face = GROUP.face(Version::V1);
        let Some(navigation) = face.navigation("members") else { return Err(Error::NoSuchPath) };
        let Link::Table(table) = navigation.link else { return Err(Error::NoSuchPath) };
        let rows = related(face, navigation, &group.id);
        let there = match &wish.replace {
            Some(_) => self.kinds(caller.tenant, &rows, None).await?,
            None => self.kinds(caller.tenant, &rows, Some(&[wish.add.as_slice(), &wish.remove].concat())).await?,
        };
        let wanted = wish.replace.as_ref().unwrap_or(&wish.add);
        let mut coming: Vec<String> = wanted.iter().filter(|id| !there.contains_key(*id)).cloned().collect();
        let mut known = HashSet::with_capacity(coming.len());
        coming.retain(|id| known.insert(id.clone()));
        let named: HashSet<&String> = wish.replace.as_ref().unwrap_or(&wish.remove).iter().collect();
        // Who is not named goes where the list is whole, who is named where it is not.
        let going = |id: &String| named.contains(id) != wish.replace.is_some();
        let mut going: Vec<_> = there.iter().filter(|(id, kind)| is_told(kind) && going(id)).collect();
        if coming.is_empty() && going.is_empty() {
            return Ok(Vec::new());
        }
        if group.is_dynamic() {
            return Err(by_rule());
        }
        going.sort_unstable();
        let mut writes = Vec::with_capacity(coming.len() + going.len());
        for (id, kind) in going {
            let unlink = |table| RowWrite::Unlink { table, source: group.id.clone(), target: id.clone() };
            if kind == "group" {
                // What hangs on a link goes before it.
                writes.push(unlink(LinkTable { table: "group_nesting", ..table }));
            }
            writes.push(unlink(table));
        }
        let kinds = self.kinds(caller.tenant, &Rows::All(DIRECTORY_OBJECT.face(Version::V1)), Some(&coming)).await?;
        for id in coming {
            let missing = || Error::NoSuchTarget { entity: &DIRECTORY_OBJECT, id: id.clone(), column: None };
            let kind = kinds.get(&id).filter(|kind| is_told(kind)).ok_or_else(missing)?;
            if kind == "group" {
                self.check_group_in(caller, group, &id).await?;
            }
            let target = DirectoryObject { id, kind: kind.clone(), ..DirectoryObject::default() };
            writes.extend(link_writes(table, &group.id, &target));
        }
        Ok(writes)
    }

    /// The kinds of some rows by their ids: of those with these ids, or of all.
    async fn kinds(
        &self,
        tenant: TenantKey,
        rows: &Rows,
        among: Option<&[String]>,
    ) -> Result<HashMap<String, String>, Error> {
        let mut found = HashMap::new();
        let Some(among) = among else {
            self.kinds_of(tenant, rows, None, ALL, &mut found).await?;
            return Ok(found);
        };
        let key = PropertyPath { scope: 0, navigations: Vec::new(), cast: None, property: DIRECTORY_OBJECT.key() };
        for ids in among.chunks(CHUNK) {
            // The text of a statement depends on how many there are: so there are few numbers.
            let mut ids: Vec<Value> = ids.iter().cloned().map(Value::Text).collect();
            let last = ids.last().cloned().unwrap_or(Value::Null);
            ids.resize(ids.len().next_power_of_two(), last);
            let filter = Expr::In(Box::new(Expr::Property(key.clone())), ids);
            self.kinds_of(tenant, rows, Some(filter), CHUNK, &mut found).await?;
        }
        Ok(found)
    }

    async fn kinds_of(
        &self,
        tenant: TenantKey,
        rows: &Rows,
        filter: Option<Expr>,
        most: usize,
        found: &mut HashMap<String, String>,
    ) -> Result<(), Error> {
        let query = options::parse_query("$select=id", rows.clone(), None, Timestamp(0));
        let Ok(mut query) = query else { return Err(Error::NoSuchPath) };
        (query.filter, query.limit) = (filter, most);
        let Some(page) = self.store().read(tenant, query).await? else { return Ok(()) };
        let rows: Vec<Json> = serde_json::from_slice(&[b"[", page.rows.as_slice(), b"]"].concat()).unwrap_or_default();
        let text = |row: &Json, name: &str| row.get(name).and_then(Json::as_str).map(str::to_owned);
        found.extend(rows.iter().filter_map(|row| {
            let ty = text(row, "@odata.type")?;
            Some((text(row, "id")?, ty.rsplit('.').next().unwrap_or_default().to_owned()))
        }));
        Ok(())
    }
}

/// Whether provisioning clients are told of members of this kind.
fn is_told(kind: &str) -> bool {
    matches!(kind, "user" | "group")
}

/// What a failed commit of a group with links means: what they were to lead to has just gone.
fn unlinked(error: Uncommitted) -> Error {
    match error {
        Uncommitted::Store(CommitError::Constraint(Constraint::MissingReference)) => Error::Contended,
        other => refused::<Group>(other),
    }
}
