//! The rules of applications: what they are registered as, and the secrets by which they prove themselves.

use serde_json::{Value as Json, json};

use super::{super::Occasion, Object, Refusal, addresses, one_of, texts};
use crate::model::{Application, ApplicationInput, bind::Violation, record::Input, value::Timestamp};

/// How many secrets there may be at once.
const MOST_SECRETS: usize = 100;

impl Object for Application {
    fn deleted_at(&mut self) -> &mut Option<Timestamp> {
        &mut self.deleted_at
    }

    fn derive(&mut self, _: &Occasion) {}

    fn check(&self) -> Vec<Violation> {
        let audiences =
            ["AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"];
        let audience = one_of("signInAudience", self.sign_in_audience.as_deref(), &audiences);
        let uris = texts(&self.identifier_uris);
        let uris = uris.iter().filter_map(|uri| addresses::identifier("identifierUris", uri));
        let roles = [unique("appRoles", &self.app_roles, "id"), unique("appRoles", &self.app_roles, "value")];
        audience.into_iter().chain(uris).chain(roles.into_iter().flatten()).chain(self.addresses()).collect()
    }
}

impl Application {
    /// What is wrong with the addresses that people are sent to or shown.
    fn addresses(&self) -> Vec<Violation> {
        let platforms = [("web", &self.web), ("spa", &self.spa), ("publicClient", &self.public_client)];
        let platforms = platforms.iter().flat_map(|(name, json)| addresses::platform(name, json.as_deref()));
        let own = |name, uri: &Option<String>| addresses::redirect(name, name, uri.as_deref()?);
        platforms
            .chain(addresses::pages_of("info", self.info.as_deref(), &addresses::INFO))
            .chain(own("defaultRedirectUri", &self.default_redirect_uri))
            .chain(
                self.saml_metadata_url
                    .as_deref()
                    .and_then(|uri| addresses::page("samlMetadataUrl", "samlMetadataUrl", uri)),
            )
            .collect()
    }
}

/// That the items of a list differ in a member.
fn unique(property: &str, list: &str, member: &str) -> Option<Violation> {
    let items: Vec<Json> = serde_json::from_str(list).unwrap_or_default();
    let values: Vec<&str> = items.iter().filter_map(|item| item[member].as_str()).collect();
    let twice = values.iter().enumerate().find(|(at, value)| values.iter().skip(at + 1).any(|other| other == *value));
    twice.map(|(_, value)| Violation::new(property, format!("'{property}' holds two with the {member} '{value}'.")))
}

/// An application as a body describes one.
pub fn make(id: String, app_id: String, input: ApplicationInput, on: &Occasion) -> Application {
    let mut application = Application::default();
    input.apply_to(&mut application);
    application.id = id;
    application.app_id = Some(app_id);
    application.created_at = on.now;
    application
}

/// A secret to be added: what is told of it, and its hash.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Which it is.
    pub key_id: String,
    /// The hash of it.
    pub hash: String,
    /// Its first characters.
    pub hint: String,
    /// What people call it.
    pub display_name: Option<String>,
    /// From when on it counts.
    pub start: Timestamp,
    /// Until when it counts.
    pub end: Timestamp,
}

impl Secret {
    /// What is told of it: a `passwordCredential`.
    pub fn describe(&self) -> Json {
        json!({
            "customKeyIdentifier": null, "displayName": self.display_name, "endDateTime": self.end.to_string(),
            "hint": self.hint, "keyId": self.key_id, "secretText": null, "startDateTime": self.start.to_string(),
        })
    }
}

/// Where an object keeps its secrets.
#[derive(Debug)]
pub struct Secrets<'a> {
    /// What is told of them.
    pub credentials: &'a mut String,
    /// Their hashes.
    pub hashes: &'a mut String,
}

impl Secrets<'_> {
    /// Adds one.
    ///
    /// # Errors
    /// There are too many, or it ends before it begins.
    pub fn add(&mut self, secret: &Secret) -> Result<(), Refusal> {
        if secret.end <= secret.start {
            let message = "'endDateTime' must be after 'startDateTime'.";
            return Err(Refusal::Invalid(vec![Violation::new("passwordCredential/endDateTime", message)]));
        }
        let (mut credentials, mut hashes) = (list(self.credentials), list(self.hashes));
        if credentials.len() >= MOST_SECRETS {
            let message = format!("There are {MOST_SECRETS} secrets already: remove one first.");
            return Err(Refusal::Invalid(vec![Violation::new("passwordCredentials", message)]));
        }
        credentials.push(secret.describe());
        hashes.push(json!({ "keyId": secret.key_id, "hash": secret.hash }));
        self.put(credentials, hashes);
        Ok(())
    }

    /// Takes one away. False: there is none with this id.
    pub fn remove(&mut self, key_id: &str) -> bool {
        let (mut credentials, mut hashes) = (list(self.credentials), list(self.hashes));
        let before = credentials.len();
        let other = |one: &Json| one["keyId"].as_str().is_none_or(|id| !id.eq_ignore_ascii_case(key_id));
        credentials.retain(other);
        hashes.retain(other);
        let found = credentials.len() < before;
        self.put(credentials, hashes);
        found
    }

    fn put(&mut self, credentials: Vec<Json>, hashes: Vec<Json>) {
        *self.credentials = Json::from(credentials).to_string();
        *self.hashes = Json::from(hashes).to_string();
    }
}

fn list(json: &str) -> Vec<Json> {
    serde_json::from_str(json).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(key_id: &str) -> Secret {
        let (start, end) = (Timestamp(0), Timestamp(1));
        Secret { key_id: key_id.into(), hash: "h".into(), hint: "abc".into(), display_name: None, start, end }
    }

    #[test]
    fn secrets_come_and_go_with_their_hashes() {
        let (mut credentials, mut hashes) = ("[]".to_owned(), "[]".to_owned());
        let mut secrets = Secrets { credentials: &mut credentials, hashes: &mut hashes };
        secrets.add(&secret("a")).unwrap();
        secrets.add(&secret("b")).unwrap();
        assert!(secrets.add(&Secret { end: Timestamp(0), ..secret("c") }).is_err());
        assert!(secrets.remove("A") && !secrets.remove("a"));
        assert_eq!(list(&hashes), [json!({ "keyId": "b", "hash": "h" })]);
        assert_eq!(list(&credentials).len(), 1);
    }

    #[test]
    fn roles_have_ids_and_values_of_their_own() {
        let application = |roles: Json| Application { app_roles: roles.to_string(), ..Application::default() };
        let check = |roles| application(roles).check().len();
        assert_eq!(
            check(json!([{ "id": "1", "value": "a" }, { "id": "2", "value": null }, { "id": "3", "value": null }])),
            0
        );
        assert_eq!(check(json!([{ "id": "1", "value": "a" }, { "id": "1", "value": "a" }])), 2);
    }
}
