//! When certificates are valid, and how long they live.

use jiff::Timestamp;
use portreeve_model::tls::{Certificate, Validity};
use portreeve_model::{Finding, Severity};

use super::{Place, called, day, days, finding, which};
use crate::certificates::lifetime::{self, Left};
use crate::certificates::served::Judged;

pub(super) fn of(judged: &Judged, place: &Place, now: Timestamp) -> Vec<Finding> {
    let Some(leaf) = judged.leaf() else { return Vec::new() };
    let Some(validity) = &leaf.validity else { return Vec::new() };
    let mut all: Vec<Finding> = end(leaf, validity, place, now).into_iter().collect();
    all.extend(length(leaf, validity, place));
    all.extend(uppers(judged, place, now));
    all
}

/// Its beginning or its end, whichever is the trouble.
fn end(leaf: &Certificate, validity: &Validity, place: &Place, now: Timestamp) -> Option<Finding> {
    let Validity { not_before, not_after, .. } = validity;
    let told = |id, severity, title, reason: &str, fix: String| Finding {
        evidence: vec![
            which(leaf),
            format!(
                "lifetime {}, {} left ({} %)",
                days(validity.lifetime_days),
                days(validity.remaining_days.max(0)),
                validity.remaining_percent
            ),
        ],
        fix: vec![fix],
        reproduce: Some(place.show("-dates")),
        ..finding(id, severity, title, reason)
    };
    if *not_after < now {
        let since = days(now.duration_since(*not_after).as_hours() / 24);
        return Some(told(
            "tls/certificate-expired",
            Severity::High,
            format!("{} expired on {}, {since} ago.", place.certificate(), day(*not_after)),
            "Every client refuses it.",
            "Renew it (certbot renew), and reload the server: one that keeps running serves what it read at its start.".to_owned(),
        ));
    }
    if *not_before > now {
        return Some(told(
            "tls/certificate-not-yet-valid",
            Severity::High,
            format!("{} is valid only from {} on.", place.certificate(), day(*not_before)),
            "Every client refuses it until then.",
            "Compare this host's clock with another (timedatectl); configure the former certificate until then.".to_owned(),
        ));
    }
    let (from, until, now) = (not_before.as_second(), not_after.as_second(), now.as_second());
    let (severity, reason) = match lifetime::left(from, until, now) {
        Left::Enough => return None,
        Left::Late => (
            Severity::Medium,
            "Clients of ACME renew when a third of the lifetime is left: with less than a quarter a renewal is failing, or nobody renews.",
        ),
        Left::Last => (
            Severity::High,
            "Less than a tenth of its lifetime is left: whatever renews it has failed for some time, and soon every client refuses it.",
        ),
    };
    let left = match validity.remaining_days {
        0 => "less than a day".to_owned(),
        count => days(count),
    };
    Some(told(
        "tls/certificate-expires-soon",
        severity,
        format!(
            "{} expires on {}, in {left}: {} % of its {} are left.",
            place.certificate(),
            day(*not_after),
            validity.remaining_percent,
            days(validity.lifetime_days)
        ),
        reason,
        "See why it is not renewed (certbot certificates; systemctl list-timers), renew it, and reload the server.".to_owned(),
    ))
}

/// Longer than public authorities may issue for.
fn length(leaf: &Certificate, validity: &Validity, place: &Place) -> Option<Finding> {
    let limit = validity.limit_days?;
    let (from, until) = (validity.not_before.as_second(), validity.not_after.as_second());
    lifetime::exceeds(from, until, limit).then(|| Finding {
        evidence: vec![which(leaf)],
        fix: vec!["Have it issued anew for a shorter time, by a client of ACME that renews it by itself.".to_owned()],
        reproduce: Some(place.show("-dates")),
        ..finding(
            "tls/certificate-lifetime-too-long",
            Severity::Medium,
            format!(
                "{} lives {}, and public authorities may issue for {limit} days at most on {}.",
                place.certificate(),
                days(validity.lifetime_days.max(limit + 1)),
                day(validity.not_before)
            ),
            "Browsers refuse certificates of public authorities that live longer than the rules of their day of issue allow.",
        )
    })
}

/// Intermediates: expired, not yet valid, at their end before the certificate.
fn uppers(judged: &Judged, place: &Place, now: Timestamp) -> Vec<Finding> {
    let mut all = Vec::new();
    let trusted_way = if judged.is_public() { &judged.mozilla } else { &judged.host };
    for at in trusted_way.expired.iter().copied().filter(|at| *at > 0) {
        let Some((one, validity)) =
            judged.served.certificates.get(at).and_then(|one| Some((one, one.validity.as_ref()?)))
        else {
            continue;
        };
        all.push(Finding {
            evidence: vec![which(one)],
            fix: vec![
                "Configure the chain that the authority gives out today: its current intermediate instead of this one.".to_owned(),
            ],
            reproduce: Some(place.verify()),
            ..finding(
                "tls/intermediate-expired",
                Severity::High,
                format!("{} goes through {}, which expired on {}.", place.chain(), called(one), day(validity.not_after)),
                "Clients refuse a chain with an expired certificate, those apart that know another way.",
            )
        });
    }
    let way = judged.served.path.iter().skip(1).filter_map(|at| judged.served.certificates.get(*at));
    for (one, validity) in way.filter_map(|one| Some((one, one.validity.as_ref()?))) {
        let left = validity.not_after.as_second() - now.as_second();
        if !one.is_self_issued && (0..30 * lifetime::DAY).contains(&left) {
            all.push(Finding {
                evidence: vec![which(one)],
                fix: vec![
                    "Renew the certificate: the authority issues it by a newer intermediate.".to_owned(),
                ],
                reproduce: Some(place.verify()),
                ..finding(
                    "tls/intermediate-expires-soon",
                    Severity::Medium,
                    format!(
                        "{} goes through {}, which expires on {}, in {}.",
                        place.chain(),
                        called(one),
                        day(validity.not_after),
                        days(validity.remaining_days)
                    ),
                    "From then on clients refuse the chain, however long the certificate itself is valid.",
                )
            });
        }
    }
    if let Some((root, until)) = trusted_way.expired_root.as_ref().filter(|_| judged.is_trusted_here()) {
        all.push(Finding {
            evidence: vec![format!("{root} expired on {}", day(*until))],
            fix: vec!["Configure a chain that leads to a newer root of the authority.".to_owned()],
            reproduce: Some(place.verify()),
            ..finding(
                "tls/root-expired",
                Severity::Medium,
                format!("{} leads to {root}, which expired on {}.", place.chain(), day(*until)),
                "Some clients refuse an expired root although they have it: GnuTLS and old OpenSSL do, rustls and browsers do not.",
            )
        });
    }
    all
}
