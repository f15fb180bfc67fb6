//! Privilege escalation: who may change credentials and memberships, and who may grant what.
//!
//! A caller who sets the password of an account, adds a secret to an application or adds a member to a group can then act as
//! that account or application, or with what the group holds. Such a [`Way`] to gain something therefore takes more than the
//! right to change objects of the kind: the caller must be at least as privileged as the target. [`table`] says what that
//! means; the decision, the tests and the messages read this one table.

pub mod table;
mod ways;

use std::collections::BTreeSet;

pub use self::{
    table::{ACCOUNTS, Over, Power, WAYS, Way},
    ways::{Attempt, attempts, changes_built_in},
};
use super::{
    Action, ByToken, Denied, Grant, Kind, PERMISSIONS, Permission, Principal, READ_WRITE_ALL, Role, by_roles, by_token,
    table::row,
};

/// The kinds of objects that the table tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A person.
    Account,
    /// An application, or its service principal.
    Application,
    /// A group.
    Group,
}

impl Class {
    /// The class of a kind of directory objects.
    pub fn of(kind: &str) -> Self {
        match kind {
            "user" => Self::Account,
            "group" => Self::Group,
            _ => Self::Application,
        }
    }
}

/// An object and everything it holds: directly, through groups, and through the objects it owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its class.
    pub class: Class,
    /// What it holds.
    pub powers: BTreeSet<Power>,
}

/// A caller: its token, and what the store knows of its object.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// Who calls.
    pub principal: &'a Principal,
    /// What the caller's object holds directly.
    pub own: &'a BTreeSet<Power>,
    /// Whether the caller is a provisioning client.
    pub provisioning: bool,
    /// Whether the operator allows the credentials of any application to be changed, as in Graph.
    pub takeover: bool,
}

/// Whether the caller may do this to the target.
///
/// # Errors
/// The target holds something that the caller neither holds nor could grant to itself.
pub fn may(caller: &Holder<'_>, way: Way, target: &Target) -> Result<(), Denied> {
    let row = way.row();
    if !row.over.contains(&target.class) {
        return Ok(());
    }
    match target.class {
        Class::Account => may_account(caller, way, target),
        Class::Application if caller.takeover => Ok(()),
        Class::Application | Class::Group => {
            let counts = |power: &&Power| target.class == Class::Application || power.is_of_this_api();
            let beyond = |power: &&Power| !caller.holds(power) && !caller.could_give(power);
            match target.powers.iter().filter(counts).find(beyond) {
                Some(power) => Err(Denied::Takeover { doing: row.doing, held: power.name(), needed: power.giver() }),
                None => Ok(()),
            }
        }
    }
}

fn may_account(caller: &Holder<'_>, way: Way, target: &Target) -> Result<(), Denied> {
    let held: Vec<&Power> = target.powers.iter().filter(|power| power.protects_from(way)).collect();
    if held.is_empty() || (caller.provisioning && way.row().provisioning) {
        return Ok(());
    }
    let person = caller.principal.kind == Kind::Delegated;
    let over = ACCOUNTS.iter().filter(|(role, _)| person && caller.principal.directory_roles.has(role));
    if over.into_iter().any(|(_, over)| held.iter().all(|power| over.includes(power))) {
        return Ok(());
    }
    Err(Denied::Account { doing: way.row().doing })
}

/// Whether the caller may grant something, to itself or to others.
///
/// # Errors
/// The caller may not.
pub fn may_give(caller: &Holder<'_>, power: &Power) -> Result<(), Denied> {
    if caller.could_give(power) { Ok(()) } else { Err(Denied::Gift { given: power.name(), needed: power.giver() }) }
}

impl Holder<'_> {
    /// Whether the caller can already act with this power.
    fn holds(&self, power: &Power) -> bool {
        let Principal { kind, permissions, directory_roles, .. } = self.principal;
        let person = *kind == Kind::Delegated;
        match power {
            Power::Permission(name) => permissions.has(name) && (!person || self.person_holds(name)),
            Power::DirectoryRole(name) => person && directory_roles.has(name),
            Power::AppRole { .. } => self.own.contains(power),
            Power::Governance { role, catalog } => {
                let everywhere = Power::Governance { role, catalog: None };
                let held = self.own.contains(power) || (catalog.is_some() && self.own.contains(&everywhere));
                held && (!person || permissions.has(READ_WRITE_ALL))
            }
            // These are used in the name of others.
            Power::Scope(_) | Power::RoleAssignable => false,
        }
    }

    /// Whether the person may do everything that an application with this permission may do.
    fn person_holds(&self, permission: &str) -> bool {
        let mut allowed = Action::ALL.into_iter().filter(|action| row(*action).permissions.contains(&permission));
        allowed.all(|action| by_token(self.principal, action) == ByToken::Yes)
    }

    /// Whether the caller could grant this to itself, so that taking it gains nothing.
    fn could_give(&self, power: &Power) -> bool {
        let may = |action| by_token(self.principal, action) == ByToken::Yes;
        let person = self.principal.kind == Kind::Delegated;
        match power {
            Power::Permission(_) => may(Action::GrantPermissions),
            Power::Scope(_) => person && may(Action::GrantPermissions),
            Power::AppRole { .. } => may(Action::AssignAppRoles),
            Power::Governance { catalog: None, .. } => may(Action::Govern),
            Power::Governance { catalog: Some(catalog), .. } => match by_token(self.principal, Action::AssignRoles) {
                ByToken::Yes => true,
                ByToken::No(_) => false,
                ByToken::AskRoles => by_roles(&self.grants(), Action::AssignRoles).includes(Some(catalog)),
            },
            Power::DirectoryRole(_) | Power::RoleAssignable => {
                person && table::ROLE_GIVERS.iter().any(|role| self.principal.directory_roles.has(role))
            }
        }
    }

    /// The roles of entitlement management that the caller has.
    fn grants(&self) -> Vec<Grant> {
        let grant = |power: &Power| match power {
            Power::Governance { role, catalog } => Some(Grant { role: Role::named(role)?, catalog: catalog.clone() }),
            _ => None,
        };
        self.own.iter().filter_map(grant).collect()
    }
}

impl Permission {
    /// The permission that an application is given with this role of the application that this API is.
    pub fn of_role(id: &str) -> Option<&'static Self> {
        PERMISSIONS.iter().find(|known| known.id.is_some_and(|known| known.eq_ignore_ascii_case(id)))
    }

    /// The permission with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PERMISSIONS.iter().find(|known| known.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authz::{DIRECTORY_ROLES, DirectoryRoles, Permissions};

    /// As Entra's documentation has it ("Who can reset passwords"), written out for the roles that are known here.
    #[test]
    fn accounts_are_reached_as_it_was_decided() {
        let reached = |role: &str| -> Vec<&'static str> {
            let over = ACCOUNTS.iter().find(|(of, _)| *of == role).map(|(_, over)| *over);
            let over = |name: &&'static str| over.is_some_and(|over| over.includes(&Power::DirectoryRole(name)));
            DIRECTORY_ROLES.iter().map(|role| role.name).filter(over).collect()
        };
        let all: Vec<&str> = DIRECTORY_ROLES.iter().map(|role| role.name).collect();
        for role in &all {
            let expected = match *role {
                "Global Administrator" | "Privileged Authentication Administrator" => all.clone(),
                "User Administrator" => vec!["User Administrator", "Groups Administrator"],
                _ => Vec::new(),
            };
            assert_eq!(reached(role), expected, "{role}");
        }
    }

    #[test]
    fn the_ways_are_as_it_was_decided() {
        let said: Vec<String> = WAYS.iter().map(|row| format!("{:?}: {:?}", row.way, row.over)).collect();
        assert_eq!(
            said,
            [
                "SetPassword: [Account]",
                "Rename: [Account]",
                "SetContact: [Account]",
                "Enable: [Account, Application]",
                "Disable: [Account]",
                "EndSessions: [Account]",
                "Delete: [Account]",
                "Restore: [Account, Application, Group]",
                "Purge: [Account]",
                "AddSecret: [Application]",
                "AddCertificate: [Application]",
                "ChangeSignIn: [Application]",
                "AddOwner: [Application, Group]",
                "AddMember: [Group]",
                "ChangeRule: [Group]",
                "MakeRoleAssignable: [Group]",
            ]
        );
        assert!(WAYS.iter().all(|row| row.provisioning == (row.way == Way::Disable)));
        let ends: Vec<Way> = WAYS.iter().filter(|row| !row.gains).map(|row| row.way).collect();
        assert_eq!(ends, [Way::Disable, Way::EndSessions, Way::Delete, Way::Purge]);
        // A role of entitlement management protects an account from being taken over, and from nothing else.
        let governance = Power::Governance { role: "Catalog reader", catalog: None };
        assert!(WAYS.iter().all(|row| governance.protects_from(row.way) == row.gains));
    }

    fn able(kind: Kind, permissions: &[&str], roles: &[&str], power: &Power) -> (bool, bool) {
        let principal = Principal {
            tenant_id: String::new(),
            oid: String::new(),
            name: None,
            app_id: None,
            kind,
            permissions: Permissions::named(permissions.iter().copied()),
            directory_roles: DirectoryRoles::named(roles.iter().copied()),
        };
        let own = BTreeSet::new();
        let caller = Holder { principal: &principal, own: &own, provisioning: false, takeover: false };
        (caller.holds(power), caller.could_give(power))
    }

    #[test]
    fn what_one_holds_is_bounded_by_scope_and_role() {
        const EVERYTHING: &str = "Directory.ReadWrite.All";
        const GRANT: &str = "AppRoleAssignment.ReadWrite.All";
        let directory = Power::Permission(EVERYTHING);
        assert_eq!(able(Kind::Application, &[EVERYTHING], &[], &directory), (true, false));
        assert_eq!(able(Kind::Application, &[GRANT], &[], &directory), (false, true));
        assert_eq!(able(Kind::Delegated, &[EVERYTHING], &["User Administrator"], &directory), (false, false));
        assert_eq!(able(Kind::Delegated, &[EVERYTHING], &["Global Administrator"], &directory), (true, false));
        assert_eq!(able(Kind::Delegated, &["User.Read.All"], &["Global Administrator"], &directory), (false, false));
        assert_eq!(able(Kind::Delegated, &[GRANT], &["Application Administrator"], &directory), (false, false));
        assert_eq!(able(Kind::Delegated, &[GRANT], &["Privileged Role Administrator"], &directory), (false, true));
        // An application administrator may give roles in other applications, but does not hold what gives permissions.
        assert_eq!(
            able(Kind::Delegated, &[GRANT], &["Application Administrator"], &Power::Permission(GRANT)),
            (false, false)
        );
        // An application never acts for people by what it holds itself.
        assert_eq!(able(Kind::Application, &[EVERYTHING, GRANT], &[], &Power::Scope(EVERYTHING)), (false, false));
        assert_eq!(able(Kind::Application, &[EVERYTHING, GRANT], &[], &Power::RoleAssignable), (false, false));
    }
}
