//! Certificates with their keys, from PEM files.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    sign::CertifiedKey,
};

/// There is no certificate to show.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or directory cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: no {expected} in PEM: {source}", path.display())]
    Pem {
        /// Which file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
        /// Why it does not.
        source: pem::Error,
    },
    /// Certificate and key do not go together, or the key is of a kind that is not known.
    #[error("{} and {}: {source}", chain.display(), key.display())]
    Pair {
        /// The file of the certificate.
        chain: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The local CA cannot issue.
    #[error("the local CA cannot issue a certificate: {0}")]
    Issue(#[from] rcgen::Error),
    /// What the local CA issues is not believed by those who trust its certificate.
    #[error("the local CA's certificate and key do not go together ({0}); remove both and new ones are made")]
    LocalCa(rustls::Error),
    /// TLS cannot be set up.
    #[error("cannot set TLS up: {0}")]
    Tls(#[from] rustls::Error),
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// A certificate chain, the server's own first, and its key: PKCS#8, PKCS#1 or SEC1.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) chain: PathBuf,
    pub(super) key: PathBuf,
}

impl Files {
    pub(super) fn read(&self) -> Result<CertifiedKey, Error> {
        let chain = read(&self.chain)?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&chain)
            .collect::<Result<_, _>>()
            .and_then(|chain: Vec<_>| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) })
            .map_err(|source| Error::Pem { path: self.chain.clone(), expected: "certificate", source })?;
        let key = PrivateKeyDer::from_pem_slice(&read(&self.key)?).map_err(|source| Error::Pem {
            path: self.key.clone(),
            expected: "private key",
            source,
        })?;
        CertifiedKey::from_der(chain, key, &provider()).map_err(|source| {
            let (chain, key) = (self.chain.clone(), self.key.clone());
            Error::Pair { chain, key, source }
        })
    }

    /// Differs when a file was written or replaced.
    pub(super) fn stamps(&self) -> Stamps {
        [&self.chain, &self.key].map(|path| {
            // A symbolic link stands for its target.
            let file = fs::metadata(path).ok()?;
            Some((file.ino(), file.len(), file.mtime(), file.mtime_nsec()))
        })
    }
}

pub(super) type Stamps = [Option<(u64, u64, i64, i64)>; 2];

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })
}
