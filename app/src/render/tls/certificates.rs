//! Chains as small trees, and what each is worth.

use std::io::{self, Write};

use portreeve_model::tls::{
    Audit, Certificate, CertificateStatus, ChainVerdict, Records, ServedChain, StoreTrust, Support,
    TrustStore, Validity,
};

use super::lines::{line, pieces};
use super::title;
use crate::render::labels::counted;
use crate::render::style::Ink;
use crate::render::text::{clean, columns, shorten};
use crate::render::view::View;

/// More names than these are counted.
const FEW: usize = 6;
/// Columns of the bar that shows what is left of a lifetime.
const BAR: usize = 20;

/// Prints every chain, and what DNS says of them.
pub(super) fn print(out: &mut dyn Write, audit: &Audit, view: &View) -> io::Result<()> {
    for served in &audit.certificates {
        let heading = match served.sent_for.as_slice() {
            [] => "Certificate".to_owned(),
            names => format!("Certificate sent for {}", clean(&names.join(" and for "))),
        };
        title(out, &shorten(&heading, view.prose_width()), view)?;
        chain(out, served, view)?;
    }
    audit.records.as_ref().map_or(Ok(()), |records| self::records(out, records, view))
}

/// Prints one chain.
pub(super) fn chain(out: &mut dyn Write, served: &ServedChain, view: &View) -> io::Result<()> {
    tree(out, served, view)?;
    if served.omitted > 0 {
        let text = format!("{} more, not looked at", counted(served.omitted as usize, "certificate"));
        line(out, "and", &text, Ink::Warn, view)?;
    }
    let Some(leaf) = leaf(served) else { return Ok(()) };
    let mut names: Vec<(Ink, String)> = leaf
        .names
        .iter()
        .cloned()
        .chain(leaf.addresses.iter().map(ToString::to_string))
        .map(|name| (Ink::Normal, name))
        .collect();
    if names.len() > FEW {
        let more = names.len() - FEW;
        names.truncate(FEW);
        names.push((Ink::Faint, format!("and {more} more")));
    }
    pieces(out, "names", &names, ", ", view)?;
    if let Some(name) = &served.name {
        let (ink, text) = match (&name.by, name.matches) {
            (Some(by), true) if *by != name.host => {
                (Ink::Good, format!("{} {} by {by}", view.marks.good(), name.host))
            }
            (_, true) => (Ink::Good, format!("{} {}", view.marks.good(), name.host)),
            (_, false) => (Ink::Bad, format!("{} not for {}", view.marks.bad(), name.host)),
        };
        line(out, "for", &text, ink, view)?;
    }
    if let Some(validity) = &leaf.validity {
        self::validity(out, validity, view)?;
    }
    trust(out, &served.trust, view)?;
    if let Some(missing) = &served.missing {
        line(out, "missing", missing, Ink::Bad, view)?;
    }
    if !served.in_order {
        line(out, "order", "not each certificate is followed by its issuer", Ink::Warn, view)?;
    }
    stapling(out, served, leaf, view)?;
    timestamps(out, served, view)?;
    line(out, "sha256", &leaf.sha256, Ink::Faint, view)
}

/// The certificate of the server.
pub(super) fn leaf(served: &ServedChain) -> Option<&Certificate> {
    let place = served.path.first().copied().unwrap_or(0);
    served.certificates.get(place)
}

/// From the leaf upwards, each below whom it vouches for; what leads nowhere behind.
fn tree(out: &mut dyn Write, served: &ServedChain, view: &View) -> io::Result<()> {
    for (depth, place) in served.path.iter().enumerate() {
        if let Some(certificate) = served.certificates.get(*place) {
            let note = if served.root_sent == Some(*place) { "sent, and no client needs it" } else { "" };
            branch(out, depth, certificate, note, view)?;
        }
    }
    let anchor = served.trust.iter().find_map(|trust| trust.anchor.as_deref());
    if let Some(anchor) = anchor.filter(|_| served.root_sent.is_none()) {
        let depth = served.path.len();
        let text = format!("{}{} (not sent: clients have it)", joint(depth, view), clean(anchor));
        writeln!(out, "  {}", view.palette.paint(Ink::Faint, shorten(&text, view.prose_width() - 2)))?;
    }
    // An issuer that nobody knows is named, too.
    let top = served.path.last().and_then(|place| served.certificates.get(*place));
    if let Some(top) = top.filter(|top| anchor.is_none() && !top.is_self_issued && !top.issuer.is_empty()) {
        let text = format!("{}{} (not sent)", joint(served.path.len(), view), clean(&top.issuer));
        writeln!(out, "  {}", view.palette.paint(Ink::Faint, shorten(&text, view.prose_width() - 2)))?;
    }
    for place in &served.surplus {
        if let Some(certificate) = served.certificates.get(*place) {
            branch(out, 0, certificate, "leads nowhere", view)?;
        }
    }
    Ok(())
}

fn branch(
    out: &mut dyn Write,
    depth: usize,
    certificate: &Certificate,
    note: &str,
    view: &View,
) -> io::Result<()> {
    let joint = joint(depth, view);
    let name = clean(subject(certificate));
    let mut facts = vec![key(certificate), certificate.signature.clone()];
    facts.extend([note.to_owned(), certificate.malformed.clone().unwrap_or_default()]);
    facts.retain(|fact| !fact.is_empty());
    let facts = clean(&facts.join(", ")).into_owned();
    let width = view.prose_width();
    let room = width.saturating_sub(2 + columns(&joint)).max(20);
    let name = shorten(&name, room);
    write!(out, "  {}{}", view.palette.paint(Ink::Faint, &joint), view.palette.paint(Ink::Name, &name))?;
    // Beside the name where there is room, else below it.
    let left = room.saturating_sub(columns(&name) + 2);
    if columns(&facts) <= left {
        writeln!(out, "  {}", view.palette.paint(Ink::Faint, facts))
    } else {
        let indent = " ".repeat(columns(&joint) + 2);
        let facts = shorten(&facts, room.saturating_sub(2));
        writeln!(out, "\n  {indent}{}", view.palette.paint(Ink::Faint, facts))
    }
}

/// What joins a certificate to the one above it.
fn joint(depth: usize, view: &View) -> String {
    if depth == 0 {
        return String::new();
    }
    // A chain as long as a server likes to send stays within the page.
    let indent = "   ".repeat((depth - 1).min(5));
    format!("{indent}{} ", view.marks.branch())
}

/// What people know a certificate by.
pub(super) fn subject(certificate: &Certificate) -> &str {
    match (&certificate.common_name, certificate.names.first()) {
        (Some(name), _) if !name.is_empty() => name,
        (_, Some(name)) if certificate.subject.is_empty() => name,
        _ if certificate.subject.is_empty() => "(without a name)",
        _ => &certificate.subject,
    }
}

/// `RSA 2048`, `EC prime256v1`.
pub(super) fn key(certificate: &Certificate) -> String {
    let key = &certificate.key;
    match (&key.curve, key.bits) {
        (Some(curve), _) => format!("{} {curve}", key.kind),
        (None, 0) => key.kind.clone(),
        (None, bits) => format!("{} {bits}", key.kind),
    }
}

fn validity(out: &mut dyn Write, validity: &Validity, view: &View) -> io::Result<()> {
    let day = |time: jiff::Timestamp| time.to_zoned(view.zone.clone()).strftime("%Y-%m-%d").to_string();
    let ink = urgency(validity);
    let left = match validity.remaining_days {
        days if validity.remaining_percent == 0 && days < 0 => {
            format!("expired {} ago", counted(usize::try_from(-days).unwrap_or(usize::MAX), "day"))
        }
        days => format!("{} of {} days left", days.max(0), validity.lifetime_days),
    };
    line(
        out,
        "valid",
        &format!("{} to {}: {left}", day(validity.not_before), day(validity.not_after)),
        ink,
        view,
    )?;
    let filled = usize::from(validity.remaining_percent.min(100)) * BAR / 100;
    let bar = format!("{}{}", view.marks.full().repeat(filled), view.marks.empty().repeat(BAR - filled));
    line(out, "", &format!("{bar} {} % of its lifetime left", validity.remaining_percent), ink, view)?;
    match validity.limit_days {
        Some(limit) if validity.lifetime_days > limit => line(
            out,
            "",
            &format!("longer than the {limit} days that were allowed on the day of its issue"),
            Ink::Warn,
            view,
        ),
        _ => Ok(()),
    }
}

/// A share of the lifetime is what tells how urgent a renewal is, whatever the lifetime.
pub(super) fn urgency(validity: &Validity) -> Ink {
    match validity.remaining_percent {
        0 => Ink::Bad,
        1..=10 => Ink::Warn,
        _ => Ink::Good,
    }
}

fn trust(out: &mut dyn Write, trust: &[StoreTrust], view: &View) -> io::Result<()> {
    for (place, one) in trust.iter().enumerate() {
        let word = if place == 0 { "trusted" } else { "" };
        let store = match one.store {
            TrustStore::Mozilla => "Mozilla's list",
            TrustStore::Host => "this host's store",
        };
        if one.verdict == ChainVerdict::Trusted {
            line(out, word, &format!("{} by {store}", view.marks.good()), Ink::Good, view)?;
        } else {
            let text = format!("{} not by {store}: {}", view.marks.bad(), one.statement);
            line(out, word, &text, Ink::Bad, view)?;
        }
    }
    Ok(())
}

fn stapling(out: &mut dyn Write, served: &ServedChain, leaf: &Certificate, view: &View) -> io::Result<()> {
    if let Some(staple) = &served.staple {
        let good = staple.usable && staple.status == CertificateStatus::Good;
        return line(out, "stapled", &staple.statement, if good { Ink::Good } else { Ink::Bad }, view);
    }
    let (text, ink) = match served.stapling {
        Support::No if leaf.must_staple => ("no status, and the certificate demands one", Ink::Bad),
        Support::No => ("no status", Ink::Normal),
        Support::NotApplicable => ("not applicable: the certificate names no OCSP responder", Ink::Faint),
        Support::Inconclusive => ("not known", Ink::Warn),
        Support::Yes => ("a status", Ink::Normal),
    };
    line(out, "stapled", text, ink, view)
}

fn timestamps(out: &mut dyn Write, served: &ServedChain, view: &View) -> io::Result<()> {
    if served.timestamps.is_empty() {
        return Ok(());
    }
    let mut logs: Vec<&str> = served.timestamps.iter().map(|one| one.log_id.as_str()).collect();
    logs.sort_unstable();
    logs.dedup();
    let text =
        format!("{} of {}", counted(served.timestamps.len(), "signed timestamp"), counted(logs.len(), "log"));
    line(out, "logged", &text, Ink::Normal, view)
}

fn records(out: &mut dyn Write, records: &Records, view: &View) -> io::Result<()> {
    if records.caa.is_empty() && records.tlsa.is_empty() && records.unanswered.is_empty() {
        return Ok(());
    }
    title(out, "DNS", view)?;
    let at = records.caa_at.as_deref().map_or_else(String::new, |name| format!(" (at {name})"));
    for (place, record) in records.caa.iter().enumerate() {
        line(out, if place == 0 { "CAA" } else { "" }, &format!("{record}{at}"), Ink::Normal, view)?;
    }
    match records.caa_allows_issuer {
        Some(true) => {
            line(out, "", "the authority that issued the certificate is among them", Ink::Good, view)?;
        }
        Some(false) => {
            line(out, "", "the authority that issued the certificate is not among them", Ink::Warn, view)?;
        }
        None => {}
    }
    for (place, record) in records.tlsa.iter().enumerate() {
        let word = if place == 0 { "TLSA" } else { "" };
        let (fits, ink) = match record.fits {
            Some(_) => ("fits", Ink::Good),
            None => ("fits no certificate", Ink::Bad),
        };
        line(out, word, &format!("{} {}: {fits}", record.usage, record.text), ink, view)?;
    }
    if !records.tlsa.is_empty() && !records.tlsa_validated {
        line(
            out,
            "",
            "the name server does not vouch for it (DNSSEC): clients do not heed it",
            Ink::Warn,
            view,
        )?;
    }
    for (place, why) in records.unanswered.iter().enumerate() {
        line(out, if place == 0 { "not answered" } else { "" }, why, Ink::Warn, view)?;
    }
    Ok(())
}
