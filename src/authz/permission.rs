//! Permissions, as Graph names them.

use super::{AUDIT_LOG_READ_ALL, DIRECTORY_READ_ALL, READ_ALL, READ_WRITE_ALL};

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
    Permission { name: AUDIT_LOG_READ_ALL, description: "Read the audit logs." },
    Permission { name: DIRECTORY_READ_ALL, description: "Read the directory and the audit logs." },
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
