//! The table: what makes its holder privileged, the ways to gain it, and who may grant it.

use super::Class;

/// Something that makes its holder privileged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Power {
    /// A directory role, by its name.
    DirectoryRole(&'static str),
    /// An application permission of this API.
    Permission(&'static str),
    /// A delegated permission of this API that an application gets for the people who sign in through it.
    Scope(&'static str),
    /// A role in another application.
    AppRole {
        /// The other application's service principal.
        resource: String,
        /// The role.
        role: String,
    },
    /// A role of entitlement management.
    Governance {
        /// The role's name.
        role: &'static str,
        /// The catalog; none: the whole tenant.
        catalog: Option<String>,
    },
    /// Membership or ownership of a role-assignable group.
    RoleAssignable,
}

/// The directory roles that assign directory roles.
pub const ROLE_GIVERS: &[&str] = &["Global Administrator", "Privileged Role Administrator"];

impl Power {
    /// Whether an account that holds it is privileged, as far as a way is concerned. A role of entitlement management, which
    /// the owner of a catalog can give to anybody, does not keep administrators from disabling or deleting an account.
    pub fn protects_from(&self, way: Way) -> bool {
        match self {
            Self::AppRole { .. } => false,
            Self::Governance { .. } => way.row().gains,
            _ => true,
        }
    }

    /// Whether it is a privilege in this API. A role in another application is not: it counts only where the credentials of
    /// the application that holds it are concerned.
    pub fn is_of_this_api(&self) -> bool {
        !matches!(self, Self::AppRole { .. })
    }

    /// What messages call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::DirectoryRole(_) => "a directory role",
            Self::Permission(_) => "an application permission of this API",
            Self::Scope(_) => "a delegated permission of this API",
            Self::AppRole { .. } => "a role in another application",
            Self::Governance { .. } => "a role of entitlement management",
            Self::RoleAssignable => "membership of a role-assignable group",
        }
    }

    /// Who may grant it.
    pub fn giver(&self) -> &'static str {
        match self {
            Self::DirectoryRole(_) | Self::RoleAssignable => {
                "the role Global Administrator or Privileged Role Administrator"
            }
            Self::Permission(_) => {
                "AppRoleAssignment.ReadWrite.All, and for a person the role Global Administrator or Privileged Role \
                 Administrator"
            }
            Self::Scope(_) => {
                "a person with AppRoleAssignment.ReadWrite.All and the role Global Administrator or Privileged Role \
                 Administrator"
            }
            Self::AppRole { .. } => {
                "AppRoleAssignment.ReadWrite.All, and for a person a role such as Application Administrator"
            }
            Self::Governance { .. } => {
                "EntitlementManagement.ReadWrite.All, and for a person the role Identity Governance Administrator, Global \
                 Administrator or, in its catalog, Catalog owner"
            }
        }
    }
}

/// The accounts that a directory role reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// All.
    Everybody,
    /// Those that hold nothing but these directory roles.
    Holders(&'static [&'static str]),
}

impl Over {
    /// Whether it reaches an account that holds this.
    pub fn includes(self, power: &Power) -> bool {
        match (self, power) {
            (Self::Everybody, _) => true,
            (Self::Holders(roles), Power::DirectoryRole(role)) => roles.contains(role),
            (Self::Holders(_), _) => false,
        }
    }
}

/// Who may change the credentials of a privileged account, by directory role: Entra's table "Who can reset passwords", for the
/// roles that are known here. No application may. An account that holds nothing is not subject to this table.
pub const ACCOUNTS: &[(&str, Over)] = &[
    ("Global Administrator", Over::Everybody),
    ("Privileged Authentication Administrator", Over::Everybody),
    ("User Administrator", Over::Holders(&["Groups Administrator", "User Administrator"])),
];

/// A change to an object by which the caller, or somebody the caller chooses, could gain what the object holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// Setting or removing the password of an account.
    SetPassword,
    /// Changing the name that an account signs in with.
    Rename,
    /// Changing phone numbers, other mail addresses, identities or the immutable id of an account.
    SetContact,
    /// Enabling an account or a service principal.
    Enable,
    /// Disabling an account.
    Disable,
    /// Revoking the sessions of an account.
    EndSessions,
    /// Deleting an object, which can be restored.
    Delete,
    /// Restoring a deleted object with its credentials and links.
    Restore,
    /// Deleting a deleted object permanently.
    Purge,
    /// Adding a secret to an application or service principal.
    AddSecret,
    /// Adding a certificate to an application or service principal.
    AddCertificate,
    /// Adding a redirect URI or an identifier URI, or making an application a public client.
    ChangeSignIn,
    /// Adding an owner.
    AddOwner,
    /// Adding a member to a group.
    AddMember,
    /// Changing the membership rule of a group, or its types.
    ChangeRule,
    /// Creating a role-assignable group.
    MakeRoleAssignable,
}

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    /// The way.
    pub way: Way,
    /// What messages call it.
    pub doing: &'static str,
    /// The objects whose holdings can be gained by it.
    pub over: &'static [Class],
    /// Whether it lets somebody act as the object. What only ends something is guarded less.
    pub gains: bool,
    /// Whether a provisioning client may do it to any account, as an identity provider must when somebody leaves.
    pub provisioning: bool,
}

const fn way(way: Way, doing: &'static str, over: &'static [Class]) -> Row {
    Row { way, doing, over, gains: true, provisioning: false }
}

/// A way that ends something, by which nobody can act as the object.
const fn end(way: Way, doing: &'static str) -> Row {
    Row { way, doing, over: ACCOUNT, gains: false, provisioning: false }
}

const ACCOUNT: &[Class] = &[Class::Account];
const APPLICATION: &[Class] = &[Class::Application];
const GROUP: &[Class] = &[Class::Group];

/// The table.
pub const WAYS: &[Row] = &[
    way(Way::SetPassword, "setting its password", ACCOUNT),
    way(Way::Rename, "changing its userPrincipalName", ACCOUNT),
    way(Way::SetContact, "changing its phone numbers, other addresses or identities", ACCOUNT),
    way(Way::Enable, "enabling it", &[Class::Account, Class::Application]),
    Row { provisioning: true, ..end(Way::Disable, "disabling it") },
    end(Way::EndSessions, "ending its sessions"),
    end(Way::Delete, "deleting it"),
    way(Way::Restore, "restoring it", &[Class::Account, Class::Application, Class::Group]),
    end(Way::Purge, "deleting it for good"),
    way(Way::AddSecret, "adding a secret", APPLICATION),
    way(Way::AddCertificate, "adding a certificate", APPLICATION),
    way(Way::ChangeSignIn, "changing how it signs people in", APPLICATION),
    way(Way::AddOwner, "adding an owner", &[Class::Application, Class::Group]),
    way(Way::AddMember, "adding a member", GROUP),
    way(Way::ChangeRule, "changing its membership rule", GROUP),
    way(Way::MakeRoleAssignable, "creating it", GROUP),
];

impl Way {
    /// Its row.
    pub fn row(self) -> &'static Row {
        WAYS.iter().find(|row| row.way == self).unwrap_or(&WAYS[0])
    }
}
