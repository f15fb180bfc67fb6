//! What a server learns of the store every few seconds: keys that were added or withdrawn, tenants that are gone, and whose
//! tokens were revoked.
//!
//! So a request pays nothing for it: what was verified before is forgotten when something is revoked, and what is verified
//! anew is compared with what is known here.

use std::{collections::HashMap, time::Duration};

use parking_lot::RwLock;

use super::{Authority, Error, ManageError, PERSON_TOKEN_LIFETIME, issue::MAX_LIFETIME, keys, verified::Seconds};
use crate::{
    authz::Principal,
    model::{activity::target, changeset::Revocation},
    store::{self, FAMILIES_KEPT, SigningKey, TenantKey, sql::write::REVOCATIONS_KEPT},
};

/// How long a server may not know of a change.
pub const LAG: Duration = Duration::from_secs(5);

/// The store remembers what was revoked until no token that it ends can count.
const _: () = assert!(MAX_LIFETIME.as_micros() + LAG.as_micros() < REVOCATIONS_KEPT.unsigned_abs() as u128);
const _: () = assert!(PERSON_TOKEN_LIFETIME.as_micros() + LAG.as_micros() < FAMILIES_KEPT.unsigned_abs() as u128);

/// Whose tokens count no more that were issued until then, by [`Revocation::key`].
#[derive(Default)]
pub(super) struct Revoked(RwLock<HashMap<(TenantKey, String), Seconds>>);

impl Revoked {
    /// Whether a token that was issued then counts no more: its bearer's tokens ended, or those of the application by which
    /// the bearer calls.
    pub(super) fn covers(&self, tenant: TenantKey, principal: &Principal, issued: Seconds) -> bool {
        let known = self.0.read();
        let ended = |what: Revocation<'_>| known.get(&(tenant, what.key())).is_some_and(|until| issued <= *until);
        let by = || principal.app_id.as_deref().is_some_and(|id| ended(Revocation::Application(id)));
        !known.is_empty() && (ended(Revocation::Object(&principal.oid)) || by())
    }

    /// Whether all that came of a sign-in has ended, whenever it was issued: on another server a clock may be ahead.
    pub(super) fn ends(&self, tenant: TenantKey, family: &str) -> bool {
        let known = self.0.read();
        !known.is_empty() && known.contains_key(&(tenant, Revocation::Family(family).key()))
    }
}

impl Authority {
    /// Learns, for as long as it is polled.
    pub async fn keep_fresh(&self) {
        let mut ticks = tokio::time::interval(LAG);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "keys and revocations cannot be read");
            }
        }
    }

    /// Learns once.
    pub async fn refresh(&self) -> Result<(), Error> {
        let stored = self.store.signing_keys().await?;
        let verifying = keys::verifying(&stored);
        if let Some(newest) = stored.first().filter(|newest| newest.kid != self.signing().kid()) {
            *self.signing.write() = std::sync::Arc::new(keys::SigningPair::read(newest)?);
        }
        let withdrawn = self.verifying.replace(verifying);
        let deleted = self.tenants.replace(super::by_name(&self.store.tenants().await?));
        let known: HashMap<_, _> = self
            .store
            .revocations()
            .await?
            .into_iter()
            .map(|(tenant, object, until)| ((tenant, object), until.0.div_euclid(1_000_000)))
            .collect();
        let news = {
            let mut revoked = self.revoked.0.write();
            let news = known.iter().any(|(whose, until)| revoked.get(whose) != Some(until));
            *revoked = known;
            news
        };
        self.provisioning.replace(self.provisioners().await?);
        if withdrawn || deleted || news {
            self.verified.clear();
        }
        Ok(())
    }

    /// The signing keys, the newest, which signs, first.
    pub async fn key_list(&self) -> Result<Vec<SigningKey>, store::Error> {
        self.store.signing_keys().await
    }

    /// Makes a new key, which signs from now on. What the others have signed still counts.
    pub async fn key_rotate(&self) -> Result<SigningKey, ManageError> {
        let key = keys::generate(self.clock.now()).map_err(|_| ManageError::Key)?;
        let audit = self.command("Add signing key", "KeyManagement", "Add", target(&key.kid, None, "signingKey"));
        self.store.signing_key_add(key.clone(), self.default_tenant.key, audit).await?;
        Ok(key)
    }

    /// Withdraws a key: what it has signed counts no more, on every server within [`LAG`].
    pub async fn key_withdraw(&self, kid: &str) -> Result<(), ManageError> {
        let audit = self.command("Withdraw signing key", "KeyManagement", "Delete", target(kid, None, "signingKey"));
        let done = self.store.signing_key_withdraw(kid, self.default_tenant.key, audit).await;
        done.map_err(|error| match error {
            store::CommitError::Conflict => ManageError::LastKey(kid.to_owned()),
            other => other.into(),
        })
    }
}
