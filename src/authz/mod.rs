//! Who may do what: a principal, an action, a decision. Pure, and denying by default.
//!
//! [`permissions`] is the one table: the decision, the tests and the security sections of the OpenAPI document read it.
//! Where a principal comes from is no business of this module; see [`crate::authority`].

use std::fmt;

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The id of the caller's tenant.
    pub tenant_id: String,
    /// The id of the caller's object in the tenant's directory.
    pub oid: String,
    /// What `createdBy` and `modifiedBy` say: the user principal name, else the name, else the application's name,
    /// else its id.
    pub name: Option<String>,
    /// The id of the application that calls, for itself or for a user.
    pub app_id: Option<String>,
    /// Whether an application calls for itself or for a user.
    pub kind: Kind,
    /// What the token permits.
    pub permissions: Permissions,
}

/// For whom an application calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// For itself: application permissions count, which tokens carry as `roles`.
    Application,
    /// For a user: delegated permissions count, which tokens carry as `scp`.
    Delegated,
}

/// Something that a caller wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// To read entitlement management.
    Read,
    /// To change entitlement management.
    Write,
}

/// The permissions that allow an action, any one of them; the least privileged comes first. Application and delegated
/// permissions have the same names.
pub const fn permissions(action: Action) -> &'static [&'static str] {
    match action {
        Action::Read => &[READ_ALL, READ_WRITE_ALL],
        Action::Write => &[READ_WRITE_ALL],
    }
}

/// May read all of entitlement management.
pub const READ_ALL: &str = "EntitlementManagement.Read.All";
/// May read and change all of entitlement management.
pub const READ_WRITE_ALL: &str = "EntitlementManagement.ReadWrite.All";

/// A permission that means something here.
#[derive(Clone, Copy, Debug)]
pub struct Permission {
    /// Its name, as Graph has it.
    pub name: &'static str,
    /// What it allows, for the OpenAPI document.
    pub description: &'static str,
}

/// All permissions that mean something here.
pub const PERMISSIONS: &[Permission] = &[
    Permission { name: READ_ALL, description: "Read all of entitlement management." },
    Permission { name: READ_WRITE_ALL, description: "Read and change all of entitlement management." },
];

/// A set of permissions. A bit for each row of [`PERMISSIONS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u32);

impl Permissions {
    /// The permissions with these names; names that mean nothing here permit nothing.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(names.into_iter().filter_map(bit).fold(0, |bits, bit| bits | bit))
    }

    /// Whether the permission with this name is among them.
    pub fn has(self, name: &str) -> bool {
        bit(name).is_some_and(|bit| self.0 & bit != 0)
    }
}

fn bit(name: &str) -> Option<u32> {
    PERMISSIONS.iter().position(|permission| permission.name == name).map(|position| 1 << position)
}

/// The caller may not do this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token permits none of {}", Names(.needed))]
pub struct Denied {
    /// The permissions of which any one would do.
    pub needed: &'static [&'static str],
}

struct Names<'a>(&'a [&'a str]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, name) in self.0.iter().enumerate() {
            write!(f, "{}{name}", if position == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// Whether the principal may do it.
pub fn decide(principal: &Principal, action: Action) -> Result<(), Denied> {
    let needed = permissions(action);
    if needed.iter().any(|name| principal.permissions.has(name)) { Ok(()) } else { Err(Denied { needed }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(names: &[&str], action: Action) -> Result<(), Denied> {
        let principal = Principal {
            tenant_id: String::new(),
            oid: String::new(),
            name: None,
            app_id: None,
            kind: Kind::Application,
            permissions: Permissions::named(names.iter().copied()),
        };
        decide(&principal, action)
    }

    #[test]
    fn a_permission_allows_what_the_table_says_and_no_more() {
        assert_eq!(may(&[READ_ALL], Action::Read), Ok(()));
        assert_eq!(may(&[READ_WRITE_ALL], Action::Read), Ok(()));
        assert_eq!(may(&["User.Read", READ_WRITE_ALL], Action::Write), Ok(()));
        assert_eq!(may(&[READ_ALL], Action::Write), Err(Denied { needed: &[READ_WRITE_ALL] }));
    }

    #[test]
    fn what_is_not_a_permission_by_the_letter_permits_nothing() {
        for name in ["", "User.Read.All", "entitlementmanagement.read.all", "EntitlementManagement.Read.All "] {
            assert!(may(&[name], Action::Read).is_err(), "{name:?}");
        }
        assert!(may(&[], Action::Read).is_err());
    }

    #[test]
    fn every_permission_of_the_table_is_described_once() {
        for action in [Action::Read, Action::Write] {
            for name in permissions(action) {
                assert_eq!(PERMISSIONS.iter().filter(|permission| permission.name == *name).count(), 1, "{name}");
            }
        }
        assert!(PERMISSIONS.len() <= 32);
    }

    #[test]
    fn a_denial_names_what_would_do() {
        let denied = may(&[], Action::Read).unwrap_err();
        assert_eq!(denied.to_string(), format!("the token permits none of {READ_ALL}, {READ_WRITE_ALL}"));
    }
}
