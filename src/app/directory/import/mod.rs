//! Filling a tenant: many objects at once, by the same binding and the same rules as one by one.
//!
//! Everything is checked before anything is written ([`Import::check`], then [`Import::checked`]): what is wrong is told
//! with its line, and a bad file changes nothing. Then the same documents are written ([`Import::write`]), a batch of them
//! a transaction, each object with its audit record; and at last they are linked ([`Import::link`]), since by then
//! everything is there that a document may refer to. Whoever feeds the documents does so once for each of the three.
//!
//! Documents are decided on all cores, while batches before are being committed and the next ones read. What is held at a
//! time are a few batches, and of all the others a few bytes each ([`seen`]).

mod decide;
mod difference;
mod found;
mod line;
mod links;
mod seen;
mod targets;
mod write;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    num::NonZeroUsize,
    thread,
};

use self::{
    decide::Decided,
    found::{Found, names_of},
    line::{Item, Reference},
    seen::{Lines, Mark, Seen},
    targets::{Open, Traits},
};
pub use self::{
    difference::Difference,
    line::{Body, Document},
    write::Stage,
};
use super::{App, Caller, Error, new_id, to_manage};
use crate::{
    domain::directory::texts,
    model::{
        APPLICATION, GROUP, SERVICE_PRINCIPAL, USER,
        meta::{EntityType, Face, Version},
    },
};

/// So many documents are a batch.
pub const BATCH: usize = 5000;
/// So many problems are told; all are counted.
const MOST_PROBLEMS: usize = 1000;

/// A kind of objects that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// People.
    User,
    /// Groups.
    Group,
    /// Applications.
    Application,
    /// What applications are in the tenant.
    ServicePrincipal,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::User, Self::Group, Self::Application, Self::ServicePrincipal];

    /// The entity type.
    pub fn entity(self) -> &'static EntityType {
        match self {
            Self::User => &USER,
            Self::Group => &GROUP,
            Self::Application => &APPLICATION,
            Self::ServicePrincipal => &SERVICE_PRINCIPAL,
        }
    }

    /// What documents may say of it: what beta shows has all of v1.0, too.
    pub fn face(self) -> &'static Face {
        self.entity().face(Version::Beta)
    }

    /// Its name as a type of Graph, without the namespace.
    pub fn name(self) -> &'static str {
        self.entity().name
    }

    /// The kind with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// The kind that an `@odata.type` names.
    pub fn of_type(said: &str) -> Option<Self> {
        Self::named(said.trim_start_matches('#').strip_prefix("microsoft.graph.")?)
    }
}

/// Documents that were read. That takes nothing but themselves, so it can be done ahead, while others are looked at.
pub struct Batch(Vec<Result<Item, Problem>>);

impl Batch {
    /// Reads documents.
    pub fn read(documents: Vec<Document>) -> Self {
        Self(documents.into_iter().map(line::read).collect())
    }
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line on which the document begins.
    pub line: u32,
    /// The property; empty: the document as a whole.
    pub property: String,
    /// What is wrong with it, a sentence.
    pub message: String,
}

/// How to import.
pub struct Settings<'a> {
    /// Whether the other documents are imported when one is wrong.
    pub keep_going: bool,
    /// Whether to tell what would be changed.
    pub differences: bool,
    /// Hashes a password; it may take its time.
    pub hash: &'a (dyn Fn(&str) -> Option<String> + Sync),
}

/// How many documents came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Objects that were made.
    pub created: u64,
    /// Objects that were changed.
    pub changed: u64,
    /// Documents whose objects were as they say.
    pub unchanged: u64,
}

/// What came of an import.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// By kind, as [`Kind::ALL`] has them.
    pub counts: [Counts; 4],
    /// Links that were added: members, owners, sponsors. A manager is a property.
    pub links: u64,
    /// Documents that were not imported.
    pub failed: u64,
    /// What is wrong with them, the first thousand.
    pub problems: Vec<Problem>,
}

impl Outcome {
    /// The sums over all kinds.
    pub fn total(&self) -> Counts {
        self.counts.iter().fold(Counts::default(), |sum, counts| Counts {
            created: sum.created + counts.created,
            changed: sum.changed + counts.changed,
            unchanged: sum.unchanged + counts.unchanged,
        })
    }
}

/// What a look at a document is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    Check,
    Write,
}

/// What is to be written of a document, or what is wrong with it.
type Verdict = Result<Decided, Vec<Problem>>;

/// An import under way.
#[expect(clippy::struct_excessive_bools, reason = "what is known of the documents by now")]
pub struct Import<'a> {
    app: &'a App,
    caller: Caller<'a>,
    settings: Settings<'a>,
    /// The domain of new groups.
    domain: String,
    seen: Seen,
    open: Vec<Open>,
    /// Which groups are in which, by the documents.
    nested: HashMap<Mark, HashSet<Mark>>,
    /// Whether somebody is referred to by name.
    by_name: bool,
    /// Whether there are service principals, which are made when their applications are there; and links.
    principals: bool,
    links: bool,
    /// The lines that are not imported.
    bad: HashSet<u32>,
    /// The lines whose objects were made or changed, and those whose manager is to be written at the end.
    touched: Lines,
    /// The lines of people who were not there when that was checked. No two people share an id or a name, so if somebody else
    /// has made them since, it is found out when they are written.
    new: Lines,
    later: HashSet<u32>,
    /// Whether somebody may have another id than was known when others were decided: their managers are looked up again.
    other_ids: bool,
    /// What is being written at this moment.
    flights: VecDeque<write::Flight>,
    outcome: Outcome,
}

impl App {
    /// Begins an import.
    pub async fn import<'a>(&'a self, caller: Caller<'a>, settings: Settings<'a>) -> Result<Import<'a>, Error> {
        for kind in Kind::ALL {
            caller.allow(to_manage(kind.entity().kind))?.everywhere()?;
        }
        Ok(Import {
            app: self,
            caller,
            settings,
            domain: self.default_domain(caller.tenant).await?,
            seen: Seen::default(),
            open: Vec::new(),
            nested: HashMap::new(),
            by_name: false,
            principals: false,
            links: false,
            bad: HashSet::new(),
            touched: Lines::default(),
            new: Lines::default(),
            later: HashSet::new(),
            other_ids: false,
            flights: VecDeque::new(),
            outcome: Outcome::default(),
        })
    }
}

impl Import<'_> {
    /// Checks a batch of documents, and tells what they would change if that is wanted. False: there is no need to go on.
    pub async fn check(&mut self, batch: Batch) -> Result<(bool, Vec<Difference>), Error> {
        let items = self.take(batch);
        let wanted = |_: &Item, reference: &Reference| self.seen.kind_of(reference).is_none();
        let found = self.look_up(&items.iter().collect::<Vec<_>>(), |_| false, wanted).await?;
        let (items, decided) = self.decide_all(items, &found, Pass::Check);
        let mut differences = Vec::new();
        for (item, decided) in items.iter().zip(decided) {
            self.principals |= item.kind == Kind::ServicePrincipal;
            self.links |= !item.links.is_empty();
            let mut problems = match &decided {
                Some(Ok(decided)) => self.check_names(item, decided),
                Some(Err(problems)) => problems.clone(),
                None => Vec::new(),
            };
            let decided = decided.and_then(Result::ok);
            if item.kind == Kind::User && decided.as_ref().is_some_and(|decided| decided.created) {
                self.new.insert(item.line);
            }
            if let Some(application) = decided.as_ref().and_then(|decided| decided.application.as_deref()) {
                problems.extend(self.check_uris(item, application).await?);
            }
            if problems.is_empty() {
                let stored = || item.id.as_ref().and_then(|id| Traits::stored(&found, id));
                let group = decided.as_ref().map_or_else(stored, |decided| decided.group);
                problems = self.check_references(item, &found, group);
            }
            if problems.is_empty() && self.settings.differences {
                differences.extend(self.difference(item, decided.as_ref(), &found).await?);
            }
            self.fail(problems);
        }
        Ok((self.going_on(), differences))
    }

    /// Ends the checks, when all documents were looked at. False: nothing is to be written.
    pub fn checked(&mut self) -> bool {
        let problems = self.check_open();
        self.fail(problems);
        self.going_on()
    }

    /// What came of it so far.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    fn going_on(&self) -> bool {
        self.outcome.failed == 0 || self.settings.keep_going
    }

    /// Notes what is wrong, and that these documents are not imported.
    fn fail(&mut self, problems: Vec<Problem>) {
        for problem in problems {
            let going_on = self.going_on();
            let new = !self.bad.contains(&problem.line);
            // Without `keep_going` the first document is told, with all that is wrong with it.
            if new && !going_on {
                continue;
            }
            if new {
                self.bad.insert(problem.line);
                self.outcome.failed += 1;
            }
            if self.outcome.problems.len() < MOST_PROBLEMS {
                self.outcome.problems.push(problem);
            }
        }
    }

    /// What of a batch is to be looked at; what could not be read is noted.
    fn take(&mut self, batch: Batch) -> Vec<Item> {
        let mut items = Vec::with_capacity(batch.0.len());
        for read in batch.0 {
            match read {
                Ok(item) if self.bad.contains(&item.line) => {}
                Ok(item) => items.push(item),
                Err(problem) if self.bad.contains(&problem.line) => {}
                Err(problem) => self.fail(vec![problem]),
            }
        }
        items
    }

    /// Decides documents, on all cores. Nothing is decided of those that hold nothing but links.
    fn decide_all(&self, items: Vec<Item>, found: &Found, pass: Pass) -> (Vec<Item>, Vec<Option<Verdict>>) {
        in_parallel(items, |item| {
            let decided = (!item.only_links).then(|| self.decide(&item, found.identify(&item), found, pass));
            (item, decided)
        })
        .into_iter()
        .unzip()
    }

    /// That no other document is about the same object, or has a name that no two may share.
    fn check_names(&mut self, item: &Item, decided: &Decided) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut twice = |property: &str, line: Option<u32>, what: &str| {
            if let Some(line) = line {
                problems.push(item.problem(property, format!("{what} is that of line {line}, too.")));
            }
        };
        if item.id.is_some() || !decided.created {
            let other = self.seen.add_id(&decided.id, item.line, item.kind);
            twice("id", other, "The object");
        }
        for (property, _) in names_of(item.kind) {
            if let Some(name) = found::name(item, property) {
                let other = self.seen.add_name(item.kind, property, &name, item.line);
                twice(property, other, &format!("The '{property}'"));
            }
        }
        if let (Kind::Group, None, None) = (item.kind, &item.id, item.text("uniqueName")) {
            // It is known by both next time.
            let both = [item.text("displayName"), item.text("mailNickname")].map(Option::unwrap_or_default).join("\n");
            let other = self.seen.add_name(item.kind, "displayName", &both, item.line);
            twice("displayName", other, "The group");
        }
        if let Some(application) = &decided.application {
            for uri in texts(&application.identifier_uris) {
                let other = self.seen.add_name(item.kind, "identifierUris", &uri, item.line);
                twice("identifierUris", other, &format!("The URI '{uri}'"));
            }
        }
        problems
    }

    /// That no application of the tenant has a URI of this one.
    async fn check_uris(&self, item: &Item, application: &crate::model::Application) -> Result<Vec<Problem>, Error> {
        match self.app.check_uris(self.caller, application).await {
            Ok(()) => Ok(Vec::new()),
            Err(Error::Refused(refusal)) => {
                let violations = decide::violations(refusal, item.kind);
                Ok(violations.into_iter().map(|v| item.problem(&v.target, v.message)).collect())
            }
            Err(other) => Err(other),
        }
    }
}

/// What `work` makes of each, in order, on all cores.
fn in_parallel<T: Send, U: Send>(items: Vec<T>, work: impl Fn(T) -> U + Sync) -> Vec<U> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let piece = items.len().div_ceil(cores.max(1));
    if piece < 32 {
        return items.into_iter().map(work).collect();
    }
    let most = items.len();
    let (mut items, work) = (items.into_iter(), &work);
    thread::scope(|scope| {
        let mut workers = Vec::with_capacity(cores);
        while items.len() > 0 {
            let piece: Vec<T> = items.by_ref().take(piece).collect();
            workers.push(scope.spawn(move || piece.into_iter().map(work).collect::<Vec<U>>()));
        }
        let mut done = Vec::with_capacity(most);
        for worker in workers {
            done.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_on_all_cores_stays_in_order() {
        let items: Vec<u32> = (0..10_001).collect();
        let twice: Vec<u32> = items.iter().map(|n| n * 2).collect();
        assert_eq!(in_parallel(items, |n| n * 2), twice);
        assert_eq!(in_parallel(Vec::<u32>::new(), |n| n), Vec::<u32>::new());
    }

    #[test]
    fn a_type_has_the_name_that_graph_gives_it() {
        assert_eq!(Kind::of_type("#microsoft.graph.servicePrincipal"), Some(Kind::ServicePrincipal));
        assert_eq!(Kind::of_type("microsoft.graph.User"), Some(Kind::User));
        assert_eq!((Kind::of_type("user"), Kind::of_type("#microsoft.graph.device")), (None, None));
    }
}
