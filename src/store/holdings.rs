//! What objects of the directory hold that makes them more than others, found by one statement whatever it is.

use async_trait::async_trait;

use super::{Error, TenantKey};
use crate::model::record::RowVersion;

/// An object that holds something, or what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// The object itself, a group that it is in, something that it owns, or what that is in the tenant.
    Object(HeldObject),
    /// A role in an application.
    AppRole {
        /// The holder.
        holder: String,
        /// The application's service principal.
        resource: String,
        /// The application.
        app_id: String,
        /// The role.
        role: String,
    },
    /// A role of entitlement management.
    Governance {
        /// The holder.
        holder: String,
        /// The role.
        role: String,
        /// The catalog; none: the whole tenant.
        catalog: Option<String>,
    },
}

/// An object that may hold something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldObject {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// The client id of an application.
    pub app_id: Option<String>,
    /// The template ids of directory roles, a JSON array.
    pub directory_roles: Option<String>,
    /// The application permissions granted by name, a JSON array.
    pub granted_roles: Option<String>,
    /// How people sign in through it, a JSON object.
    pub sign_in: Option<String>,
    /// Whether roles can be assigned to the group.
    pub role_assignable: bool,
}

/// The part of a [`super::Store`] that knows what objects hold.
#[async_trait]
pub trait Holdings: Send + Sync {
    /// What an object holds: itself, through groups, also nested ones, and through what it owns. What was deleted and can be
    /// restored counts. Nothing: there is no such object.
    async fn holdings(&self, tenant: TenantKey, id: &str) -> Result<Vec<Held>, Error>;

    /// Somebody who lives, may sign in and has this directory role, but for this person; and the state of the row.
    async fn another_with_role(
        &self,
        tenant: TenantKey,
        role: &str,
        except: &str,
    ) -> Result<Option<(String, RowVersion)>, Error>;
}
