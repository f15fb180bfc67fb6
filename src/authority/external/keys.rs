//! An issuer's keys: fetched when they are first needed, kept, and fetched again before they are old.
//!
//! Whoever waits for keys waits for one fetch that all share. A fetch that fails is not repeated at once: the pause doubles
//! each time, and meanwhile the keys that are known go on being used, though not for ever.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse},
};
use parking_lot::RwLock;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::config::{Issuer, TENANT, Url};
use crate::clock::Clock;

/// Keys are fetched again after this long.
const FRESH: Duration = Duration::from_hours(1);
/// Keys that could not be fetched again for this long count no more.
const STALE: Duration = Duration::from_hours(24);
/// A key that is not known is looked for no oftener than this: anybody can write a name into a token.
const PAUSE: Duration = Duration::from_secs(30);
/// The pauses after failures: the first, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(5));
/// How long an answer may take, and how large it may be.
const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_BYTES: usize = 1 << 20;

/// A key and the algorithm that it says it is for.
#[derive(Clone)]
pub(super) struct Key {
    pub key: Arc<DecodingKey>,
    pub algorithm: Option<Algorithm>,
}

/// The keys could not be fetched.
#[derive(Debug, thiserror::Error)]
#[error("the keys of {issuer} cannot be fetched: {reason}")]
pub struct Unreachable {
    issuer: String,
    reason: String,
}

/// The keys of one issuer.
pub(super) struct Keys {
    http: reqwest::Client,
    issuer: Arc<Issuer>,
    clock: Clock,
    known: RwLock<Known>,
    /// Held while fetching.
    fetching: Mutex<()>,
}

#[derive(Clone, Default)]
struct Known {
    keys: Arc<HashMap<String, Key>>,
    /// When the keys came.
    fetched: Option<Duration>,
    /// When the issuer was last asked, how often it has failed since it last answered, and how.
    asked: Option<Duration>,
    failures: u32,
    reason: Arc<str>,
}

impl Known {
    fn pause(&self) -> Duration {
        if self.failures == 0 {
            return PAUSE;
        }
        BACK_OFF.0.saturating_mul(1 << (self.failures - 1).min(16)).min(BACK_OFF.1)
    }

    fn may_ask(&self, now: Duration) -> bool {
        self.asked.is_none_or(|asked| now >= asked.saturating_add(self.pause()))
    }

    fn age(&self, now: Duration) -> Option<Duration> {
        self.fetched.map(|fetched| now.saturating_sub(fetched))
    }
}

impl Keys {
    pub(super) fn new(http: reqwest::Client, issuer: Arc<Issuer>, clock: Clock) -> Self {
        Self { http, issuer, clock, known: RwLock::default(), fetching: Mutex::new(()) }
    }

    /// The key with this name. None: the issuer has no such key.
    pub(super) async fn get(self: &Arc<Self>, kid: &str) -> Result<Option<Key>, Unreachable> {
        let known = self.known.read().clone();
        let now = self.clock.elapsed();
        let age = known.age(now).filter(|age| *age < STALE);
        match (known.keys.get(kid), age) {
            (Some(key), Some(age)) => {
                if age >= FRESH && known.may_ask(now) {
                    let keys = Arc::clone(self);
                    tokio::spawn(async move { keys.fetch().await });
                }
                Ok(Some(key.clone()))
            }
            (None, Some(_)) if !known.may_ask(now) => Ok(None),
            _ => {
                self.fetch().await;
                let known = self.known.read().clone();
                match known.age(now).filter(|age| *age < STALE) {
                    Some(_) => Ok(known.keys.get(kid).cloned()),
                    None => Err(Unreachable { issuer: self.issuer.issuer.clone(), reason: known.reason.to_string() }),
                }
            }
        }
    }

    /// Asks the issuer, unless somebody else just has.
    async fn fetch(&self) {
        let _one = self.fetching.lock().await;
        let now = self.clock.elapsed();
        if !self.known.read().may_ask(now) {
            return;
        }
        let outcome = self.ask().await;
        let mut known = self.known.write();
        known.asked = Some(now);
        match outcome {
            Ok(keys) => {
                tracing::info!(issuer = self.issuer.issuer, keys = keys.len(), "keys fetched");
                *known = Known { keys: Arc::new(keys), fetched: Some(now), asked: Some(now), ..Known::default() };
            }
            Err(reason) => {
                known.failures = known.failures.saturating_add(1);
                tracing::warn!(issuer = self.issuer.issuer, reason, failures = known.failures, "no keys");
                known.reason = reason.into();
            }
        }
    }

    async fn ask(&self) -> Result<HashMap<String, Key>, String> {
        #[derive(Deserialize)]
        struct Discovery {
            issuer: String,
            jwks_uri: Url,
        }

        let jwks_uri = if let Some(url) = &self.issuer.jwks_uri {
            url.clone()
        } else {
            let found: Discovery = self.json(&self.issuer.discovery()?).await?;
            let ours = &self.issuer.issuer;
            if found.issuer != *ours && !ours.contains(TENANT) {
                return Err(format!("its discovery document is that of {:?}", found.issuer));
            }
            found.jwks_uri
        };
        let set: JwkSet = self.json(&jwks_uri).await?;
        Ok(set.keys.iter().filter_map(|jwk| self.usable(jwk)).collect())
    }

    async fn json<T: serde::de::DeserializeOwned>(&self, url: &Url) -> Result<T, String> {
        let get = async {
            let mut answer = self.http.get(url.as_str()).header("accept", "application/json").send().await?;
            answer.error_for_status_ref()?;
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await? {
                if body.len() + chunk.len() > MAX_BYTES {
                    return Ok(None);
                }
                body.extend_from_slice(&chunk);
            }
            Ok::<_, reqwest::Error>(Some(body))
        };
        let body = tokio::time::timeout(TIMEOUT, get).await.map_err(|_| format!("{url} did not answer in time"))?;
        let body = body.map_err(|error| causes(&error))?.ok_or_else(|| format!("{url} says too much"))?;
        serde_json::from_slice(&body).map_err(|error| format!("{url}: {error}"))
    }

    /// A key that signs with one of the algorithms that are expected.
    fn usable(&self, jwk: &Jwk) -> Option<(String, Key)> {
        let kid = jwk.common.key_id.clone()?;
        if jwk.common.public_key_use.as_ref().is_some_and(|it| *it != PublicKeyUse::Signature) {
            return None;
        }
        let algorithm = match jwk.common.key_algorithm {
            None => None,
            Some(named) => Some(signature(named).filter(|a| self.issuer.algorithms.contains(a))?),
        };
        let key = DecodingKey::from_jwk(jwk).ok().filter(|_| jwk.is_supported())?;
        Some((kid, Key { key: Arc::new(key), algorithm }))
    }
}

fn signature(named: KeyAlgorithm) -> Option<Algorithm> {
    named.to_string().parse().ok()
}

/// What went wrong, and why: the library's own message names only the first.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end() {
        let pause = |failures| Known { failures, ..Known::default() }.pause();
        assert_eq!(pause(0), PAUSE);
        assert_eq!([1, 2, 3].map(pause), [1, 2, 4].map(Duration::from_secs));
        assert_eq!([20, u32::MAX].map(pause), [BACK_OFF.1; 2]);
    }

    #[test]
    fn nobody_is_asked_twice_in_a_pause() {
        let known = Known { asked: Some(Duration::from_secs(100)), ..Known::default() };
        assert!(!known.may_ask(Duration::from_secs(129)));
        assert!(known.may_ask(Duration::from_secs(130)));
        assert!(Known::default().may_ask(Duration::ZERO));
    }
}
