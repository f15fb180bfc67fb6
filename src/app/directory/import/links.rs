//! Linking what was imported, when all of it is there.

use std::collections::HashSet;

use super::{
    Batch, Error, Import, Item, Kind, Problem, Reference,
    found::{BUILT_IN, Found, Identity},
    targets::{self, Traits},
};
use crate::{
    app::refused,
    domain::directory as rules,
    model::{
        DIRECTORY_OBJECT, DirectoryObject, GROUP, User,
        changeset::Changeset,
        meta::{Link, LinkTable, Navigation, Version},
    },
};

/// So many links are one change, since its record names so many.
const LINKS_IN_A_CHANGE: usize = 50;
/// So many writes are one transaction.
const WRITES_AT_ONCE: usize = 4000;
/// Of so many targets it is asked at once whether they are linked.
const TARGETS_AT_ONCE: usize = 1000;

impl Import<'_> {
    /// Whether documents are to be fed to be linked.
    pub fn needs_links(&self) -> bool {
        self.links || !self.later.is_empty()
    }

    /// Links what a batch of documents is about. False: there is no need to go on.
    pub async fn link(&mut self, batch: Batch) -> Result<bool, Error> {
        let mut items = self.take(batch);
        items.retain(|item| !item.links.is_empty() || self.later.contains(&item.line));
        if items.is_empty() {
            return Ok(true);
        }
        let found = self.look_up(&items.iter().collect::<Vec<_>>(), |_| false, |_, _| true).await?;
        let mut waiting = Changeset::default();
        for item in &items {
            let identity = match found.identify(item) {
                Ok(identity) if identity.known => identity,
                Ok(_) => {
                    self.fail(vec![item.problem("id", "There is no such object any more.")]);
                    continue;
                }
                Err(problem) => {
                    self.fail(vec![problem]);
                    continue;
                }
            };
            let failed = self.bad.len();
            let changed = self.link_item(item, &identity, &found, &mut waiting).await?;
            let known = self.bad.len() > failed;
            if changed && !known {
                self.relabel(item);
            }
            if !self.going_on() {
                break;
            }
        }
        self.commit(waiting).await?;
        Ok(self.going_on())
    }

    /// Links one object; gives whether that changes anything.
    async fn link_item(
        &mut self,
        item: &Item,
        identity: &Identity,
        found: &Found,
        waiting: &mut Changeset,
    ) -> Result<bool, Error> {
        let group = (item.kind == Kind::Group).then(|| Traits::stored(found, &identity.id)).flatten();
        let (targets, problems) = resolve(item, found, group);
        if !problems.is_empty() {
            self.fail(problems);
            return Ok(false);
        }
        if found.is_built_in(item, &identity.id) && !targets.is_empty() {
            self.fail(vec![item.problem("owners", BUILT_IN)]);
            return Ok(false);
        }
        let mut changed = false;
        if item.manager.is_some() && self.later.contains(&item.line) {
            changed |= self.write_manager(item, identity, found, waiting)?;
        }
        for navigation in item.kind.face().navigations {
            let Link::Table(table) = navigation.link else { continue };
            let wanted: Vec<(String, Kind)> =
                targets.iter().filter(|(n, ..)| *n == navigation).map(|(_, id, kind)| (id.clone(), *kind)).collect();
            let new = self.not_linked(table, &identity.id, wanted).await?;
            changed |= !new.is_empty();
            self.outcome.links += u64::try_from(new.len()).unwrap_or_default();
            let (groups, others): (Vec<_>, Vec<_>) =
                new.into_iter().partition(|(_, kind)| *kind == Kind::Group && navigation.name == "members");
            for some in others.chunks(LINKS_IN_A_CHANGE) {
                let link =
                    |(id, kind): &(String, Kind)| super::super::link_writes(table, &identity.id, &object(id, *kind));
                let writes = some.iter().flat_map(link).collect();
                self.wait(waiting, Changeset { writes, ..Changeset::default() }).await?;
            }
            for (id, kind) in groups {
                // One after the other, so that each sees whether those before it would close a circle.
                self.commit(std::mem::take(waiting)).await?;
                if self.is_circle(&identity.id, &id).await? {
                    let message = "A group cannot be in itself, also not by way of others.";
                    self.fail(vec![item.problem("members", message)]);
                    return Ok(changed);
                }
                let writes = super::super::link_writes(table, &identity.id, &object(&id, kind));
                self.wait(waiting, Changeset { writes, ..Changeset::default() }).await?;
            }
        }
        Ok(changed)
    }

    /// Gives somebody the manager who was not there sooner.
    fn write_manager(
        &mut self,
        item: &Item,
        identity: &Identity,
        found: &Found,
        waiting: &mut Changeset,
    ) -> Result<bool, Error> {
        let manager = item.manager.as_ref().and_then(|named| target(&named.target, found));
        let (Some((manager, Kind::User)), Some(before)) = (manager, found.record::<User>(&identity.id)) else {
            self.fail(vec![item.problem("manager", "There is no such person.")]);
            return Ok(false);
        };
        let mut after = before.record.clone();
        after.manager_id = Some(manager);
        let (_, changes) = rules::replace(before, after, &self.app.occasion(self.caller))?;
        if changes.writes.is_empty() {
            return Ok(false);
        }
        waiting.audit.extend(self.app.remember(self.caller, &changes));
        waiting.writes.extend(changes.writes);
        Ok(true)
    }

    async fn not_linked(
        &self,
        table: LinkTable,
        source: &str,
        mut wanted: Vec<(String, Kind)>,
    ) -> Result<Vec<(String, Kind)>, Error> {
        wanted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        wanted.dedup_by(|a, b| a.0 == b.0);
        let mut linked = HashSet::new();
        for some in wanted.chunks(TARGETS_AT_ONCE) {
            let ids = some.iter().map(|(id, _)| id.clone()).collect();
            linked.extend(self.app.store().linked(self.caller.tenant, table, source.to_owned(), ids).await?);
        }
        wanted.retain(|(id, _)| !linked.contains(id));
        Ok(wanted)
    }

    async fn is_circle(&self, group: &str, member: &str) -> Result<bool, Error> {
        let face = GROUP.face(Version::V1);
        let Some(inside) = face.navigation("transitiveMembers") else { return Ok(false) };
        let rows = super::super::links::linked(face, inside, member, group);
        Ok(member == group || self.app.store().exists(self.caller.tenant, rows).await?)
    }

    /// Puts a change with those that wait to be committed.
    async fn wait(&self, waiting: &mut Changeset, changes: Changeset) -> Result<(), Error> {
        waiting.audit.extend(self.app.remember(self.caller, &changes));
        waiting.writes.extend(changes.writes);
        if waiting.writes.len() >= WRITES_AT_ONCE {
            self.commit(std::mem::take(waiting)).await?;
        }
        Ok(())
    }

    async fn commit(&self, changes: Changeset) -> Result<(), Error> {
        if changes.writes.is_empty() {
            return Ok(());
        }
        self.app.store().commit(self.caller.tenant, changes).await.map_err(refused::<DirectoryObject>)
    }

    /// A document that was taken to change nothing has changed something. What holds nothing but links goes with the
    /// document that describes its object, if there is one.
    fn relabel(&mut self, item: &Item) {
        let own = item.id.as_ref().filter(|_| item.only_links).map(|id| self.seen.line_of(self.seen.mark(id)));
        if !self.touched.insert(own.flatten().unwrap_or(item.line)) {
            return;
        }
        let Some(counts) =
            Kind::ALL.iter().position(|k| *k == item.kind).and_then(|at| self.outcome.counts.get_mut(at))
        else {
            return;
        };
        // What was not described was not counted yet.
        if own != Some(None) {
            counts.unchanged = counts.unchanged.saturating_sub(1);
        }
        counts.changed += 1;
    }
}

/// A target, as far as links need to know it.
fn object(id: &str, kind: Kind) -> DirectoryObject {
    let kind = kind.entity().kind.unwrap_or_default().to_owned();
    DirectoryObject { id: id.to_owned(), kind, ..DirectoryObject::default() }
}

fn target(reference: &Reference, found: &Found) -> Option<(String, Kind)> {
    match reference {
        Reference::Id(id) => found.targets.get(id).map(|kind| (id.clone(), *kind)),
        Reference::Person(name) => found.people.get(name).map(|id| (id.clone(), Kind::User)),
    }
}

type Targets = Vec<(&'static Navigation, String, Kind)>;

/// What the links of a document lead to.
fn resolve(item: &Item, found: &Found, group: Option<Traits>) -> (Targets, Vec<Problem>) {
    let (mut targets, mut problems) = (Vec::new(), Vec::new());
    let mut told: HashSet<&str> = HashSet::new();
    for named in &item.links {
        let checked = match target(&named.target, found) {
            Some((id, kind)) => targets::check(named.navigation, group, kind).map(|()| (named.navigation, id, kind)),
            None => Err(format!("There is no {} '{}'.", DIRECTORY_OBJECT.name, named.target.text())),
        };
        match checked {
            Ok(target) => targets.push(target),
            // Of many that are wrong one is enough.
            Err(message) => {
                if told.insert(&named.member) {
                    problems.push(item.problem(&named.member, message));
                }
            }
        }
    }
    (targets, problems)
}
