//! What the authority keeps of people: who they are, their passwords, and what they are on their way to.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{CommitError, Error, TenantKey, identities::read_json};
use crate::model::{
    self,
    record::{RowVersion, Stored},
    value::Timestamp,
};

/// The part of a [`super::Store`] by which people sign in.
#[async_trait]
pub trait People: Send + Sync {
    /// Keeps a grant for a person whose row was in the state `seen` when the password was compared; those that have expired
    /// at this time go. [`CommitError::Conflict`]: the row has changed since, and with it perhaps the password.
    async fn grant_add(
        &self,
        tenant: TenantKey,
        grant: Grant,
        seen: RowVersion,
        now: Timestamp,
    ) -> Result<(), CommitError>;

    /// Keeps a grant that takes the place of the one with the hash `before`. [`CommitError::Conflict`]: that one has ended,
    /// with its family, its person or its application, by whatever came first.
    async fn grant_follow(
        &self,
        tenant: TenantKey,
        before: &str,
        grant: Grant,
        now: Timestamp,
    ) -> Result<(), CommitError>;

    /// Uses the grant with this hash, once: whoever comes later is told that it has been used.
    async fn grant_use(&self, tenant: TenantKey, hash: &str, now: Timestamp) -> Result<Option<Used>, CommitError>;

    /// Notes that an assertion was used, until it expires; some of those that have at this time are forgotten. False: it was used
    /// before.
    async fn assertion_use(
        &self,
        tenant: TenantKey,
        hash: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, CommitError>;

    /// All that is revoked: in which tenant, by [`model::changeset::Revocation::key`], and until when.
    async fn revocations(&self) -> Result<Vec<(TenantKey, String, Timestamp)>, Error>;

    /// Ends a family: its grants go, nothing follows them, and its tokens are revoked at this time.
    async fn family_end(&self, tenant: TenantKey, family: &str, now: Timestamp) -> Result<(), CommitError>;
}

/// For so long, in microseconds, it is remembered that a family has ended: longer than any of its tokens lives.
pub const FAMILIES_KEPT: i64 = 2 * 3_600_000_000;
/// So many that have expired go when one is added: more than come, and never so many that who writes next has to wait.
pub(super) const EXPIRED_TOGETHER: i64 = 100;

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id of the object in the tenant's directory, which tokens carry as `oid`.
    pub id: String,
    /// The state of the row.
    pub version: RowVersion,
    /// The name by which the person signs in.
    pub user_principal_name: String,
    /// The name that people see.
    pub display_name: String,
    /// Whether the person may sign in.
    pub account_enabled: bool,
    /// The template ids of the person's directory roles.
    pub directory_roles: Vec<String>,
    /// When the object was made.
    pub created_at: Timestamp,
}

impl User {
    /// The row of a new person.
    pub fn record(&self, password: Option<Password>) -> model::User {
        let (hash, changed_at) = password.map(|password| (password.hash, password.changed_at)).unzip();
        model::User {
            id: self.id.clone(),
            user_principal_name: self.user_principal_name.clone(),
            upn_key: self.user_principal_name.to_lowercase(),
            display_name: self.display_name.clone(),
            account_enabled: self.account_enabled,
            directory_roles: serde_json::json!(self.directory_roles).to_string(),
            created_at: self.created_at,
            password_hash: hash,
            last_password_change_date_time: changed_at,
            ..model::User::default()
        }
    }

    /// From the row.
    pub fn read(row: Stored<model::User>) -> Result<(Self, Option<Password>), Error> {
        let Stored { record, version } = row;
        let changed_at = record.last_password_change_date_time.unwrap_or(record.created_at);
        let password = record.password_hash.map(|hash| Password { hash, changed_at });
        let user = Self {
            directory_roles: read_json(&record.directory_roles, &record.id)?,
            id: record.id,
            version,
            user_principal_name: record.user_principal_name,
            display_name: record.display_name,
            account_enabled: record.account_enabled,
            created_at: record.created_at,
        };
        Ok((user, password))
    }
}

/// A password. It cannot be found out from this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Password {
    /// An Argon2id hash in PHC's format.
    pub hash: String,
    /// When it was set.
    pub changed_at: Timestamp,
}

/// Something by which a client gets tokens for a person: a code, a refresh token, or what a device shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The SHA-256 of what the client shows, in hexadecimal.
    pub hash: String,
    /// What it is.
    pub kind: GrantKind,
    /// The sign-in that it came of.
    pub family: String,
    /// The client.
    pub app_id: String,
    /// The person.
    pub user_id: String,
    /// What was agreed on.
    pub details: GrantDetails,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it counts no more.
    pub expires_at: Timestamp,
}

/// What a grant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantKind {
    /// An authorization code.
    Code,
    /// A refresh token.
    Refresh,
    /// The code of a device for which a person has signed in.
    Device,
}

impl GrantKind {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Refresh => "refresh",
            Self::Device => "device",
        }
    }

    pub(super) fn read(text: &str) -> Self {
        match text {
            "code" => Self::Code,
            "device" => Self::Device,
            _ => Self::Refresh,
        }
    }
}

/// What a person and a client have agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GrantDetails {
    /// Where the code was sent to.
    pub redirect_uri: String,
    /// What was asked for and granted, as the client spells it.
    pub scope: String,
    /// What the client wants to find in the ID token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The hash of what the client has to show (PKCE, RFC 7636).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
}

/// A grant that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The grant.
    pub grant: Grant,
    /// Whether this is its first use.
    pub first: bool,
}
