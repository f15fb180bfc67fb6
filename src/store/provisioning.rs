//! Provisioning clients: identity providers that push people and groups into a tenant.

use async_trait::async_trait;

use super::{CommitError, Error, TenantKey};
use crate::model::{audit::Entry, value::Timestamp};

/// The part of a [`super::Store`] that keeps provisioning clients. What is to be remembered of a change is written with it.
#[async_trait]
pub trait Provisioning: Send + Sync {
    /// The clients of all tenants, by name.
    async fn provisioning_clients(&self) -> Result<Vec<ProvisioningClient>, Error>;

    /// Adds a client.
    async fn provisioning_client_add(&self, client: ProvisioningClient, audit: Vec<Entry>) -> Result<(), CommitError>;

    /// Gives a client another token. [`CommitError::Conflict`]: there is no such client.
    async fn provisioning_client_rotate(
        &self,
        client: ProvisioningClient,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError>;

    /// Removes a client. [`CommitError::Conflict`]: there is none.
    async fn provisioning_client_delete(
        &self,
        tenant: TenantKey,
        id: &str,
        audit: Vec<Entry>,
    ) -> Result<(), CommitError>;
}

/// A provisioning client, with what is kept of its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisioningClient {
    /// Into whose directory it pushes.
    pub tenant: TenantKey,
    /// Its id, which its token names.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// The SHA-256 of the token's secret half, in hexadecimal.
    pub hash: String,
    /// The secret's first characters, by which people tell tokens apart.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on its token counts no more; none: it counts until it is replaced.
    pub expires_at: Option<Timestamp>,
}
