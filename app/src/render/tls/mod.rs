//! What an audit of TLS says: of one server a report, of many a line each; certificates of files; handshakes byte by byte.

mod certificates;
mod explain;
mod features;
mod files;
mod head;
mod lines;
mod negotiation;
mod rest;
mod suites;
mod summary;
mod weaknesses;

use std::io::{self, Write};

use portreeve_model::tls::Audit;

use super::findings;
use super::style::Ink;
use super::view::View;

pub use files::print as files;
pub use summary::Summary;

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// What there is, and what is wrong.
    #[default]
    Brief,
    /// What was found of every feature and check, too, with its bytes.
    Full,
}

/// Prints the report of one server.
pub fn report(out: &mut dyn Write, audit: &Audit, detail: Detail, view: &View) -> io::Result<()> {
    head::print(out, audit, view)?;
    if !audit.is_reached() {
        return rest::inconclusive(out, audit, Detail::Full, view);
    }
    findings::print(out, &audit.findings, view)?;
    let is_drawn = audit.handshakes.iter().any(|handshake| !handshake.steps.is_empty());
    if detail == Detail::Brief && is_drawn {
        // Whoever asks for a handshake wants to see it, and has seen the rest or asks for it.
        return handshakes(out, audit, view);
    }
    suites::print(out, &audit.negotiation, view)?;
    negotiation::print(out, &audit.negotiation, view)?;
    certificates::print(out, audit, view)?;
    features::print(out, &audit.features, detail, view)?;
    weaknesses::print(out, audit, detail, view)?;
    rest::http(out, audit, view)?;
    rest::fingerprints(out, &audit.fingerprints, view)?;
    rest::inconclusive(out, audit, detail, view)?;
    handshakes(out, audit, view)
}

fn handshakes(out: &mut dyn Write, audit: &Audit, view: &View) -> io::Result<()> {
    audit.handshakes.iter().try_for_each(|handshake| explain::print(out, handshake, view))
}

/// Parts two reports.
pub fn parting(out: &mut dyn Write, view: &View) -> io::Result<()> {
    let rule = view.marks.link().repeat(view.prose_width());
    writeln!(out, "\n{}\n", view.palette.paint(Ink::Faint, rule))
}

/// A heading, parted from what is above by an empty line.
fn title(out: &mut dyn Write, text: &str, view: &View) -> io::Result<()> {
    writeln!(out, "\n{}", view.palette.paint(Ink::Heading, text))
}
