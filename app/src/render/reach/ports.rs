//! Who can reach each port: one line a port, or the whole answer where one port is asked about.

use std::fmt::Write as _;
use std::io::{self, Write};

use portreeve_model::document::{ListenersKnown, ReachPorts};
use portreeve_model::exposure::zone::INTERNET;
use portreeve_model::exposure::{Door, DoorKind, Exposure};
use portreeve_model::reach::Verdict;

use super::{Replay, frame, port, probe};
use crate::render::exposure::{Side, Summary, asked, is_undecided, parts_asked, summaries};
use crate::render::labels::counted;
use crate::render::style::Ink;
use crate::render::table::{Column, Fit, Heading, Table};
use crate::render::unseen::hanging;
use crate::render::view::View;

/// Prints the table, or everything about the port that was asked about.
pub fn print(
    out: &mut dyn Write,
    document: &ReachPorts,
    side: Side,
    replay: &Replay,
    view: &View,
) -> io::Result<()> {
    frame::head(out, &document.source, &document.host, view)?;
    if document.exposures.is_empty() {
        nothing(out, document, view)?;
    } else if document.asked.port.is_some() {
        port::print(out, document, side, replay, view)?;
    } else {
        table(out, document, side, view)?;
    }
    notes(out, document, view)?;
    if let Some(probe) = &document.probe {
        probe::print(out, probe, view)?;
    }
    if let Some(why) = &document.too_complex {
        let why = format!("there may be more translated ports: {why}");
        frame::too_complex(out, Some(&why), view)?;
    }
    frame::end(out, &document.limits, &document.unseen, view)
}

fn table(out: &mut dyn Write, document: &ReachPorts, side: Side, view: &View) -> io::Result<()> {
    let from = document.asked.from.as_deref();
    let shown: Vec<&Exposure> =
        document.exposures.iter().filter(|exposure| from.is_none() || is_of(exposure, side)).collect();
    sum(out, document, &shown, side, view)?;
    if shown.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(vec![
        Column::new("PORT").gap(0),
        Column::new("HOLDER").fit(Fit::Wrap(12)).rank(1),
        Column::new(heading(from, side)).fit(Fit::Wrap(16)).rank(2),
        Column::new("DECIDED BY").fit(Fit::Wrap(24)).rank(3),
    ]);
    for exposure in shown {
        let lines = if from.is_some() { asked(exposure, side) } else { summaries(exposure, side) };
        rows(&mut table, &exposure.door, &lines);
    }
    writeln!(out)?;
    table.print(out, view.width, view.palette, Heading::Shown)
}

fn rows(table: &mut Table, door: &Door, lines: &[Summary]) {
    for (number, line) in lines.iter().enumerate() {
        if number == 0 {
            table.inked(Ink::Name, port_of(door));
            table.cell(holder(door));
        } else {
            table.cell("");
            table.cell("");
        }
        let version = line.version.map_or_else(String::new, |version| format!("{}: ", version.name()));
        table.inked(line.ink, format_args!("{version}{}", line.from));
        table.cell(&line.decided_by);
    }
}

fn heading(from: Option<&str>, side: Side) -> &'static str {
    match (from, side) {
        (None, Side::Open) => "REACHABLE FROM",
        (None, Side::Blocked) => "KEPT OUT",
        (Some(_), _) => "REACHED",
    }
}

/// Whether the sources that were asked about are on this side of it, with at least some of their packets.
fn is_of(exposure: &Exposure, side: Side) -> bool {
    let parts = || exposure.families.iter().flat_map(parts_asked);
    let doubtful = exposure.families.iter().any(|family| family.too_complex.is_some());
    let reached = doubtful || parts().any(|part| part.verdict != Verdict::Deny);
    reached == (side == Side::Open)
}

/// `8 ports: 3 reachable from the internet, 1 undecided`.
fn sum(
    out: &mut dyn Write,
    document: &ReachPorts,
    shown: &[&Exposure],
    side: Side,
    view: &View,
) -> io::Result<()> {
    let all = document.exposures.len();
    let at = document.asked.to.map_or_else(String::new, |address| format!(" at {address}"));
    let mut text = match (&document.asked.from, side) {
        (Some(from), Side::Open) => {
            format!("{from} can reach {} of {}{at}", shown.len(), counted(all, "port"))
        }
        (Some(from), Side::Blocked) => {
            format!("{from} cannot reach {} of {}{at}", shown.len(), counted(all, "port"))
        }
        (None, _) => {
            let open = document.exposures.iter().filter(|exposure| is_open_to(exposure, INTERNET)).count();
            format!("{}{at}, {open} reachable from the internet", counted(all, "port"))
        }
    };
    let undecided = document.exposures.iter().filter(|exposure| is_undecided(exposure)).count();
    if undecided > 0 {
        let _ = write!(text, "; {undecided} undecided");
    }
    if document.asked.from.is_some() && shown.len() < all && side == Side::Open {
        let _ = write!(text, "; --blocked shows the rest");
    }
    hanging(out, ["", "  "], &text, view.prose_width(), |line| {
        view.palette.paint(Ink::Heading, line).to_string()
    })
}

fn is_open_to(exposure: &Exposure, zone: &str) -> bool {
    exposure.families.iter().any(|family| family.coverage(zone).is_open())
}

fn nothing(out: &mut dyn Write, document: &ReachPorts, view: &View) -> io::Result<()> {
    let at = document.asked.to.map_or_else(String::new, |address| format!(" at {address}"));
    let text = match (document.asked.port, document.listeners) {
        (Some(port), ListenersKnown::Seen) => {
            let hint = format!(
                "portreeve who {port} looks closer; portreeve reach assert 'internet cannot reach tcp/{port}' asks the rules"
            );
            format!("Nothing listens on port {port}{at}, and no rule translates it. {hint}.")
        }
        (Some(port), ListenersKnown::Unknown) => format!("No rule translates port {port}{at}."),
        (None, ListenersKnown::Seen) => format!("Nothing listens{at}, and no rule translates a port."),
        (None, ListenersKnown::Unknown) => format!("No rule translates a port{at}."),
    };
    hanging(out, ["", ""], &text, view.prose_width(), ToOwned::to_owned)
}

fn notes(out: &mut dyn Write, document: &ReachPorts, view: &View) -> io::Result<()> {
    if document.listeners == ListenersKnown::Unknown {
        let text = match document.asked.port {
            Some(_) => {
                "Nobody knows who listens on this host: the answer is for something that listens on all of its addresses."
            }
            None => {
                "Nobody knows who listens on this host: these are the ports that rules translate. Ask about any other by its number."
            }
        };
        writeln!(out)?;
        hanging(out, ["", ""], text, view.prose_width(), |line| {
            view.palette.paint(Ink::Faint, line).to_string()
        })?;
    }
    Ok(())
}

/// `443/tcp`, `8000-8010/udp`.
pub(super) fn port_of(door: &Door) -> String {
    let end = door.port_end.filter(|end| *end != door.port).map_or_else(String::new, |end| format!("-{end}"));
    format!("{}{end}/{}", door.port, door.protocol.name())
}

/// Who holds it, or where it leads.
pub(super) fn holder(door: &Door) -> String {
    let holder = door.holder.as_deref();
    match &door.kind {
        DoorKind::Listener => holder.unwrap_or("not known").to_owned(),
        DoorKind::Translated { to } => {
            holder.map_or_else(|| format!("→ {to}"), |holder| format!("→ {holder} {to}"))
        }
        DoorKind::Behind => holder.unwrap_or("behind this host").to_owned(),
    }
}
