//! Applications that prove themselves by signing an assertion with the key of a registered certificate (RFC 7523).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, DecodingKey};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde::Deserialize;

use super::{
    Authority, ClientCredentials, ManageError, SignInError,
    authorization::hash,
    check::validation,
    client_credentials::{MAX_LENGTH, enabled},
};
use crate::{
    model::value::Timestamp,
    store::{Certificate, ServicePrincipal},
};

/// What an assertion may be signed with.
const ALGORITHMS: [Algorithm; 2] = [Algorithm::PS256, Algorithm::RS256];
/// An assertion counts for so long at most, in seconds; libraries make them for ten minutes.
const LONGEST: i64 = 24 * 3600;
/// Clocks may differ by so much, in seconds.
const LEEWAY: i64 = 60;
/// No assertion is longer.
const MAX_BYTES: usize = 16 << 10;

#[derive(Deserialize)]
struct Assertion {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
    nbf: Option<i64>,
    jti: String,
}

impl Authority {
    /// The application that has signed this assertion.
    pub(super) async fn authenticate_by_assertion(
        &self,
        asked: &ClientCredentials<'_>,
    ) -> Result<ServicePrincipal, SignInError> {
        let tenant = asked.tenant;
        if asked.client_id.len() > MAX_LENGTH {
            return Err(SignInError::Credentials);
        }
        let found = self.store.service_principal(tenant.key, asked.client_id).await?;
        let (app, _) = found.ok_or(SignInError::Credentials)?;
        let claims = proven(&app.sign_in.certificates, asked.secret).ok_or(SignInError::Credentials)?;
        let now = self.now();
        let base = [asked.origin.to_owned(), self.options.public_url.clone().unwrap_or_default()];
        let names = [tenant.id.as_str(), "common", "organizations"];
        let names = || names.into_iter().chain(tenant.domains.iter().map(String::as_str));
        let for_us = base.iter().filter(|base| !base.is_empty()).any(|base| {
            let here = |name: &str| claims.aud == format!("{base}/{name}/oauth2/v2.0/token");
            names().any(here) || claims.aud == format!("{base}/{}/v2.0", tenant.id)
        });
        let now_counts = now < claims.exp.saturating_add(LEEWAY)
            && claims.exp <= now.saturating_add(LONGEST)
            && claims.nbf.is_none_or(|from| from <= now.saturating_add(LEEWAY));
        let of_client = claims.iss == app.app_id && claims.sub == app.app_id && !claims.jti.is_empty();
        if !for_us || !now_counts || !of_client {
            return Err(SignInError::Credentials);
        }
        let app = enabled(app)?;
        let until = Timestamp(claims.exp.saturating_add(LEEWAY).saturating_mul(1_000_000));
        let used = hash(&format!("{} {}", app.app_id, claims.jti));
        if !self.store.assertion_use(tenant.key, &used, until, self.clock.now()).await? {
            return Err(SignInError::Replayed);
        }
        Ok(app)
    }
}

/// What an assertion says, if one of these keys has signed it.
fn proven(certificates: &[Certificate], assertion: &str) -> Option<Assertion> {
    let header = jsonwebtoken::decode_header(assertion).ok().filter(|_| assertion.len() <= MAX_BYTES)?;
    // A token of another kind says so.
    let typ = header.typ.as_deref().unwrap_or("JWT");
    let typed = ["JWT", "client-authentication+jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known));
    if !ALGORITHMS.contains(&header.alg) || header.crit.is_some() || !typed {
        return None;
    }
    // Whichever names the header has must be the certificate's; some libraries call it `kid`.
    let fits = |said: &Option<String>, is: &str| said.as_ref().is_none_or(|said| said.trim_end_matches('=') == is);
    let printed = header.x5t_s256.is_some() || header.x5t.is_some();
    let certificate = certificates.iter().find(|known| {
        let by_kid = fits(&header.kid, &known.x5t_s256) || fits(&header.kid, &known.x5t);
        let by_print = fits(&header.x5t_s256, &known.x5t_s256) && fits(&header.x5t, &known.x5t);
        if printed { by_print } else { header.kid.is_some() && by_kid }
    })?;
    let key = DecodingKey::from_rsa_pem(certificate.public_key.as_bytes()).ok()?;
    jsonwebtoken::decode::<Assertion>(assertion, &key, &validation(header.alg)).ok().map(|token| token.claims)
}

/// Reads a certificate in PEM, whose key is an RSA one.
pub fn certificate(pem: &str) -> Result<Certificate, ManageError> {
    let read = || {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
        let spki = webpki::EndEntityCert::try_from(&der).ok()?.subject_public_key_info();
        let encoded = STANDARD.encode(spki.as_ref());
        let lines: Vec<&str> =
            encoded.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        let public_key = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
        DecodingKey::from_rsa_pem(public_key.as_bytes()).ok()?;
        let print = |algorithm| URL_SAFE_NO_PAD.encode(digest(algorithm, der.as_ref()));
        Some(Certificate { x5t: print(&SHA1_FOR_LEGACY_USE_ONLY), x5t_s256: print(&SHA256), public_key })
    };
    read().ok_or(ManageError::Certificate)
}
