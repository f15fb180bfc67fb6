//! What is remembered of what callers do.

use super::{App, Caller, Error};
use crate::{
    authz::{Kind, Principal},
    ids,
    model::{
        activity::{Activity, Described, ENTITLEMENT_MANAGEMENT, Initiator, describe},
        audit::Entry,
        changeset::Changeset,
    },
    store::CommitError,
};

/// By which request something is done, and from where.
#[derive(Clone, Debug, Default)]
pub struct Provenance {
    /// The id of the request, the caller's own if there is one.
    pub correlation_id: String,
    /// The caller's address.
    pub address: Option<std::net::IpAddr>,
}

impl Caller<'_> {
    fn initiator(&self) -> Initiator {
        let Principal { oid, name, app_id, kind, .. } = self.principal;
        match kind {
            Kind::Delegated => {
                Initiator::User { id: oid.clone(), name: name.clone(), address: self.provenance.address }
            }
            Kind::Application => {
                // A command has no object in the directory.
                let principal_id = Some(oid.clone()).filter(|id| !id.is_empty());
                Initiator::App { app_id: app_id.clone(), name: name.clone(), principal_id }
            }
        }
    }
}

impl App {
    /// What is to be remembered of a change.
    pub(super) fn remember(&self, caller: Caller<'_>, changes: &Changeset) -> Vec<Entry> {
        let record = |Described { name, operation, category, targets, authors }| {
            let mut details = app_of(caller);
            // What a body declares is kept; who it was is who calls.
            details.extend(authors.into_iter().filter(|(_, author)| Some(author) != caller.principal.name.as_ref()));
            let activity = Activity {
                name,
                category,
                operation,
                by: caller.initiator(),
                correlation_id: Some(caller.provenance.correlation_id.clone()),
                refused: None,
                targets,
                details,
            };
            activity.record(ids::new_id(), self.clock.now(), ids::new_row_version())
        };
        describe(changes).into_iter().map(record).collect()
    }

    /// Writes down that a caller was refused something, so many times.
    pub(crate) async fn remember_refusal(
        &self,
        caller: Caller<'_>,
        what: &str,
        why: &str,
        times: u64,
    ) -> Result<(), Error> {
        let mut details = app_of(caller);
        details.push(("count", times.to_string()));
        let activity = Activity {
            name: what.to_owned(),
            category: ENTITLEMENT_MANAGEMENT,
            operation: "Refuse",
            by: caller.initiator(),
            correlation_id: Some(caller.provenance.correlation_id.clone()),
            refused: Some(why.to_owned()),
            targets: Vec::new(),
            details,
        };
        let audit = vec![activity.record(ids::new_id(), self.clock.now(), ids::new_row_version())];
        let done = self.store.commit(caller.tenant, Changeset { audit, ..Changeset::default() }).await;
        done.map_err(|error| match error {
            CommitError::Store(error) => Error::Store(error),
            // A record names nothing and has a key of its own.
            CommitError::Conflict | CommitError::Constraint(_) => Error::Contended,
        })
    }
}

/// The application by which a person acted.
fn app_of(caller: Caller<'_>) -> Vec<(&'static str, String)> {
    match (&caller.principal.app_id, caller.principal.kind) {
        (Some(app_id), Kind::Delegated) => vec![("appId", app_id.clone())],
        _ => Vec::new(),
    }
}
