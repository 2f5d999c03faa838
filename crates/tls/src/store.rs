//! The authorities that are trusted here.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{env, fmt};

use portreeve_wire::pki::Name;
use rustls::RootCertStore;

use crate::Certificate;

/// Folders of single certificates with names by hash, which OpenSSL reads beside a file (`SSL_CERT_FILE` replaces the file only).
const FOLDERS: [&str; 3] = ["/etc/ssl/certs", "/etc/pki/tls/certs", "/var/lib/ca-certificates/openssl"];

/// Where the authorities come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The system's store.
    System,
    /// `SSL_CERT_FILE` or `SSL_CERT_DIR`.
    Environment(PathBuf),
    /// The system has none: Mozilla's list, as this program was built with it.
    Mozilla,
}

/// Trusted authorities.
#[derive(Debug)]
pub struct Store {
    /// Where they come from.
    pub origin: Origin,
    /// What of the system's store could not be read.
    pub problems: Vec<String>,
    pub(crate) roots: RootCertStore,
    authorities: Vec<Certificate>,
    mozilla: HashSet<Vec<u8>>,
}

impl Store {
    /// The store of this system, found as OpenSSL finds it; Mozilla's where there is none.
    pub fn of_this_system() -> Self {
        let given = env::var_os("SSL_CERT_FILE").or_else(|| env::var_os("SSL_CERT_DIR")).map(PathBuf::from);
        let loaded = rustls_native_certs::load_native_certs();
        let mut certificates = loaded.certs;
        let mut problems: Vec<String> = loaded.errors.iter().map(ToString::to_string).collect();
        if env::var_os("SSL_CERT_FILE").is_some()
            && env::var_os("SSL_CERT_DIR").is_none()
            && let Some(folder) = FOLDERS.iter().map(Path::new).find(|folder| folder.is_dir())
        {
            let more = rustls_native_certs::load_certs_from_paths(None, Some(folder));
            certificates.extend(more.certs);
        }
        problems.truncate(4);
        if certificates.is_empty() {
            return Self { problems, ..Self::mozilla() };
        }
        let origin = given.map_or(Origin::System, Origin::Environment);
        Self { problems, ..Self::of(origin, certificates.iter().map(AsRef::as_ref)) }
    }

    /// Mozilla's list.
    pub fn mozilla() -> Self {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Self { roots, ..Self::of(Origin::Mozilla, std::iter::empty()) }
    }

    /// Of these certificates, in DER. One that can not be read is left out, as every library does.
    pub fn of<'a>(origin: Origin, certificates: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut roots = RootCertStore::empty();
        let mut seen = HashSet::new();
        let mut authorities = Vec::new();
        for der in certificates {
            if !seen.insert(der.to_vec()) {
                continue;
            }
            // An error is of a certificate that nobody could use.
            roots.add(der.to_vec().into()).ok();
            authorities.push(Certificate::read(der));
        }
        let mozilla = webpki_roots::TLS_SERVER_ROOTS.iter().map(|root| root.subject.to_vec()).collect();
        Self { origin, problems: Vec::new(), roots, authorities, mozilla }
    }

    /// How many authorities there are.
    pub fn len(&self) -> usize {
        self.roots.len()
    }

    /// Whether nothing is trusted.
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// Whether this very certificate is one of the store.
    pub fn has(&self, certificate: &Certificate) -> bool {
        self.authorities.iter().any(|one| one.der == certificate.der)
    }

    /// Whether an authority of this name (the DER of a subject) is in the store.
    pub fn names(&self, subject: &[u8]) -> bool {
        self.of_name(subject).next().is_some() || self.origin == Origin::Mozilla && self.is_public(subject)
    }

    /// The authorities of this name.
    pub(crate) fn of_name<'a>(&'a self, subject: &'a [u8]) -> impl Iterator<Item = &'a Certificate> {
        self.authorities.iter().filter(move |one| one.raw_subject == subject)
    }

    /// The subject of the authority of this name, as text, where it is in the store.
    pub fn anchor(&self, subject: &[u8]) -> Option<String> {
        self.names(subject).then(|| Name(subject).to_string())
    }

    /// The authorities that somebody added to this system: those whose name Mozilla does not know.
    pub fn added(&self) -> impl Iterator<Item = &Certificate> {
        self.authorities.iter().filter(|one| !self.is_public(&one.raw_subject))
    }

    /// Whether Mozilla's list knows an authority of this name.
    pub fn is_public(&self, subject: &[u8]) -> bool {
        self.mozilla.contains(content(subject))
    }
}

/// What is in a sequence of DER: the list keeps subjects without their outermost header.
fn content(der: &[u8]) -> &[u8] {
    let header = match der.get(1) {
        Some(length) if *length >= 0x80 => 2 + usize::from(length & 0x7f),
        _ => 2,
    };
    der.get(header..).unwrap_or_default()
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.len();
        match &self.origin {
            Origin::System => write!(f, "this system's trust store ({count} authorities)"),
            Origin::Environment(path) => {
                write!(f, "the trust store of the environment ({}, {count} authorities)", path.display())
            }
            Origin::Mozilla => {
                write!(f, "Mozilla's list ({count} authorities; this system has no trust store)")
            }
        }
    }
}
