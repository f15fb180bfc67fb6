//! What directory objects hold: roles, permissions and memberships that privilege depends on. One statement finds all of it.

use async_trait::async_trait;

use super::{Error, TenantKey};
use crate::model::record::RowVersion;

/// A row about what an object holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// The object itself, a group it is in, an object it owns, or the service principal of an owned application.
    Object(HeldObject),
    /// An app role assignment.
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
    /// What an object holds: directly, through groups (nested ones, too), and through the objects it owns. Deleted objects that
    /// can be restored count. The list is empty if there is no such object.
    async fn holdings(&self, tenant: TenantKey, id: &str) -> Result<Vec<Held>, Error>;

    /// An enabled user with this directory role, other than `except`, and the version of the row.
    async fn another_with_role(
        &self,
        tenant: TenantKey,
        role: &str,
        except: &str,
    ) -> Result<Option<(String, RowVersion)>, Error>;
}
