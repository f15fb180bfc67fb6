//! What the authority keeps: tenants, service principals and their secrets.

use async_trait::async_trait;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value as Json, json};

use super::{CommitError, Error, NewTenant, TenantKey};
use crate::model::{
    self,
    audit::Entry,
    changeset::Changeset,
    record::{RowVersion, Stored},
    value::Timestamp,
};

/// The part of a [`super::Store`] that the authority uses. What is to be remembered of a change is written with it.
#[async_trait]
pub trait Identities: Send + Sync {
    /// Adds a tenant with what it starts with. [`CommitError::Conflict`]: its id or one of its domains is taken.
    async fn tenant_create(&self, tenant: NewTenant, first: Changeset) -> Result<(), CommitError>;

    /// Applies a changeset to a tenant, which takes away what a tenant starts with, and then the tenant itself.
    /// [`CommitError::Constraint`]: the tenant holds more than that. Nothing has changed then.
    /// What is remembered of it goes into another tenant's chain.
    async fn tenant_delete(
        &self,
        tenant: TenantKey,
        last: Changeset,
        audit: (TenantKey, Vec<Entry>),
    ) -> Result<(), CommitError>;
}

/// An application in a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePrincipal {
    /// The id of the object in the tenant's directory, which tokens carry as `oid`.
    pub id: String,
    /// The state of the row.
    pub version: RowVersion,
    /// The id of the application: the client id.
    pub app_id: String,
    /// Its name.
    pub display_name: String,
    /// Whether it may sign in.
    pub account_enabled: bool,
    /// The application permissions that it was granted.
    pub roles: Vec<String>,
    /// How people sign in through it.
    pub sign_in: SignInSettings,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How people sign in through an application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SignInSettings {
    /// Where they may be sent back to, by the letter.
    pub redirect_uris: Vec<String>,
    /// The delegated permissions that it may have.
    pub scopes: Vec<String>,
    /// Whether it has no secret, since it could not keep one.
    pub public: bool,
    /// The certificates by whose keys it may prove itself.
    pub certificates: Vec<Certificate>,
}

/// A certificate of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// The SHA-1 of it, in base64url, by which older libraries name it,
    pub x5t: String,
    /// and its SHA-256.
    pub x5t_s256: String,
    /// Its public key, in PEM.
    pub public_key: String,
}

/// A secret by which an application proves that it is itself. The secret cannot be found out from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSecret {
    /// Which it is.
    pub key_id: String,
    /// An Argon2id hash in PHC's format.
    pub hash: String,
    /// The secret's first characters, by which people tell secrets apart.
    pub hint: String,
    /// From when on it counts.
    pub created_at: Timestamp,
    /// From when on it counts no more.
    pub expires_at: Timestamp,
}

impl ServicePrincipal {
    /// The row of a new one.
    pub fn record(&self) -> model::ServicePrincipal {
        model::ServicePrincipal {
            id: self.id.clone(),
            app_id: self.app_id.clone(),
            display_name: self.display_name.clone(),
            account_enabled: self.account_enabled,
            granted_roles: json!(self.roles).to_string(),
            sign_in: json!(self.sign_in).to_string(),
            created_at: self.created_at,
            sign_in_audience: Some("AzureADMyOrg".to_owned()),
            ..model::ServicePrincipal::default()
        }
    }

    /// From its row and that of its application, if the application is registered here: what of the latter says how it
    /// signs in counts as well.
    pub fn read(
        row: &Stored<model::ServicePrincipal>,
        application: Option<&model::Application>,
    ) -> Result<(Self, Vec<ClientSecret>), Error> {
        let Stored { record, version } = row;
        let mut sign_in: SignInSettings = read_json(&record.sign_in, &record.id)?;
        let mut secrets = ClientSecret::read(&record.password_credentials, &record.secret_hashes, &record.id)?;
        if let Some(application) = application {
            secrets.extend(ClientSecret::read(
                &application.password_credentials,
                &application.secret_hashes,
                &application.id,
            )?);
            sign_in.add(application, secrets.is_empty())?;
        }
        secrets.sort_by(|a, b| (b.created_at, &a.key_id).cmp(&(a.created_at, &b.key_id)));
        let principal = Self {
            id: record.id.clone(),
            version: *version,
            app_id: record.app_id.clone(),
            display_name: record.display_name.clone(),
            account_enabled: record.account_enabled,
            roles: read_json(&record.granted_roles, &record.id)?,
            sign_in,
            created_at: record.created_at,
        };
        Ok((principal, secrets))
    }
}

impl SignInSettings {
    /// Adds what an application was registered with. `bare`: it has no secret.
    fn add(&mut self, application: &model::Application, bare: bool) -> Result<(), Error> {
        let uris = |column: &Option<String>| -> Result<Vec<String>, Error> {
            let Some(json) = column else { return Ok(Vec::new()) };
            let found: Json = read_json(json, &application.id)?;
            let uris = found.get("redirectUris").and_then(Json::as_array).into_iter().flatten();
            Ok(uris.filter_map(Json::as_str).map(str::to_owned).collect())
        };
        let [web, spa, public] = [uris(&application.web)?, uris(&application.spa)?, uris(&application.public_client)?];
        // A page in a browser has no secret. One that belongs to something that has is held to it.
        let page = !spa.is_empty() && bare && self.certificates.is_empty();
        self.public |= application.is_fallback_public_client == Some(true) || !public.is_empty() || page;
        for uri in web.into_iter().chain(spa).chain(public) {
            if !self.redirect_uris.contains(&uri) {
                self.redirect_uris.push(uri);
            }
        }
        Ok(())
    }
}

/// A secret without its hash, as the API shows it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    key_id: String,
    hint: Option<String>,
    start_date_time: Option<String>,
    end_date_time: Option<String>,
}

/// The hash of a secret.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hash {
    key_id: String,
    hash: String,
}

impl ClientSecret {
    /// `passwordCredentials` as they are stored, and the hashes.
    pub fn columns(secrets: &[Self]) -> (String, String) {
        let shown = |secret: &Self| {
            json!({
                "customKeyIdentifier": Json::Null, "displayName": Json::Null,
                "endDateTime": secret.expires_at.to_string(), "hint": secret.hint, "keyId": secret.key_id,
                "secretText": Json::Null, "startDateTime": secret.created_at.to_string(),
            })
        };
        let hash = |secret: &Self| json!({ "keyId": secret.key_id, "hash": secret.hash });
        let shown: Json = secrets.iter().map(shown).collect();
        let hashes: Json = secrets.iter().map(hash).collect();
        (shown.to_string(), hashes.to_string())
    }

    fn read(shown: &str, hashes: &str, id: &str) -> Result<Vec<Self>, Error> {
        let (shown, hashes): (Vec<Shown>, Vec<Hash>) = (read_json(shown, id)?, read_json(hashes, id)?);
        let time = |text: Option<String>, none: Timestamp| match text {
            Some(text) => Timestamp::parse(&text).ok_or_else(|| unreadable(id)),
            None => Ok(none),
        };
        let secret = |shown: Shown| {
            let hash = hashes.iter().find(|hash| hash.key_id == shown.key_id)?;
            let times = time(shown.start_date_time, Timestamp::MIN)
                .and_then(|from| Ok((from, time(shown.end_date_time, Timestamp::MAX)?)));
            Some(times.map(|(created_at, expires_at)| Self {
                key_id: shown.key_id,
                hash: hash.hash.clone(),
                hint: shown.hint.unwrap_or_default(),
                created_at,
                expires_at,
            }))
        };
        shown.into_iter().filter_map(secret).collect()
    }
}

/// What is stored as JSON of a service principal or a user.
pub(super) fn read_json<T: DeserializeOwned>(json: &str, id: &str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(|_| unreadable(id))
}

fn unreadable(id: &str) -> Error {
    Error::Corrupt(format!("directory object {id:?} is not readable"))
}
