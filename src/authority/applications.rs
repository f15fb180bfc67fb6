//! Tenants and applications, as the commands manage them. A server that runs meanwhile finds them in the store.

use std::time::Duration;

use serde_json::json;

use super::{Authority, issue::permission_names, secrets};
use crate::{
    authz::GRAPH_APP_ID,
    domain::address::{REDIRECT, may_redirect_to},
    ids,
    model::{
        self,
        activity::{Modified, target},
        audit::Entry,
        changeset::Changeset,
        record::Stored,
        value::Timestamp,
    },
    store::{
        self, ClientSecret, CommitError, Constraint, NewTenant, ServicePrincipal, SignInSettings, Tenant,
        directory::find,
    },
};

/// The longest that a secret counts.
pub const MAX_SECRET_LIFETIME: Duration = Duration::from_hours(24 * 365 * 10);

/// What an application is made with.
#[derive(Clone, Debug, Default)]
pub struct AppSettings {
    /// Its application permissions.
    pub roles: Vec<String>,
    /// How people sign in through it.
    pub sign_in: SignInSettings,
}

/// An application, and its secret in the clear, which is nowhere else.
pub struct Credentials {
    /// The application in its tenant.
    pub principal: ServicePrincipal,
    /// The secret; none for a public client.
    pub secret: Option<String>,
    /// From when on the secret counts no more.
    pub expires_at: Option<Timestamp>,
}

/// An application that is there: what it is in the tenant, and as it was registered, if it was here.
struct App {
    principal: ServicePrincipal,
    row: Stored<model::ServicePrincipal>,
    application: Option<Stored<model::Application>>,
}

/// A tenant or an application could not be managed as somebody wished.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// There is no such tenant.
    #[error("there is no tenant {0:?}")]
    NoTenant(String),
    /// There is no such application.
    #[error("there is no application with the client id {0:?} in this tenant")]
    NoApplication(String),
    /// The application that this API is cannot be changed.
    #[error("{GRAPH_APP_ID} is this API itself: it has no secrets and cannot be changed or deleted")]
    BuiltIn,
    /// There is no such provisioning client.
    #[error("there is no provisioning client with the id {0:?} in this tenant")]
    NoProvisioningClient(String),
    /// A name cannot be one.
    #[error("{0:?} is not a name: it has 1 to 256 characters, none of them a control character")]
    Name(String),
    /// A domain name cannot be one.
    #[error("{0:?} is not a domain name such as contoso.example")]
    Domain(String),
    /// A permission's name cannot be written into a token.
    #[error("{0:?} is not the name of a permission: it has 1 to 128 characters of ASCII without spaces")]
    Permission(String),
    /// A redirect URI cannot be one.
    #[error("{0:?} is not a redirect URI: {rule}", rule = REDIRECT)]
    RedirectUri(String),
    /// There is no such person.
    #[error("there is no user {0:?} in this tenant")]
    NoUser(String),
    /// A name by which nobody can sign in.
    #[error("{0:?} is not a user principal name such as ada@contoso.example")]
    UserName(String),
    /// Somebody else has the name.
    #[error("there is a user {0:?} already")]
    UserTaken(String),
    /// A password that is none.
    #[error("{0}")]
    Password(String),
    /// The password could not be read.
    #[error("the password cannot be read from stdin")]
    Unread,
    /// A directory role that means nothing here.
    #[error("{0}")]
    DirectoryRole(String),
    /// A certificate that is none.
    #[error("that is not a certificate in PEM with an RSA key")]
    Certificate,
    /// A key could not be made.
    #[error("the key could not be made")]
    Key,
    /// A key cannot be withdrawn.
    #[error("there is no signing key {0:?}, or no other: make one first (cardea key rotate)")]
    LastKey(String),
    /// A secret cannot count that long, or that short.
    #[error("a secret counts from 1 second to {} days", MAX_SECRET_LIFETIME.as_secs() / 86_400)]
    Lifetime,
    /// Another tenant has a domain name.
    #[error("another tenant has one of these domain names")]
    Taken,
    /// The tenant is the one that is meant when none is named.
    #[error("the default tenant cannot be deleted")]
    DefaultTenant,
    /// The tenant holds something.
    #[error("the tenant holds applications, or catalogs other than the built-in one: delete them first")]
    NotEmpty,
    /// A secret could not be made.
    #[error(transparent)]
    Secret(#[from] secrets::Failed),
    /// Something has changed meanwhile.
    #[error("somebody else changed it at the same time: try again")]
    Conflict,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<CommitError> for ManageError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Constraint(Constraint::StillReferenced) => Self::NotEmpty,
            CommitError::Conflict | CommitError::Constraint(_) => Self::Conflict,
            CommitError::Store(error) => Self::Store(error),
        }
    }
}

impl Authority {
    /// All tenants.
    pub async fn tenant_list(&self) -> Result<Vec<Tenant>, ManageError> {
        Ok(self.store.tenants().await?)
    }

    /// The tenant that is named by its id or a domain name; the default one when none is named.
    pub async fn tenant_find(&self, name: Option<&str>) -> Result<Tenant, ManageError> {
        let Some(name) = name else { return Ok(self.default_tenant.clone()) };
        let missing = || ManageError::NoTenant(name.to_owned());
        self.tenant_named(name).await?.map(|tenant| Tenant::clone(&tenant)).ok_or_else(missing)
    }

    /// Makes a tenant, which starts with the changeset.
    pub async fn tenant_create(
        &self,
        name: &str,
        domains: &[String],
        first: impl FnOnce(Timestamp) -> Changeset,
    ) -> Result<Tenant, ManageError> {
        let mut domains = domains.iter().map(|domain| domain_name(domain)).collect::<Result<Vec<_>, _>>()?;
        domains.sort_unstable();
        domains.dedup();
        let (id, now) = (ids::new_id(), self.clock.now());
        let new = NewTenant { id: id.clone(), display_name: display_name(name)?, domains, created_at: now };
        let mut first = first(now);
        first.audit.extend(self.command(
            "Create tenant",
            "DirectoryManagement",
            "Add",
            target(&id, Some(name), "organization"),
        ));
        self.store.tenant_create(new, first).await.map_err(|error| match error {
            CommitError::Conflict => ManageError::Taken,
            other => other.into(),
        })?;
        self.store.tenants().await?.into_iter().find(|tenant| tenant.id == id).ok_or(ManageError::Conflict)
    }

    /// Removes a tenant that holds no more than what the changeset takes away.
    pub async fn tenant_delete(&self, tenant: &Tenant, last: Changeset) -> Result<(), ManageError> {
        if tenant.key == self.default_tenant.key {
            return Err(ManageError::DefaultTenant);
        }
        let gone = target(&tenant.id, Some(&tenant.display_name), "organization");
        let audit = self.command("Delete tenant", "DirectoryManagement", "Delete", gone);
        Ok(self.store.tenant_delete(tenant.key, last, (self.default_tenant.key, audit)).await?)
    }

    /// The applications of a tenant, by name, but for the one that this API is.
    pub async fn app_list(&self, tenant: &Tenant) -> Result<Vec<ServicePrincipal>, ManageError> {
        let mut all = self.store.service_principals(tenant.key).await?;
        all.retain(|principal| principal.app_id != GRAPH_APP_ID);
        Ok(all)
    }

    /// Makes an application with these permissions and a secret.
    pub async fn app_create(
        &self,
        tenant: &Tenant,
        name: &str,
        settings: AppSettings,
        lifetime: Duration,
    ) -> Result<Credentials, ManageError> {
        let AppSettings { mut roles, sign_in } = settings;
        for names in [&roles, &sign_in.scopes] {
            permission_names(names).map_err(|name| ManageError::Permission(name.to_owned()))?;
        }
        if let Some(uri) = sign_in.redirect_uris.iter().find(|uri| !may_redirect_to(uri)) {
            return Err(ManageError::RedirectUri(uri.clone()));
        }
        roles.dedup();
        let made = if sign_in.public { None } else { Some(self.new_secret(lifetime)?) };
        let (secret, kept) = made.unzip();
        let principal = ServicePrincipal {
            id: ids::new_id(),
            version: ids::new_row_version(),
            app_id: ids::new_id(),
            display_name: display_name(name)?,
            account_enabled: true,
            roles,
            sign_in,
            created_at: self.clock.now(),
        };
        let expires_at = kept.as_ref().map(|kept| kept.expires_at);
        let (password_credentials, secret_hashes) = ClientSecret::columns(kept.as_slice());
        let application = model::Application {
            id: ids::new_id(),
            app_id: Some(principal.app_id.clone()),
            display_name: principal.display_name.clone(),
            created_at: principal.created_at,
            password_credentials,
            secret_hashes,
            ..model::Application::default()
        };
        let registered = model::ServicePrincipal {
            app_display_name: Some(principal.display_name.clone()),
            app_owner_organization_id: Some(tenant.id.clone()),
            service_principal_names: json!([principal.app_id]).to_string(),
            ..principal.record()
        };
        let mut changes = Changeset::default().insert(application, ids::new_row_version());
        changes = changes.insert(registered, principal.version);
        changes.audit = self.of_app("Add service principal", "Add", &principal);
        self.store.commit(tenant.key, changes).await?;
        Ok(Credentials { principal, secret, expires_at })
    }

    /// Gives an application a new secret in place of those it has.
    pub async fn app_rotate_secret(
        &self,
        tenant: &Tenant,
        client_id: &str,
        lifetime: Duration,
    ) -> Result<Credentials, ManageError> {
        let App { principal, row, application } = self.app_find(tenant, client_id).await?;
        let (secret, kept) = self.new_secret(lifetime)?;
        let (mut changes, mut secrets) = (Changeset::default(), ClientSecret::columns(std::slice::from_ref(&kept)));
        // The application has the secret if it is registered here, and what it is in the tenant none of its own then.
        if let Some(application) = application {
            let (password_credentials, secret_hashes) = std::mem::replace(&mut secrets, ClientSecret::columns(&[]));
            let after = model::Application { password_credentials, secret_hashes, ..application.record.clone() };
            changes = changes.update(application, after, ids::new_row_version());
        }
        let (password_credentials, secret_hashes) = secrets;
        let after = model::ServicePrincipal { password_credentials, secret_hashes, ..row.record.clone() };
        changes = changes.update(row, after, ids::new_row_version());
        changes.audit = self.of_app("Update secrets of service principal", "Update", &principal);
        self.store.commit(tenant.key, changes).await?;
        Ok(Credentials { principal, secret: Some(secret), expires_at: Some(kept.expires_at) })
    }

    /// Removes an application for good. Its tokens end, on every server within seconds.
    pub async fn app_delete(&self, tenant: &Tenant, client_id: &str) -> Result<(), ManageError> {
        let App { principal, row, application } = self.app_find(tenant, client_id).await?;
        let now = self.clock.now();
        let mut changes = Changeset::default().delete(&row).revoke(&principal.id, now);
        changes = changes.revoke_through(&principal.app_id, now);
        changes = application.iter().fold(changes, Changeset::delete);
        changes.audit = self.of_app("Remove service principal", "Delete", &principal);
        Ok(self.store.commit(tenant.key, changes).await?)
    }

    fn of_app(&self, name: &str, operation: &'static str, principal: &ServicePrincipal) -> Vec<Entry> {
        let mut about = target(&principal.id, Some(&principal.display_name), "servicePrincipal");
        about.modified_properties = [("appId", json!(principal.app_id)), ("appRoles", json!(principal.roles))]
            .map(|(display_name, value)| Modified { display_name, old_value: None, new_value: Some(value.to_string()) })
            .into();
        self.command(name, "ApplicationManagement", operation, about)
    }

    async fn app_find(&self, tenant: &Tenant, client_id: &str) -> Result<App, ManageError> {
        if client_id == GRAPH_APP_ID {
            return Err(ManageError::BuiltIn);
        }
        let (store, key) = (&*self.store, tenant.key);
        let found = find::<model::ServicePrincipal>(store, key, model::ServicePrincipal::APP_ID, client_id).await?;
        let row = found.ok_or_else(|| ManageError::NoApplication(client_id.to_owned()))?;
        let application = find::<model::Application>(store, key, model::Application::APP_ID, client_id).await?;
        let (principal, _) = ServicePrincipal::read(&row, application.as_ref().map(|found| &found.record))?;
        Ok(App { principal, row, application })
    }

    fn new_secret(&self, lifetime: Duration) -> Result<(String, ClientSecret), ManageError> {
        if lifetime < Duration::from_secs(1) || lifetime > MAX_SECRET_LIFETIME {
            return Err(ManageError::Lifetime);
        }
        let now = self.clock.now();
        let micros = i64::try_from(lifetime.as_micros()).map_err(|_| ManageError::Lifetime)?;
        Ok(secrets::generate(now, Timestamp(now.0.saturating_add(micros)))?)
    }
}

pub(super) fn display_name(name: &str) -> Result<String, ManageError> {
    let good = !name.trim().is_empty() && name.chars().count() <= 256 && !name.chars().any(char::is_control);
    if good { Ok(name.to_owned()) } else { Err(ManageError::Name(name.to_owned())) }
}

/// A domain name in lower case. It has a dot, so that it cannot be taken for a word of our own such as `common`.
fn domain_name(name: &str) -> Result<String, ManageError> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let good = name.len() <= 253 && name.contains('.') && name.split('.').all(label);
    if good { Ok(name.to_ascii_lowercase()) } else { Err(ManageError::Domain(name.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_name_is_one() {
        assert_eq!(domain_name("Contoso.Example").unwrap(), "contoso.example");
        for bad in ["", "common", "a..b", ".a", "a.", "-a.b", "a-.b", "a b.c", "a/b.c", "ä.example"] {
            assert!(domain_name(bad).is_err(), "{bad}");
        }
    }
}
