//! A certificate authority of the installation's own, for development and closed networks.
//!
//! Its key never leaves the data directory. Its name follows from the key, so that no two authorities in a client's trust
//! store have the same.

use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    sign::CertifiedKey,
};

use super::certificate::{Error, provider, read};
use crate::{clock::Clock, ids, model::value::Timestamp};

const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca.key";

pub(super) const MICROS_PER_DAY: u64 = 86_400_000_000;

/// How long the authority is believed: ten years.
const CA_DAYS: u64 = 3652;
/// How long a server's certificate is believed.
pub(super) const SERVER_DAYS: u64 = 90;
/// The names that every server's certificate has.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The authority.
#[derive(Debug)]
pub struct LocalCa {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    certificate: CertificateDer<'static>,
    path: PathBuf,
    clock: Clock,
}

impl LocalCa {
    /// The authority whose files lie in this directory; they are made when they are not there. Of several processes that
    /// make them at once, one wins.
    pub fn open(directory: &Path, clock: &Clock) -> Result<Self, Error> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| Error::File { path, source }
        };
        if !directory.is_dir() {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true).mode(0o700).create(directory).map_err(failed(directory))?;
        }
        let (path, key_path) = (directory.join(CERTIFICATE), directory.join(KEY));
        if !key_path.exists() {
            if path.exists() {
                let gone = io::Error::other(format!("its key, {KEY}, is gone; remove it and a new one is made"));
                return Err(failed(&path)(gone));
            }
            create(&key_path, 0o600, &KeyPair::generate()?.serialize_pem()).map_err(failed(&key_path))?;
        }
        let broken = |path: &Path, expected| {
            let path = path.to_owned();
            move |source| Error::Pem { path, expected, source }
        };
        let key = PrivateKeyDer::from_pem_slice(&read(&key_path)?).map_err(broken(&key_path, "private key"))?;
        let key = KeyPair::try_from(&key)?;
        let params = ca_params(&key, clock.now());
        // The key is the truth: whoever finds it alone makes a certificate of the same name for it.
        if !path.exists() {
            create(&path, 0o644, &params.self_signed(&key)?.pem()).map_err(failed(&path))?;
        }
        let pem = String::from_utf8_lossy(&read(&path)?).into_owned();
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(broken(&path, "certificate"))?;
        Ok(Self { issuer: Issuer::new(params, key), pem, certificate, path, clock: clock.clone() })
    }

    /// The authority's certificate, in PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The file that the certificate is in.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A server's certificate for the local names and these, with a key of its own.
    pub(super) fn issue(&self, names: &[String]) -> Result<CertifiedKey, Error> {
        let names: BTreeSet<String> = names.iter().cloned().chain(LOCAL.map(str::to_owned)).collect();
        let mut params = CertificateParams::new(names.into_iter().collect::<Vec<_>>())?;
        params.distinguished_name = name("cardea");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, self.now(), SERVER_DAYS);
        let key = KeyPair::generate()?;
        let certificate: CertificateDer<'static> = params.signed_by(&key, &self.issuer)?.into();
        self.check(&certificate).map_err(Error::LocalCa)?;
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Ok(CertifiedKey::from_der(vec![certificate], key, &provider())?)
    }

    /// Checks that whoever trusts the authority's certificate believes this one.
    pub(super) fn check(&self, certificate: &CertificateDer<'_>) -> Result<(), rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
        let verifier = verifier.build().map_err(|error| rustls::Error::General(error.to_string()))?;
        let localhost = ServerName::try_from(LOCAL[0]).map_err(|error| rustls::Error::General(error.to_string()))?;
        let now = Duration::from_micros(self.now().0.max(0).unsigned_abs());
        verifier.verify_server_cert(certificate, &[], &localhost, &[], UnixTime::since_unix_epoch(now)).map(drop)
    }
}

/// Whether it is a name for a certificate: a host, `*.` and a host, or an address.
pub(super) fn is_name(text: &str) -> bool {
    ServerName::try_from(text.strip_prefix("*.").unwrap_or(text)).is_ok()
}

fn ca_params(key: &KeyPair, now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    let id = params.key_identifier(key).iter().take(4).fold(0, |id: u32, byte| (id << 8) | u32::from(*byte));
    params.distinguished_name = name(&format!("cardea local CA {id:08x}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params, now, CA_DAYS);
    params
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "cardea");
    name.push(DnType::CommonName, common);
    name
}

/// Valid for some days, and for the day before: clocks differ.
fn set_validity(params: &mut CertificateParams, now: Timestamp, days: u64) {
    let today = now.0.max(0).unsigned_abs() / MICROS_PER_DAY;
    let midnight = |day: u64| date_time_ymd(1970, 1, 1) + Duration::from_secs(day * 86_400);
    (params.not_before, params.not_after) = (midnight(today.saturating_sub(1)), midnight(today + days));
}

/// Makes a file, whole and with these permissions. One that is there stays as it is.
fn create(path: &Path, mode: u32, text: &str) -> io::Result<()> {
    let draft = path.with_extension(ids::new_id());
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::hard_link(&draft, path)
    };
    let written = write();
    let removed = fs::remove_file(&draft);
    match written {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => removed,
        other => other.and(removed),
    }
}
