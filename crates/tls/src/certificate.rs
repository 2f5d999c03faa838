//! One certificate, read as far as it can be read.

use std::fmt;
use std::net::IpAddr;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use portreeve_wire::pki;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::{Oid, OidRegistry};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::X509Name;

use crate::certificates::algorithms;
use crate::name;

/// RFC 7633: the TLS feature extension, and its one value `status_request`.
const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";
const STATUS_REQUEST: &[u8] = &[0x02, 0x01, 0x05];
const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";
const OCSP: &str = "1.3.6.1.5.5.7.48.1";

/// One certificate. Of one that is malformed, what could be read.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    /// As it was sent.
    pub der: Vec<u8>,
    /// SHA-256 of it, in hexadecimal.
    pub fingerprint: String,
    /// Why it could not be read, or not all of it.
    pub malformed: Option<String>,
    /// Whose.
    pub subject: String,
    /// By whom.
    pub issuer: String,
    /// Whose, in DER: what is compared.
    pub raw_subject: Vec<u8>,
    /// By whom, in DER.
    pub raw_issuer: Vec<u8>,
    /// The common name of the subject.
    pub common_name: Option<String>,
    /// DNS names it is for.
    pub names: Vec<String>,
    /// Addresses it is for.
    pub addresses: Vec<IpAddr>,
    /// In hexadecimal.
    pub serial: String,
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid until.
    pub not_after: Timestamp,
    /// `RSA`, `EC`, `Ed25519`, `DSA`, or the dotted number of another.
    pub key: String,
    /// Bits of the key; 0 where that is not known.
    pub key_bits: usize,
    /// What it is signed with, as OpenSSL names it: `sha256WithRSAEncryption`.
    pub signature: String,
    /// It may sign others.
    pub is_authority: bool,
    /// It is for servers; unlimited where it does not say.
    pub for_servers: bool,
    /// Where the issuer's certificate can be fetched.
    pub issuer_urls: Vec<String>,
    /// Where its status can be asked.
    pub status_urls: Vec<String>,
    /// It demands a stapled status.
    pub must_staple: bool,
    /// The issuer of the issuer, where the certificate tells.
    pub issuer_of_issuer: Option<String>,
}

impl Certificate {
    /// Reads a certificate.
    pub fn read(der: &[u8]) -> Self {
        let mut read = Self { der: der.to_vec(), fingerprint: fingerprint(der), ..Self::empty() };
        match X509Certificate::from_der(der) {
            Ok((rest, certificate)) => {
                if !rest.is_empty() {
                    read.malformed = Some(format!("{} bytes too many at its end", rest.len()));
                }
                read.fill(&certificate);
            }
            Err(error) => {
                read.malformed = Some(error.to_string());
                read.fill_by_hand(der);
            }
        }
        read
    }

    /// The certificates of a file in PEM, in order; of one in DER the one.
    pub fn read_all(bytes: &[u8]) -> Vec<Self> {
        let pem: Vec<Self> = CertificateDer::pem_slice_iter(bytes)
            .filter_map(Result::ok)
            .map(|der| Self::read(&der))
            .collect();
        if pem.is_empty() && bytes.first() == Some(&0x30) { vec![Self::read(bytes)] } else { pem }
    }

    /// Whether it is signed by itself, as far as its names say.
    pub fn is_self_issued(&self) -> bool {
        self.raw_subject == self.raw_issuer && !self.raw_subject.is_empty()
    }

    /// Whether it is for a host: a name or an address. The common name does not count (RFC 9525, 2).
    pub fn is_for(&self, host: &str) -> bool {
        match name::address_of(host) {
            Some(address) => self.addresses.contains(&address),
            None => self.names.iter().any(|name| name::covers(name, host)),
        }
    }

    /// Everything that it is for, in short: the first names, and how many more.
    pub fn names_in_short(&self) -> String {
        let all: Vec<String> =
            self.names.iter().cloned().chain(self.addresses.iter().map(ToString::to_string)).collect();
        match all.as_slice() {
            [] => "no name".to_owned(),
            few if few.len() <= 3 => few.join(", "),
            [a, b, rest @ ..] => format!("{a}, {b} and {} more", rest.len()),
            [one] => one.clone(),
        }
    }

    /// From its beginning to its end.
    pub fn lifetime(&self) -> SignedDuration {
        self.not_after.duration_since(self.not_before)
    }

    /// Whether it is signed with a digest that is broken: MD5, MD2, SHA-1.
    pub fn has_weak_signature(&self) -> bool {
        let low = self.signature.to_ascii_lowercase();
        ["md2", "md5", "sha1", "sha-1"].iter().any(|digest| low.contains(digest))
    }

    /// Whether clients refuse its key for its size: RSA and DSA under 2048 bits, curves under 224.
    pub fn has_weak_key(&self) -> bool {
        match self.key.as_str() {
            "RSA" => (1..2048).contains(&self.key_bits),
            "DSA" => true,
            "EC" => (1..224).contains(&self.key_bits),
            _ => false,
        }
    }

    fn empty() -> Self {
        Self {
            der: Vec::new(),
            fingerprint: String::new(),
            malformed: None,
            subject: String::new(),
            issuer: String::new(),
            raw_subject: Vec::new(),
            raw_issuer: Vec::new(),
            common_name: None,
            names: Vec::new(),
            addresses: Vec::new(),
            serial: String::new(),
            not_before: Timestamp::MIN,
            not_after: Timestamp::MAX,
            key: String::new(),
            key_bits: 0,
            signature: String::new(),
            is_authority: false,
            for_servers: true,
            issuer_urls: Vec::new(),
            status_urls: Vec::new(),
            must_staple: false,
            issuer_of_issuer: None,
        }
    }

    fn fill(&mut self, certificate: &X509Certificate<'_>) {
        let moment = |seconds: i64, otherwise| Timestamp::from_second(seconds).unwrap_or(otherwise);
        self.subject = certificate.subject().to_string();
        self.issuer = certificate.issuer().to_string();
        self.raw_subject = certificate.subject().as_raw().to_vec();
        self.raw_issuer = certificate.issuer().as_raw().to_vec();
        self.common_name = common_name(certificate.subject());
        self.serial = HEXLOWER.encode(certificate.raw_serial());
        self.not_before = moment(certificate.validity().not_before.timestamp(), Timestamp::MIN);
        self.not_after = moment(certificate.validity().not_after.timestamp(), Timestamp::MAX);
        self.signature = algorithm(&certificate.signature_algorithm.algorithm);
        self.fill_key(certificate);
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::ParseError { error } => {
                    self.malformed = Some(format!("extension {}: {error}", extension.oid));
                }
                _ if extension.oid.to_id_string() == TLS_FEATURE => {
                    self.must_staple = extension.value.windows(3).any(|window| window == STATUS_REQUEST);
                }
                known => self.fill_extension(known),
            }
        }
    }

    /// What a strict reading refuses is read as far as it goes.
    fn fill_by_hand(&mut self, der: &[u8]) {
        let Some(certificate) = pki::Certificate::read(der) else { return };
        let moment = |seconds: Option<i64>| seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        self.subject = certificate.subject().to_string();
        self.issuer = certificate.issuer().to_string();
        self.raw_subject = certificate.subject.to_vec();
        self.raw_issuer = certificate.issuer.to_vec();
        self.common_name = certificate.subject().common_name();
        self.serial = HEXLOWER.encode(certificate.serial);
        self.not_before = moment(certificate.not_before).unwrap_or(Timestamp::MIN);
        self.not_after = moment(certificate.not_after).unwrap_or(Timestamp::MAX);
        self.signature = certificate.signature_algorithm.map(algorithms::signature).unwrap_or_default();
        if let Some(key) = certificate.key {
            (self.key, self.key_bits) = algorithms::key(key.algorithm);
            if let Some((modulus, _)) = key.rsa() {
                self.key_bits = modulus.len() * 8;
            } else if let Some(curve) = key.curve {
                self.key_bits = algorithms::curve(curve).1;
            }
        }
        for extension in &certificate.extensions {
            match extension.oid.0 {
                [0x55, 0x1d, 17] => {
                    for name in extension.names() {
                        match name {
                            pki::GeneralName::Dns(name) => self.names.push(name),
                            pki::GeneralName::Address(address) => self.addresses.push(address),
                            _ => {}
                        }
                    }
                }
                [0x55, 0x1d, 19] => self.is_authority = extension.basic_constraints().0,
                _ => {}
            }
        }
    }

    fn fill_key(&mut self, certificate: &X509Certificate<'_>) {
        let key = certificate.public_key();
        match key.parsed() {
            Ok(PublicKey::RSA(rsa)) => {
                "RSA".clone_into(&mut self.key);
                // The size that is said is that of whole bytes; a modulus begins with its highest bit.
                self.key_bits = rsa.key_size();
            }
            Ok(PublicKey::EC(point)) => {
                "EC".clone_into(&mut self.key);
                self.key_bits = point.key_size();
            }
            Ok(PublicKey::DSA(_)) => "DSA".clone_into(&mut self.key),
            _ => self.key = algorithm(&key.algorithm.algorithm),
        }
    }

    fn fill_extension(&mut self, extension: &ParsedExtension<'_>) {
        match extension {
            ParsedExtension::SubjectAlternativeName(all) => {
                for one in &all.general_names {
                    match one {
                        GeneralName::DNSName(name) => self.names.push((*name).to_owned()),
                        GeneralName::IPAddress(bytes) => self.addresses.extend(name::address(bytes)),
                        _ => {}
                    }
                }
            }
            ParsedExtension::BasicConstraints(constraints) => self.is_authority = constraints.ca,
            ParsedExtension::ExtendedKeyUsage(usage) => self.for_servers = usage.server_auth || usage.any,
            ParsedExtension::AuthorityInfoAccess(access) => {
                for one in &access.accessdescs {
                    if let GeneralName::URI(url) = one.access_location {
                        match one.access_method.to_id_string().as_str() {
                            CA_ISSUERS => self.issuer_urls.push(url.to_owned()),
                            OCSP => self.status_urls.push(url.to_owned()),
                            _ => {}
                        }
                    }
                }
            }
            ParsedExtension::AuthorityKeyIdentifier(identifier) => {
                let mut names = identifier.authority_cert_issuer.iter().flatten();
                self.issuer_of_issuer = names.find_map(|name| match name {
                    GeneralName::DirectoryName(name) => Some(name.to_string()),
                    _ => None,
                });
            }
            _ => {}
        }
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} by {}, {})", self.subject, self.issuer, self.fingerprint)
    }
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    name.iter_common_name().next().and_then(|one| one.as_str().ok()).map(str::to_owned)
}

/// Names of algorithms: made once, since a store has many certificates.
static REGISTRY: LazyLock<OidRegistry<'static>> = LazyLock::new(|| OidRegistry::default().with_crypto());

/// The name of an algorithm as OpenSSL writes it, else its number.
fn algorithm(oid: &Oid<'_>) -> String {
    let number = oid.to_id_string();
    match number.as_str() {
        "1.2.840.10045.4.1" => return "ecdsa-with-SHA1".to_owned(),
        "1.2.840.10040.4.3" => return "dsa-with-SHA1".to_owned(),
        "1.3.101.112" => return "Ed25519".to_owned(),
        "1.3.101.113" => return "Ed448".to_owned(),
        _ => {}
    }
    REGISTRY.get(oid).map_or(number, |entry| entry.sn().to_owned())
}

fn fingerprint(der: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, der).as_ref())
}

/// Of a message of the handshake.
impl From<&CertificateDer<'_>> for Certificate {
    fn from(der: &CertificateDer<'_>) -> Self {
        Self::read(der)
    }
}
