//! What is to be mended about certificates: one file for each subject.

mod dates;
mod place;
mod status;
mod strength;
mod trust;

pub(super) use place::Place;

use jiff::Timestamp;
use portreeve_model::tls::Certificate;
use portreeve_model::{Finding, Severity};

use super::served::Judged;

/// Everything about one chain.
pub(super) fn of(judged: &Judged, place: &Place, now: Timestamp) -> Vec<Finding> {
    let mut all = trust::of(judged, place);
    all.extend(dates::of(judged, place, now));
    all.extend(strength::of(judged, place));
    all.extend(status::of(judged, place));
    all
}

/// A finding without evidence yet.
pub(super) fn finding(id: &str, severity: Severity, title: String, reason: &str) -> Finding {
    Finding {
        id: id.to_owned(),
        severity,
        title,
        reason: reason.to_owned(),
        evidence: Vec::new(),
        fix: Vec::new(),
        reproduce: None,
        subjects: Vec::new(),
    }
}

/// The same of two chains is told once.
pub(super) fn once(findings: &mut Vec<Finding>) {
    let mut seen: Vec<(String, String)> = Vec::new();
    findings.retain(|one| {
        let key = (one.id.clone(), one.title.clone());
        let is_new = !seen.contains(&key);
        seen.push(key);
        is_new
    });
}

/// Which certificate: subject, issuer, dates and digest.
fn which(certificate: &Certificate) -> String {
    let dates = certificate.validity.as_ref().map_or_else(
        || "dates that can not be read".to_owned(),
        |validity| format!("valid {} to {}", day(validity.not_before), day(validity.not_after)),
    );
    format!(
        "subject {}, issuer {}, {dates}, SHA-256 {}",
        or_empty(&certificate.subject),
        or_empty(&certificate.issuer),
        certificate.sha256
    )
}

/// How a certificate is called: by its common name, its first name, its subject.
fn called(certificate: &Certificate) -> &str {
    let common = certificate.common_name.as_deref().filter(|name| !name.is_empty());
    let subject = Some(certificate.subject.as_str()).filter(|subject| !subject.is_empty());
    let name = certificate.names.first().map(String::as_str);
    if certificate.is_authority { subject.or(common) } else { name.or(common).or(subject) }
        .unwrap_or("without a name")
}

fn or_empty(text: &str) -> &str {
    if text.is_empty() { "(empty)" } else { text }
}

/// `2026-11-22`.
fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

fn days(count: i64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}
