//! The table: what each action takes.

use crate::model::meta::EntityType;

use super::{
    ACCESS_AS_USER, AUDIT_LOG_READ_ALL, DIRECTORY_READ_ALL, DIRECTORY_READ_WRITE_ALL, READ_ALL, READ_WRITE_ALL,
};

/// Something that a caller wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// To read entitlement management.
    Read,
    /// To make a catalog.
    CreateCatalog,
    /// To change or remove a catalog.
    ManageCatalog,
    /// To make, change or remove what is in a catalog.
    ManagePackages,
    /// To give and take assignments of access packages.
    ManageAssignments,
    /// To say who has which role in a catalog.
    AssignRoles,
    /// What concerns the whole tenant: settings, connected organizations, who has which role everywhere.
    Govern,
    /// To read the audit logs.
    ReadAuditLogs,
    /// To read the directory, whatever is in it.
    ReadDirectory,
    /// To read one of the deleted objects: what reading its kind takes, which is known once it is found.
    ReadDeleted,
    /// To restore one of the deleted objects or to remove it for good: what changing its kind takes, in the same way.
    ManageDeleted,
    /// To read who one is oneself.
    ReadMe,
    /// To read people.
    ReadUsers,
    /// To make, change, delete or restore people.
    ManageUsers,
    /// To read groups and who is in them.
    ReadGroups,
    /// To make, change, delete or restore groups.
    ManageGroups,
    /// To say who is in a group.
    ManageMembers,
    /// To read applications and service principals.
    ReadApplications,
    /// To make, change, delete or restore applications and service principals.
    ManageApplications,
    /// To read who has which role in an application.
    ReadAppRoles,
    /// To say who has which role in an application.
    AssignAppRoles,
    /// To give applications permissions of this API, which are roles in the application that it is.
    GrantPermissions,
    /// To change one's own password.
    ChangePassword,
    /// To read what the organization is.
    ReadOrganization,
    /// To read the organization's domains.
    ReadDomains,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 25] = [
        Self::Read,
        Self::CreateCatalog,
        Self::ManageCatalog,
        Self::ManagePackages,
        Self::ManageAssignments,
        Self::AssignRoles,
        Self::Govern,
        Self::ReadAuditLogs,
        Self::ReadDirectory,
        Self::ReadDeleted,
        Self::ManageDeleted,
        Self::ReadMe,
        Self::ReadUsers,
        Self::ManageUsers,
        Self::ReadGroups,
        Self::ManageGroups,
        Self::ManageMembers,
        Self::ReadApplications,
        Self::ManageApplications,
        Self::ReadAppRoles,
        Self::AssignAppRoles,
        Self::GrantPermissions,
        Self::ChangePassword,
        Self::ReadOrganization,
        Self::ReadDomains,
    ];
}

/// What reading an entity is.
pub fn to_read(entity: &EntityType) -> Action {
    match entity.name {
        "directoryAudit" | "signIn" => Action::ReadAuditLogs,
        "directoryObject" => Action::ReadDirectory,
        "user" => Action::ReadUsers,
        "group" => Action::ReadGroups,
        "application" | "servicePrincipal" => Action::ReadApplications,
        "appRoleAssignment" => Action::ReadAppRoles,
        "organization" => Action::ReadOrganization,
        "domain" => Action::ReadDomains,
        _ => Action::Read,
    }
}

/// What an action takes.
#[derive(Debug)]
pub struct Row {
    /// The permissions that allow it, any one of them; the least privileged comes first. Application and delegated
    /// permissions have the same names.
    pub permissions: &'static [&'static str],
    /// The directory roles by which a person may do it in the whole tenant.
    pub directory_roles: &'static [&'static str],
    /// The roles of entitlement management that allow it where they are assigned.
    pub roles: &'static [&'static str],
    /// Whether every person may do it for whom an application with one of the permissions calls.
    pub members: bool,
}

/// What a person may do who has one of the directory roles.
const fn directory(permissions: &'static [&'static str], directory_roles: &'static [&'static str]) -> Row {
    Row { permissions, directory_roles, roles: &[], members: false }
}

/// What every person may do.
const fn members(permissions: &'static [&'static str]) -> Row {
    Row { permissions, directory_roles: READERS, roles: &[], members: true }
}

const ADMINISTRATORS: &[&str] = &["Global Administrator", "Identity Governance Administrator"];
const GROUP_ADMINISTRATORS: &[&str] = &["Global Administrator", "User Administrator", "Groups Administrator"];
const APPLICATION_ADMINISTRATORS: &[&str] =
    &["Global Administrator", "Application Administrator", "Cloud Application Administrator"];
const READERS: &[&str] =
    &["Global Administrator", "Identity Governance Administrator", "Global Reader", "Security Reader"];

const READ_DIRECTORY: Row = members(&[DIRECTORY_READ_ALL, DIRECTORY_READ_WRITE_ALL]);
// What one of the kinds takes.
const READ_DELETED: Row = members(&[
    "User.Read.All",
    "User.ReadWrite.All",
    "GroupMember.Read.All",
    "Group.Read.All",
    "GroupMember.ReadWrite.All",
    "Group.ReadWrite.All",
    "Application.Read.All",
    "Application.ReadWrite.All",
    DIRECTORY_READ_ALL,
    DIRECTORY_READ_WRITE_ALL,
]);
const MANAGE_DELETED: Row = directory(
    &["User.ReadWrite.All", "Group.ReadWrite.All", "Application.ReadWrite.All", DIRECTORY_READ_WRITE_ALL],
    &[
        "Global Administrator",
        "User Administrator",
        "Privileged Authentication Administrator",
        "Groups Administrator",
        "Application Administrator",
        "Cloud Application Administrator",
    ],
);

const READ_ME: Row = members(&[
    "User.Read",
    "User.ReadBasic.All",
    "User.Read.All",
    "User.ReadWrite.All",
    DIRECTORY_READ_ALL,
    DIRECTORY_READ_WRITE_ALL,
]);
const READ_USERS: Row = members(&["User.Read.All", "User.ReadWrite.All", DIRECTORY_READ_ALL, DIRECTORY_READ_WRITE_ALL]);
const MANAGE_USERS: Row = directory(
    &["User.ReadWrite.All", DIRECTORY_READ_WRITE_ALL],
    &["Global Administrator", "User Administrator", "Privileged Authentication Administrator"],
);
const READ_GROUPS: Row = members(&[
    "GroupMember.Read.All",
    "Group.Read.All",
    "GroupMember.ReadWrite.All",
    "Group.ReadWrite.All",
    DIRECTORY_READ_ALL,
    DIRECTORY_READ_WRITE_ALL,
]);
const MANAGE_GROUPS: Row = directory(&["Group.ReadWrite.All", DIRECTORY_READ_WRITE_ALL], GROUP_ADMINISTRATORS);
const MANAGE_MEMBERS: Row =
    directory(&["GroupMember.ReadWrite.All", "Group.ReadWrite.All", DIRECTORY_READ_WRITE_ALL], GROUP_ADMINISTRATORS);
const READ_APPLICATIONS: Row =
    members(&["Application.Read.All", "Application.ReadWrite.All", DIRECTORY_READ_ALL, DIRECTORY_READ_WRITE_ALL]);
const MANAGE_APPLICATIONS: Row =
    directory(&["Application.ReadWrite.All", DIRECTORY_READ_WRITE_ALL], APPLICATION_ADMINISTRATORS);
const READ_APP_ROLES: Row = members(&[
    "Application.Read.All",
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    DIRECTORY_READ_ALL,
    DIRECTORY_READ_WRITE_ALL,
]);
const ASSIGN_APP_ROLES: Row = directory(
    &["AppRoleAssignment.ReadWrite.All"],
    &[
        "Global Administrator",
        "Application Administrator",
        "Cloud Application Administrator",
        "Privileged Role Administrator",
    ],
);
// Entra: Application Administrator, "with the exception of application permissions for Microsoft Graph".
const GRANT_PERMISSIONS: Row =
    directory(&["AppRoleAssignment.ReadWrite.All"], &["Global Administrator", "Privileged Role Administrator"]);
const CHANGE_PASSWORD: Row = members(&[ACCESS_AS_USER, "User.ReadWrite.All", DIRECTORY_READ_WRITE_ALL]);
const READ_ORGANIZATION: Row =
    members(&["Organization.Read.All", "User.Read", DIRECTORY_READ_ALL, DIRECTORY_READ_WRITE_ALL]);
const READ_DOMAINS: Row = members(&["Domain.Read.All", DIRECTORY_READ_ALL, DIRECTORY_READ_WRITE_ALL]);

/// The row of an action.
pub const fn row(action: Action) -> &'static Row {
    match action {
        Action::Read => &Row {
            permissions: &[READ_ALL, READ_WRITE_ALL],
            directory_roles: READERS,
            roles: &["Catalog reader", "Catalog owner", "AccessPackages manager", "AccessPackage assignment manager"],
            members: false,
        },
        Action::CreateCatalog => &Row {
            permissions: &[READ_WRITE_ALL],
            directory_roles: ADMINISTRATORS,
            roles: &["Catalog creator", "Catalog owner"],
            members: false,
        },
        Action::ManageCatalog | Action::AssignRoles => &Row {
            permissions: &[READ_WRITE_ALL],
            directory_roles: ADMINISTRATORS,
            roles: &["Catalog owner"],
            members: false,
        },
        Action::ManagePackages => &Row {
            permissions: &[READ_WRITE_ALL],
            directory_roles: ADMINISTRATORS,
            roles: &["Catalog owner", "AccessPackages manager"],
            members: false,
        },
        Action::ManageAssignments => &Row {
            permissions: &[READ_WRITE_ALL],
            directory_roles: ADMINISTRATORS,
            roles: &["Catalog owner", "AccessPackages manager", "AccessPackage assignment manager"],
            members: false,
        },
        Action::Govern => {
            &Row { permissions: &[READ_WRITE_ALL], directory_roles: ADMINISTRATORS, roles: &[], members: false }
        }
        Action::ReadAuditLogs => &Row {
            permissions: &[AUDIT_LOG_READ_ALL, DIRECTORY_READ_ALL],
            directory_roles: READERS,
            roles: &[],
            members: false,
        },
        Action::ReadDirectory => &READ_DIRECTORY,
        Action::ReadDeleted => &READ_DELETED,
        Action::ManageDeleted => &MANAGE_DELETED,
        Action::ReadMe => &READ_ME,
        Action::ReadUsers => &READ_USERS,
        Action::ManageUsers => &MANAGE_USERS,
        Action::ReadGroups => &READ_GROUPS,
        Action::ManageGroups => &MANAGE_GROUPS,
        Action::ManageMembers => &MANAGE_MEMBERS,
        Action::ReadApplications => &READ_APPLICATIONS,
        Action::ManageApplications => &MANAGE_APPLICATIONS,
        Action::ReadAppRoles => &READ_APP_ROLES,
        Action::AssignAppRoles => &ASSIGN_APP_ROLES,
        Action::GrantPermissions => &GRANT_PERMISSIONS,
        Action::ChangePassword => &CHANGE_PASSWORD,
        Action::ReadOrganization => &READ_ORGANIZATION,
        Action::ReadDomains => &READ_DOMAINS,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::authz::{DIRECTORY_ROLES, PERMISSIONS, ROLES};

    #[test]
    fn every_name_in_the_table_is_known_once() {
        for row in Action::ALL.map(row) {
            for name in row.permissions {
                assert_eq!(PERMISSIONS.iter().filter(|permission| permission.name == *name).count(), 1, "{name}");
            }
            for name in row.directory_roles {
                assert_eq!(DIRECTORY_ROLES.iter().filter(|role| role.name == *name).count(), 1, "{name}");
            }
            for name in row.roles {
                assert_eq!(ROLES.iter().filter(|role| role.name == *name).count(), 1, "{name}");
            }
        }
    }

    /// As Graph's reference and Entra's documentation have it, written out.
    #[test]
    fn the_table_is_as_it_was_decided() {
        let said = Action::ALL.map(|action| {
            let Row { permissions, directory_roles, roles, members } = row(action);
            let persons = match *directory_roles {
                _ if *members => "members".to_owned(),
                ADMINISTRATORS => "all".to_owned(),
                READERS => "read".to_owned(),
                others => others.join(", "),
            };
            format!("{action:?}: {}; {persons}; {}", permissions.join(" "), roles.join(", "))
        });
        let (read, write) = (
            "EntitlementManagement.Read.All EntitlementManagement.ReadWrite.All",
            "EntitlementManagement.ReadWrite.All",
        );
        let directory = "Directory.Read.All Directory.ReadWrite.All";
        let groups = "Global Administrator, User Administrator, Groups Administrator";
        let applications = "Global Administrator, Application Administrator, Cloud Application Administrator";
        let assignments = "Catalog owner, AccessPackages manager, AccessPackage assignment manager";
        assert_eq!(
            said,
            [
                format!("Read: {read}; read; Catalog reader, {assignments}"),
                format!("CreateCatalog: {write}; all; Catalog creator, Catalog owner"),
                format!("ManageCatalog: {write}; all; Catalog owner"),
                format!("ManagePackages: {write}; all; Catalog owner, AccessPackages manager"),
                format!("ManageAssignments: {write}; all; {assignments}"),
                format!("AssignRoles: {write}; all; Catalog owner"),
                format!("Govern: {write}; all; "),
                "ReadAuditLogs: AuditLog.Read.All Directory.Read.All; read; ".to_owned(),
                format!("ReadDirectory: {directory}; members; "),
                format!(
                    "ReadDeleted: User.Read.All User.ReadWrite.All GroupMember.Read.All Group.Read.All \
                     GroupMember.ReadWrite.All Group.ReadWrite.All Application.Read.All Application.ReadWrite.All \
                     {directory}; members; "
                ),
                "ManageDeleted: User.ReadWrite.All Group.ReadWrite.All Application.ReadWrite.All \
                 Directory.ReadWrite.All; Global Administrator, User Administrator, Privileged Authentication Administrator, \
                 Groups Administrator, Application Administrator, Cloud Application Administrator; "
                    .into(),
                format!("ReadMe: User.Read User.ReadBasic.All User.Read.All User.ReadWrite.All {directory}; members; "),
                format!("ReadUsers: User.Read.All User.ReadWrite.All {directory}; members; "),
                "ManageUsers: User.ReadWrite.All Directory.ReadWrite.All; Global Administrator, User Administrator, \
                 Privileged Authentication Administrator; "
                    .into(),
                format!(
                    "ReadGroups: GroupMember.Read.All Group.Read.All GroupMember.ReadWrite.All Group.ReadWrite.All \
                     {directory}; members; "
                ),
                format!("ManageGroups: Group.ReadWrite.All Directory.ReadWrite.All; {groups}; "),
                format!(
                    "ManageMembers: GroupMember.ReadWrite.All Group.ReadWrite.All Directory.ReadWrite.All; {groups}; "
                ),
                format!("ReadApplications: Application.Read.All Application.ReadWrite.All {directory}; members; "),
                format!("ManageApplications: Application.ReadWrite.All Directory.ReadWrite.All; {applications}; "),
                format!(
                    "ReadAppRoles: Application.Read.All Application.ReadWrite.All AppRoleAssignment.ReadWrite.All \
                     {directory}; members; "
                ),
                format!("AssignAppRoles: AppRoleAssignment.ReadWrite.All; {applications}, Privileged Role Administrator; "),
                "GrantPermissions: AppRoleAssignment.ReadWrite.All; Global Administrator, Privileged Role Administrator; "
                    .into(),
                "ChangePassword: Directory.AccessAsUser.All User.ReadWrite.All Directory.ReadWrite.All; members; "
                    .into(),
                format!("ReadOrganization: Organization.Read.All User.Read {directory}; members; "),
                format!("ReadDomains: Domain.Read.All {directory}; members; "),
            ]
        );
    }

    /// What is deleted may be one of several kinds: what any of them takes is let in, and looked at once more when the
    /// kind is known.
    #[test]
    fn what_was_deleted_takes_what_its_kind_takes() {
        for (deleted, kinds) in [
            (Action::ReadDeleted, [Action::ReadUsers, Action::ReadGroups, Action::ReadApplications]),
            (Action::ManageDeleted, [Action::ManageUsers, Action::ManageGroups, Action::ManageApplications]),
        ] {
            let union = |names: fn(&Row) -> &'static [&'static str]| -> BTreeSet<&str> {
                kinds.iter().flat_map(|kind| names(row(*kind))).copied().collect()
            };
            let all = |names: &[&'static str]| -> BTreeSet<&str> { names.iter().copied().collect() };
            assert_eq!(all(row(deleted).permissions), union(|row| row.permissions), "{deleted:?}");
            assert_eq!(all(row(deleted).directory_roles), union(|row| row.directory_roles), "{deleted:?}");
            assert!(kinds.iter().all(|kind| row(*kind).members == row(deleted).members), "{deleted:?}");
        }
    }

    #[test]
    fn who_may_change_something_may_read_it() {
        for action in [
            Action::ManageCatalog,
            Action::ManagePackages,
            Action::ManageAssignments,
            Action::AssignRoles,
            Action::Govern,
        ] {
            let (wanted, read) = (row(action), row(Action::Read));
            assert!(wanted.roles.iter().all(|role| read.roles.contains(role)), "{action:?}");
            assert!(wanted.permissions.iter().all(|name| read.permissions.contains(name)), "{action:?}");
            assert!(wanted.directory_roles.iter().all(|role| read.directory_roles.contains(role)), "{action:?}");
        }
        for (manage, read) in [
            (Action::ManageUsers, Action::ReadUsers),
            (Action::ManageGroups, Action::ReadGroups),
            (Action::ManageMembers, Action::ReadGroups),
            (Action::ManageApplications, Action::ReadApplications),
            (Action::AssignAppRoles, Action::ReadAppRoles),
            (Action::ManageDeleted, Action::ReadDeleted),
        ] {
            let (wanted, read) = (row(manage), row(read));
            assert!(
                read.members && wanted.permissions.iter().all(|name| read.permissions.contains(name)),
                "{manage:?}"
            );
        }
    }
}
