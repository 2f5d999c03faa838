//! The overview: head with the counts, listeners by reach, findings, notes, and the sum of it.

mod exposed;
mod head;
mod listeners;

use std::io::{self, Write};

use portreeve_model::document::Overview;
use portreeve_model::judgement::JudgementState;
use portreeve_model::{Listener, NoHolder, Reach, Severity};

use super::findings;
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
    let notes = sentences(document);
    if notes.is_empty() && document.unseen.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", view.palette.paint(Ink::Heading, "Notes"))?;
    for note in notes {
        unseen::hanging(out, ["  ", "    "], &note, view.prose_width(), str::to_owned)?;
    }
    unseen::list(out, "not seen: ", &document.unseen, view.prose_width(), view.palette)
}

fn sentences(document: &Overview) -> Vec<String> {
    let mut notes = Vec::new();
    let several = document.firewall.len() > 1;
    for judgement in &document.firewall {
        let JudgementState::NotJudged { detail, .. } = &judgement.state else { continue };
        let place = document.namespaces.iter().find(|namespace| namespace.id == judgement.namespace);
        let place = match place {
            Some(namespace) if several => format!(" in {}", namespace.name),
            _ => String::new(),
        };
        notes.push(format!("firewall not judged{place}: reach is by bind address alone ({detail})"));
    }
    notes.extend(document.limits.iter().map(|limit| format!("not simulated: {}", limit.text)));
    let unseen_holder = |listener: &Listener| listener.owner.no_holder == Some(NoHolder::Permission);
    if document.listeners.iter().any(unseen_holder) {
        notes.push("unseen(USER): the holder could not be seen; the socket belongs to USER".to_owned());
    }
    let judged = |listener: &Listener| {
        document
            .firewall
            .iter()
            .any(|judgement| judgement.namespace == listener.namespace && judgement.is_judged())
    };
    let inside =
        document.listeners.iter().filter(|it| it.reach == Reach::ContainerInternal && !judged(it)).count();
    if inside > 0 {
        notes.push(format!(
            "{} inside other network namespaces: who reaches them there is not judged, nor are they for what is risky beyond \
             loopback",
            counted(inside, "port")
        ));
    }
    notes
}
