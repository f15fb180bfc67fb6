//! The enterprise extension of users (RFC 7643, section 4.3).

use super::{Attribute, Mutability, Returned, Schema};

const MANAGER: [Attribute; 3] = [
    Attribute::string("value", "The id of the manager.").case_exact(),
    Attribute::reference("$ref", &["User"], "The URI of the manager."),
    Attribute::string("displayName", "The name of the manager.")
        .mutability(Mutability::ReadOnly)
        .returned(Returned::Request),
];

/// What users of an organization have besides.
pub static ENTERPRISE_USER: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    name: "EnterpriseUser",
    description: "Enterprise User",
    attributes: &[
        Attribute::string("employeeNumber", "What the organization calls the user."),
        Attribute::string("costCenter", "The cost center."),
        Attribute::string("organization", "The organization."),
        Attribute::string("division", "The division."),
        Attribute::string("department", "The department."),
        Attribute::complex("manager", &MANAGER, "The user's manager."),
    ],
};
