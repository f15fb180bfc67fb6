//! People as resources, and resources as people.
//!
//! What no property holds is kept beside them, an object (`scimDetails`): single attributes and parts of `name`, lists of
//! values as they were said, a name without a domain, and what a client took away though people always have it, so that it
//! is not shown.

use serde_json::{Map, Value as Json, json};

use super::{
    Call, Failure, face,
    fields::{EMPLOYEE_ID, LOOSE, LOOSE_NAMES, ORGANIZATION, SIMPLE, extend, property, user_name},
    values::{Held, VALUES},
};
use crate::{
    app,
    model::{
        USER, User, UserInput,
        bind::{self, Purpose, Violation},
        meta::Type,
        record::Record,
        value::Value,
    },
    scim::schema::{ENTERPRISE_USER, USER as SCHEMA, USERS},
};

/// A password that stays as it is, while a patch is applied to the rest. No text of a client holds this character.
pub(super) const KEPT: &str = "\0";
/// Of what is kept: the defaults of what was taken away.
const UNASSIGNED: &str = "unassigned";
/// The most characters of ids that clients and organizations give.
const LONGEST_ID: usize = 256;
/// The most bytes of what is kept.
const MOST_DETAILS: usize = 65_536;

/// Whether a resource is all that a client says, or what a patch made of what was there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Client,
    Patch,
}

/// A person as a resource, but for `meta` and for what other objects know.
pub(super) fn resource(call: &Call, user: &User) -> Json {
    let values = user.clone().into_values();
    let held = |name: &str| shown(&values, name);
    let details = details(user);
    let kept = |name: &str| details.get(name).filter(|value| !value.is_null());
    let mut resource = Map::new();
    resource.insert("schemas".to_owned(), json!([SCHEMA.id]));
    resource.insert("id".to_owned(), user.id.as_str().into());
    if let Some(id) = &user.external_id {
        resource.insert("externalId".to_owned(), id.as_str().into());
    }
    let full = &user.user_principal_name;
    let bare = kept("userName").and_then(Json::as_str);
    let bare = bare.filter(|bare| full.strip_prefix(bare).is_some_and(|rest| rest.starts_with('@')));
    resource.insert("userName".to_owned(), bare.unwrap_or(full).into());
    for simple in &SIMPLE {
        let value = held(simple.property);
        let hidden = details.get(UNASSIGNED).and_then(|of| of.get(simple.name)) == Some(&value);
        if !value.is_null() && !hidden {
            simple.put(&mut resource, value);
        }
    }
    for name in LOOSE {
        resource.extend(kept(name).map(|value| (name.to_owned(), value.clone())));
    }
    if let Some(Json::Object(parts)) = kept("name") {
        extend(&mut resource, "name", parts.clone());
    }
    for list in &VALUES {
        let properties = (list.hold)(&[]);
        let now: Held = properties.keys().map(|name| (name.clone(), held(name))).collect();
        let said = kept(list.name).and_then(Json::as_array).filter(|said| (list.hold)(said) == now);
        let values = said.cloned().unwrap_or_else(|| (list.show)(&now));
        if !values.is_empty() {
            resource.insert(list.name.to_owned(), values.into());
        }
    }
    if let Json::Object(organization) = held(ORGANIZATION.0) {
        let known = organization
            .into_iter()
            .filter(|(name, value)| ORGANIZATION.1.contains(&name.as_str()) && value.is_string());
        extend(&mut resource, ENTERPRISE_USER.id, known);
    }
    if let Some(manager) = &user.manager_id {
        let manager = json!({ "value": manager, "$ref": call.location(&USERS, manager) });
        extend(&mut resource, ENTERPRISE_USER.id, [("manager".to_owned(), manager)]);
    }
    match resource.get(ENTERPRISE_USER.id).and_then(Json::as_object).map(Map::is_empty) {
        Some(true) => drop(resource.remove(ENTERPRISE_USER.id)),
        Some(false) => drop(resource.insert("schemas".to_owned(), json!([SCHEMA.id, ENTERPRISE_USER.id]))),
        None => {}
    }
    resource.into()
}

/// What is kept beside the properties.
fn details(user: &User) -> Map<String, Json> {
    user.scim_details.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

/// A stored value as JSON.
fn shown(values: &[Value], name: &str) -> Json {
    let Some(property) = property(face(&USER), name) else { return Json::Null };
    match (values.get(property.column), property.ty) {
        (Some(Value::Text(text)), Type::Strings | Type::Structured(_)) => {
            serde_json::from_str(text).unwrap_or_default()
        }
        (Some(Value::Text(text)), _) => text.as_str().into(),
        (Some(Value::Bool(truth)), _) => (*truth).into(),
        _ => Json::Null,
    }
}

/// What a resource says of a person. Names without a domain get this one.
pub(super) fn input(resource: &Json, domain: &str, origin: Origin) -> Result<UserInput, Failure> {
    let text = |name: &str| resource.get(name).and_then(Json::as_str);
    let (mut body, mut details, mut unassigned) = (Map::new(), Map::new(), Map::new());
    let name = text("userName").unwrap_or_default();
    let full = if name.contains('@') { name.to_owned() } else { format!("{name}@{domain}") };
    if full != name {
        details.insert("userName".to_owned(), name.into());
    }
    body.insert(user_name().property.to_owned(), full.into());
    for simple in SIMPLE.iter().filter(|simple| simple.property != EMPLOYEE_ID) {
        let value = simple.of(resource).cloned().unwrap_or_else(|| {
            let default = match simple.name {
                "displayName" => display_name(resource).into(),
                "active" => true.into(),
                _ => return Json::Null,
            };
            unassigned.insert(simple.name.to_owned(), Json::clone(&default));
            default
        });
        body.insert(simple.property.to_owned(), value);
    }
    if origin == Origin::Patch && !unassigned.is_empty() {
        details.insert(UNASSIGNED.to_owned(), unassigned.into());
    }
    for name in LOOSE {
        details.extend(resource.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    let parts =
        LOOSE_NAMES.iter().filter_map(|part| Some(((*part).to_owned(), resource.get("name")?.get(part)?.clone())));
    let parts: Map<String, Json> = parts.collect();
    if !parts.is_empty() {
        details.insert("name".to_owned(), parts.into());
    }
    for list in &VALUES {
        let said = resource.get(list.name).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        let held = (list.hold)(said);
        if (list.show)(&held) != said {
            details.insert(list.name.to_owned(), said.into());
        }
        body.extend(held);
    }
    let extension = resource.get(ENTERPRISE_USER.id);
    let of_extension = |name: &str| extension.and_then(|extension| extension.get(name));
    let organization = ORGANIZATION.1.iter().filter_map(|name| Some(((*name).to_owned(), of_extension(name)?.clone())));
    let organization: Map<String, Json> = organization.collect();
    let organization = if organization.is_empty() { Json::Null } else { organization.into() };
    body.insert(ORGANIZATION.0.to_owned(), organization);
    if let Some(password) = text("password").filter(|password| *password != KEPT) {
        body.insert("passwordProfile".to_owned(), json!({ "password": password }));
    }
    let bound = bind::bind::<UserInput>(face(&USER), &body.into(), Purpose::Update, &|_| Err(String::new()));
    let mut input = bound.map_err(app::Error::Invalid)?.input;
    let short = |value: Option<&Json>, at: &str| -> Result<Option<String>, Failure> {
        let text = value.and_then(Json::as_str);
        match text.filter(|text| text.chars().count() > LONGEST_ID) {
            Some(_) => Err(too_long(at, &format!("{LONGEST_ID} characters"))),
            None => Ok(text.map(str::to_owned)),
        }
    };
    input.external_id = Some(short(resource.get("externalId"), "externalId")?);
    input.employee_id = Some(short(of_extension("employeeNumber"), "employeeNumber")?);
    let manager = of_extension("manager").and_then(|manager| manager.get("value"));
    input.manager_id = Some(manager.and_then(Json::as_str).map(str::to_owned));
    let details = if details.is_empty() { None } else { Some(Json::from(details).to_string()) };
    if details.as_ref().is_some_and(|details| details.len() > MOST_DETAILS) {
        return Err(too_long(
            "emails', 'phoneNumbers', 'addresses' and 'name",
            &format!("{MOST_DETAILS} bytes together"),
        ));
    }
    input.scim_details = Some(details);
    Ok(input)
}

fn too_long(at: &str, most: &str) -> Failure {
    app::Error::Invalid(vec![Violation::new(at, format!("'{at}' must have at most {most}."))]).into()
}

/// What people see of somebody whose name for display nobody said.
fn display_name(resource: &Json) -> String {
    let part = |part: &str| resource.get("name").and_then(|name| name.get(part)).and_then(Json::as_str);
    let names: Vec<&str> = ["givenName", "familyName"].into_iter().filter_map(part).collect();
    let whole = part("formatted").map(str::to_owned).or_else(|| (!names.is_empty()).then(|| names.join(" ")));
    let user_name = || resource.get("userName").and_then(Json::as_str).unwrap_or_default().to_owned();
    whole.filter(|name| !name.trim().is_empty() && name.chars().count() <= 256).unwrap_or_else(user_name)
}
