//! Who someone is: tenants, the keys that tokens are signed with, issuing tokens and checking them.
//!
//! The authority is the embedded one: it signs with a key that it keeps in the store and trusts no other. A token says
//! which tenant its bearer belongs to and what it permits; [`Authority::check`] turns one into a [`Caller`].
//!
//! Invariants: a token is believed only after its signature, issuer, audience, time and tenant were checked; what was
//! checked once is remembered ([`verified`]), but its time is looked at whenever it is used; what was refused is never
//! remembered, so that nobody but the holder of a valid token can fill memory.

mod applications;
mod assertion;
mod audience;
mod authorization;
mod check;
mod claims;
mod client_credentials;
mod device;
mod external;
mod failures;
mod fresh;
mod gate;
mod hashes;
mod issue;
mod keys;
mod known;
mod passwords;
mod people;
mod provisioning;
mod redeem;
mod remember;
mod secrets;
#[cfg(test)]
mod tests;
mod turns;
mod unauthenticated;
mod verified;

use std::{collections::HashMap, sync::Arc};

use parking_lot::RwLock;

pub use applications::{AppSettings, Credentials, MAX_SECRET_LIFETIME, ManageError};
pub use assertion::certificate;
pub use authorization::{PERSON_TOKEN_LIFETIME, Redemption, SWAGGER_UI, Scopes, Tokens, may_redirect};
pub use check::{Caller, CheckError};
pub use client_credentials::{ClientCredentials, SignInError, TOKEN_LIFETIME};
pub use device::{DEVICE_CODE_LIFETIME, DEVICE_INTERVAL, DeviceError, DeviceStart, Waiting};
pub use external::{Issuer, Unreachable};
pub use fresh::LAG;
pub use gate::FailureLimits;
pub use hashes::hash_here;
pub use issue::{IssueError, MAX_LIFETIME, Subject, TokenRequest};
pub use keys::PublicKey;
pub use passwords::PasswordChange;
pub use people::PasswordSignIn;
pub use redeem::Shown;
pub use remember::Visit;
pub use unauthenticated::{CODE, Unauthenticated};

use self::{
    device::Polls,
    external::Issuers,
    failures::Failures,
    fresh::Revoked,
    gate::Gate,
    keys::{SigningPair, VerifyingKey},
    known::Known,
    provisioning::Provisioner,
    remember::by_command,
    secrets::Hashing,
    verified::Verified,
};
use crate::{
    clock::Clock,
    ids,
    model::{activity::target, changeset::Changeset, password::Policy, value::Timestamp},
    store::{self, CommitError, NewTenant, Store, Tenant, TenantKey},
};

/// What can be set about the authority.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whom tokens may be for, their `aud`; `cardea token` writes the first. Besides these it may be the origin at which
    /// a token was asked for, or Graph's application id.
    pub audiences: Vec<String>,
    /// Who issues tokens that are asked for at no origin: `iss` is this, a slash and the tenant's id.
    pub issuer: String,
    /// Scheme and authority under which clients reach us, if it is known: then no other issuer at an origin is believed.
    pub public_url: Option<String>,
    /// Whether this server issues tokens itself and believes those it issued.
    pub embedded: bool,
    /// Others whose tokens are believed.
    pub issuers: Vec<Issuer>,
    /// Whether people sign in through Swagger UI.
    pub swagger_ui: bool,
    /// What is asked of passwords.
    pub passwords: Policy,
    /// How many sign-ins may fail.
    pub failures: FailureLimits,
}

impl Default for Options {
    fn default() -> Self {
        // The audience is Graph's, because that is what clients ask for.
        Self {
            audiences: vec![GRAPH.to_owned()],
            issuer: "cardea".to_owned(),
            public_url: None,
            embedded: true,
            issuers: Vec::new(),
            swagger_ui: true,
            passwords: Policy::default(),
            failures: FailureLimits::default(),
        }
    }
}

/// The audience of Microsoft Graph's tokens.
pub const GRAPH: &str = "https://graph.microsoft.com";

/// Issues tokens and checks them.
pub struct Authority {
    store: Arc<dyn Store>,
    clock: Clock,
    options: Options,
    signing: RwLock<Arc<SigningPair>>,
    verifying: Known<VerifyingKey>,
    tenants: Known<Arc<Tenant>>,
    provisioning: Known<Provisioner>,
    default_tenant: Tenant,
    verified: Verified<Caller>,
    hashing: Hashing,
    gate: Gate,
    failures: Failures,
    polls: Polls,
    issuers: Issuers,
    revoked: Revoked,
}

impl Authority {
    /// Opens the authority of a store. On first start it makes the signing key and the default tenant, which starts
    /// with the changeset that `first` gives; of several servers that start at once, all end up with the same.
    pub async fn open(
        store: Arc<dyn Store>,
        clock: Clock,
        options: Options,
        first: impl FnOnce(Timestamp) -> Changeset + Send,
    ) -> Result<Self, Error> {
        let mut signing_keys = store.signing_keys().await?;
        if signing_keys.is_empty() {
            store.signing_key_create(keys::generate(clock.now())?).await?;
            signing_keys = store.signing_keys().await?;
        }
        let newest = signing_keys.first().ok_or(Error::Key("there is none, though one was just stored"))?;
        let mut tenants = store.tenants().await?;
        if tenants.is_empty() {
            let now = clock.now();
            let tenant = NewTenant {
                id: ids::new_id(),
                display_name: "Default".to_owned(),
                domains: Vec::new(),
                created_at: now,
            };
            let mut first = first(now);
            let made = target(&tenant.id, Some(&tenant.display_name), "organization");
            first.audit.push(by_command("Create tenant", "DirectoryManagement", "Add", made, now));
            store.tenant_create_first(tenant, first).await?;
            tenants = store.tenants().await?;
        }
        let known = by_name(&tenants);
        let oldest = tenants.into_iter().min_by_key(|tenant| (tenant.created_at, tenant.key.0));
        Ok(Self {
            signing: RwLock::new(Arc::new(SigningPair::read(newest)?)),
            verifying: Known::new(keys::verifying(&signing_keys)),
            tenants: Known::new(known),
            provisioning: Known::new(HashMap::new()),
            default_tenant: oldest.ok_or(Error::Tenant)?,
            verified: Verified::default(),
            hashing: Hashing::default(),
            gate: Gate::new(options.failures),
            failures: Failures::default(),
            polls: Polls::default(),
            revoked: Revoked::default(),
            issuers: Issuers::new(options.issuers.clone(), &clock).map_err(|_| Error::Client)?,
            store,
            clock,
            options,
        })
    }

    /// The oldest tenant: the one that is meant when none is named.
    pub fn default_tenant(&self) -> &Tenant {
        &self.default_tenant
    }

    /// The tenant with this id or domain name, in any letter case; another process may have made it just now.
    pub async fn tenant_named(&self, name: &str) -> Result<Option<Arc<Tenant>>, store::Error> {
        self.known_tenant(&name.to_ascii_lowercase()).await
    }

    /// The one tenant that there is, if there is but one: who names none can only mean that.
    pub async fn only_tenant(&self) -> Result<Option<Tenant>, store::Error> {
        let mut tenants = self.store.tenants().await?;
        Ok(tenants.pop().filter(|_| tenants.is_empty()))
    }

    /// The tenant with this id, by the letter.
    async fn tenant(&self, id: &str) -> Result<Option<TenantKey>, store::Error> {
        let tenant = self.known_tenant(id).await?;
        Ok(tenant.filter(|tenant| tenant.id == id).map(|tenant| tenant.key))
    }

    async fn known_tenant(&self, name: &str) -> Result<Option<Arc<Tenant>>, store::Error> {
        let load = async { Ok(by_name(&self.store.tenants().await?)) };
        self.tenants.get(name, self.clock.now(), load).await
    }

    /// The public halves of all signing keys, the newest first.
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>, store::Error> {
        Ok(keys::public(&self.store.signing_keys().await?))
    }

    /// The key that signs.
    fn signing(&self) -> Arc<SigningPair> {
        Arc::clone(&self.signing.read())
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The key with this id; another server may have made it just now.
    async fn verifying_key(&self, kid: &str) -> Result<Option<VerifyingKey>, store::Error> {
        let load = async { Ok(keys::verifying(&self.store.signing_keys().await?)) };
        self.verifying.get(kid, self.clock.now(), load).await
    }
}

/// The tenants by their ids and domain names.
fn by_name(tenants: &[Tenant]) -> HashMap<String, Arc<Tenant>> {
    let mut names = HashMap::new();
    for tenant in tenants {
        let shared = Arc::new(tenant.clone());
        names.extend(tenant.domains.iter().map(|domain| (domain.clone(), Arc::clone(&shared))));
        names.insert(tenant.id.clone(), shared);
    }
    names
}

/// The authority cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The first key or the first tenant could not be stored.
    #[error("what a first start needs could not be stored: {0}")]
    Commit(#[from] CommitError),
    /// The signing key could not be made or read.
    #[error("the signing key: {0}")]
    Key(&'static str),
    /// The client that fetches other issuers' keys could not be made.
    #[error("keys of other issuers cannot be fetched: TLS is not available")]
    Client,
    /// The default tenant is gone although it was just stored.
    #[error("the default tenant is missing, though it was just stored")]
    Tenant,
}
