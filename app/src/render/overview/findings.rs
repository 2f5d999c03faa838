//! Findings, each with why it matters, what was seen, what to do, and how to see it with other tools.

use std::io::{self, Write};

use portreeve_model::Finding;

use crate::render::style::Ink;
use crate::render::text::{Clean, clean, wrap};
use crate::render::view::View;

/// Columns of the words at the left: the longest severity and two blanks.
const LEFT: usize = 10;

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
    each(out, "  seen", &finding.evidence, view)?;
    each(out, "  fix", &finding.fix, view)?;
    match &finding.reproduce {
        // A command stays in one piece, to be copied.
        Some(command) => command_line(out, "  check", command, view),
        None => Ok(()),
    }
}

fn each(out: &mut dyn Write, label: &str, items: &[String], view: &View) -> io::Result<()> {
    items.iter().enumerate().try_for_each(|(place, item)| {
        let label = if place == 0 { label } else { "" };
        labelled(out, (label, Ink::Faint), item, Ink::Normal, view)
    })
}

fn labelled(
    out: &mut dyn Write,
    (label, label_ink): (&str, Ink),
    text: &str,
    ink: Ink,
    view: &View,
) -> io::Result<()> {
    let text = clean(text);
    let room = view.prose_width().saturating_sub(LEFT).max(20);
    for (number, line) in wrap(&text, room).iter().enumerate() {
        let label = if number == 0 { label } else { "" };
        let pad = " ".repeat(LEFT.saturating_sub(label.len()));
        writeln!(out, "{}{pad}{}", view.palette.paint(label_ink, label), view.palette.paint(ink, line))?;
    }
    Ok(())
}

fn command_line(out: &mut dyn Write, label: &str, command: &str, view: &View) -> io::Result<()> {
    let pad = " ".repeat(LEFT.saturating_sub(label.len()));
    writeln!(out, "{}{pad}{}", view.palette.paint(Ink::Faint, label), Clean(command))
}
