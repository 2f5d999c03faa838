//! Keys and signatures that do not hold.

use portreeve_model::tls::Certificate;
use portreeve_model::{Finding, Severity};

use super::{Place, called, finding, which};
use crate::certificates::served::Judged;

/// The exponent that everybody uses, and the least that public authorities may certify (Baseline Requirements, 6.1.6).
const USUAL_EXPONENT: u64 = 65_537;

pub(super) fn of(judged: &Judged, place: &Place) -> Vec<Finding> {
    let way = judged.served.path.iter().filter_map(|at| Some((*at, judged.served.certificates.get(*at)?)));
    way.flat_map(|(at, one)| {
        // Nobody checks the signature of a root: it is trusted for being in the store.
        let is_root = one.is_self_issued && at > 0;
        [key(at, one, place), exponent(at, one, place), signature(at, one, place).filter(|_| !is_root)]
    })
    .flatten()
    .collect()
}

/// `The certificate that ...` or `The intermediate NAME of the chain ...`.
fn whose(at: usize, one: &Certificate, place: &Place) -> String {
    if at == 0 {
        place.certificate()
    } else {
        format!("{} of {}", called(one), place.chain().replacen("The", "the", 1))
    }
}

fn key(at: usize, one: &Certificate, place: &Place) -> Option<Finding> {
    let key = &one.key;
    let is_weak = match key.kind.as_str() {
        "RSA" | "RSA-PSS" => (1..2048).contains(&key.bits),
        "EC" => (1..224).contains(&key.bits),
        "DSA" => true,
        _ => false,
    };
    is_weak.then(|| Finding {
        evidence: vec![which(one), format!("key: {} {} bits", key.kind, key.bits)],
        fix: vec![
            "Make a new key, and have it certified: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256, or RSA with 2048 \
             bits or more."
                .to_owned(),
        ],
        reproduce: Some(place.show("-text")),
        ..finding(
            "tls/certificate-weak-key",
            Severity::High,
            match key.bits {
                0 => format!("{} has a key of {}.", whose(at, one, place), key.kind),
                bits => format!("{} has a key of {} with {bits} bits.", whose(at, one, place), key.kind),
            },
            "Such a key can be computed from the certificate, or will be; clients refuse it.",
        )
    })
}

fn exponent(at: usize, one: &Certificate, place: &Place) -> Option<Finding> {
    let exponent = one.key.exponent.filter(|exponent| *exponent < USUAL_EXPONENT || exponent % 2 == 0)?;
    let (severity, reason) = match exponent {
        0 | 1 => (
            Severity::Critical,
            "With this exponent nothing is encrypted and everything is a valid signature.",
        ),
        even if even % 2 == 0 => (Severity::High, "No RSA key has an even exponent: the key is broken."),
        _ => (
            Severity::Low,
            "Short exponents make mistakes in checking signatures exploitable (CVE-2006-4339); public authorities refuse them.",
        ),
    };
    Some(Finding {
        evidence: vec![which(one)],
        fix: vec![
            "Make a new key with the exponent 65537, as every tool does unless told otherwise.".to_owned(),
        ],
        reproduce: Some(place.show("-text")),
        ..finding(
            "tls/certificate-weak-exponent",
            severity,
            format!("{} has an RSA key with the exponent {exponent}.", whose(at, one, place)),
            reason,
        )
    })
}

fn signature(at: usize, one: &Certificate, place: &Place) -> Option<Finding> {
    let low = one.signature.to_ascii_lowercase();
    let (digest, severity) =
        [("md2", Severity::Critical), ("md5", Severity::Critical), ("sha1", Severity::High)]
            .into_iter()
            .find(|(digest, _)| low.contains(digest))?;
    let digest = match digest {
        "sha1" => "SHA-1".to_owned(),
        other => other.to_ascii_uppercase(),
    };
    Some(Finding {
        evidence: vec![which(one), format!("signature: {}", one.signature)],
        fix: vec!["Have it issued anew, signed with SHA-256.".to_owned()],
        reproduce: Some(place.show("-text")),
        ..finding(
            "tls/certificate-weak-signature",
            severity,
            format!("{} is signed with {digest} ({}).", whose(at, one, place), one.signature),
            "Collisions of this digest were found: whoever makes two documents with one digest gets a certificate for something else. \
             Clients refuse it.",
        )
    })
}
