//! The grant by which an application signs in for itself (RFC 6749 §4.4): a client id and a secret for a token.

use std::time::Duration;

use super::{
    Authority, SWAGGER_UI, Visit,
    gate::{By, Try},
    issue::TokenFor,
    keys::TokenType,
    remember::Attempt,
};
use crate::{
    authz::{GRAPH_APP_ID, PERMISSIONS},
    model::{self, AppRoleAssignment, value::Timestamp},
    store::{
        self, ClientSecret, CommitError, ServicePrincipal, Tenant, TenantKey,
        directory::{find, find_all},
    },
};

/// How long a token lives that an application gets.
pub const TOKEN_LIFETIME: Duration = Duration::from_hours(1);

/// Nobody's id or secret is longer.
pub(super) const MAX_LENGTH: usize = 256;

/// Clocks may differ by so much, in microseconds.
const LEEWAY: i64 = 10_000_000;

/// An application that wants a token.
#[derive(Clone, Copy)]
pub struct ClientCredentials<'a> {
    /// The tenant.
    pub tenant: &'a Tenant,
    /// The client id.
    pub client_id: &'a str,
    /// The secret, or the assertion.
    pub secret: &'a str,
    /// Whether it is an assertion.
    pub assertion: bool,
    /// What the token is to be for: `<resource>/.default`.
    pub scope: &'a str,
    /// Scheme and authority at which the application asks.
    pub origin: &'a str,
    /// From where, and by which request.
    pub visit: Visit<'a>,
}

/// An application did not get a token.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// There is no such application, or that is not its secret; which of the two is not told.
    #[error("wrong client id or secret")]
    Credentials,
    /// The assertion has been used before.
    #[error("the assertion has been used before")]
    Replayed,
    /// There is nobody of that name, or that is not the password, or the person may not sign in; which is not told.
    #[error("wrong name or password")]
    Password,
    /// The password was right, and has to be changed before anything is granted.
    #[error("the password must be changed")]
    MustChangePassword,
    /// The new password is not taken, for this reason.
    #[error("the new password is not taken: {0}")]
    NewPassword(String),
    /// A code or a refresh token is not good.
    #[error("the grant is not good: {0}")]
    Grant(&'static str),
    /// It was good and is too old.
    #[error("the grant has expired")]
    GrantExpired,
    /// The secret was right and is too old.
    #[error("the secret has expired")]
    Expired,
    /// The application may not sign in, nor anybody through it.
    #[error("the application is disabled")]
    Disabled,
    /// The application may not get tokens in this way.
    #[error("the application may not use this grant")]
    Flow,
    /// The scope names no resource of ours.
    #[error("the scope names no resource of ours")]
    Scope,
    /// The application failed too often.
    #[error("too many failures")]
    Slow(Duration),
    /// Too many sign in at this moment.
    #[error("too many sign in")]
    Busy,
    /// Signing failed.
    #[error("the token could not be signed")]
    Signing,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl SignInError {
    /// The number by which a failed sign-in is known, Entra's. None: it was no attempt, or it was not heard.
    pub const fn number(&self) -> Option<i64> {
        match self {
            Self::Credentials => Some(7_000_215),
            Self::Replayed => Some(7_000_219),
            Self::Password => Some(50_126),
            Self::Expired => Some(7_000_222),
            Self::MustChangePassword => Some(50_055),
            Self::Disabled => Some(7_000_112),
            Self::Grant(_) | Self::GrantExpired => Some(70_000),
            _ => None,
        }
    }
}

impl From<CommitError> for SignInError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(error) => Self::Store(error),
            // A record of a sign-in names nothing and has a key of its own.
            CommitError::Conflict | CommitError::Constraint(_) => Self::Busy,
        }
    }
}

impl Authority {
    /// A token for an application that proves itself by a secret.
    pub async fn client_credentials(&self, asked: ClientCredentials<'_>) -> Result<String, SignInError> {
        let audience = self.options.audience(asked.scope, asked.origin).ok_or(SignInError::Scope)?;
        let attempt = Attempt {
            app_id: Some(asked.client_id),
            grant: "client_credentials",
            resource: Some(&audience),
            visit: asked.visit,
            ..Attempt::default()
        };
        let principal = self.authenticate(&asked).await?;
        let principal = self.with_assigned_roles(asked.tenant.key, principal).await?;
        let name = Some(principal.display_name.as_str());
        let attempt = Attempt { app_name: name, principal_id: Some(&principal.id), ..attempt };
        self.remember(asked.tenant.key, attempt).await?;
        let claims = self.application_claims(&TokenFor {
            tenant_id: &asked.tenant.id,
            principal: &principal,
            audience: audience.clone(),
            origin: asked.origin,
            lifetime: TOKEN_LIFETIME,
        });
        let token = self.signing().sign(TokenType::Access, &claims).ok_or(SignInError::Signing)?;
        tracing::info!(tenant = asked.tenant.id, client = principal.app_id, "an application signed in");
        Ok(token)
    }

    /// The application with the permissions that role assignments give it, too.
    async fn with_assigned_roles(
        &self,
        tenant: TenantKey,
        mut principal: ServicePrincipal,
    ) -> Result<ServicePrincipal, store::Error> {
        let (column, id) = (AppRoleAssignment::PRINCIPAL_ID, principal.id.as_str());
        let assigned = find_all::<AppRoleAssignment>(&*self.store, tenant, column, id).await?;
        if assigned.is_empty() {
            return Ok(principal);
        }
        let column = model::ServicePrincipal::APP_ID;
        let Some(graph) = find::<model::ServicePrincipal>(&*self.store, tenant, column, GRAPH_APP_ID).await? else {
            return Ok(principal);
        };
        let of_graph = assigned.iter().filter(|assigned| assigned.record.resource_id == graph.record.id);
        for role in of_graph.map(|assigned| assigned.record.app_role_id.as_str()) {
            let permission = PERMISSIONS.iter().find(|permission| permission.id == Some(role));
            if let Some(permission) = permission.filter(|known| principal.roles.iter().all(|role| role != known.name)) {
                principal.roles.push(permission.name.to_owned());
            }
        }
        Ok(principal)
    }

    /// The application that has proved itself by a secret or an assertion. A failure is counted and noted.
    pub(super) async fn authenticate(&self, asked: &ClientCredentials<'_>) -> Result<ServicePrincipal, SignInError> {
        if is_reserved(asked.client_id) {
            return Err(SignInError::Credentials);
        }
        let one = Try {
            tenant: Some(asked.tenant.key),
            by: By::Client(asked.client_id),
            address: asked.visit.address,
            now: self.clock.now(),
        };
        self.gate.may_try(&one).map_err(SignInError::Slow)?;
        let outcome = if asked.assertion {
            self.authenticate_by_assertion(asked).await
        } else {
            self.authenticate_by_secret(asked, &one).await
        };
        match &outcome {
            // Who has the secret guesses nothing.
            Ok(_) | Err(SignInError::Expired | SignInError::Disabled) => self.gate.succeeded(&one),
            Err(error) if error.number().is_some() => self.gate.failed(&one),
            Err(_) => {}
        }
        if let Err(error) = &outcome
            && let Some(code) = error.number()
        {
            let (resource, reason) = (self.options.audience(asked.scope, asked.origin), error.to_string());
            let attempt = Attempt {
                app_id: Some(asked.client_id),
                grant: "client_credentials",
                resource: resource.as_deref(),
                visit: asked.visit,
                failure: Some((code, &reason)),
                ..Attempt::default()
            };
            self.note_failure((asked.tenant.key, &asked.tenant.id), &attempt);
        }
        outcome
    }

    async fn authenticate_by_secret(
        &self,
        asked: &ClientCredentials<'_>,
        one: &Try<'_>,
    ) -> Result<ServicePrincipal, SignInError> {
        let (tenant, client) = (asked.tenant.key, asked.client_id);
        if client.len() > MAX_LENGTH || asked.secret.len() > MAX_LENGTH {
            return Err(SignInError::Credentials);
        }
        let (principal, secrets) = match self.store.service_principal(tenant, client).await? {
            Some((principal, secrets)) => (Some(principal), secrets),
            None => (None, Vec::new()),
        };
        // What failed meanwhile counts, so that asking all at once is no way around the waiting.
        let may_try = || self.gate.may_try(one).map_err(SignInError::Slow);
        let whose = (tenant, self.gate.is_known(one));
        let found = self.hashing.find(whose, asked.secret.to_owned(), secrets, may_try).await;
        let found = found.map_err(|_| SignInError::Busy)??;
        let known = principal.zip(found).filter(|(_, secret)| begun(secret, one.now));
        let (principal, secret) = known.ok_or(SignInError::Credentials)?;
        if one.now >= secret.expires_at {
            return Err(SignInError::Expired);
        }
        enabled(principal)
    }
}

/// Whether this is the id of something of the server's own, which has no credentials: this API, or the client in its pages.
pub(super) fn is_reserved(client_id: &str) -> bool {
    [GRAPH_APP_ID, SWAGGER_UI].iter().any(|own| own.eq_ignore_ascii_case(client_id))
}

/// Whether a secret counts already. The clock of who made it may be ahead.
fn begun(secret: &ClientSecret, now: Timestamp) -> bool {
    now.0.saturating_add(LEEWAY) >= secret.created_at.0
}

/// The application, unless it was disabled.
pub(super) fn enabled(app: ServicePrincipal) -> Result<ServicePrincipal, SignInError> {
    if app.account_enabled { Ok(app) } else { Err(SignInError::Disabled) }
}
