//! The addresses of applications: where people are sent after they have signed in or out, and what is linked to.

use serde_json::Value as Json;

use super::super::address::{REDIRECT, is_identifier, is_page, may_redirect_to};
use crate::model::bind::Violation;

/// The members of `info` that are addresses.
pub(super) const INFO: [&str; 5] =
    ["logoUrl", "marketingUrl", "privacyStatementUrl", "supportUrl", "termsOfServiceUrl"];

/// That people may be sent to an address. `name` is where it stands in the property.
pub(super) fn redirect(property: &str, name: &str, uri: &str) -> Option<Violation> {
    let message = || format!("'{name}' must be an address such as {REDIRECT}, not '{}'.", shown(uri));
    (!uri.is_empty() && !may_redirect_to(uri)).then(|| Violation::new(property, message()))
}

/// That a page may link to an address.
pub(super) fn page(property: &str, name: &str, uri: &str) -> Option<Violation> {
    let message = || format!("'{name}' must be an address such as https://…, not '{}'.", shown(uri));
    (!uri.is_empty() && !is_page(uri)).then(|| Violation::new(property, message()))
}

/// That a URI names something and is no script.
pub(super) fn identifier(property: &str, uri: &str) -> Option<Violation> {
    let message = || format!("'{property}' must hold URIs such as api://my-tool, not '{}'.", shown(uri));
    (!is_identifier(uri)).then(|| Violation::new(property, message()))
}

/// What is wrong with the addresses of one way in which people sign in.
pub(super) fn platform(property: &str, json: Option<&str>) -> Vec<Violation> {
    let platform = read(json);
    let listed = platform["redirectUris"].as_array().into_iter().flatten();
    let set = platform["redirectUriSettings"].as_array().into_iter().flatten().map(|setting| &setting["uri"]);
    let (uris, settings) = (format!("{property}/redirectUris"), format!("{property}/redirectUriSettings"));
    let all = listed.map(|uri| (&uris, uri)).chain(set.map(|uri| (&settings, uri)));
    let wrong = |(name, uri): (&String, &Json)| {
        let uri = uri.as_str()?;
        // None stands for nothing in a list.
        let empty = uri.is_empty().then(|| Violation::new(property, format!("'{name}' must hold no empty text.")));
        empty.or_else(|| redirect(property, name, uri))
    };
    let mut found: Vec<Violation> = all.filter_map(wrong).collect();
    let out = platform["logoutUrl"].as_str();
    found.extend(out.and_then(|uri| redirect(property, &format!("{property}/logoutUrl"), uri)));
    found.extend(pages_of(property, json, &["homePageUrl"]));
    found
}

/// What is wrong with the members that a page would link to.
pub(super) fn pages_of(property: &str, json: Option<&str>, members: &[&str]) -> Vec<Violation> {
    let value = read(json);
    let wrong = |member: &&str| page(property, &format!("{property}/{member}"), value[*member].as_str()?);
    members.iter().filter_map(wrong).collect()
}

fn read(json: Option<&str>) -> Json {
    json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

/// An address in a message: not all of it, if it is long.
fn shown(uri: &str) -> String {
    uri.chars().take(128).collect()
}
