//! The attributes that every resource has (RFC 7643, section 3.1). Schemas do not list them.

use super::{Attribute, Mutability, Returned, Type};

const META: [Attribute; 5] = [
    Attribute::string("resourceType", "The name of the resource type.").case_exact().mutability(Mutability::ReadOnly),
    Attribute::new("created", Type::DateTime, "When the resource was created.").mutability(Mutability::ReadOnly),
    Attribute::new("lastModified", Type::DateTime, "When the resource was last changed.")
        .mutability(Mutability::ReadOnly),
    Attribute::reference("location", &["uri"], "The URI of the resource.").mutability(Mutability::ReadOnly),
    Attribute::string("version", "The version of the resource, as its ETag.")
        .case_exact()
        .mutability(Mutability::ReadOnly),
];

/// The attributes that every resource has.
pub static COMMON: [Attribute; 4] = [
    Attribute::reference("schemas", &["uri"], "The URNs of the resource's schemas.")
        .multi_valued()
        .required()
        .mutability(Mutability::ReadOnly)
        .returned(Returned::Always),
    Attribute::string("id", "What the server calls the resource.")
        .case_exact()
        .mutability(Mutability::ReadOnly)
        .returned(Returned::Always)
        .unique(),
    Attribute::string("externalId", "What the client calls the resource.").case_exact(),
    Attribute::complex("meta", &META, "What the server knows about the resource.").mutability(Mutability::ReadOnly),
];
