//! Writing objects, a batch of them a transaction.

use std::collections::HashMap;

use tokio::task::JoinHandle;

use super::{Batch, Error, Import, Item, Kind, Pass, Problem, Reference, decide::Decided, found::name};
use crate::{
    app::ATTEMPTS,
    model::changeset::Changeset,
    store::{CommitError, Constraint},
};

/// Which objects are written. A service principal is made by what its application says, which has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// All but service principals.
    Objects,
    /// Service principals.
    Principals,
}

/// A batch that is being committed.
pub(super) struct Flight {
    commit: JoinHandle<Result<(), CommitError>>,
    /// What is committed, to be written anew if it cannot be.
    items: Vec<Item>,
    fates: Vec<Fate>,
    /// Who is among them, by name, where somebody is referred to so.
    names: HashMap<String, String>,
}

/// What comes of a document.
#[derive(Clone, Copy)]
struct Fate {
    created: bool,
    changed: bool,
    /// Whether the manager is to come.
    later: bool,
}

impl Flight {
    /// The id of who has this name.
    pub(super) fn named(&self, name: &str) -> Option<&String> {
        self.names.get(name)
    }
}

/// Whether what was found when documents were checked is taken to be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    InChecks,
    InNothing,
}

/// So many batches are under way: some of them are written together, while the next ones are decided.
const FLIGHTS: usize = 10;

impl Import<'_> {
    /// Whether documents are to be fed for this stage.
    pub fn needs(&self, stage: Stage) -> bool {
        stage == Stage::Objects || self.principals
    }

    /// Writes a batch of documents. False: there is no need to go on.
    pub async fn write(&mut self, batch: Batch, stage: Stage) -> Result<bool, Error> {
        let mut items = self.take(batch);
        items.retain(|item| !item.only_links && (item.kind == Kind::ServicePrincipal) == (stage == Stage::Principals));
        let (items, decided) = self.prepare(items, Trust::InChecks).await?;
        while self.flights.len() >= FLIGHTS {
            self.land().await?;
        }
        if !self.going_on() {
            return Ok(false);
        }
        self.take_off(items, decided);
        Ok(true)
    }

    /// Ends a stage. False: there is no need to go on.
    pub async fn written(&mut self) -> Result<bool, Error> {
        while !self.flights.is_empty() {
            self.land().await?;
        }
        Ok(self.going_on())
    }

    /// Looks up what documents need, and decides them.
    async fn prepare(
        &mut self,
        items: Vec<Item>,
        trust: Trust,
    ) -> Result<(Vec<Item>, Vec<Result<Decided, Vec<Problem>>>), Error> {
        let new = |item: &Item| trust == Trust::InChecks && self.new.contains(item.line);
        let managers = |item: &Item, reference: &Reference| {
            let known = self.bad.is_empty() && matches!(reference, Reference::Id(_));
            item.manager.is_some() && !(known && self.seen.kind_of(reference).is_some())
        };
        let needs: Vec<&Item> = items.iter().collect();
        let mut found = self.look_up(&needs, new, managers).await?;
        // Who refers to somebody of the same batch by name needs the id that is made here.
        let identities: Vec<_> = items.iter().map(|item| found.identify(item)).collect();
        if self.by_name {
            for (item, identity) in items.iter().zip(&identities) {
                if let (Some(upn), Kind::User, Ok(identity)) = (name(item, "userPrincipalName"), item.kind, identity) {
                    found.people.insert(upn, identity.id.clone());
                }
            }
        }
        let pairs: Vec<_> = items.into_iter().zip(identities).collect();
        let decided = super::in_parallel(pairs, |(item, identity)| {
            let decided = self.decide(&item, identity, &found, Pass::Write);
            (item, decided)
        });
        Ok(decided.into_iter().unzip())
    }

    /// Begins to commit a batch.
    fn take_off(&mut self, items: Vec<Item>, decided: Vec<Result<Decided, Vec<Problem>>>) {
        let mut names = HashMap::new();
        if self.by_name {
            for (item, decided) in items.iter().zip(&decided) {
                if let (Some(upn), Kind::User, Ok(decided)) = (name(item, "userPrincipalName"), item.kind, decided) {
                    names.insert(upn, decided.id.clone());
                }
            }
        }
        let (items, fates, changes) = self.together(items, decided);
        let (store, tenant) = (self.app.store.clone(), self.caller.tenant);
        let commit = tokio::spawn(async move {
            if changes.writes.is_empty() { Ok(()) } else { store.commit(tenant, changes).await }
        });
        self.flights.push_back(Flight { commit, items, fates, names });
    }

    /// What can be written of a batch; what cannot is noted.
    fn together(
        &mut self,
        items: Vec<Item>,
        decided: Vec<Result<Decided, Vec<Problem>>>,
    ) -> (Vec<Item>, Vec<Fate>, Changeset) {
        let (mut all, mut fates, mut written) = (Changeset::default(), Vec::with_capacity(items.len()), Vec::new());
        for (item, decided) in items.into_iter().zip(decided) {
            match decided {
                Ok(decided) => {
                    fates.push(fate(&decided));
                    all.writes.extend(decided.changes.writes);
                    all.audit.extend(decided.changes.audit);
                    written.push(item);
                }
                Err(problems) => self.fail(problems),
            }
        }
        (written, fates, all)
    }

    /// Waits until the first batch under way is committed.
    async fn land(&mut self) -> Result<(), Error> {
        let Some(Flight { commit, items, fates, .. }) = self.flights.pop_front() else { return Ok(()) };
        match commit.await.unwrap_or(Err(CommitError::Store(crate::store::Error::Closed))) {
            Ok(()) => {
                for (item, fate) in items.iter().zip(fates) {
                    self.settled(item, fate);
                }
                Ok(())
            }
            Err(CommitError::Store(error)) => Err(error.into()),
            // Somebody else has written meanwhile.
            Err(CommitError::Conflict | CommitError::Constraint(_)) => self.write_again(items).await,
        }
    }

    /// Writes a batch that could not be written: it may have been for another one's sake. If not, its halves are written, and
    /// theirs, until it turns out which single document cannot be.
    async fn write_again(&mut self, items: Vec<Item>) -> Result<(), Error> {
        // Whoever is made now has another id than the one by which batches that are under way know them.
        self.other_ids = true;
        let mut waiting = vec![items];
        while let Some(mut items) = waiting.pop() {
            if items.len() < 2 {
                if let Some(item) = items.pop() {
                    self.write_one(item).await?;
                }
                continue;
            }
            let (items, decided) = self.prepare(items, Trust::InNothing).await?;
            let (mut items, fates, changes) = self.together(items, decided);
            let nothing = changes.writes.is_empty();
            match if nothing { Ok(()) } else { self.app.store().commit(self.caller.tenant, changes).await } {
                Ok(()) => {
                    for (item, fate) in items.iter().zip(fates) {
                        self.settled(item, fate);
                    }
                }
                Err(CommitError::Store(error)) => return Err(error.into()),
                Err(CommitError::Conflict | CommitError::Constraint(_)) => {
                    let half = items.split_off(items.len() / 2);
                    waiting.extend([half, items]);
                }
            }
        }
        Ok(())
    }

    async fn write_one(&mut self, item: Item) -> Result<(), Error> {
        let mut item = item;
        for _ in 0..ATTEMPTS {
            let (mut items, mut decided) = self.prepare(vec![item], Trust::InNothing).await?;
            let (Some(same), Some(decided)) = (items.pop(), decided.pop()) else { return Ok(()) };
            item = same;
            let decided = match decided {
                Ok(decided) => decided,
                Err(problems) => {
                    self.fail(problems);
                    return Ok(());
                }
            };
            let fate = fate(&decided);
            match self.app.store().commit(self.caller.tenant, decided.changes).await {
                Ok(()) => {
                    self.settled(&item, fate);
                    return Ok(());
                }
                Err(CommitError::Conflict) => {}
                Err(CommitError::Constraint(constraint)) => {
                    let problem = taken(&item, constraint);
                    self.fail(vec![problem]);
                    return Ok(());
                }
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        Err(Error::Contended)
    }

    /// Notes what came of a document.
    fn settled(&mut self, item: &Item, Fate { created, changed, later }: Fate) {
        self.count(item.kind, created, changed);
        let by_name = item.manager.as_ref().is_some_and(|named| matches!(named.target, Reference::Person(_)));
        if later || (by_name && self.other_ids) {
            self.later.insert(item.line);
        }
        if created || changed {
            self.touched.insert(item.line);
        }
    }
}

fn fate(decided: &Decided) -> Fate {
    let Decided { created, later, .. } = *decided;
    Fate { created, changed: !decided.changes.writes.is_empty(), later }
}

/// What a broken constraint means.
fn taken(item: &Item, constraint: Constraint) -> Problem {
    let Constraint::Unique { column, .. } = constraint else {
        return item.problem("", "Something that it names is gone.");
    };
    let properties = item.kind.face().properties;
    // A name in lower case stands for the name.
    let shown =
        properties.iter().find(|p| p.column == column || p.folded.is_some_and(|folded| folded.column == column));
    let name = shown.map_or("id", |property| property.name);
    item.problem(name, format!("Another object has this '{name}'."))
}
