//! What the authority keeps: tenants, service principals and their secrets.

use async_trait::async_trait;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{CommitError, Error, NewTenant, TenantKey};
use crate::model::{audit::Entry, changeset::Changeset, record::RowVersion, value::Timestamp};

/// The part of a [`super::Store`] that the authority uses. What is to be remembered of a change is written with it.
#[async_trait]
pub trait Identities: Send + Sync {
    /// Adds a tenant with what it starts with. [`CommitError::Conflict`]: its id or one of its domains is taken.
    async fn tenant_create(&self, tenant: NewTenant, first: Changeset) -> Result<(), CommitError>;

    /// Applies a changeset to a tenant, which takes away what a tenant starts with, and then the tenant itself.
    /// [`CommitError::Constraint`]: the tenant holds more than that. Nothing has changed then.
    /// What is remembered of it goes into another tenant's chain.
    async fn tenant_delete(
        &self,
        tenant: TenantKey,
        last: Changeset,
        audit: (TenantKey, Vec<Entry>),
    ) -> Result<(), CommitError>;

    /// The service principals of a tenant, by name.
    async fn service_principals(&self, tenant: TenantKey) -> Result<Vec<ServicePrincipal>, Error>;

    /// The service principal of an application in a tenant, and its secrets, the newest first.
    async fn service_principal(
        &self,
        tenant: TenantKey,
        app_id: &str,
    ) -> Result<Option<(ServicePrincipal, Vec<ClientSecret>)>, Error>;

    /// Adds a service principal with its first secret, if it has any. [`CommitError::Conflict`]: its id or its application's is taken.
    async fn service_principal_create(
        &self,
        tenant: TenantKey,
        principal: ServicePrincipal,
        secret: Option<ClientSecret>,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError>;

    /// Adds a secret to a service principal and takes away the others. [`CommitError::Conflict`]: there is no such
    /// service principal.
    async fn service_principal_set_secret(
        &self,
        tenant: TenantKey,
        id: &str,
        secret: ClientSecret,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError>;

    /// Removes a service principal and its secrets. [`CommitError::Conflict`]: there is none.
    async fn service_principal_delete(&self, tenant: TenantKey, id: &str, audit: Vec<Entry>)
    -> Result<(), CommitError>;
}

/// An application in a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePrincipal {
    /// The id of the object in the tenant's directory, which tokens carry as `oid`.
    pub id: String,
    /// The state of the row.
    pub version: RowVersion,
    /// The id of the application: the client id.
    pub app_id: String,
    /// Its name.
    pub display_name: String,
    /// The application permissions that it was granted.
    pub roles: Vec<String>,
    /// How people sign in through it.
    pub sign_in: SignInSettings,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How people sign in through an application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SignInSettings {
    /// Where they may be sent back to, by the letter.
    pub redirect_uris: Vec<String>,
    /// The delegated permissions that it may have.
    pub scopes: Vec<String>,
    /// Whether it has no secret, since it could not keep one.
    pub public: bool,
    /// The certificates by whose keys it may prove itself.
    pub certificates: Vec<Certificate>,
}

/// A certificate of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// The SHA-1 of it, in base64url, by which older libraries name it,
    pub x5t: String,
    /// and its SHA-256.
    pub x5t_s256: String,
    /// Its public key, in PEM.
    pub public_key: String,
}

/// A secret by which an application proves that it is itself. The secret cannot be found out from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSecret {
    /// Which it is.
    pub key_id: String,
    /// An Argon2id hash in PHC's format.
    pub hash: String,
    /// The secret's first characters, by which people tell secrets apart.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it counts no more.
    pub expires_at: Timestamp,
}

impl ServicePrincipal {
    /// How people sign in, as it is stored.
    pub(super) fn sign_in_json(&self) -> String {
        serde_json::json!(self.sign_in).to_string()
    }

    /// The roles as they are stored.
    pub(super) fn roles_json(&self) -> String {
        serde_json::json!(self.roles).to_string()
    }
}

/// What is stored as JSON of a service principal or a user.
pub(super) fn read_json<T: DeserializeOwned>(json: &str, id: &str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(|_| Error::Corrupt(format!("directory object {id:?} is not readable")))
}
