//! Roles: those of the directory, and entitlement management's own.

use super::table::Row;

/// A role that a person has in the whole directory.
#[derive(Clone, Copy, Debug)]
pub struct DirectoryRole {
    /// The id of its template, the same in every tenant of Entra. Tokens carry it in `wids`.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
}

/// The directory roles that mean something here.
pub const DIRECTORY_ROLES: &[DirectoryRole] = &[
    DirectoryRole { id: "62e90394-69f5-4237-9190-012177145e10", name: "Global Administrator" },
    DirectoryRole { id: "45d8d3c5-c802-45c6-b32a-1d70b5e1e86e", name: "Identity Governance Administrator" },
    DirectoryRole { id: "f2ef992c-3afb-46b9-b7cf-a126ee74c451", name: "Global Reader" },
    DirectoryRole { id: "5d6b6bb7-de71-4623-b4af-96380a352509", name: "Security Reader" },
    DirectoryRole { id: "fe930be7-5e62-47db-91af-98c3a49a38b1", name: "User Administrator" },
    DirectoryRole { id: "fdd7a751-b60b-444a-984c-02652fe8fa1c", name: "Groups Administrator" },
    DirectoryRole { id: "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", name: "Application Administrator" },
    DirectoryRole { id: "158c047a-c907-4556-b7ef-446551a6b5f7", name: "Cloud Application Administrator" },
    DirectoryRole { id: "e8611ab8-c189-46e8-94e1-60213ab1f814", name: "Privileged Role Administrator" },
    DirectoryRole { id: "7be44c8a-adaf-4e2a-84d6-ab2649e08a13", name: "Privileged Authentication Administrator" },
];

impl DirectoryRole {
    /// The role with this template id or name, in any letter case.
    pub fn named(name: &str) -> Option<&'static Self> {
        DIRECTORY_ROLES.iter().find(|role| role.id.eq_ignore_ascii_case(name) || role.name.eq_ignore_ascii_case(name))
    }
}

/// A set of directory roles. A bit for each row of [`DIRECTORY_ROLES`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DirectoryRoles(u16);

const _: () = assert!(DIRECTORY_ROLES.len() <= 16, "a bit for each");

impl DirectoryRoles {
    /// The roles with these template ids or names; others mean nothing.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let bit = |name: &str| {
            let found = DirectoryRole::named(name)?;
            DIRECTORY_ROLES.iter().position(|role| role.id == found.id).map(|position| 1 << position)
        };
        Self(names.into_iter().filter_map(bit).fold(0, |bits, bit| bits | bit))
    }

    /// Whether one of these is among them.
    pub(super) fn any(self, names: &[&str]) -> bool {
        self.0 & Self::named(names.iter().copied()).0 != 0
    }

    /// Whether one of them allows what the row is about.
    pub(super) fn allow(self, row: &Row) -> bool {
        self.names().any(|name| row.directory_roles.contains(&name))
    }

    /// The names of the roles.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let held = DIRECTORY_ROLES.iter().enumerate().filter(move |(position, _)| self.0 & (1 << position) != 0);
        held.map(|(_, role)| role.name)
    }

    /// Whether the role with this name is among them.
    pub fn has(self, name: &str) -> bool {
        self.names().any(|held| held == name)
    }
}

/// A role of entitlement management.
#[derive(Debug, PartialEq, Eq)]
pub struct Role {
    /// Its id, the same in every tenant of Entra.
    pub id: &'static str,
    /// Its name in the API.
    pub name: &'static str,
    /// What it is for, in our words.
    pub description: &'static str,
    /// What it allows, in Graph's words.
    pub actions: &'static [&'static str],
    /// Whether it can be assigned for one catalog; one that cannot is for the whole tenant.
    pub per_catalog: bool,
}

/// The role that the maker of a catalog gets in it.
pub const OWNER: &Role = &Role {
    id: "ae79f266-94d4-4dab-b730-feca7e132178",
    name: "Catalog owner",
    description: "Looks after a catalog and all that is in it, and says who else may.",
    actions: &["microsoft.entitlementManagement/allEntities/allTasks"],
    per_catalog: true,
};

/// The roles there are.
pub const ROLES: &[&Role] = &[
    OWNER,
    &Role {
        id: "44272f93-9762-48e8-af59-1b5351b1d6b3",
        name: "Catalog reader",
        description: "Sees a catalog and all that is in it.",
        actions: &["microsoft.entitlementManagement/allEntities/Read"],
        per_catalog: true,
    },
    &Role {
        id: "7f480852-ebdc-47d4-87de-0d8498384a83",
        name: "AccessPackages manager",
        description: "Makes and changes the access packages of a catalog, with the resources that are in it already.",
        actions: &[
            "microsoft.entitlementManagement/AccessPackageCatalog/AccessPackage/allTasks",
            "microsoft.entitlementManagement/AccessPackageCatalog/allEntities/Read",
        ],
        per_catalog: true,
    },
    &Role {
        id: "ba92d953-d8e0-4e39-a797-0cbedb0a89e8",
        name: "Catalog creator",
        description: "Makes catalogs, and owns those it made.",
        actions: &["microsoft.entitlementManagement/AccessPackageCatalog/Create"],
        per_catalog: false,
    },
    &Role {
        id: "e2182095-804a-4656-ae11-64734e9b7ae5",
        name: "AccessPackage assignment manager",
        description: "Sees a catalog, and gives and takes assignments of its access packages.",
        actions: &[
            "microsoft.entitlementManagement/AccessPackageCatalog/AccessPackage/GrantRequests/allTasks",
            "microsoft.entitlementManagement/AccessPackageCatalog/AccessPackage/Grants/allTasks",
            "microsoft.entitlementManagement/AccessPackageCatalog/allEntities/Read",
        ],
        per_catalog: true,
    },
];

impl Role {
    /// The role with this id.
    pub fn with_id(id: &str) -> Option<&'static Self> {
        ROLES.iter().copied().find(|role| role.id == id)
    }

    /// The role with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ROLES.iter().copied().find(|role| role.name == name)
    }
}
