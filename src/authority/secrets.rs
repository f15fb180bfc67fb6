//! Client secrets: made, hashed with Argon2id, and compared.
//!
//! A hash takes some 20 ms and 19 MiB on purpose. So hashing runs on blocking threads, a few at a time, in which tenants take
//! turns ([`super::turns`]); when too many wait the caller is told to come again, whether or not anything it says is true.

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::turns::{Busy, Turns};
use crate::{
    ids,
    model::value::Timestamp,
    store::{ClientSecret, TenantKey},
};

/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;
/// Characters that tell secrets apart and tell nothing about the rest.
const HINT: usize = 3;

/// A new secret, which nobody will see again, and what is kept of it.
pub(super) fn generate(now: Timestamp, expires_at: Timestamp) -> Result<(String, ClientSecret), Failed> {
    let secret = random()?;
    let hint = secret.chars().take(HINT).collect();
    let stored = ClientSecret { key_id: ids::new_id(), hash: hash(&secret)?, hint, created_at: now, expires_at };
    Ok((secret, stored))
}

/// 256 random bits as text.
pub(super) fn random() -> Result<String, Failed> {
    let mut bytes = [0; SECRET_BYTES];
    rand::fill(&mut bytes).map_err(|_| Failed)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A secret could not be made: there was no randomness.
#[derive(Debug, thiserror::Error)]
#[error("a secret could not be made")]
pub struct Failed;

/// Those who compare secrets.
#[derive(Default)]
pub(super) struct Hashing {
    turns: Turns,
}

/// Whose turn it is to be: the tenant, and whether it is for somebody who has signed in of late.
pub(super) type Whose = (TenantKey, bool);

impl Hashing {
    /// Which of the kept secrets this one is. `still` is asked when it is this caller's turn; where it says no, nothing
    /// is compared. Where nothing is kept, finding that out takes as long as comparing one.
    pub(super) async fn find<E: Send>(
        &self,
        (tenant, known): Whose,
        secret: String,
        kept: Vec<ClientSecret>,
        still: impl FnOnce() -> Result<(), E> + Send,
    ) -> Result<Result<Option<ClientSecret>, E>, Busy> {
        let turn = self.turns.take(tenant, known).await?;
        if let Err(refusal) = still() {
            return Ok(Err(refusal));
        }
        let compare = move || {
            let _turn = turn;
            if kept.is_empty() {
                is(&secret, NOBODYS);
            }
            kept.into_iter().find(|kept| is(&secret, &kept.hash))
        };
        tokio::task::spawn_blocking(compare).await.map(Ok).map_err(|_| Busy)
    }
}

impl Hashing {
    /// What is kept of a secret, when it is this caller's turn.
    pub(super) async fn hash(&self, tenant: TenantKey, secret: String) -> Result<Result<String, Failed>, Busy> {
        let turn = self.turns.take(tenant, true).await?;
        let make = move || {
            let _turn = turn;
            hash(&secret)
        };
        tokio::task::spawn_blocking(make).await.map_err(|_| Busy)
    }
}

/// What no secret hashes to, in the form of the hashes that are kept.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2VjcmV0Lg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Argon2id with what OWASP recommends: 19 MiB, two passes, one lane.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

pub(super) fn hash(secret: &str) -> Result<String, Failed> {
    let mut salt = [0; 16];
    rand::fill(&mut salt).map_err(|_| Failed)?;
    let hash: PasswordHash = argon2().hash_password_with_salt(secret.as_bytes(), &salt).map_err(|_| Failed)?;
    Ok(hash.to_string())
}

/// Compares in constant time.
fn is(secret: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| argon2().verify_password(secret.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_kept_as_a_hash_that_only_it_fits() {
        let (secret, kept) = generate(Timestamp(1), Timestamp(2)).unwrap();
        assert_eq!(secret.len(), 43);
        assert!(secret.starts_with(&kept.hint) && kept.hint.len() == 3);
        assert!(kept.hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", kept.hash);
        assert!(!format!("{kept:?}").contains(&secret));
        assert!(is(&secret, &kept.hash));
        for wrong in ["", &secret[1..], &format!("{secret} "), &kept.hash, &secret.to_uppercase()] {
            assert!(!is(wrong, &kept.hash), "{wrong}");
        }
        assert!(!is(&secret, "") && !is(&secret, "nonsense"));
        let parameters = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parameters(NOBODYS), parameters(&kept.hash), "nobody's costs as much");
        assert!(PasswordHash::new(NOBODYS).is_ok());
        assert_ne!(generate(Timestamp(1), Timestamp(2)).unwrap().0, secret);
    }

    #[tokio::test]
    async fn the_newest_of_several_is_told_from_the_others() {
        let (one, two) = (generate(Timestamp(1), Timestamp(9)).unwrap(), generate(Timestamp(2), Timestamp(9)).unwrap());
        let kept = vec![one.1.clone(), two.1.clone()];
        let find = async |secret: &str| {
            Hashing::default()
                .find((TenantKey(1), false), secret.to_owned(), kept.clone(), || Ok::<_, ()>(()))
                .await
                .unwrap()
                .unwrap()
        };
        assert_eq!(find(&two.0).await, Some(two.1.clone()));
        assert_eq!(find("neither").await, None);
        let refused =
            Hashing::default().find((TenantKey(1), false), one.0.clone(), kept.clone(), || Err("no")).await.unwrap();
        assert_eq!(refused, Err("no"));
    }
}
