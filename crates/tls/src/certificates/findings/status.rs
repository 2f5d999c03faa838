//! What comes beside a certificate: stapled statuses and signed timestamps.

use std::collections::BTreeSet;

use portreeve_model::tls::{Certificate, CertificateStatus, SignedTimestamp, TimestampVia};
use portreeve_model::{Finding, Severity};

use super::{Place, days, finding, which};
use crate::certificates::served::Judged;

/// 2018-04-30: what was issued later has to be in logs, says Chrome.
const TRANSPARENT_SINCE: i64 = 1_525_046_400;
/// Certificates that live longer need one timestamp more.
const SHORT_LIFETIME: i64 = 180;

pub(super) fn of(judged: &Judged, place: &Place) -> Vec<Finding> {
    let Some(leaf) = judged.leaf() else { return Vec::new() };
    [staple(judged, leaf, place), must_staple(judged, leaf, place), transparency(judged, leaf, place)]
        .into_iter()
        .flatten()
        .collect()
}

fn staple(judged: &Judged, leaf: &Certificate, place: &Place) -> Option<Finding> {
    let staple = judged.served.staple.as_ref()?;
    let evidence = vec![which(leaf), staple.statement.clone()];
    let reproduce = Some(place.staple());
    if staple.status == CertificateStatus::Revoked && staple.usable {
        return Some(Finding {
            evidence,
            fix: vec!["Find out why it was revoked (a key that leaked?), make a new key, have a new certificate issued.".to_owned()],
            reproduce,
            ..finding(
                "tls/certificate-revoked",
                Severity::Critical,
                format!("{} is revoked, as the server's own stapled response says.", place.certificate()),
                "Clients that check refuse it; whoever revoked it had a reason.",
            )
        });
    }
    if staple.usable && staple.status == CertificateStatus::Good {
        return None;
    }
    Some(Finding {
        evidence,
        fix: vec![
            "Let the server reach the responder, and give it the chain to check responses with (nginx: resolver, \
             ssl_trusted_certificate; Apache: SSLStaplingCache)."
                .to_owned(),
            "Or turn stapling off: no response is better than a wrong one.".to_owned(),
        ],
        reproduce,
        ..finding(
            "tls/staple-unusable",
            if leaf.must_staple { Severity::High } else { Severity::Medium },
            format!("The OCSP response that comes with {} is of no use.", place.certificate().replacen("The", "the", 1)),
            "Firefox and others refuse a handshake with a response that is out of date, wrongly signed or for another certificate.",
        )
    })
}

fn must_staple(judged: &Judged, leaf: &Certificate, place: &Place) -> Option<Finding> {
    if !leaf.must_staple || judged.served.staple.is_some() || !judged.staple_asked {
        return None;
    }
    let mut evidence = vec![which(leaf), "extension TLS Feature: status_request (RFC 7633)".to_owned()];
    if leaf.ocsp_urls.is_empty() {
        evidence.push("the certificate names no OCSP responder".to_owned());
    }
    Some(Finding {
        evidence,
        fix: vec![
            "Turn stapling on (nginx: ssl_stapling on; Apache: SSLUseStapling on), and look into the log why no response is there."
                .to_owned(),
            "Or have the certificate issued without must-staple.".to_owned(),
        ],
        reproduce: Some(place.staple()),
        ..finding(
            "tls/must-staple-without-staple",
            Severity::High,
            format!("{} demands a stapled status, and the server sends none.", place.certificate()),
            "Firefox and others refuse the connection.",
        )
    })
}

/// What Chrome and Apple demand of certificates of public authorities. Whether the logs are among those that they know is not looked at.
fn transparency(judged: &Judged, leaf: &Certificate, place: &Place) -> Option<Finding> {
    let validity =
        leaf.validity.as_ref().filter(|validity| validity.not_before.as_second() > TRANSPARENT_SINCE)?;
    if !judged.is_public() {
        return None;
    }
    let embedded = logs(&judged.served.timestamps, |via| via == TimestampVia::Certificate);
    let delivered = logs(&judged.served.timestamps, |via| via != TimestampVia::Certificate);
    let needed = if validity.lifetime_days > SHORT_LIFETIME { 3 } else { 2 };
    let is_enough = embedded >= needed || delivered >= 2;
    // A file does not tell what is sent beside it, and in TLS 1.3 timestamps of the handshake are encrypted: none that were seen does
    // not mean none.
    (!is_enough && judged.timestamps_shown).then(|| Finding {
        evidence: vec![
            which(leaf),
            format!("timestamps of {embedded} logs in the certificate, of {delivered} in the handshake or the stapled response"),
        ],
        fix: vec!["Have it issued anew: every public authority puts timestamps in unless asked not to.".to_owned()],
        reproduce: Some(place.show("-ext ct_precert_scts")),
        ..finding(
            "tls/certificate-not-transparent",
            Severity::High,
            format!(
                "{} has signed timestamps of {embedded} logs, and needs those of {needed}, living {}.",
                place.certificate(),
                days(validity.lifetime_days)
            ),
            "Chrome, Edge and Safari refuse certificates of public authorities that are not in enough logs of certificates.",
        )
    })
}

fn logs(timestamps: &[SignedTimestamp], is: impl Fn(TimestampVia) -> bool) -> usize {
    timestamps.iter().filter(|one| is(one.via)).map(|one| &one.log_id).collect::<BTreeSet<_>>().len()
}
