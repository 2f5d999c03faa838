//! The overview: head with the counts, listeners by reach, findings, notes, and the sum of it.

mod findings;
mod head;
mod listeners;

use std::io::{self, Write};

use portreeve_model::document::{FirewallJudgement, Overview};
use portreeve_model::{Listener, NoHolder, Reach, Severity};

use super::labels::counted;
use super::style::Ink;
use super::unseen;
use super::view::View;

/// Prints the overview.
pub fn print(out: &mut dyn Write, document: &Overview, view: &View) -> io::Result<()> {
    head::print(out, document, view)?;
    listeners::print(out, document, view)?;
    findings::print(out, &document.findings, view)?;
    notes(out, document, view)?;
    writeln!(out)?;
    head::sum(out, document, view)
}

/// Whether something needs mending: `info` is only worth knowing.
pub fn has_findings(document: &Overview) -> bool {
    document.findings.iter().any(|finding| finding.severity > Severity::Info)
}

/// Whether something could not be seen.
pub fn is_incomplete(document: &Overview) -> bool {
    document.unseen.iter().any(portreeve_model::Unseen::is_incomplete)
}

fn notes(out: &mut dyn Write, document: &Overview, view: &View) -> io::Result<()> {
    writeln!(out, "\n{}", view.palette.paint(Ink::Heading, "Notes"))?;
    match document.firewall {
        FirewallJudgement::NotJudged => {
            writeln!(out, "  firewall not judged: reach is by bind address alone")?;
        }
    }
    let unseen_holder = |listener: &Listener| listener.owner.no_holder == Some(NoHolder::Permission);
    if document.listeners.iter().any(unseen_holder) {
        writeln!(out, "  unseen(USER): the holder could not be seen; the socket belongs to USER")?;
    }
    let inside =
        document.listeners.iter().filter(|listener| listener.reach == Reach::ContainerInternal).count();
    if inside > 0 {
        let note = format!(
            "{} inside other network namespaces: who reaches them there is not judged, nor are they \
             for what is risky beyond loopback",
            counted(inside, "port")
        );
        unseen::hanging(out, ["  ", "    "], &note, view.prose_width(), str::to_owned)?;
    }
    unseen::list(out, "not seen: ", &document.unseen, view.prose_width(), view.palette)
}
