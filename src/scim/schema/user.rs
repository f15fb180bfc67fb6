//! The schema of users (RFC 7643, section 4.1).

use super::{Attribute, Mutability, Returned, Schema};

const NAME: [Attribute; 6] = [
    Attribute::string("formatted", "The full name, formatted for display."),
    Attribute::string("familyName", "The family name."),
    Attribute::string("givenName", "The given name."),
    Attribute::string("middleName", "The middle names."),
    Attribute::string("honorificPrefix", "The titles in front of the name."),
    Attribute::string("honorificSuffix", "The titles behind the name."),
];

const PRIMARY: Attribute = Attribute::boolean("primary", "Whether this is the preferred value; one at most is.");

const EMAILS: [Attribute; 4] = [
    Attribute::string("value", "The email address."),
    Attribute::string("display", "The address, for display."),
    Attribute::string("type", "What the address is for.").canonical(&["work", "home", "other"]),
    PRIMARY,
];

const PHONE_NUMBERS: [Attribute; 4] = [
    Attribute::string("value", "The phone number."),
    Attribute::string("display", "The number, for display."),
    Attribute::string("type", "What the number is for.")
        .canonical(&["work", "home", "mobile", "fax", "pager", "other"]),
    PRIMARY,
];

const ADDRESSES: [Attribute; 8] = [
    Attribute::string("formatted", "The full address, formatted for display."),
    Attribute::string("streetAddress", "Street, house number and the like; may have several lines."),
    Attribute::string("locality", "The city."),
    Attribute::string("region", "The state or region."),
    Attribute::string("postalCode", "The postal code."),
    Attribute::string("country", "The country, by its ISO 3166-1 alpha-2 code."),
    Attribute::string("type", "What the address is for.").canonical(&["work", "home", "other"]),
    PRIMARY,
];

const GROUPS: [Attribute; 4] = [
    Attribute::string("value", "The id of the group.").case_exact().mutability(Mutability::ReadOnly),
    Attribute::reference("$ref", &["Group"], "The URI of the group.").mutability(Mutability::ReadOnly),
    Attribute::string("display", "The name of the group.").mutability(Mutability::ReadOnly),
    Attribute::string("type", "Whether the user is in the group itself or in one inside.")
        .canonical(&["direct", "indirect"])
        .mutability(Mutability::ReadOnly),
];

/// Users.
pub static USER: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    description: "User Account",
    attributes: &[
        Attribute::string("userName", "What the user signs in with.").required().unique(),
        Attribute::complex("name", &NAME, "The parts of the user's name."),
        Attribute::string("displayName", "The name of the user, for display."),
        Attribute::string("nickName", "What the user is called casually."),
        Attribute::reference("profileUrl", &["external"], "The address of a page about the user."),
        Attribute::string("title", "The job title."),
        Attribute::string("userType", "The user's relation to the organization, such as 'Employee'."),
        Attribute::string("preferredLanguage", "The language, as Accept-Language writes it."),
        Attribute::string("locale", "Where the user is, for formats, as BCP 47 writes it."),
        Attribute::string("timezone", "Where the user is, by the name of the time zone."),
        Attribute::boolean("active", "Whether the user may sign in."),
        Attribute::string("password", "The password.")
            .case_exact()
            .mutability(Mutability::WriteOnly)
            .returned(Returned::Never),
        Attribute::complex("emails", &EMAILS, "The email addresses.").multi_valued(),
        Attribute::complex("phoneNumbers", &PHONE_NUMBERS, "The phone numbers.").multi_valued(),
        Attribute::complex("addresses", &ADDRESSES, "The postal addresses.").multi_valued(),
        Attribute::complex("groups", &GROUPS, "The groups that the user is in.")
            .multi_valued()
            .mutability(Mutability::ReadOnly),
    ],
};
