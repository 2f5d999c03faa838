//! The lines that are read first: who was audited, what it cost, what it comes to.

use std::io::{self, Write};

use portreeve_model::Severity;
use portreeve_model::tls::{Audit, Effort, Outcome, Unreached, Verdict};

use crate::render::labels::counted;
use crate::render::style::Ink;
use crate::render::text::{clean, columns, shorten};
use crate::render::unseen::hanging;
use crate::render::view::View;

/// More addresses than these are counted.
const FEW: usize = 4;

/// Prints the head.
pub(super) fn print(out: &mut dyn Write, audit: &Audit, view: &View) -> io::Result<()> {
    let width = view.width.unwrap_or(usize::MAX);
    let target = &audit.target;
    let mut parts = Vec::new();
    let endpoint = target.address.map(|address| address.to_string());
    let name = name(audit);
    if let Some(endpoint) = endpoint.filter(|endpoint| *endpoint != name) {
        parts.push(endpoint);
    }
    if let Some(asked) = target.server_name.as_deref().filter(|asked| *asked != target.host) {
        parts.push(format!("asked for {}", clean(asked)));
    }
    parts.extend(cost(&audit.effort));
    let name = shorten(&name, width);
    write!(out, "{}", view.palette.paint(Ink::Heading, &name))?;
    let mut at = columns(&name);
    for part in &parts {
        let part = shorten(part, width.saturating_sub(2));
        if at.saturating_add(2 + columns(&part)) > width {
            write!(out, "\n  ")?;
            at = 2 + columns(&part);
        } else {
            write!(out, "  ")?;
            at += 2 + columns(&part);
        }
        write!(out, "{}", view.palette.paint(Ink::Faint, &part))?;
    }
    writeln!(out)?;
    others(out, audit, view)?;
    if let Some(how) = &audit.effort.backed_off {
        faint(out, &format!("asked more slowly: {how}"), view)?;
    }
    verdict(out, audit, view)
}

/// `example.com:443`.
pub(super) fn name(audit: &Audit) -> String {
    let target = &audit.target;
    let host = clean(&target.host);
    if host.contains(':') { format!("[{host}]:{}", target.port) } else { format!("{host}:{}", target.port) }
}

fn cost(effort: &Effort) -> Vec<String> {
    let mut parts = Vec::new();
    if effort.connections > 0 {
        parts.push(counted(effort.connections as usize, "connection"));
    }
    if effort.retries > 0 {
        parts.push(format!("{} of them second tries", effort.retries));
    }
    if effort.took_ms > 0 {
        parts.push(format!("{}.{:02} s", effort.took_ms / 1000, effort.took_ms % 1000 / 10));
    }
    parts
}

fn others(out: &mut dyn Write, audit: &Audit, view: &View) -> io::Result<()> {
    let others = &audit.target.other_addresses;
    if others.is_empty() || !audit.is_reached() {
        return Ok(());
    }
    let mut names: Vec<String> = others.iter().take(FEW).map(|address| address.ip().to_string()).collect();
    if others.len() > FEW {
        names.push(format!("{} more", others.len() - FEW));
    }
    faint(out, &format!("other addresses: {} (--all-addresses audits each)", names.join(", ")), view)
}

fn faint(out: &mut dyn Write, text: &str, view: &View) -> io::Result<()> {
    hanging(out, ["  ", "    "], text, view.prose_width(), |line| {
        view.palette.paint(Ink::Faint, line).to_string()
    })
}

fn verdict(out: &mut dyn Write, audit: &Audit, view: &View) -> io::Result<()> {
    let palette = view.palette;
    let sentence = |out: &mut dyn Write, ink: Ink, text: &str| {
        hanging(out, ["", "  "], text, view.prose_width(), |line| palette.paint(ink, line).to_string())
    };
    match &audit.outcome {
        Outcome::Unreachable { reason, detail } => {
            let word = unreached(*reason);
            let text = if detail.is_empty() {
                format!("Not reached: {word}.")
            } else {
                format!("Not reached: {word} ({detail}).")
            };
            return sentence(out, Ink::Bad, &text);
        }
        Outcome::NotTls { speaks } if speaks.is_empty() => {
            return sentence(out, Ink::Bad, "It answers, and does not speak TLS.");
        }
        Outcome::NotTls { speaks } => {
            return sentence(out, Ink::Bad, &format!("It answers, and does not speak TLS: {speaks}."));
        }
        Outcome::Audited | Outcome::Partial { .. } => {}
    }
    counts(out, audit, view)?;
    if let Outcome::Partial { reason } = &audit.outcome {
        sentence(out, Ink::Warn, &format!("Not audited to the end: {reason}."))?;
    }
    Ok(())
}

/// The counts, on as many lines as they need.
fn counts(out: &mut dyn Write, audit: &Audit, view: &View) -> io::Result<()> {
    let mut parts: Vec<(&str, Ink, String)> = Vec::new();
    let severities = severities(audit);
    if severities.is_empty() {
        parts.push(("", Ink::Good, "no findings".to_owned()));
    } else {
        parts.push(("", Ink::Heading, counted(audit.findings.len(), "finding")));
        for (place, (severity, count)) in severities.into_iter().enumerate() {
            let joint = if place == 0 { ":" } else { "," };
            parts.push((joint, Ink::of(severity), format!("{count} {severity}")));
        }
    }
    let open = open_questions(audit);
    if open > 0 {
        parts.push((";", Ink::Warn, format!("{open} inconclusive")));
    }
    let width = view.width.unwrap_or(usize::MAX);
    let mut at = 0;
    for (place, (joint, ink, text)) in parts.iter().enumerate() {
        write!(out, "{joint}")?;
        // The joint of the next part stays on this line.
        if place > 0 && at + joint.len() + 2 + columns(text) > width {
            write!(out, "\n  ")?;
            at = 2;
        } else if place > 0 {
            write!(out, " ")?;
            at += joint.len() + 1;
        }
        write!(out, "{}", view.palette.paint(*ink, text))?;
        at += columns(text);
    }
    writeln!(out)
}

/// How many findings of each severity, worst first.
pub(super) fn severities(audit: &Audit) -> Vec<(Severity, usize)> {
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info]
        .into_iter()
        .map(|severity| {
            (severity, audit.findings.iter().filter(|finding| finding.severity == severity).count())
        })
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// Questions without an answer.
pub(super) fn open_questions(audit: &Audit) -> usize {
    let checks = audit.weaknesses.iter().filter(|one| one.verdict == Verdict::Inconclusive).count();
    checks + super::rest::open(audit).count()
}

/// Why nobody answered, in words.
pub(super) fn unreached(reason: Unreached) -> &'static str {
    match reason {
        Unreached::UnknownHost => "unknown host",
        Unreached::Refused => "connection refused",
        Unreached::TimedOut => "no answer",
        Unreached::NoRoute => "no route",
        Unreached::Reset => "connection reset",
        Unreached::Closed => "connection closed",
        Unreached::Failed => "failed",
    }
}
