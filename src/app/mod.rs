//! Use cases: authorize, load, decide, commit. One file for each resource; reads, which need no rules, are in [`read`].

pub mod access_package;
mod audit;
pub mod catalog;
pub mod directory;
mod error;
mod permission;
mod privilege;
pub mod read;
pub mod role_assignment;

use std::sync::Arc;

pub(crate) use self::permission::Allowed;
pub(crate) use self::read::{action as read_action, sight};
pub use self::{audit::Provenance, error::Error};
pub use crate::domain::{Occasion, Refusal};
use crate::{
    authz::{Grant, Principal},
    clock::Clock,
    ids,
    model::{
        changeset::Changeset,
        meta::Property,
        password::Policy,
        record::{Record, RowVersion, Stored},
    },
    store::{self, CommitError, Constraint, Store, TenantKey},
};

/// How often a decision is made anew when what it relied on has changed.
const ATTEMPTS: usize = 8;

/// The use cases, over a store and a clock.
pub struct App {
    store: Arc<dyn Store>,
    clock: Clock,
    takeover: bool,
    passwords: Policy,
}

/// Who calls, and in which tenant.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The tenant.
    pub tenant: TenantKey,
    /// The caller.
    pub principal: &'a Principal,
    /// The roles of entitlement management that the caller has; they are read where the token does not decide.
    pub grants: &'a [Grant],
    /// By which request it calls.
    pub provenance: &'a Provenance,
}

/// An entity as a caller names it: by the key property or an alternate one.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// The property.
    pub property: &'static Property,
    /// Its value.
    pub value: &'a str,
}

/// The states of an entity in which the caller wants its change to happen (`If-Match`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Any.
    Any,
    /// One of these entity tags.
    OneOf(Vec<String>),
}

impl Expected {
    fn check(&self, version: RowVersion) -> Result<(), Error> {
        let met = match self {
            Self::Any => true,
            // Tags are compared weakly: what is weak about ours is only their bytes.
            Self::OneOf(tags) => {
                tags.iter().any(|t| t.trim_start_matches("W/") == version.to_etag().trim_start_matches("W/"))
            }
        };
        if met { Ok(()) } else { Err(Error::PreconditionFailed) }
    }
}

impl App {
    /// The use cases over this store and clock.
    pub fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        Self { store, clock, takeover: false, passwords: Policy::default() }
    }

    /// The same, where whoever may change applications may change the credentials of any, whatever it holds, as in Graph.
    #[must_use]
    pub fn allowing_takeover(self, takeover: bool) -> Self {
        Self { takeover, ..self }
    }

    /// The same, which asks this of passwords.
    #[must_use]
    pub fn with_passwords(self, passwords: Policy) -> Self {
        Self { passwords, ..self }
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    fn occasion(&self, caller: Caller<'_>) -> Occasion {
        Occasion { by: caller.principal.name.clone(), now: self.clock.now(), version: ids::new_row_version() }
    }

    /// The record that the caller names, if it is allowed to do with it what it wants.
    async fn load<R: Record>(
        &self,
        caller: Caller<'_>,
        allowed: &Allowed,
        named: Named<'_>,
    ) -> Result<Stored<R>, Error> {
        let found = store::load(self.store(), caller.tenant, named.property, named.value).await?;
        let found = found.ok_or_else(|| Error::NotFound { entity: R::ENTITY, id: named.value.to_owned() })?;
        self.check(caller, allowed, &found, named.value).await?;
        Ok(found)
    }

    /// Loads, checks what the caller expects, decides and commits, again and again while others change the same thing.
    async fn decide<R: Record, T>(
        &self,
        caller: Caller<'_>,
        allowed: &Allowed,
        named: Named<'_>,
        expected: &Expected,
        decide: impl Fn(Stored<R>) -> Result<(T, Changeset), Refusal> + Send + Sync,
    ) -> Result<T, Error> {
        for _ in 0..ATTEMPTS {
            let before: Stored<R> = self.load(caller, allowed, named).await?;
            expected.check(before.version)?;
            let (outcome, changes) = decide(before)?;
            if self.commit(caller, changes).await.map_err(refused::<R>)? {
                return Ok(outcome);
            }
        }
        Err(Error::Contended)
    }

    /// Writes a decision, if the caller is privileged enough. False: what it relied on has changed, so load and decide again.
    async fn commit(&self, caller: Caller<'_>, mut changes: Changeset) -> Result<bool, Uncommitted> {
        if changes.writes.is_empty() {
            return Ok(true);
        }
        self.guard(caller, &mut changes).await.map_err(Uncommitted::Refused)?;
        let audit = self.remember(caller, &changes);
        match self.store.commit(caller.tenant, Changeset { audit, ..changes }).await {
            Ok(()) => Ok(true),
            Err(CommitError::Conflict) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }

    /// Writes a decision that relied on nothing. A conflict is an error all the same: a database may find one where we
    /// named none (PostgreSQL's deadlocks), and then nothing was written.
    async fn commit_once(&self, caller: Caller<'_>, changes: Changeset) -> Result<(), Uncommitted> {
        if self.commit(caller, changes).await? { Ok(()) } else { Err(CommitError::Conflict.into()) }
    }
}

/// A decision was not written.
enum Uncommitted {
    /// The caller is not privileged enough, or a rule forbids what the change comes to.
    Refused(Error),
    /// The store did not take it.
    Store(CommitError),
}

impl From<CommitError> for Uncommitted {
    fn from(error: CommitError) -> Self {
        Self::Store(error)
    }
}

/// What a failed commit of an entity means where no rule says otherwise.
fn refused<R: Record>(error: impl Into<Uncommitted>) -> Error {
    let error = match error.into() {
        Uncommitted::Refused(error) => return error,
        Uncommitted::Store(error) => error,
    };
    match error {
        CommitError::Constraint(Constraint::Unique { column, .. }) => Error::Taken { entity: R::ENTITY, column },
        CommitError::Constraint(Constraint::StillReferenced) => Error::InUse { entity: R::ENTITY },
        CommitError::Constraint(Constraint::MissingReference) | CommitError::Conflict => Error::Contended,
        CommitError::Store(error) => Error::Store(error),
    }
}
