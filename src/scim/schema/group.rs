//! The schema of groups (RFC 7643, section 4.2).

use super::{Attribute, Mutability, Returned, Schema};

const MEMBERS: [Attribute; 4] = [
    Attribute::string("value", "The id of the member.").required().case_exact().mutability(Mutability::Immutable),
    Attribute::reference("$ref", &["User", "Group"], "The URI of the member.").mutability(Mutability::Immutable),
    Attribute::string("type", "What the member is.").canonical(&["User", "Group"]).mutability(Mutability::Immutable),
    Attribute::string("display", "The name of the member.")
        .mutability(Mutability::ReadOnly)
        .returned(Returned::Request),
];

/// Groups.
pub static GROUP: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    description: "Group",
    attributes: &[
        Attribute::string("displayName", "The name of the group.").required(),
        Attribute::complex("members", &MEMBERS, "The members of the group.").multi_valued(),
    ],
};
