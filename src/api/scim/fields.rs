//! Which attribute is which property: the one table that resources, filters, orders and messages are made from.

use std::fmt;

use serde_json::{Map, Value as Json};

use crate::{
    model::{
        GROUP, Group, USER, User,
        meta::{EntityType, Face, Property, Type, Write},
    },
    scim::schema::{ENTERPRISE_USER, ResourceType},
};

/// An attribute, or part of one, that has one value, and the property that it is.
pub(super) struct Simple {
    /// The extension's URN, if it is one of an extension.
    pub(super) urn: Option<&'static str>,
    /// The attribute.
    pub(super) name: &'static str,
    /// The sub-attribute.
    pub(super) sub: Option<&'static str>,
    /// The property.
    pub(super) property: &'static str,
}

const fn core(name: &'static str, sub: Option<&'static str>, property: &'static str) -> Simple {
    Simple { urn: None, name, sub, property }
}

const fn enterprise(name: &'static str, property: &'static str) -> Simple {
    Simple { urn: Some(ENTERPRISE_USER.id), name, sub: None, property }
}

/// Of users. Graph's `userType` tells members from guests, so SCIM's, what somebody is to the organization, is another.
pub(super) const SIMPLE: [Simple; 10] = [
    core("displayName", None, "displayName"),
    core("name", Some("givenName"), "givenName"),
    core("name", Some("familyName"), "surname"),
    core("title", None, "jobTitle"),
    core("preferredLanguage", None, "preferredLanguage"),
    core("userType", None, "employeeType"),
    core("active", None, "accountEnabled"),
    enterprise("employeeNumber", EMPLOYEE_ID),
    enterprise("department", "department"),
    enterprise("organization", "companyName"),
];

/// Organizations' own numbers may be longer here than Graph takes them.
pub(super) const EMPLOYEE_ID: &str = "employeeId";
/// The property, a JSON object, whose members these attributes of the extension are.
pub(super) const ORGANIZATION: (&str, [&str; 2]) = ("employeeOrgData", ["costCenter", "division"]);
/// What no property holds: single attributes, and parts of `name`.
pub(super) const LOOSE: [&str; 4] = ["nickName", "profileUrl", "locale", "timezone"];
/// Those parts.
pub(super) const LOOSE_NAMES: [&str; 4] = ["formatted", "middleName", "honorificPrefix", "honorificSuffix"];
/// Of the work address: the part and the property.
pub(super) const ADDRESS: [(&str, &str); 5] = [
    ("streetAddress", "streetAddress"),
    ("locality", "city"),
    ("region", "state"),
    ("postalCode", "postalCode"),
    ("country", "country"),
];

/// What users sign in with.
pub(super) const fn user_name() -> Simple {
    core("userName", None, "userPrincipalName")
}

impl Simple {
    /// The value in a resource.
    pub(super) fn of<'r>(&self, resource: &'r Json) -> Option<&'r Json> {
        let from = self.urn.map_or(Some(resource), |urn| resource.get(urn))?;
        let value = from.get(self.name)?;
        self.sub.map_or(Some(value), |sub| value.get(sub))
    }

    /// Puts a value into a resource.
    pub(super) fn put(&self, resource: &mut Map<String, Json>, value: Json) {
        match (self.urn, self.sub) {
            (Some(urn), _) => extend(resource, urn, [(self.name.to_owned(), value)]),
            (None, Some(sub)) => extend(resource, self.name, [(sub.to_owned(), value)]),
            (None, None) => drop(resource.insert(self.name.to_owned(), value)),
        }
    }
}

impl fmt::Display for Simple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        self.sub.map_or(Ok(()), |sub| write!(f, ".{sub}"))
    }
}

/// Adds to the object of this name among the members, which is made where there is none.
pub(super) fn extend(members: &mut Map<String, Json>, name: &str, more: impl IntoIterator<Item = (String, Json)>) {
    let mut object = match members.get_mut(name).map(Json::take) {
        Some(Json::Object(object)) => object,
        _ => Map::new(),
    };
    object.extend(more);
    members.insert(name.to_owned(), Json::Object(object));
}

/// The entity type of a type of resources.
pub(super) fn entity(kind: &ResourceType) -> &'static EntityType {
    if kind.name == "Group" { &GROUP } else { &USER }
}

/// A column that no version of the API shows, as a property.
const fn hidden(name: &'static str, column: usize, column_name: &'static str) -> Property {
    Property {
        name,
        json_name: "",
        description: "",
        example: None,
        column,
        column_name,
        folded: None,
        by_default: false,
        ty: Type::String,
        nullable: true,
        required: false,
        write: Write::Never,
        shown: false,
        omit_null: false,
        searchable: false,
        alternate_key: false,
        min_length: 0,
        max_length: 0,
        default: None,
    }
}

/// How the client calls a person, and a group.
static EXTERNAL_IDS: [Property; 2] =
    [hidden("externalId", User::EXTERNAL_ID, "external_id"), hidden("externalId", Group::EXTERNAL_ID, "external_id")];
/// What else is there of a person.
static OF_USERS: [Property; 2] =
    [hidden("scimDetails", User::SCIM_DETAILS, "scim_details"), hidden("managerId", User::MANAGER_ID, "manager_id")];

/// A property of a face, also one that no version of the API shows.
pub(super) fn property(face: &'static Face, name: &str) -> Option<&'static Property> {
    let [of_users, of_groups] = &EXTERNAL_IDS;
    let hidden = if face.entity == &GROUP { (of_groups, &[][..]) } else { (of_users, &OF_USERS[..]) };
    let all = face.properties.iter().chain([hidden.0]).chain(hidden.1);
    all.into_iter().find(|property| property.name == name)
}
