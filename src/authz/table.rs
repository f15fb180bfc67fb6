//! The table: what each action takes.

use crate::model::meta::EntityType;

use super::{AUDIT_LOG_READ_ALL, DIRECTORY_READ_ALL, READ_ALL, READ_WRITE_ALL};

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
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 8] = [
        Self::Read,
        Self::CreateCatalog,
        Self::ManageCatalog,
        Self::ManagePackages,
        Self::ManageAssignments,
        Self::AssignRoles,
        Self::Govern,
        Self::ReadAuditLogs,
    ];
}

/// What reading an entity is.
pub fn to_read(entity: &EntityType) -> Action {
    match entity.name {
        "directoryAudit" | "signIn" => Action::ReadAuditLogs,
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
}

const ADMINISTRATORS: &[&str] = &["Global Administrator", "Identity Governance Administrator"];
const READERS: &[&str] =
    &["Global Administrator", "Identity Governance Administrator", "Global Reader", "Security Reader"];

/// The row of an action.
pub const fn row(action: Action) -> &'static Row {
    match action {
        Action::Read => &Row {
            permissions: &[READ_ALL, READ_WRITE_ALL],
            directory_roles: READERS,
            roles: &["Catalog reader", "Catalog owner", "AccessPackages manager", "AccessPackage assignment manager"],
        },
        Action::CreateCatalog => &Row {
            permissions: &[READ_WRITE_ALL],
            directory_roles: ADMINISTRATORS,
            roles: &["Catalog creator", "Catalog owner"],
        },
        Action::ManageCatalog | Action::AssignRoles => {
            &Row { permissions: &[READ_WRITE_ALL], directory_roles: ADMINISTRATORS, roles: &["Catalog owner"] }
        }
        Action::ManagePackages => &Row {
            permissions: &[READ_WRITE_ALL],
            directory_roles: ADMINISTRATORS,
            roles: &["Catalog owner", "AccessPackages manager"],
        },
        Action::ManageAssignments => &Row {
            permissions: &[READ_WRITE_ALL],
            directory_roles: ADMINISTRATORS,
            roles: &["Catalog owner", "AccessPackages manager", "AccessPackage assignment manager"],
        },
        Action::Govern => &Row { permissions: &[READ_WRITE_ALL], directory_roles: ADMINISTRATORS, roles: &[] },
        Action::ReadAuditLogs => {
            &Row { permissions: &[AUDIT_LOG_READ_ALL, DIRECTORY_READ_ALL], directory_roles: READERS, roles: &[] }
        }
    }
}

#[cfg(test)]
mod tests {
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
            let Row { permissions, directory_roles, roles } = row(action);
            let (all, read) = (directory_roles.len() == 2, directory_roles.len() == 4);
            assert!(all || read);
            format!("{action:?}: {}; {}; {}", permissions.join(" "), if all { "all" } else { "read" }, roles.join(", "))
        });
        let (read, write) = (
            "EntitlementManagement.Read.All EntitlementManagement.ReadWrite.All",
            "EntitlementManagement.ReadWrite.All",
        );
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
            ]
        );
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
    }
}
