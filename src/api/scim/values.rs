//! Lists of values, and the properties that hold what Graph knows of them.
//!
//! Graph has places for a mail address and for others, for a mobile, business and fax numbers, for one address. What a client
//! says beside that, a type or a label, is kept with the person as it was said, and counts as long as the properties say
//! the same: what Graph's callers have changed since is what is shown.

use serde_json::{Map, Value as Json, json};

use super::fields::ADDRESS;

/// The properties that hold a list's values, by name. Null where there is nothing to hold.
pub(super) type Held = Map<String, Json>;

/// A list of values: its attribute, how it is held, and what is shown of what is held.
pub(super) struct Values {
    /// The attribute.
    pub(super) name: &'static str,
    /// What the properties hold of it.
    pub(super) hold: fn(&[Json]) -> Held,
    /// What is shown where nothing else is known.
    pub(super) show: fn(&Held) -> Vec<Json>,
}

/// All of them.
pub(super) const VALUES: [Values; 3] = [
    Values { name: "emails", hold: hold_emails, show: show_emails },
    Values { name: "phoneNumbers", hold: hold_phones, show: show_phones },
    Values { name: "addresses", hold: hold_addresses, show: show_addresses },
];

fn held<const N: usize>(pairs: [(&str, Json); N]) -> Held {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn text<'v>(value: &'v Json, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Json::as_str)
}

fn is_of_type(value: &Json, ty: &str) -> bool {
    text(value, "type").is_some_and(|said| said.eq_ignore_ascii_case(ty))
}

fn is_primary(value: &Json) -> bool {
    value.get("primary") == Some(&Json::Bool(true))
}

/// The work address is the person's, else the primary or the first; the others are others.
fn hold_emails(list: &[Json]) -> Held {
    let known = || list.iter().enumerate().filter(|(_, email)| text(email, "value").is_some());
    let work = known().find(|(_, email)| is_of_type(email, "work"));
    let mail = work.or_else(|| known().find(|(_, email)| is_primary(email))).or_else(|| known().next());
    let others = known().filter(|(at, _)| mail.is_none_or(|(mail, _)| *at != mail));
    let others: Vec<&str> = others.filter_map(|(_, email)| text(email, "value")).collect();
    held([("mail", mail.and_then(|(_, email)| text(email, "value")).into()), ("otherMails", others.into())])
}

fn show_emails(held: &Held) -> Vec<Json> {
    let mail = held.get("mail").filter(|mail| mail.is_string());
    let mail = mail.map(|mail| json!({ "value": mail, "type": "work", "primary": true }));
    let others = held.get("otherMails").and_then(Json::as_array).into_iter().flatten();
    mail.into_iter().chain(others.map(|other| json!({ "value": other, "type": "other" }))).collect()
}

/// Numbers of home and the like are nobody's business but the client's.
fn hold_phones(list: &[Json]) -> Held {
    let of = |ty: &str| list.iter().find(|phone| is_of_type(phone, ty)).and_then(|phone| text(phone, "value"));
    let work = |phone: &&Json| is_of_type(phone, "work") || text(phone, "type").is_none();
    let business: Vec<&str> = list.iter().filter(work).filter_map(|phone| text(phone, "value")).collect();
    held([("mobilePhone", of("mobile").into()), ("businessPhones", business.into()), ("faxNumber", of("fax").into())])
}

fn show_phones(held: &Held) -> Vec<Json> {
    let of = |property: &str, ty: &str| {
        let number = held.get(property).filter(|number| number.is_string());
        number.map(|number| json!({ "value": number, "type": ty }))
    };
    let business = held.get("businessPhones").and_then(Json::as_array).into_iter().flatten();
    let business = business.map(|number| json!({ "value": number, "type": "work" }));
    business.chain(of("mobilePhone", "mobile")).chain(of("faxNumber", "fax")).collect()
}

/// The work address, and where in the office: Entra ID writes that as another address's text.
fn hold_addresses(list: &[Json]) -> Held {
    let work = list.iter().find(|address| is_of_type(address, "work"));
    let work = work.or_else(|| list.iter().find(|address| text(address, "type").is_none()));
    let part =
        |(part, property): &(&str, &str)| ((*property).to_owned(), work.and_then(|address| text(address, part)).into());
    let office = list.iter().filter(|address| is_of_type(address, "other")).find_map(|other| text(other, "formatted"));
    let mut held: Held = ADDRESS.iter().map(part).collect();
    held.insert("officeLocation".to_owned(), office.into());
    held
}

fn show_addresses(held: &Held) -> Vec<Json> {
    let known = |property: &str| held.get(property).filter(|value| value.is_string());
    let parts = ADDRESS.iter().filter_map(|(part, property)| Some(((*part).to_owned(), known(property)?.clone())));
    let mut work: Map<String, Json> = parts.collect();
    let mut addresses = Vec::new();
    if !work.is_empty() {
        work.insert("type".to_owned(), "work".into());
        addresses.push(Json::Object(work));
    }
    addresses.extend(known("officeLocation").map(|office| json!({ "formatted": office, "type": "other" })));
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roundtrip(values: &Values, list: &Json) -> Json {
        (values.show)(&(values.hold)(list.as_array().unwrap())).into()
    }

    #[test]
    fn what_the_properties_hold_is_shown_again() {
        let [emails, phones, addresses] = &VALUES;
        let list = json!([{ "value": "a@x", "type": "work", "primary": true }, { "value": "b@x", "type": "other" }]);
        assert_eq!(roundtrip(emails, &list), list);
        let list = json!([{ "value": "1", "type": "work" }, { "value": "2", "type": "mobile" }]);
        assert_eq!(roundtrip(phones, &list), list);
        let list = json!([
            { "streetAddress": "S", "locality": "L", "type": "work" }, { "formatted": "Room 4", "type": "other" },
        ]);
        assert_eq!(roundtrip(addresses, &list), list);
    }

    #[test]
    fn the_work_address_is_the_persons() {
        let [emails, phones, _] = &VALUES;
        let list =
            json!([{ "value": "home@x", "type": "home", "primary": true }, { "value": "work@x", "type": "Work" }]);
        let held = (emails.hold)(list.as_array().unwrap());
        assert_eq!((&held["mail"], &held["otherMails"]), (&json!("work@x"), &json!(["home@x"])));
        let list = json!([{ "value": "a", "type": "home" }, { "value": "b", "type": "home", "primary": true }]);
        assert_eq!((emails.hold)(list.as_array().unwrap())["mail"], "b");
        let list = json!([{ "value": "1", "type": "home" }, { "value": "2" }]);
        assert_eq!((phones.hold)(list.as_array().unwrap())["businessPhones"], json!(["2"]));
        assert_eq!((emails.hold)(&[])["mail"], Json::Null);
    }
}
