//! Whether a chain of certificates is one that clients accept, and what is wrong with it where not.
//!
//! The verdict on trust is rustls' (webpki); which certificate is to blame is found by walking from the leaf to a root.

use std::time::Duration;

use jiff::Timestamp;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};

use crate::{Certificate, Store};

/// What is to be said of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verdict {
    /// Whether it leads to an authority that is trusted, dates apart.
    pub trust: Trust,
    /// The certificates on the way from the leaf upwards, by their place in what was sent.
    pub path: Vec<usize>,
    /// The certificates on the way that are expired, by their place; the authority itself where it is not sent: none.
    pub expired: Vec<usize>,
    /// Those that are not yet valid.
    pub not_yet_valid: Vec<usize>,
    /// The authority of the store that it leads to is itself expired, which some clients refuse.
    pub expired_root: Option<(String, Timestamp)>,
    /// Certificates that were sent and lead nowhere, by their place.
    pub surplus: Vec<usize>,
    /// Each certificate is signed by the next, as TLS before 1.3 demands.
    pub in_order: bool,
    /// It leads to an authority that everybody trusts, not only this system.
    pub is_public: bool,
}

/// Whether a chain leads to a trusted authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It does.
    Trusted,
    /// The leaf is signed by itself, and not trusted.
    SelfSigned,
    /// It leads to an authority that is sent and not trusted: its place.
    UntrustedRoot(usize),
    /// The issuer of a certificate, by its place, is neither sent nor trusted.
    UnknownIssuer {
        /// Whose issuer.
        place: usize,
        /// Why it is an intermediate that is missing, and not an authority that is unknown.
        missing: Option<Missing>,
    },
    /// A signature with a broken digest, by the place of the certificate that has it.
    WeakSignature(usize),
    /// A certificate that can not be read, by its place.
    Malformed(usize, String),
    /// It is refused for something else.
    Refused(String),
}

/// What tells that an intermediate certificate is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The certificate says where to fetch its issuer.
    Url(String),
    /// The certificate says that its issuer has an issuer of its own.
    IssuerOfIssuer(String),
    /// An authority that was sent or is trusted has no part in the chain, and the gap is between.
    Gap(String),
    /// The issuer is called like an authority that somebody added to the store.
    Kin(String),
    /// The issuer is called an intermediate.
    Name,
}

/// Judges a chain as it was sent, leaf first. None for an empty one.
pub fn judge(chain: &[Certificate], store: &Store, now: Timestamp) -> Option<Verdict> {
    let leaf = chain.first()?;
    let path = path(chain);
    let on_path = || path.iter().filter_map(|place| chain.get(*place).map(|one| (*place, one)));
    let expired: Vec<usize> =
        on_path().filter(|(_, one)| one.not_after < now).map(|(place, _)| place).collect();
    let not_yet_valid = on_path().filter(|(_, one)| one.not_before > now).map(|(place, _)| place).collect();
    let trust = trust(chain, leaf, &path, store, now);
    let last = path.last().and_then(|place| chain.get(*place)).unwrap_or(leaf);
    let roots: Vec<&Certificate> = store.of_name(&last.raw_issuer).collect();
    let expired_root = roots
        .iter()
        .map(|root| (root.subject.clone(), root.not_after))
        .max_by_key(|(_, not_after)| *not_after)
        .filter(|(_, not_after)| *not_after < now);
    Some(Verdict {
        // What is expired on a way that is not needed is only surplus.
        expired: if trust == Trust::Trusted && verifies(leaf, chain, store, now).is_ok() {
            Vec::new()
        } else {
            expired
        },
        not_yet_valid,
        expired_root,
        surplus: surplus(chain, &path),
        in_order: is_in_order(chain, &path),
        is_public: store.is_public(&last.raw_issuer) || store.is_public(&last.raw_subject),
        trust,
        path,
    })
}

/// The way upwards from the leaf through what was sent, by names.
fn path(chain: &[Certificate]) -> Vec<usize> {
    let mut path = vec![0];
    while let Some(current) = path.last().and_then(|place| chain.get(*place)) {
        if current.is_self_issued() {
            break;
        }
        let next = chain
            .iter()
            .enumerate()
            .find(|(place, one)| one.raw_subject == current.raw_issuer && !path.contains(place))
            .map(|(place, _)| place);
        match next {
            Some(place) => path.push(place),
            None => break,
        }
    }
    path
}

/// Whether each is signed by the next one, what is sent twice apart.
fn is_in_order(chain: &[Certificate], path: &[usize]) -> bool {
    let mut sent: Vec<&Certificate> = Vec::new();
    for one in chain {
        if !sent.iter().any(|other| other.der == one.der) {
            sent.push(one);
        }
    }
    path.iter().filter_map(|place| chain.get(*place)).zip(sent).all(|(on_path, sent)| on_path.der == sent.der)
}

fn surplus(chain: &[Certificate], path: &[usize]) -> Vec<usize> {
    let is_copy =
        |one: &Certificate| path.iter().filter_map(|on| chain.get(*on)).any(|other| other.der == one.der);
    chain
        .iter()
        .enumerate()
        .filter(|(place, one)| !path.contains(place) && !is_copy(one))
        .map(|(place, _)| place)
        .collect()
}

fn trust(chain: &[Certificate], leaf: &Certificate, path: &[usize], store: &Store, now: Timestamp) -> Trust {
    if store.has(leaf) {
        return Trust::Trusted;
    }
    let mut refusal = None;
    // Dates are told apart from trust: at one of these moments all that is on the way is valid.
    for moment in moments(chain, path, now) {
        match verifies(leaf, chain, store, moment) {
            Ok(()) => return Trust::Trusted,
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    let weak = path.iter().find(|place| {
        chain
            .get(**place)
            .is_some_and(|one| one.has_weak_signature() && !(one.is_self_issued() && **place != 0))
    });
    let malformed =
        chain.iter().enumerate().find_map(|(place, one)| one.malformed.clone().map(|why| (place, why)));
    if let (Some((place, why)), Some(Error::InvalidCertificate(CertificateError::BadEncoding))) =
        (malformed, &refusal)
    {
        return Trust::Malformed(place, why);
    }
    if leaf.is_self_issued() {
        return Trust::SelfSigned;
    }
    let (place, last) = match path.last().and_then(|place| chain.get(*place).map(|one| (*place, one))) {
        Some(found) => found,
        None => (0, leaf),
    };
    if store.has(last) || store.names(&last.raw_issuer) {
        if let Some(place) = weak {
            return Trust::WeakSignature(*place);
        }
        let by_name_only =
            matches!(&refusal, Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)));
        return match refusal {
            // An authority of the same name with another key.
            Some(_) if by_name_only && last.is_self_issued() => Trust::UntrustedRoot(place),
            Some(_) if by_name_only => Trust::UnknownIssuer { place, missing: None },
            Some(error) => Trust::Refused(in_words(&error)),
            None => Trust::Trusted,
        };
    }
    if last.is_self_issued() {
        return Trust::UntrustedRoot(place);
    }
    Trust::UnknownIssuer { place, missing: missing(chain, last, path, store) }
}

/// Moments at which what is on the way is valid, the likeliest first.
fn moments(chain: &[Certificate], path: &[usize], now: Timestamp) -> Vec<Timestamp> {
    let valid = || path.iter().filter_map(|place| chain.get(*place));
    let from = valid().map(|one| one.not_before).max().unwrap_or(now);
    let until = valid().map(|one| one.not_after).min().unwrap_or(now);
    let leaf =
        chain.first().map_or(now, |leaf| now.clamp(leaf.not_before.min(leaf.not_after), leaf.not_after));
    let mut all = vec![now, leaf];
    if from <= until {
        all.push(now.clamp(from, until));
    }
    all.dedup();
    all
}

fn verifies(leaf: &Certificate, chain: &[Certificate], store: &Store, at: Timestamp) -> Result<(), Error> {
    let der = CertificateDer::from(leaf.der.as_slice());
    let parsed = ParsedCertificate::try_from(&der)?;
    let intermediates: Vec<CertificateDer<'_>> =
        chain.iter().skip(1).map(|one| CertificateDer::from(one.der.as_slice())).collect();
    let seconds = u64::try_from(at.as_second()).unwrap_or(0);
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms.all;
    verify_server_cert_signed_by_trust_anchor(&parsed, &store.roots, &intermediates, now, algorithms)
}

/// What tells that the issuer that is not there is an intermediate.
fn missing(chain: &[Certificate], last: &Certificate, path: &[usize], store: &Store) -> Option<Missing> {
    let gap = chain
        .iter()
        .enumerate()
        .find(|(place, one)| !path.contains(place) && (store.has(one) || store.names(&one.raw_issuer)))
        .map(|(_, one)| Missing::Gap(one.subject.clone()));
    let above = last.issuer_of_issuer.as_ref().filter(|above| **above != last.issuer);
    let url = last.issuer_urls.iter().find(|url| url.starts_with("http")).cloned();
    // A certificate whose issuer has itself as issuer leads to an authority directly.
    let is_root =
        last.issuer_of_issuer.as_ref() == Some(&last.issuer) || last.issuer.to_lowercase().contains("root");
    let kin = store.added().find(|root| is_kin(&root.subject, &last.issuer)).map(|root| root.subject.clone());
    let low = last.issuer.to_lowercase();
    let is_called =
        ["intermediate", "issuing", "sub ca", "subca", "signing ca"].iter().any(|word| low.contains(word));
    gap.or_else(|| above.cloned().map(Missing::IssuerOfIssuer))
        .or_else(|| url.map(Missing::Url))
        .or_else(|| kin.filter(|_| !is_root).map(Missing::Kin))
        .or_else(|| (is_called && !is_root).then_some(Missing::Name))
}

/// Whether two names share their organisation, or a word of the common name that says more than what authorities are called.
fn is_kin(one: &str, other: &str) -> bool {
    const USUAL: [&str; 14] = [
        "root",
        "ca",
        "intermediate",
        "authority",
        "certificate",
        "certification",
        "issuing",
        "sub",
        "subca",
        "the",
        "of",
        "signing",
        "server",
        "tls",
    ];
    let part = |name: &str, key: &str| {
        name.split(", ").find_map(|part| part.strip_prefix(key).map(str::to_lowercase))
    };
    let words = |name: &str| -> Vec<String> {
        let common = part(name, "CN=").unwrap_or_default();
        common
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() > 2 && !USUAL.contains(word) && word.chars().any(char::is_alphabetic))
            .map(str::to_owned)
            .collect()
    };
    match (part(one, "O="), part(other, "O=")) {
        (Some(one), Some(other)) => one == other,
        _ => words(one).iter().any(|word| words(other).contains(word)),
    }
}

fn in_words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            "a certificate is not signed by the one that claims to have signed it".to_owned()
        }
        Error::InvalidCertificate(
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. },
        ) => "the certificate is not for servers (extended key usage)".to_owned(),
        Error::InvalidCertificate(
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
        ) => "a certificate is signed in a way that clients do not accept".to_owned(),
        Error::InvalidCertificate(CertificateError::Other(other)) => match other.to_string().as_str() {
            "CaUsedAsEndEntity" => {
                "the certificate is an authority's, not that of a server (an end entity)".to_owned()
            }
            other => other.to_owned(),
        },
        Error::InvalidCertificate(other) => other.to_string(),
        other => other.to_string(),
    }
}
