//! The table: the ways to gain something, over what they lead, and who may go them.

use super::Class;

/// Something that makes its holder more than others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Power {
    /// A directory role, by its name.
    DirectoryRole(&'static str),
    /// An application permission of this API.
    Permission(&'static str),
    /// A delegated permission of this API, which people grant an application by signing in through it.
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
    /// To be in a group to which roles can be assigned, to own one, or to be one.
    RoleAssignable,
}

/// The directory roles that give directory roles: they could make anybody anything.
pub const ROLE_GIVERS: &[&str] = &["Global Administrator", "Privileged Role Administrator"];

impl Power {
    /// Whether something of this API is held. A role in another application makes nobody privileged here; it counts only for
    /// the application whose credentials it would be used with.
    pub fn is_of_this_api(&self) -> bool {
        !matches!(self, Self::AppRole { .. })
    }

    /// What it is, in a sentence.
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

    /// Who may give it.
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

/// Over whom a directory role reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Everybody.
    Everybody,
    /// Those who hold nothing but these directory roles.
    Holders(&'static [&'static str]),
}

impl Over {
    /// Whether it reaches over somebody who holds this.
    pub fn includes(self, power: &Power) -> bool {
        match (self, power) {
            (Self::Everybody, _) => true,
            (Self::Holders(roles), Power::DirectoryRole(role)) => roles.contains(role),
            (Self::Holders(_), _) => false,
        }
    }
}

/// Which persons may change how a privileged account signs in, by their directory roles: Entra's table "Who can reset
/// passwords", of the roles that are known here. An account that holds nothing is changed by whoever may change people, and
/// no application changes another.
pub const ACCOUNTS: &[(&str, Over)] = &[
    ("Global Administrator", Over::Everybody),
    ("Privileged Authentication Administrator", Over::Everybody),
    ("User Administrator", Over::Holders(&["Groups Administrator", "User Administrator"])),
];

/// Something that is done to an object, by which somebody could gain what the object holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// To set the password of a person, or take it away.
    SetPassword,
    /// To change the name by which a person signs in.
    Rename,
    /// To change by what a person is known or reached beside the name.
    SetContact,
    /// To let somebody sign in again who was disabled.
    Enable,
    /// To disable somebody.
    Disable,
    /// To end somebody's sessions.
    EndSessions,
    /// To delete something, so that it can be restored.
    Delete,
    /// To restore it, with everything that it was.
    Restore,
    /// To delete it for good.
    Purge,
    /// To add a secret to an application.
    AddSecret,
    /// To add a certificate to an application.
    AddCertificate,
    /// To change where an application's codes are sent to, by what it is known, or that it needs no secret.
    ChangeSignIn,
    /// To add an owner.
    AddOwner,
    /// To add a member to a group.
    AddMember,
    /// To change the rule that says who is in a group.
    ChangeRule,
    /// To create a group to which roles can be assigned.
    MakeRoleAssignable,
}

/// What holds for a way.
#[derive(Debug)]
pub struct Row {
    /// The way.
    pub way: Way,
    /// What is done, in a sentence.
    pub doing: &'static str,
    /// Over which objects it leads to what they hold.
    pub over: &'static [Class],
    /// Whether a provisioning client may do it to any account: what an identity provider must be able to do when somebody
    /// leaves.
    pub provisioning: bool,
}

const fn way(way: Way, doing: &'static str, over: &'static [Class]) -> Row {
    Row { way, doing, over, provisioning: false }
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
    Row { provisioning: true, ..way(Way::Disable, "disabling it", ACCOUNT) },
    way(Way::EndSessions, "ending its sessions", ACCOUNT),
    way(Way::Delete, "deleting it", ACCOUNT),
    way(Way::Restore, "restoring it", &[Class::Account, Class::Application, Class::Group]),
    way(Way::Purge, "deleting it for good", ACCOUNT),
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
