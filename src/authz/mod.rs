//! Who may do what: a principal, an action, a decision. Pure, and denying by default.
//!
//! [`table`] is the one table: the decision, the tests and the security sections of the OpenAPI document read it.
//! Where a principal comes from is no business of this module; see [`crate::authority`].
//!
//! An application may do what one of its application permissions allows, in all of its tenant. For a person, the
//! delegated permissions bound what the application may do in that person's name; whether the person may do it is a
//! matter of directory roles. Where these don't decide, entitlement management's own roles do, which are assigned to
//! persons and to applications, for the whole tenant or for one catalog.

mod hidden;
mod permission;
pub mod privilege;
mod role;
pub mod table;

use std::fmt;

pub use self::{
    hidden::{MEMBER_READ_HIDDEN, sees_hidden_members},
    permission::{GRAPH_APP_ID, PERMISSIONS, Permission, Permissions},
    role::{DIRECTORY_ROLES, DirectoryRole, DirectoryRoles, OWNER, ROLES, Role},
    table::Action,
};
use crate::model::scope::Scope;

/// May read all of entitlement management.
pub const READ_ALL: &str = "EntitlementManagement.Read.All";
/// May read and change all of entitlement management.
pub const READ_WRITE_ALL: &str = "EntitlementManagement.ReadWrite.All";
/// May do in the directory what the signed-in person may do there with their own object.
pub const ACCESS_AS_USER: &str = "Directory.AccessAsUser.All";
/// May read the audit logs.
pub const AUDIT_LOG_READ_ALL: &str = "AuditLog.Read.All";
/// May read the directory, and with it the audit logs.
pub const DIRECTORY_READ_ALL: &str = "Directory.Read.All";
/// May read and change the directory.
pub const DIRECTORY_READ_WRITE_ALL: &str = "Directory.ReadWrite.All";

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
    /// The directory roles of the user.
    pub directory_roles: DirectoryRoles,
}

/// For whom an application calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// For itself: application permissions count, which tokens carry as `roles`.
    Application,
    /// For a user: delegated permissions count, which tokens carry as `scp`.
    Delegated,
}

/// A role of entitlement management that a principal has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: &'static Role,
    /// For this catalog; none: for the whole tenant.
    pub catalog: Option<String>,
}

/// What a token alone says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByToken {
    /// The caller may, everywhere in its tenant.
    Yes,
    /// The caller may not, whatever its roles are.
    No(Denied),
    /// It is a matter of the caller's roles.
    AskRoles,
}

/// Whether a token decides.
pub fn by_token(principal: &Principal, action: Action) -> ByToken {
    let row = table::row(action);
    let permitted = row.permissions.iter().any(|name| principal.permissions.has(name));
    match principal.kind {
        Kind::Delegated if !permitted => ByToken::No(Denied::permission(row)),
        Kind::Application if permitted => ByToken::Yes,
        Kind::Delegated if row.members || principal.directory_roles.allow(row) => ByToken::Yes,
        Kind::Application | Kind::Delegated => ByToken::AskRoles,
    }
}

/// What a caller lacks whose roles do not allow an action, or not where it wants to act. Who calls for itself and has no
/// role at all is to be given a permission.
pub fn lacking(principal: &Principal, grants: &[Grant], action: Action) -> Denied {
    let row = table::row(action);
    match principal.kind {
        Kind::Application if grants.is_empty() => Denied::permission(row),
        Kind::Application | Kind::Delegated => Denied::role(row),
    }
}

/// Where the roles allow an action.
pub fn by_roles(grants: &[Grant], action: Action) -> Scope {
    let row = table::row(action);
    let allowing = || grants.iter().filter(|grant| row.roles.contains(&grant.role.name));
    if allowing().any(|grant| grant.catalog.is_none()) {
        return Scope::Tenant;
    }
    Scope::catalogs(allowing().filter_map(|grant| grant.catalog.clone()))
}

/// The caller may not do this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The token lacks a permission.
    #[error("the token permits none of {}", Names(.needed))]
    Permission {
        /// The permissions of which any one would do.
        needed: &'static [&'static str],
    },
    /// The token would do, but the caller has no role that allows this, or not there.
    #[error("it takes one of the roles {}, where the caller wants to do this", Names(.roles))]
    Role {
        /// The roles of which any one would do.
        roles: &'static [&'static str],
    },
    /// The account is privileged, and the caller is not privileged enough.
    #[error(
        "the account is privileged, so {doing} takes a person with a directory role such as Privileged Authentication \
         Administrator or Global Administrator"
    )]
    Account {
        /// What the caller wanted to do.
        doing: &'static str,
    },
    /// The application or group holds something that the caller does not.
    #[error("the object holds {held} that the caller does not, so {doing} takes {needed}")]
    Takeover {
        /// What the caller wanted to do.
        doing: &'static str,
        /// What it holds.
        held: &'static str,
        /// Who could give it.
        needed: &'static str,
    },
    /// The caller may not grant this.
    #[error("{given} is granted by {needed}")]
    Gift {
        /// What the caller wanted to grant.
        given: &'static str,
        /// Who may.
        needed: &'static str,
    },
}

impl Denied {
    fn permission(row: &table::Row) -> Self {
        Self::Permission { needed: row.permissions }
    }

    /// What a caller lacks who has no role for this, or not where it wants to act.
    fn role(row: &table::Row) -> Self {
        Self::Role { roles: if row.roles.is_empty() { row.directory_roles } else { row.roles } }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(kind: Kind, permissions: &[&str], directory_roles: &[&str]) -> Principal {
        Principal {
            tenant_id: String::new(),
            oid: String::new(),
            name: None,
            app_id: None,
            kind,
            permissions: Permissions::named(permissions.iter().copied()),
            directory_roles: DirectoryRoles::named(directory_roles.iter().copied()),
        }
    }

    fn application(permissions: &[&str], action: Action) -> ByToken {
        by_token(&principal(Kind::Application, permissions, &[]), action)
    }

    const READ: Denied = Denied::Permission { needed: &[READ_ALL, READ_WRITE_ALL] };
    const WRITE: Denied = Denied::Permission { needed: &[READ_WRITE_ALL] };

    #[test]
    fn a_permission_allows_what_the_table_says_and_no_more() {
        assert_eq!(application(&[READ_ALL], Action::Read), ByToken::Yes);
        assert_eq!(application(&[READ_WRITE_ALL], Action::Read), ByToken::Yes);
        assert_eq!(application(&["User.Read", READ_WRITE_ALL], Action::ManageCatalog), ByToken::Yes);
        assert_eq!(application(&[READ_ALL], Action::ManageCatalog), ByToken::AskRoles);
    }

    #[test]
    fn what_is_not_a_permission_by_the_letter_permits_nothing() {
        for name in ["", "User.Read.All", "entitlementmanagement.read.all", "EntitlementManagement.Read.All "] {
            assert_eq!(application(&[name], Action::Read), ByToken::AskRoles, "{name:?}");
        }
    }

    #[test]
    fn a_person_needs_both_a_scope_and_a_role() {
        let person =
            |scopes: &[&str], roles: &[&str], action| by_token(&principal(Kind::Delegated, scopes, roles), action);
        let all = [READ_WRITE_ALL];
        assert_eq!(person(&all, &["Global Administrator"], Action::ManageCatalog), ByToken::Yes);
        assert_eq!(person(&all, &["Global Reader"], Action::Read), ByToken::Yes);
        assert_eq!(person(&all, &["Global Reader"], Action::ManageCatalog), ByToken::AskRoles);
        assert_eq!(person(&all, &[], Action::Read), ByToken::AskRoles);
        assert_eq!(person(&[READ_ALL], &["Global Administrator"], Action::ManageCatalog), ByToken::No(WRITE));
        assert_eq!(person(&[], &["Global Administrator"], Action::Read), ByToken::No(READ));
    }

    #[test]
    fn roles_allow_where_they_are_assigned() {
        let grant = |role: &str, catalog: Option<&str>| Grant {
            role: Role::named(role).unwrap(),
            catalog: catalog.map(str::to_owned),
        };
        let grants = [grant("Catalog owner", Some("b")), grant("Catalog reader", Some("a"))];
        assert_eq!(by_roles(&grants, Action::Read), Scope::catalogs(["a".into(), "b".into()]));
        assert_eq!(by_roles(&grants, Action::ManagePackages), Scope::catalogs(["b".into()]));
        let creator = [grant("Catalog creator", None)];
        assert_eq!(by_roles(&creator, Action::CreateCatalog), Scope::Tenant);
        assert_eq!(by_roles(&creator, Action::Read), Scope::nowhere());
        assert_eq!(by_roles(&[grant("Catalog owner", None)], Action::Read), Scope::Tenant);
    }

    #[test]
    fn a_denial_names_what_would_do() {
        assert_eq!(READ.to_string(), format!("the token permits none of {READ_ALL}, {READ_WRITE_ALL}"));
        let (robot, person) =
            (principal(Kind::Application, &[], &[]), principal(Kind::Delegated, &[READ_WRITE_ALL], &[]));
        let reader = [Grant { role: Role::named("Catalog reader").unwrap(), catalog: None }];
        assert_eq!(lacking(&robot, &[], Action::ManageCatalog), WRITE);
        for denied in [lacking(&robot, &reader, Action::ManageCatalog), lacking(&person, &[], Action::ManageCatalog)] {
            assert_eq!(
                denied.to_string(),
                "it takes one of the roles Catalog owner, where the caller wants to do this"
            );
        }
        assert!(lacking(&person, &reader, Action::Govern).to_string().contains("Identity Governance Administrator"));
    }
}
