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
    /// What is committed, to be written one by one if they cannot be together.
    items: Vec<Item>,
    /// What comes of each: whether it was made, whether it was changed, whether its manager is to come.
    fates: Vec<(bool, bool, bool)>,
    /// Who is among them, by name, where somebody is referred to so.
    names: HashMap<String, String>,
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
        let (mut all, mut fates, mut flying) = (Changeset::default(), Vec::with_capacity(items.len()), Vec::new());
        let mut names = HashMap::new();
        for (item, decided) in items.into_iter().zip(decided) {
            match decided {
                Ok(decided) => {
                    if self.by_name
                        && item.kind == Kind::User
                        && let Some(upn) = name(&item, "userPrincipalName")
                    {
                        names.insert(upn, decided.id.clone());
                    }
                    fates.push(fate(&decided));
                    all.writes.extend(decided.changes.writes);
                    all.audit.extend(decided.changes.audit);
                    flying.push(item);
                }
                Err(problems) => self.fail(problems),
            }
        }
        let (store, tenant) = (self.app.store.clone(), self.caller.tenant);
        let commit =
            tokio::spawn(async move { if all.writes.is_empty() { Ok(()) } else { store.commit(tenant, all).await } });
        self.flights.push_back(Flight { commit, items: flying, fates, names });
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

    /// Writes a batch that could not be written: it may have been for another one's sake. If not, it turns out one by one what
    /// cannot be.
    async fn write_again(&mut self, items: Vec<Item>) -> Result<(), Error> {
        let (items, decided) = self.prepare(items, Trust::InNothing).await?;
        let changes = decided.iter().flatten().map(|decided| decided.changes.clone());
        let changes = changes.fold(Changeset::default(), |mut all, changes| {
            all.writes.extend(changes.writes);
            all.audit.extend(changes.audit);
            all
        });
        match self.app.store().commit(self.caller.tenant, changes).await {
            Ok(()) => {
                for (item, decided) in items.iter().zip(decided) {
                    match decided {
                        Ok(decided) => self.settled(item, fate(&decided)),
                        Err(problems) => self.fail(problems),
                    }
                }
                Ok(())
            }
            Err(CommitError::Store(error)) => Err(error.into()),
            Err(CommitError::Conflict | CommitError::Constraint(_)) => {
                for item in items {
                    self.write_one(item).await?;
                }
                Ok(())
            }
        }
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
    fn settled(&mut self, item: &Item, (created, changed, later): (bool, bool, bool)) {
        self.count(item.kind, created, changed);
        if later {
            self.later.insert(item.line);
        }
        if created || changed {
            self.touched.insert(item.line);
        }
    }
}

/// Whether an object is made, whether it is changed, whether its manager is to come.
fn fate(decided: &Decided) -> (bool, bool, bool) {
    (decided.created, !decided.changes.writes.is_empty(), decided.later)
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
