//! Devices on which somebody is about to sign in (RFC 8628).

use async_trait::async_trait;

use super::{CommitError, Error, Grant, GrantDetails, TenantKey};
use crate::model::{record::RowVersion, value::Timestamp};

/// The part of a [`super::Store`] by which devices wait for people.
#[async_trait]
pub trait DeviceCodes: Send + Sync {
    /// Keeps a device's code; those that had expired at `before` go, a few at a time. [`CommitError::Conflict`]: the user's
    /// code is taken, the tenant has [`MAX_DEVICE_CODES`] already, or the client [`MAX_DEVICE_CODES_PER_CLIENT`].
    async fn device_code_add(&self, tenant: TenantKey, code: DeviceCode, before: Timestamp) -> Result<(), CommitError>;

    /// The device's code that this user's code stands for, in whichever tenant, and none that has expired or was declined.
    async fn device_code_named(
        &self,
        user_code: &str,
        now: Timestamp,
    ) -> Result<Option<(TenantKey, DeviceCode)>, Error>;

    /// The code of a client's device. None: there is none, or it has become a grant.
    async fn device_code_waiting(
        &self,
        tenant: TenantKey,
        hash: &str,
        app_id: &str,
    ) -> Result<Option<DeviceCode>, Error>;

    /// Makes a grant of the device's code with the grant's hash, as [`super::People::grant_add`] does.
    /// [`CommitError::Conflict`]: it has expired by now, or somebody was faster.
    async fn device_code_approve(
        &self,
        tenant: TenantKey,
        grant: Grant,
        seen: RowVersion,
        now: Timestamp,
    ) -> Result<(), CommitError>;

    /// Declines what the device asks for. [`CommitError::Conflict`]: as above.
    async fn device_code_decline(&self, tenant: TenantKey, hash: &str, now: Timestamp) -> Result<(), CommitError>;
}

/// How many devices of a tenant may wait at once: anybody who knows a client id can make them.
pub const MAX_DEVICE_CODES: i64 = 10_000;
/// How many of one client.
pub const MAX_DEVICE_CODES_PER_CLIENT: i64 = 2_000;
/// How many that have expired are removed in one transaction.
pub(super) const REMOVED_TOGETHER: i64 = 256;

/// A device that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCode {
    /// The SHA-256 of what the device shows.
    pub hash: String,
    /// What the person types.
    pub user_code: String,
    /// The client on the device.
    pub app_id: String,
    /// What it asks for.
    pub details: GrantDetails,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it counts no more.
    pub expires_at: Timestamp,
    /// Whether the person has said no.
    pub declined: bool,
}
