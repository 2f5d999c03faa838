//! Findings, each with why it matters, what was seen, what to do, and how to see it with other tools.

use std::io::{self, Write};

use portreeve_model::Finding;

use super::labelled::{command, each, labelled};
use super::style::Ink;
use super::view::View;

/// Prints them, or nothing where there is none.
pub(super) fn print(out: &mut dyn Write, findings: &[Finding], view: &View) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    let title = format_args!("Findings ({})", findings.len());
    writeln!(out, "\n{}", view.palette.paint(Ink::Heading, title))?;
    for (place, finding) in findings.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        one(out, finding, view)?;
    }
    Ok(())
}

fn one(out: &mut dyn Write, finding: &Finding, view: &View) -> io::Result<()> {
    let severity = (finding.severity.name(), Ink::of(finding.severity));
    labelled(out, severity, &finding.title, Ink::Heading, view)?;
    let faint = |label| (label, Ink::Faint);
    labelled(out, faint(""), &finding.id, Ink::Faint, view)?;
    labelled(out, faint("  why"), &finding.reason, Ink::Normal, view)?;
    each(out, "  seen", finding.evidence.iter().map(String::as_str), view)?;
    each(out, "  fix", finding.fix.iter().map(String::as_str), view)?;
    finding.reproduce.as_ref().map_or(Ok(()), |reproduce| command(out, "  check", reproduce, view))
}
