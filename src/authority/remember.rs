//! What is remembered of sign-ins and of what the commands do.

use std::net::IpAddr;

use serde_json::{Value as Json, json};

use super::{Authority, PasswordSignIn};
use crate::{
    ids,
    model::{
        SignIn,
        activity::{Activity, Initiator, Target},
        audit::Entry,
        changeset::Changeset,
        value::Timestamp,
    },
    store::{CommitError, TenantKey, User},
};

/// A sign-in, whether it succeeded or not.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempt<'a> {
    /// Who asked: the application's id, as it was given.
    pub(super) app_id: Option<&'a str>,
    /// The application's name, if there is such an application.
    pub(super) app_name: Option<&'a str>,
    /// The application's object, if it signed in for itself.
    pub(super) principal_id: Option<&'a str>,
    /// The person: the name that was given, the id and the name that people see if there is such a person.
    pub(super) user_name: Option<&'a str>,
    pub(super) user_id: Option<&'a str>,
    pub(super) user_display_name: Option<&'a str>,
    /// Whether a person was asked.
    pub(super) interactive: bool,
    /// How.
    pub(super) grant: &'static str,
    /// For what.
    pub(super) resource: Option<&'a str>,
    /// From where, and by which request.
    pub(super) visit: Visit<'a>,
    /// The number of the error and what it says; none: it succeeded.
    pub(super) failure: Option<(i64, &'a str)>,
}

/// From where somebody asks, and by which request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visit<'a> {
    /// The address.
    pub address: Option<IpAddr>,
    /// The caller's id of the request, if there is one.
    pub correlation_id: Option<&'a str>,
}

impl Attempt<'_> {
    /// The record, without an id and a status. What somebody says of themselves is cut.
    pub(super) fn record(&self, now: Timestamp) -> SignIn {
        SignIn {
            created_at: now,
            app_id: self.app_id.map(own),
            app_display_name: self.app_name.map(str::to_owned),
            user_principal_name: self.user_name.map(own),
            user_id: self.user_id.map(str::to_owned),
            user_display_name: self.user_display_name.map(str::to_owned),
            is_interactive: self.interactive,
            service_principal_id: self.principal_id.map(str::to_owned),
            ip_address: self.visit.address.map(|address| address.to_string()),
            client_app_used: self.grant.to_owned(),
            correlation_id: self.visit.correlation_id.map(own),
            resource_display_name: self.resource.map(own),
            error_code: self.failure.map_or(0, |(code, _)| code),
            ..SignIn::default()
        }
    }

    /// Who it was: the person, or else the application.
    pub(super) fn name(&self) -> Option<String> {
        self.user_name.or(self.app_id).map(own)
    }
}

/// So much of what somebody says is kept.
fn own(text: &str) -> String {
    text.chars().take(128).collect()
}

impl Authority {
    /// Records a sign-in that succeeded. Those that failed are recorded in sums ([`super::failures`]).
    pub(super) async fn remember(&self, tenant: TenantKey, attempt: Attempt<'_>) -> Result<(), CommitError> {
        let status = json!({ "errorCode": 0, "failureReason": Json::Null, "additionalDetails": Json::Null });
        let record = SignIn { id: ids::new_id(), status: status.to_string(), ..attempt.record(self.clock.now()) };
        let audit = vec![Entry::sign_in(record, ids::new_row_version())];
        self.store.commit(tenant, Changeset { audit, ..Changeset::default() }).await
    }

    /// What is to be remembered of what a command does.
    pub(super) fn command(
        &self,
        name: &str,
        category: &'static str,
        operation: &'static str,
        target: Target,
    ) -> Vec<Entry> {
        vec![by_command(name, category, operation, target, self.clock.now())]
    }
}

/// The record of what a command, or the first start, does.
pub(super) fn by_command(
    name: &str,
    category: &'static str,
    operation: &'static str,
    target: Target,
    now: Timestamp,
) -> Entry {
    let activity = Activity {
        name: name.to_owned(),
        category,
        operation,
        by: Initiator::App { app_id: None, name: Some("cardea, the command".to_owned()), principal_id: None },
        correlation_id: None,
        refused: None,
        targets: vec![target],
        details: Vec::new(),
    };
    activity.record(ids::new_id(), now, ids::new_row_version())
}

/// The record of what a person does to the own account while signing in.
pub(super) fn by_person(name: &str, user: &User, about: Target, asked: &PasswordSignIn<'_>, now: Timestamp) -> Entry {
    let (id, upn) = (user.id.clone(), user.user_principal_name.clone());
    let activity = Activity {
        name: name.to_owned(),
        category: "UserManagement",
        operation: "Update",
        by: Initiator::User { id, name: Some(upn), address: asked.visit.address },
        correlation_id: asked.visit.correlation_id.map(str::to_owned),
        refused: None,
        targets: vec![about],
        details: vec![("appId", asked.app.app_id.clone())],
    };
    activity.record(ids::new_id(), now, ids::new_row_version())
}
