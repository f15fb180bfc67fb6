//! Hashes and secrets for what the API keeps of them: passwords of people, secrets of applications.

use super::{Authority, secrets};
use crate::store::TenantKey;

/// Too many secrets are being hashed at this moment, or there is no randomness.
#[derive(Debug, thiserror::Error)]
#[error("a secret could not be hashed")]
pub struct Unhashed;

/// The hash of a password or secret, made here and now: for who may wait as long as it takes.
pub fn hash_here(secret: &str) -> Result<String, Unhashed> {
    secrets::hash(secret).map_err(|_| Unhashed)
}

impl Authority {
    /// What is kept of a password or a secret of a tenant. It takes its turn with those who compare theirs.
    pub async fn hash(&self, tenant: TenantKey, secret: String) -> Result<String, Unhashed> {
        self.hashing.hash(tenant, secret).await.map_err(|_| Unhashed)?.map_err(|_| Unhashed)
    }

    /// A new secret, and what is kept of it.
    pub async fn fresh_secret(&self, tenant: TenantKey) -> Result<(String, String), Unhashed> {
        let secret = secrets::random().map_err(|_| Unhashed)?;
        let hash = self.hash(tenant, secret.clone()).await?;
        Ok((secret, hash))
    }
}
