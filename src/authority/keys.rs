//! The keys: RSA of 2048 bits, for RS256. The private half is kept in the store as PKCS #8.

use std::{collections::HashMap, sync::Arc};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{self, KeyPair as _},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;

use super::Error;
use crate::{ids, model::value::Timestamp, store::SigningKey};

/// The public half of a key, ready to check signatures with.
pub(super) type VerifyingKey = Arc<DecodingKey>;

/// A new key. It takes some 100 ms to find one.
pub(super) fn generate(now: Timestamp) -> Result<SigningKey, Error> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| Error::Key("cannot be made"))?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| Error::Key("cannot be written"))?;
    Ok(SigningKey { kid: ids::new_id(), pkcs8: der.as_ref().to_vec(), created_at: now })
}

/// The public halves by their ids. A stored key that is not readable checks nothing.
pub(super) fn verifying(keys: &[SigningKey]) -> HashMap<String, VerifyingKey> {
    let read = |key: &SigningKey| {
        let pair = KeyPair::from_pkcs8(&key.pkcs8)
            .inspect_err(|error| tracing::error!(kid = key.kid, %error, "a stored signing key is not readable"))
            .ok()?;
        Some((key.kid.clone(), Arc::new(DecodingKey::from_rsa_der(pair.public_key().as_ref()))))
    };
    keys.iter().filter_map(read).collect()
}

/// The public half of a key, in the words of a JSON web key: unsigned numbers in base64url.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// The name by which tokens name it.
    pub kid: String,
    /// The modulus.
    pub n: String,
    /// The exponent.
    pub e: String,
}

/// The public halves, in order. A stored key that is not readable is left out.
pub(super) fn public(keys: &[SigningKey]) -> Vec<PublicKey> {
    let read = |key: &SigningKey| {
        let pair = KeyPair::from_pkcs8(&key.pkcs8).ok()?;
        let public = pair.public_key();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (n, e) = (public.modulus(), public.exponent());
        let (n, e) = (number(n.big_endian_without_leading_zero()), number(e.big_endian_without_leading_zero()));
        Some(PublicKey { kid: key.kid.clone(), n, e })
    };
    keys.iter().filter_map(read).collect()
}

/// What a token is, in the header's `typ`. Both kinds are signed with the same key, so nothing else tells them apart for sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenType {
    /// For an API (RFC 9068 §2.1).
    Access,
    /// For a client, to know who signed in (OpenID Connect Core 1.0, 2).
    Id,
}

impl TokenType {
    const fn typ(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Id => "JWT",
        }
    }
}

/// The key that new tokens are signed with.
pub(super) struct SigningPair {
    kid: String,
    pair: KeyPair,
}

impl SigningPair {
    pub(super) fn read(key: &SigningKey) -> Result<Self, Error> {
        let pair = KeyPair::from_pkcs8(&key.pkcs8).map_err(|_| Error::Key("is not readable"))?;
        Ok(Self { kid: key.kid.clone(), pair })
    }

    /// A token of this type with these claims: a JSON web signature in compact form. None if signing fails.
    pub(super) fn sign(&self, kind: TokenType, claims: &impl serde::Serialize) -> Option<String> {
        let header = serde_json::json!({ "typ": kind.typ(), "alg": "RS256", "kid": self.kid });
        let mut token = URL_SAFE_NO_PAD.encode(header.to_string());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims).ok()?, &mut token);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let rsa = &signature::RSA_PKCS1_SHA256;
        self.pair.sign(rsa, &SystemRandom::new(), token.as_bytes(), &mut signature).ok()?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Some(token)
    }

    #[cfg(test)]
    pub(super) fn public_der(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// The name by which tokens name it.
    pub(super) fn kid(&self) -> &str {
        &self.kid
    }
}
