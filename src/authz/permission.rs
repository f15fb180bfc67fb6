//! Permissions, as Graph names them.

use super::{
    ACCESS_AS_USER, AUDIT_LOG_READ_ALL, DIRECTORY_READ_ALL, DIRECTORY_READ_WRITE_ALL, MEMBER_READ_HIDDEN, READ_ALL,
    READ_WRITE_ALL,
};

/// A permission that means something here.
#[derive(Clone, Copy, Debug)]
pub struct Permission {
    /// Its name, as Graph has it.
    pub name: &'static str,
    /// What it allows, for the OpenAPI document.
    pub description: &'static str,
    /// The id of the role by which Graph's service principal gives it to applications; none where only persons can be
    /// acted for by it.
    pub id: Option<&'static str>,
}

const fn permission(name: &'static str, id: &'static str, description: &'static str) -> Permission {
    Permission { name, description, id: Some(id) }
}

/// The client id of the application whose roles permissions are, the same in every tenant, and in Entra's.
pub const GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";

/// All permissions that mean something here.
pub const PERMISSIONS: &[Permission] = &[
    permission(READ_ALL, "c74fd47d-ed3c-45c3-9a9e-b8676de685d2", "Read all of entitlement management."),
    permission(
        READ_WRITE_ALL,
        "9acd699f-1e81-4958-b001-93b1d2506e19",
        "Read and change all of entitlement management.",
    ),
    permission(AUDIT_LOG_READ_ALL, "b0afded3-3588-46d8-8b3d-9842eff778da", "Read the audit logs."),
    permission(DIRECTORY_READ_ALL, "7ab1d382-f21e-4acd-a863-ba3e13f7da61", "Read the directory and the audit logs."),
    permission(DIRECTORY_READ_WRITE_ALL, "19dbc75e-c2e2-444c-a770-ec69d8559fc7", "Read and change the directory."),
    permission("User.Read.All", "df021288-bdef-4463-88db-98f22de89214", "Read all people."),
    permission("User.ReadWrite.All", "741f803b-c850-494e-b5df-cde7c675a1ca", "Read and change all people."),
    permission("Group.Read.All", "5b567255-7703-4780-807c-7be8301ae99b", "Read all groups."),
    permission("Group.ReadWrite.All", "62a82d76-70ea-41e2-9197-370581804d09", "Read and change all groups."),
    permission("GroupMember.Read.All", "98830695-27a2-44f7-8c18-0c3ebc9698f6", "Read groups and who is in them."),
    permission("GroupMember.ReadWrite.All", "dbaae8cf-10b5-4b86-a4a1-f871c94c6695", "Say who is in groups."),
    permission(MEMBER_READ_HIDDEN, "658aa5d8-239f-45c4-aa12-864f4fc7e490", "Read who is in groups that hide it."),
    permission("Application.Read.All", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", "Read all applications."),
    permission(
        "Application.ReadWrite.All",
        "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
        "Read and change all applications.",
    ),
    permission(
        "AppRoleAssignment.ReadWrite.All",
        "06b708a9-e830-4db3-a914-8e69da51d44f",
        "Say who has which role in applications.",
    ),
    permission("Organization.Read.All", "498476ce-e0fe-48b0-b801-37ba7e2685c6", "Read what the organization is."),
    permission("Domain.Read.All", "dbb9058a-0e50-45d7-ae91-66909b5d4664", "Read the domains of the organization."),
    Permission { name: "User.Read", description: "Read who has signed in.", id: None },
    Permission { name: ACCESS_AS_USER, description: "Change the password of who has signed in.", id: None },
    Permission { name: "User.ReadBasic.All", description: "Read who the people are.", id: None },
];

/// A set of permissions. A bit for each row of [`PERMISSIONS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u32);

const _: () = assert!(PERMISSIONS.len() <= 32, "a bit for each");

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
