//! What a certificate says, in the words of a document.
//!
//! Read by the tolerant reading of `wire`, so that a malformed one has as many facts as can be had.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use portreeve_model::tls::{Certificate, PublicKey, SignedTimestamp, TimestampVia, Validation, Validity};
use portreeve_wire::magnitude;
use portreeve_wire::pki::{self, GeneralName, KeyInfo, timestamps};

use super::algorithms;
use super::lifetime;

/// Object identifiers of extensions.
mod extension {
    pub(super) const SUBJECT_NAMES: &[u8] = &[0x55, 0x1d, 17];
    pub(super) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
    pub(super) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
    pub(super) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
    pub(super) const DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 31];
    pub(super) const POLICIES: &[u8] = &[0x55, 0x1d, 32];
    pub(super) const INFORMATION_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
    pub(super) const TLS_FEATURE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 24];
    pub(super) const TIMESTAMPS: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];
}

/// RFC 7633: the extension of TLS that stapling is.
const STATUS_REQUEST: u64 = 5;

/// The facts of a certificate.
pub(super) fn certificate(read: &crate::Certificate, now: Timestamp) -> Certificate {
    let parsed = pki::Certificate::read(&read.der).unwrap_or_default();
    let validity = match (parsed.not_before, parsed.not_after) {
        (Some(from), Some(until)) => validity(from, until, now),
        _ => None,
    };
    let mut facts = Certificate {
        sha256: read.fingerprint.clone(),
        spki_sha256: parsed.key.map(|key| sha256(key.whole)),
        malformed: malformed(read, &parsed),
        serial: HEXLOWER.encode(without_zeros(parsed.serial)),
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        names: Vec::new(),
        addresses: Vec::new(),
        common_name: parsed.subject().common_name(),
        validity,
        key: parsed.key.as_ref().map(key).unwrap_or_default(),
        signature: parsed.signature_algorithm.map(algorithms::signature).unwrap_or_default(),
        is_authority: false,
        is_self_issued: !parsed.subject.is_empty() && parsed.subject == parsed.issuer,
        key_usages: Vec::new(),
        purposes: Vec::new(),
        timestamps: Vec::new(),
        ocsp_urls: Vec::new(),
        crl_urls: Vec::new(),
        issuer_urls: Vec::new(),
        must_staple: false,
        validation: None,
    };
    for extension in &parsed.extensions {
        add(&mut facts, extension);
    }
    facts
}

/// Why it is malformed: what a strict reading says, or that it is cut short.
fn malformed(read: &crate::Certificate, parsed: &pki::Certificate<'_>) -> Option<String> {
    let cut = || format!("it is cut short: only {} bytes of it are there", read.der.len());
    if parsed.is_cut { Some(cut()) } else { read.malformed.clone() }
}

fn validity(from: i64, until: i64, now: Timestamp) -> Option<Validity> {
    let not_before = Timestamp::from_second(from).ok()?;
    let not_after = Timestamp::from_second(until).ok()?;
    Some(Validity {
        not_before,
        not_after,
        lifetime_days: lifetime::days(until - from),
        remaining_days: (until - now.as_second()).div_euclid(lifetime::DAY),
        remaining_percent: lifetime::remaining_percent(from, until, now.as_second()),
        limit_days: None,
    })
}

fn key(info: &KeyInfo<'_>) -> PublicKey {
    let (kind, bits) = algorithms::key(info.algorithm);
    if let Some((modulus, exponent)) = info.rsa() {
        let exponent =
            (exponent.len() <= 8).then(|| exponent.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)));
        return PublicKey { kind, bits: magnitude::bits(modulus), curve: None, exponent };
    }
    match info.curve.filter(|_| kind == "EC") {
        Some(oid) => {
            let (curve, bits) = algorithms::curve(oid);
            PublicKey { kind, bits, curve: Some(curve), exponent: None }
        }
        None => PublicKey { kind, bits, curve: None, exponent: None },
    }
}

fn add(facts: &mut Certificate, extension: &pki::Extension<'_>) {
    match extension.oid.0 {
        extension::SUBJECT_NAMES => {
            for name in extension.names() {
                match name {
                    GeneralName::Dns(name) => facts.names.push(name),
                    GeneralName::Address(address) => facts.addresses.push(address),
                    _ => {}
                }
            }
        }
        extension::BASIC_CONSTRAINTS => facts.is_authority = extension.basic_constraints().0,
        extension::KEY_USAGE => {
            let named = algorithms::KEY_USAGES.iter().zip(extension.bits());
            facts.key_usages = named.filter(|(_, set)| *set).map(|(name, _)| (*name).to_owned()).collect();
        }
        extension::EXTENDED_KEY_USAGE => {
            facts.purposes = extension.oids().into_iter().map(algorithms::purpose).collect();
        }
        extension::DISTRIBUTION_POINTS => facts.crl_urls = extension.distribution_points(),
        extension::INFORMATION_ACCESS => {
            for (method, url) in extension.access() {
                match method.0 {
                    [0x2b, 6, 1, 5, 5, 7, 0x30, 1] => facts.ocsp_urls.push(url),
                    [0x2b, 6, 1, 5, 5, 7, 0x30, 2] => facts.issuer_urls.push(url),
                    _ => {}
                }
            }
        }
        extension::POLICIES => {
            facts.validation = extension
                .policies()
                .iter()
                .filter_map(|oid| validation(oid.0))
                .max_by_key(|level| rank(*level));
        }
        extension::TLS_FEATURE => facts.must_staple = extension.numbers().contains(&STATUS_REQUEST),
        extension::TIMESTAMPS => {
            let list = pki::Der::new(extension.content).next_if(pki::tag::OCTET_STRING);
            facts.timestamps =
                list.map_or(Vec::new(), |list| signed(list.content, TimestampVia::Certificate));
        }
        _ => {}
    }
}

/// Signed timestamps of a list.
pub(super) fn signed(list: &[u8], via: TimestampVia) -> Vec<SignedTimestamp> {
    let read = timestamps(list).0;
    let told = |one: &pki::Timestamp<'_>| {
        let at = i64::try_from(one.at).ok().and_then(|at| Timestamp::from_millisecond(at).ok())?;
        Some(SignedTimestamp { log_id: HEXLOWER.encode(&one.log), at, via })
    };
    read.iter().filter_map(told).collect()
}

/// The levels of the CA/Browser Forum (2.23.140.1).
fn validation(oid: &[u8]) -> Option<Validation> {
    match oid {
        [0x67, 0x81, 0x0c, 1, 1] => Some(Validation::Extended),
        [0x67, 0x81, 0x0c, 1, 2, 1] => Some(Validation::Domain),
        [0x67, 0x81, 0x0c, 1, 2, 2] => Some(Validation::Organization),
        [0x67, 0x81, 0x0c, 1, 2, 3] => Some(Validation::Individual),
        _ => None,
    }
}

fn rank(level: Validation) -> u8 {
    match level {
        Validation::Domain => 0,
        Validation::Individual => 1,
        Validation::Organization => 2,
        Validation::Extended => 3,
    }
}

/// A number as it is compared: without zeros before it.
pub(super) fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    match number.get(zeros..) {
        Some([]) | None => number.get(number.len().saturating_sub(1)..).unwrap_or_default(),
        Some(rest) => rest,
    }
}

/// SHA-256 in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, bytes).as_ref())
}
