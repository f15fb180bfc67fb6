//! Checking tokens: every request passes here.

use std::{sync::Arc, time::Duration};

use http::HeaderValue;
use jsonwebtoken::{Algorithm, Header, Validation, errors::ErrorKind};

use super::{
    Authority, Unauthenticated,
    claims::Claims,
    external::{Doubt, Unreachable},
    verified::Seconds,
};
use crate::{
    authz::Principal,
    store::{self, TenantKey},
};

/// The clocks of those who issue tokens and those who check them may differ by this much, in seconds.
const LEEWAY: Seconds = 10;

/// Longer tokens are not looked at.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Who calls, as a token proves it.
#[derive(Debug)]
pub struct Caller {
    /// Who it is.
    pub principal: Principal,
    /// The number by which rows name the caller's tenant.
    pub tenant: TenantKey,
}

/// A caller was not let in.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Nobody knows who calls.
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    /// The token may be good, but the store that knows could not be asked.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The token may be good, but its issuer could not be asked.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// Too many have failed from there.
    #[error("too many failures")]
    Slow(Duration),
}

impl From<Doubt> for CheckError {
    fn from(doubt: Doubt) -> Self {
        match doubt {
            Doubt::Unauthenticated(reason) => reason.into(),
            Doubt::Unreachable(error) => error.into(),
        }
    }
}

impl Authority {
    /// Who calls, by the value of the header `Authorization`.
    pub async fn check(&self, authorization: Option<&HeaderValue>) -> Result<Arc<Caller>, CheckError> {
        let token = bearer(authorization)?;
        if let Some(caller) = self.verified.get(token, self.now()) {
            return Ok(caller);
        }
        // In a box, so that what only a new token needs does not make every request's future larger.
        Box::pin(self.verify(token)).await
    }

    async fn verify(&self, token: &[u8]) -> Result<Arc<Caller>, CheckError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| header_error(token))?;
        let now = self.now();
        let (principal, tenant, life) = match self.issuers.check(token, &header).await? {
            Some(proof) => {
                let life = alive(proof.life, now)?;
                let tenant = self.tenant_named(proof.tenant()?).await?.ok_or(Unauthenticated::Tenant)?;
                let principal = proof.principal(&tenant.id)?;
                let shut_out = proof.names_an_object() && self.store.is_shut_out(tenant.key, &principal.oid).await?;
                if shut_out || self.revoked.covers(tenant.key, &principal, proof.issued) {
                    return Err(Unauthenticated::Revoked.into());
                }
                (principal, tenant.key, life)
            }
            None => self.verify_own(token, &header, now).await?,
        };
        let caller = Arc::new(Caller { principal, tenant });
        self.verified.insert(token, life, Arc::clone(&caller), now);
        Ok(caller)
    }

    /// A token that this server made.
    async fn verify_own(
        &self,
        token: &[u8],
        header: &Header,
        now: Seconds,
    ) -> Result<(Principal, TenantKey, (Seconds, Seconds)), CheckError> {
        if !self.options.embedded {
            return Err(Unauthenticated::Issuer.into());
        }
        let kid = acceptable(header, &[Algorithm::RS256])?;
        let key = self.verifying_key(kid).await?.ok_or(Unauthenticated::Key)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation(Algorithm::RS256))
            .map_err(|e| reason(e.kind()))?
            .claims;
        self.options.check(&claims)?;
        if !is_access_token(header) {
            return Err(Unauthenticated::Kind.into());
        }
        let life = alive((claims.nbf, claims.exp), now)?;
        let tenant = self.tenant(&claims.tid).await?.ok_or(Unauthenticated::Tenant)?;
        let ended = claims.sid.as_deref().is_some_and(|family| self.revoked.ends(tenant, family));
        let issued = claims.iat;
        let principal = claims.into_principal()?;
        if ended || self.revoked.covers(tenant, &principal, issued) {
            return Err(Unauthenticated::Revoked.into());
        }
        Ok((principal, tenant, life))
    }

    pub(super) fn now(&self) -> Seconds {
        self.clock.now().0.div_euclid(1_000_000)
    }
}

/// The token in the header.
pub(super) fn bearer(authorization: Option<&HeaderValue>) -> Result<&[u8], Unauthenticated> {
    let value = authorization.ok_or(Unauthenticated::Missing)?.as_bytes().trim_ascii();
    if value.is_empty() {
        return Err(Unauthenticated::Missing);
    }
    let (scheme, rest) = value.split_at_checked(b"Bearer".len()).ok_or(Unauthenticated::Scheme)?;
    if !scheme.eq_ignore_ascii_case(b"Bearer") {
        return Err(Unauthenticated::Scheme);
    }
    let token = match rest {
        [] => return Err(Unauthenticated::Missing),
        [b' ', token @ ..] => token.trim_ascii_start(),
        _ => return Err(Unauthenticated::Scheme),
    };
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Unauthenticated::TooLong);
    }
    Ok(token)
}

/// What else there is in a header cannot loosen these: keys that a token brings along (`jwk`, `jku`, `x5c` …) are not
/// looked at.
pub(super) fn acceptable<'a>(header: &'a Header, algorithms: &[Algorithm]) -> Result<&'a str, Unauthenticated> {
    if !algorithms.contains(&header.alg) {
        return Err(Unauthenticated::Algorithm);
    }
    let typ = header.typ.as_deref().unwrap_or("JWT");
    if header.crit.is_some() || !(typ.eq_ignore_ascii_case("JWT") || is_access_token(header)) {
        return Err(Unauthenticated::Header);
    }
    header.kid.as_deref().ok_or(Unauthenticated::Key)
}

/// Whether the header says that it is that of an access token (RFC 9068 §2.1).
pub(super) fn is_access_token(header: &Header) -> bool {
    let typ = header.typ.as_deref().unwrap_or_default();
    typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
}

/// The seconds at which a token counts, for clocks that differ a little; now must be one of them.
fn alive((from, until): (Seconds, Seconds), now: Seconds) -> Result<(Seconds, Seconds), Unauthenticated> {
    let life = (from.saturating_sub(LEEWAY), until.saturating_add(LEEWAY));
    if now > life.1 {
        return Err(Unauthenticated::Expired);
    }
    if now < life.0 {
        return Err(Unauthenticated::NotYetValid);
    }
    Ok(life)
}

/// The signature and its algorithm. The claims are checked above, against our clock, for each has its own message.
pub(super) fn validation(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

/// Why a header could not be read: it names an algorithm that the library has no word for, such as `none`, or it isn't
/// one.
fn header_error(token: &[u8]) -> Unauthenticated {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    #[derive(serde::Deserialize)]
    struct Alg {
        alg: String,
    }

    let mut parts = token.split(|byte| *byte == b'.');
    let (Some(first), 2) = (parts.next(), parts.count()) else { return Unauthenticated::Malformed };
    let header = URL_SAFE_NO_PAD.decode(first).ok().and_then(|json| serde_json::from_slice::<Alg>(&json).ok());
    match header {
        Some(Alg { alg }) if alg != "RS256" => Unauthenticated::Algorithm,
        _ => Unauthenticated::Malformed,
    }
}

pub(super) fn reason(error: &ErrorKind) -> Unauthenticated {
    match error {
        ErrorKind::InvalidSignature => Unauthenticated::Signature,
        ErrorKind::InvalidAlgorithm => Unauthenticated::Algorithm,
        // The header was read before, and the claims are read after the signature was found good.
        ErrorKind::Json(_) => Unauthenticated::Claims,
        _ => Unauthenticated::Malformed,
    }
}
