//! Who sees the members of groups that hide them (`HiddenMembership`), beside their members and owners.

use super::{Kind, Principal};

/// May read who is in groups that hide it.
pub const MEMBER_READ_HIDDEN: &str = "Member.Read.Hidden";

/// The directory roles to which Entra gives `microsoft.directory/groups/hiddenMembers/read`.
const ROLES: [&str; 4] = ["Global Administrator", "Global Reader", "User Administrator", "Groups Administrator"];

/// Whether a caller sees them all: an application by its permission, a person by a directory role. What an application may
/// do in a person's name is bounded by what it takes to read groups.
pub fn sees_hidden_members(principal: &Principal) -> bool {
    match principal.kind {
        Kind::Application => principal.permissions.has(MEMBER_READ_HIDDEN),
        Kind::Delegated => principal.directory_roles.any(&ROLES),
    }
}
