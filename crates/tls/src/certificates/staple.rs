//! The stapled OCSP response, judged as clients do (RFC 6960, 3.2): for this certificate, in date, signed by its authority.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use jiff::Timestamp;
use portreeve_model::tls::{CertificateStatus, StapledStatus};
use portreeve_wire::pki::{self, OcspResponse, Oid, Responder, SingleResponse, Status};

use super::algorithms::OCSP_SIGNING;
use super::facts::without_zeros;
use super::signature;

/// Clocks differ by so many seconds.
const SKEW: i64 = 300;
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];

/// What came, and the list of signed timestamps in it.
pub(super) struct Judged {
    pub(super) status: StapledStatus,
    pub(super) timestamps: Vec<u8>,
}

/// Judges a response to a certificate, whose issuer is known where the chain has it.
pub(super) fn judge(response: &[u8], leaf: &[u8], issuer: Option<&[u8]>, now: Timestamp) -> Judged {
    let useless = |statement: String| Judged {
        status: StapledStatus {
            status: CertificateStatus::NotTold,
            usable: false,
            statement,
            this_update: None,
            next_update: None,
            revoked_at: None,
            length: response.len(),
        },
        timestamps: Vec::new(),
    };
    let read = match OcspResponse::read(response) {
        Ok(read) => read,
        Err(why) => return useless(format!("Of the stapled response of {} bytes: {why}.", response.len())),
    };
    let leaf = pki::Certificate::read(leaf).unwrap_or_default();
    let issuer = issuer.and_then(pki::Certificate::read);
    let Some(single) = read.responses.iter().find(|one| is_about(one, &leaf, issuer.as_ref())) else {
        return useless(format!(
            "The stapled response speaks of another certificate: of none of its {} answers are serial number and issuer those \
             of the one that is served.",
            read.responses.len()
        ));
    };
    let at = |seconds: Option<i64>| seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let (status, revoked_at) = match single.status {
        Status::Good => (CertificateStatus::Good, None),
        Status::Revoked(since, _) => (CertificateStatus::Revoked, at(since)),
        Status::Unknown => (CertificateStatus::Unknown, None),
    };
    let trouble = out_of_date(single, now).or_else(|| unsigned(&read, issuer.as_ref()));
    let statement = trouble.clone().unwrap_or_else(|| told(single, now));
    Judged {
        status: StapledStatus {
            status,
            usable: trouble.is_none(),
            statement,
            this_update: at(single.this_update),
            next_update: at(single.next_update),
            revoked_at,
            length: response.len(),
        },
        timestamps: single.timestamps.unwrap_or_default().to_vec(),
    }
}

/// Whether an answer is about this certificate: by serial number, and by the issuer where the chain has it.
fn is_about(
    single: &SingleResponse<'_>,
    leaf: &pki::Certificate<'_>,
    issuer: Option<&pki::Certificate<'_>>,
) -> bool {
    let hash = |bytes: &[u8]| {
        let algorithm = match single.id.digest {
            Oid([0x2b, 14, 3, 2, 26]) => &SHA1_FOR_LEGACY_USE_ONLY,
            Oid([0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]) => &SHA256,
            _ => return None,
        };
        Some(digest(algorithm, bytes))
    };
    let same = |bytes: &[u8], expected: &[u8]| hash(bytes).is_none_or(|hash| hash.as_ref() == expected);
    without_zeros(single.id.serial) == without_zeros(leaf.serial)
        && same(leaf.issuer, single.id.name_hash)
        && issuer.and_then(|issuer| issuer.key).is_none_or(|key| same(key.key, single.id.key_hash))
}

fn out_of_date(single: &SingleResponse<'_>, now: Timestamp) -> Option<String> {
    let now = now.as_second();
    match (single.this_update, single.next_update) {
        (None, _) => Some("The stapled response does not say when it was made.".to_owned()),
        (Some(from), _) if from > now + SKEW => Some(format!(
            "The stapled response counts only from {} on: one of both clocks is wrong.",
            shown(from)
        )),
        (_, Some(until)) if until + SKEW < now => {
            Some(format!("The stapled response is out of date: it counted until {}.", shown(until)))
        }
        _ => None,
    }
}

/// Why its signature does not count. Where the issuer is not known that can not be told, and is not held against it.
fn unsigned(read: &OcspResponse<'_>, issuer: Option<&pki::Certificate<'_>>) -> Option<String> {
    let issuer = issuer?;
    let is_signed_by = |certificate: &pki::Certificate<'_>| {
        certificate
            .key
            .and_then(|key| signature::is_of(&key, read.signature_algorithm, read.signed, read.signature))
    };
    if is_responder(&read.responder, issuer) {
        return match is_signed_by(issuer) {
            Some(false) => {
                Some("The signature of the stapled response is not that of the issuer.".to_owned())
            }
            _ => None,
        };
    }
    let delegates: Vec<pki::Certificate<'_>> =
        read.certificates.iter().filter_map(|der| pki::Certificate::read(der)).collect();
    let Some(delegate) = delegates.iter().find(|one| is_responder(&read.responder, one)) else {
        return Some("The stapled response is signed by somebody whose certificate is not in it.".to_owned());
    };
    let by_issuer = issuer.key.is_some_and(|key| {
        let algorithm = delegate.signature_algorithm_content;
        signature::is_of(&key, algorithm, delegate.signed, delegate.signature) == Some(true)
    });
    let may = delegate
        .extension(EXTENDED_KEY_USAGE)
        .is_some_and(|usage| usage.oids().iter().any(|oid| oid.0 == OCSP_SIGNING));
    let who = delegate.subject();
    if !by_issuer {
        Some(format!("The stapled response is signed by {who}, whom the issuer did not authorise."))
    } else if !may {
        Some(format!("The stapled response is signed by {who}, whose certificate is not for that."))
    } else if is_signed_by(delegate) == Some(false) {
        Some(format!("The signature of the stapled response is not that of {who}."))
    } else {
        None
    }
}

fn is_responder(responder: &Responder<'_>, certificate: &pki::Certificate<'_>) -> bool {
    match responder {
        Responder::Name(name) => certificate.subject == *name,
        Responder::Key(hash) => {
            certificate.key.is_some_and(|key| digest(&SHA1_FOR_LEGACY_USE_ONLY, key.key).as_ref() == *hash)
        }
    }
}

fn told(single: &SingleResponse<'_>, now: Timestamp) -> String {
    let until = match single.next_update {
        Some(until) => {
            let hours = (until - now.as_second()).max(0) / 3600;
            format!("it counts until {}, {hours} hours from now", shown(until))
        }
        None => "it does not say until when it counts".to_owned(),
    };
    let what = match single.status {
        Status::Good => "The stapled response says that the certificate is not revoked".to_owned(),
        Status::Revoked(since, reason) => {
            let since = since.map(|since| format!(" since {}", shown(since))).unwrap_or_default();
            let reason = reason.map(|reason| format!(" ({})", reason_name(reason))).unwrap_or_default();
            format!("The stapled response says that the certificate is revoked{since}{reason}")
        }
        Status::Unknown => {
            "The stapled response says that the responder does not know the certificate".to_owned()
        }
    };
    format!("{what}; {until}.")
}

/// RFC 5280, 5.3.1.
fn reason_name(number: u8) -> &'static str {
    match number {
        1 => "key compromise",
        2 => "authority compromise",
        3 => "affiliation changed",
        4 => "superseded",
        5 => "cessation of operation",
        6 => "on hold",
        9 => "privilege withdrawn",
        10 => "attribute authority compromise",
        _ => "no reason given",
    }
}

fn shown(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| "a date out of range".to_owned(), |at| at.to_string())
}
