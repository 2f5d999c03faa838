//! The lines that are read first and last: which machine, as whom, and the counts.

use std::io::{self, Write};

use portreeve_model::document::Overview;
use portreeve_model::{Reach, Severity};

use super::exposed::{BoundReach, Exposed, Section};
use crate::render::labels::counted;
use crate::render::style::Ink;
use crate::render::text::{Clean, columns};
use crate::render::view::View;

/// Prints the head.
pub(super) fn print(out: &mut dyn Write, document: &Overview, view: &View) -> io::Result<()> {
    let host = &document.host;
    let palette = view.palette;
    let rest = [format!("Linux {}", host.kernel), view.time(host.taken_at), privilege(document).to_owned()];
    let mut at = columns(&host.name);
    write!(out, "{}", palette.paint(Ink::Heading, Clean(&host.name)))?;
    for part in rest {
        let width = columns(&part);
        if view.width.is_some_and(|limit| at + 2 + width > limit) {
            write!(out, "\n  ")?;
            at = 2 + width;
        } else {
            write!(out, "  ")?;
            at += 2 + width;
        }
        write!(out, "{}", palette.paint(Ink::Faint, Clean(&part)))?;
    }
    writeln!(out)?;
    sum(out, document, view)
}

/// What the longest sum of an ordinary machine takes.
const WIDE_SUM: usize = 130;

/// Prints the counts.
pub(super) fn sum(out: &mut dyn Write, document: &Overview, view: &View) -> io::Result<()> {
    let palette = view.palette;
    let exposed = Exposed::new(document);
    let open = document.listeners.iter().filter(|listener| !listener.ephemeral);
    let sections: Vec<Section> = open
        .map(|listener| match listener.reach {
            // Who reaches it there does not make it an opening of this machine.
            Reach::ContainerInternal => Section::Bound(BoundReach(Reach::ContainerInternal)),
            _ => exposed.section(listener),
        })
        .chain(exposed.without_listener().into_iter().map(|exposure| exposed.section_of_door(exposure)))
        .collect();
    let beyond = sections.iter().filter(|section| section.is_beyond()).count();
    let internet = sections.iter().filter(|section| exposed.is_of_internet(**section)).count();
    let ports = counted(sections.len(), "open port");
    let judged = sections.iter().any(|section| !matches!(section, Section::Bound(_) | Section::Loopback));
    let reach = if judged {
        format!("{beyond} reachable from elsewhere, {internet} from the internet")
    } else {
        format!("{beyond} beyond this machine")
    };
    write!(out, "{}", palette.paint(Ink::Heading, format_args!("{ports}, {reach}")))?;
    // On a narrow terminal the findings go on a line of their own.
    let narrow = view.width.is_some_and(|width| width < WIDE_SUM) && !document.findings.is_empty();
    write!(out, "{}", if narrow { "\n" } else { "; " })?;
    match document.findings.len() {
        0 => write!(out, "{}", palette.paint(Ink::Good, "no findings"))?,
        count => {
            write!(out, "{}", palette.paint(Ink::Heading, counted(count, "finding")))?;
            let severities = severities(document);
            for (place, (severity, count)) in severities.iter().enumerate() {
                let start = if place == 0 { ": " } else { ", " };
                write!(
                    out,
                    "{start}{}",
                    palette.paint(Ink::of(*severity), format_args!("{count} {severity}"))
                )?;
            }
        }
    }
    if super::is_incomplete(document) {
        write!(out, "; {}", palette.paint(Ink::Warn, "incomplete"))?;
    }
    writeln!(out)
}

/// How many findings of each severity, worst first.
fn severities(document: &Overview) -> Vec<(Severity, usize)> {
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info]
        .into_iter()
        .map(|severity| (severity, document.findings.iter().filter(|f| f.severity == severity).count()))
        .filter(|(_, count)| *count > 0)
        .collect()
}

fn privilege(document: &Overview) -> &'static str {
    if document.host.privileged { "as root" } else { "not as root: incomplete" }
}
