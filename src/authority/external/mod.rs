//! Issuers other than this server: any number of OpenID providers, whose tokens are believed as far as the operator has
//! written down ([`config`]).
//!
//! What is believed is what the issuer's own key has signed ([`keys`]): with an algorithm that is expected of it, for us,
//! now. Which tenant, person and permissions that means is [`mapping`]'s matter.

mod config;
mod keys;
mod mapping;

use std::sync::Arc;

use jsonwebtoken::Header;
use serde_json::Value as Json;

use self::keys::Keys;
pub use self::{config::Issuer, keys::Unreachable};
use super::{MAX_LIFETIME, Unauthenticated, verified::Seconds};
use crate::{authz::Principal, clock::Clock};

/// The issuers that are believed.
#[derive(Default)]
pub(super) struct Issuers(Vec<(Arc<Issuer>, Arc<Keys>)>);

/// What a token of an issuer proves.
pub(super) struct Proof<'a> {
    claims: Json,
    issuer: &'a Issuer,
    /// The first and the last second at which it counts.
    pub(super) life: (Seconds, Seconds),
    /// When it was issued.
    pub(super) issued: Seconds,
}

/// A token was not believed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Doubt {
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
}

impl Issuers {
    /// Issuers whose keys have not been fetched yet.
    pub(super) fn new(issuers: Vec<Issuer>, clock: &Clock) -> Result<Self, reqwest::Error> {
        if issuers.is_empty() {
            return Ok(Self::default());
        }
        let redirect = reqwest::redirect::Policy::limited(3);
        let http = reqwest::Client::builder().redirect(redirect).user_agent("cardea").build()?;
        let with_keys = |issuer| {
            let issuer = Arc::new(issuer);
            let keys = Keys::new(http.clone(), Arc::clone(&issuer), clock.clone());
            (issuer, Arc::new(keys))
        };
        Ok(Self(issuers.into_iter().map(with_keys).collect()))
    }

    /// What a token proves. None: none of these issuers claims to have made it.
    pub(super) async fn check(&self, token: &[u8], header: &Header) -> Result<Option<Proof<'_>>, Doubt> {
        if self.0.is_empty() {
            return Ok(None);
        }
        // Only to know whose key to check it with.
        let Ok(unproven) = jsonwebtoken::dangerous::insecure_decode_claims::<Json>(token) else { return Ok(None) };
        let Some(iss) = unproven["iss"].as_str() else { return Ok(None) };
        let Some((issuer, keys)) = self.0.iter().find(|(issuer, _)| issuer.is(iss, &unproven)) else {
            return Ok(None);
        };
        let kid = super::check::acceptable(header, &issuer.algorithms)?;
        let key = keys.get(kid).await?.filter(|key| key.algorithm.is_none_or(|a| a == header.alg));
        let key = key.ok_or(Unauthenticated::Key)?;
        let proven = jsonwebtoken::decode::<Json>(token, &key.key, &super::check::validation(header.alg));
        let claims = proven.map_err(|error| super::check::reason(error.kind()))?.claims;
        if !issuer.is_for_us(&claims) {
            return Err(Unauthenticated::Audience.into());
        }
        if !mapping::is_access_token(super::check::is_access_token(header), &claims) {
            return Err(Unauthenticated::Kind.into());
        }
        let (life, since) = life(&claims)?;
        Ok(Some(Proof { claims, issuer, life, issued: since }))
    }
}

impl Proof<'_> {
    /// The tenant, by its id or a domain name.
    pub(super) fn tenant(&self) -> Result<&str, Unauthenticated> {
        self.issuer.tenant_named(&self.claims)
    }

    /// Whether the caller is said to be an object of the tenant's directory.
    pub(super) fn names_an_object(&self) -> bool {
        self.issuer.subject_is_object_id
    }

    /// Who calls, in the tenant with this id.
    pub(super) fn principal(&self, tenant_id: &str) -> Result<Principal, Unauthenticated> {
        self.issuer.principal(&self.claims, tenant_id)
    }
}

/// When a token counts, and when it was issued. However long it is said to live, it does not outlive what is remembered of
/// revocations.
fn life(claims: &Json) -> Result<((Seconds, Seconds), Seconds), Unauthenticated> {
    let from = mapping::time(claims, "nbf")?;
    let issued = mapping::time(claims, "iat")?.or(from).ok_or(Unauthenticated::Claims)?;
    let until = mapping::time(claims, "exp")?.ok_or(Unauthenticated::Claims)?;
    let longest = Seconds::try_from(MAX_LIFETIME.as_secs()).unwrap_or_default();
    Ok(((from.unwrap_or(Seconds::MIN), until.min(issued.saturating_add(longest))), issued))
}
