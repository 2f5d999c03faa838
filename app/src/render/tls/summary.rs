//! Many servers: a line each, and the sum.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use portreeve_model::Severity;
use portreeve_model::tls::{Audit, Outcome, Support, Verdict};

use super::certificates::{leaf, urgency};
use super::head::{name, unreached};
use crate::render::labels::counted;
use crate::render::style::Ink;
use crate::render::table::{Column, Fit, Heading, Table};
use crate::render::text::clean;
use crate::render::unseen::hanging;
use crate::render::view::View;

/// What is kept of audits: a line each.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    rows: Vec<Row>,
    /// Addresses of networks that were not reached, by the reason.
    silent: BTreeMap<&'static str, u64>,
    sums: Sums,
}

#[derive(Clone, Debug, Default)]
struct Sums {
    reached: usize,
    missed: usize,
    clean: usize,
    incomplete: usize,
    findings: BTreeMap<Severity, usize>,
}

#[derive(Clone, Debug)]
struct Row {
    place: u64,
    host: String,
    versions: Vec<(Ink, String)>,
    certificate: (Ink, String),
    worst: Option<Severity>,
    counts: String,
    /// The worst finding, or why there is none.
    said: (Ink, String),
    incomplete: bool,
}

impl Summary {
    /// Adds one; of a network, addresses that do not answer are counted.
    pub fn add(&mut self, place: u64, audit: &Audit, of_network: bool) {
        if audit.is_reached() {
            self.sums.reached += 1;
            self.sums.clean += usize::from(!audit.has_findings());
            self.sums.incomplete += usize::from(audit.is_incomplete());
            for finding in &audit.findings {
                *self.sums.findings.entry(finding.severity).or_default() += 1;
            }
        } else if let (true, Outcome::Unreachable { reason, .. }) = (of_network, &audit.outcome) {
            *self.silent.entry(unreached(*reason)).or_default() += 1;
            return;
        } else {
            self.sums.missed += 1;
        }
        self.rows.push(Row::of(place, audit));
    }

    /// Prints the lines, in the order in which the targets were given, and the sum.
    pub fn print(mut self, out: &mut dyn Write, took: Duration, view: &View) -> io::Result<()> {
        self.rows.sort_by_key(|row| row.place);
        let mut table = Table::new(vec![
            Column::new(" ").gap(0),
            Column::new("HOST").gap(1).fit(Fit::Shorten(9)).rank(1),
            Column::new("TLS").fit(Fit::Wrap(7)),
            Column::new("CERTIFICATE").fit(Fit::Shorten(6)),
            Column::new("FINDINGS").fit(Fit::Wrap(8)).rank(2),
        ]);
        for row in &self.rows {
            row.print(&mut table, view);
        }
        if table.rows() > 0 {
            table.print(out, view.width, view.palette, Heading::Shown)?;
            writeln!(out)?;
        }
        self.sum(out, took, view)
    }

    fn sum(&self, out: &mut dyn Write, took: Duration, view: &View) -> io::Result<()> {
        let mut parts = vec![format!(
            "{} audited in {}.{} s",
            counted(self.sums.reached, "server"),
            took.as_secs(),
            took.subsec_millis() / 100
        )];
        if self.sums.missed > 0 {
            parts.push(format!("{} not reached", self.sums.missed));
        }
        let silent: u64 = self.silent.values().sum();
        if silent > 0 {
            let reasons: Vec<String> =
                self.silent.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
            let addresses = if silent == 1 { "address" } else { "addresses" };
            parts.push(format!("{silent} {addresses} of networks without a server ({})", reasons.join(", ")));
        }
        if self.sums.reached > 0 {
            let findings: Vec<String> = self
                .sums
                .findings
                .iter()
                .rev()
                .map(|(severity, count)| format!("{count} {severity}"))
                .collect();
            parts.push(if findings.is_empty() { "no findings".to_owned() } else { findings.join(", ") });
            if self.sums.clean > 0 && !findings.is_empty() {
                parts.push(format!("{} with nothing to mend", self.sums.clean));
            }
        }
        if self.sums.incomplete > 0 {
            parts.push(format!("{} incomplete", self.sums.incomplete));
        }
        let text = parts.join("; ");
        hanging(out, ["", "  "], &text, view.prose_width(), |line| {
            view.palette.paint(Ink::Heading, line).to_string()
        })?;
        if self.rows.is_empty() {
            return Ok(());
        }
        let hint = "--details prints a report of each";
        writeln!(out, "{}", view.palette.paint(Ink::Faint, hint))
    }
}

impl Row {
    fn of(place: u64, audit: &Audit) -> Self {
        let worst = audit.findings.iter().map(|finding| finding.severity).max();
        let counts: Vec<String> = super::head::severities(audit)
            .into_iter()
            .map(|(severity, count)| format!("{count} {severity}"))
            .collect();
        Self {
            place,
            host: clean(&name(audit)).into_owned(),
            versions: versions(audit),
            certificate: certificate(audit),
            worst,
            counts: counts.join(", "),
            said: said(audit),
            incomplete: audit.is_incomplete(),
        }
    }

    fn print(&self, table: &mut Table, view: &View) {
        match self.worst {
            Some(severity) if severity > Severity::Info => table.inked(Ink::of(severity), view.marks.bad()),
            _ if !self.counts.is_empty() || self.versions.is_empty() && self.said.1.is_empty() => {
                table.inked(Ink::Good, view.marks.good());
            }
            _ if self.incomplete => table.inked(Ink::Warn, view.marks.unknown()),
            _ if self.versions.is_empty() => table.inked(Ink::Bad, view.marks.bad()),
            _ => table.inked(Ink::Good, view.marks.good()),
        }
        table.inked(Ink::Name, &self.host);
        let old = self.versions.iter().any(|(ink, _)| *ink == Ink::Bad);
        let words: Vec<&str> = self.versions.iter().map(|(_, word)| word.as_str()).collect();
        table.inked(if old { Ink::Warn } else { Ink::Normal }, words.join(" "));
        table.inked(self.certificate.0, &self.certificate.1);
        match self.worst {
            Some(severity) => table.inked(Ink::of(severity), &self.counts),
            None if self.incomplete => table.inked(Ink::Warn, "incomplete"),
            None if self.versions.is_empty() => table.inked(self.said.0, &self.said.1),
            None => table.inked(Ink::Good, "none"),
        }
        if self.worst.is_some_and(|severity| severity > Severity::Info) || self.incomplete {
            table.note(self.said.0, self.said.1.clone());
        }
    }
}

/// The versions that are spoken, oldest first, in short.
fn versions(audit: &Audit) -> Vec<(Ink, String)> {
    audit
        .negotiation
        .protocols
        .iter()
        .filter(|protocol| protocol.support == Support::Yes)
        .map(|protocol| {
            let ink = if protocol.number < 0x0303 { Ink::Bad } else { Ink::Normal };
            let word = protocol.version.trim_start_matches("TLS ").replace("SSL ", "SSL");
            (ink, word)
        })
        .collect()
}

fn certificate(audit: &Audit) -> (Ink, String) {
    let validity = audit.certificates.first().and_then(leaf).and_then(|leaf| leaf.validity.as_ref());
    match validity {
        Some(validity) if validity.remaining_percent == 0 => (Ink::Bad, "expired".to_owned()),
        Some(validity) => {
            (urgency(validity), format!("{} d, {} %", validity.remaining_days, validity.remaining_percent))
        }
        None => (Ink::Faint, String::new()),
    }
}

/// What is most worth saying of it.
fn said(audit: &Audit) -> (Ink, String) {
    match &audit.outcome {
        Outcome::Unreachable { reason, .. } => return (Ink::Warn, unreached(*reason).to_owned()),
        Outcome::NotTls { speaks } if speaks.is_empty() => return (Ink::Warn, "no TLS".to_owned()),
        Outcome::NotTls { speaks } => return (Ink::Warn, format!("no TLS: {speaks}")),
        Outcome::Partial { .. } | Outcome::Audited => {}
    }
    if let Some(finding) = audit.findings.first().filter(|finding| finding.severity > Severity::Info) {
        return (Ink::Faint, finding.title.clone());
    }
    if let Outcome::Partial { reason } = &audit.outcome {
        return (Ink::Warn, format!("not audited to the end: {reason}"));
    }
    if audit.is_incomplete() {
        return (Ink::Warn, missing(audit));
    }
    (Ink::Normal, String::new())
}

/// What matters most of what is not known.
fn missing(audit: &Audit) -> String {
    let protocols = || audit.negotiation.protocols.iter();
    if let Some(one) = protocols().find(|one| one.support == Support::Inconclusive) {
        return format!("{}: {}", one.version, one.statement);
    }
    if let Some((one, why)) = protocols().find_map(|one| Some((one, one.incomplete.as_ref()?))) {
        return format!("not all suites of {} are known: {why}", one.version);
    }
    let attack = audit
        .weaknesses
        .iter()
        .find(|one| one.verdict == Verdict::Inconclusive && one.severity > Severity::Low);
    attack.map_or("no certificate was seen".to_owned(), |one| format!("{}: {}", one.title, one.statement))
}
