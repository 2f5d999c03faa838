//! What a change of the rules opens and closes: each flow with what decided before and what decides now, and a packet.

use std::io::{self, Write};

use portreeve_model::document::{DiffSide, ReachDiff};
use portreeve_model::exposure::Decision;
use portreeve_model::reach::Verdict;
use portreeve_model::rules::FlowChange;

use super::Replay;
use super::frame::{self, fact};
use crate::render::exposure::{causes, full, host_or_prefix, is_prefix};
use crate::render::labels::counted;
use crate::render::style::Ink;
use crate::render::unseen::hanging;
use crate::render::view::View;

/// More flows of a kind than these are counted.
const MOST: usize = 8;
/// More prefixes of a flow than these are counted.
const MOST_PREFIXES: usize = 12;

/// In which way flows changed, in the order in which they are told.
const KINDS: [(Kind, &str, Ink); 4] = [
    (Kind::Opened, "Opened", Ink::Warn),
    (Kind::Closed, "Closed", Ink::Good),
    (Kind::Uncertain, "Perhaps opened or closed", Ink::Warn),
    (Kind::Otherwise, "Arrives elsewhere, or by other rules", Ink::Normal),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Opened,
    Closed,
    Uncertain,
    Otherwise,
}

/// Prints the changes, opened first.
pub fn print(out: &mut dyn Write, document: &ReachDiff, replay: &Replay, view: &View) -> io::Result<()> {
    sides(out, document, view)?;
    let count = |kind: Kind| document.changes.iter().filter(|change| self::kind(change) == kind).count();
    let text = if document.changes.is_empty() {
        match document.too_complex {
            Some(_) => "No packet was found that fares otherwise.".to_owned(),
            None => "No packet fares otherwise.".to_owned(),
        }
    } else {
        let uncertain = match count(Kind::Uncertain) {
            0 => String::new(),
            uncertain => format!(", {uncertain} uncertain"),
        };
        format!("{} opened, {} closed{uncertain}.", count(Kind::Opened), count(Kind::Closed))
    };
    hanging(out, ["", ""], &text, view.prose_width(), |line| {
        view.palette.paint(Ink::Heading, line).to_string()
    })?;
    for (kind, heading, ink) in KINDS {
        if count(kind) > 0 {
            frame::title(out, &format!("{heading} ({})", count(kind)), view)?;
        }
        let mut changes: Vec<&FlowChange> =
            document.changes.iter().filter(|change| self::kind(change) == kind).collect();
        // Flows of whole zones first; single prefixes are most often what is left over of them.
        changes.sort_by_key(|change| is_prefix(&change.from));
        for (number, change) in changes.iter().take(MOST).enumerate() {
            if number > 0 {
                writeln!(out)?;
            }
            one(out, change, ink, replay, view)?;
        }
        if let Some(more) = changes.len().checked_sub(MOST).filter(|more| *more > 0) {
            writeln!(out, "\n  and {}: --json shows all of them", counted(more, "more flow"))?;
        }
    }
    frame::too_complex(out, document.too_complex.as_deref(), view)?;
    frame::notes(out, &document.notes, view)?;
    for side in [&document.old, &document.new] {
        frame::end(out, &side.limits, &side.unseen, view)?;
    }
    Ok(())
}

fn kind(change: &FlowChange) -> Kind {
    match (change.before, change.after) {
        (before, after) if before == after => Kind::Otherwise,
        (_, Verdict::Unknown) | (Verdict::Unknown, _) => Kind::Uncertain,
        (_, Verdict::Allow) => Kind::Opened,
        (_, Verdict::Deny) => Kind::Closed,
    }
}

fn sides(out: &mut dyn Write, document: &ReachDiff, view: &View) -> io::Result<()> {
    for (label, side) in [("old", &document.old), ("new", &document.new)] {
        let text = format!("{label}: {}", called(side, view));
        hanging(out, ["", "  "], &text, view.prose_width(), |line| {
            view.palette.paint(Ink::Faint, line).to_string()
        })?;
    }
    Ok(())
}

fn called(side: &DiffSide, view: &View) -> String {
    let rules = frame::rules(&side.source, &side.host, view);
    rules.map_or_else(|| format!("the rules of {} now", side.host.name), |rules| format!("the rules {rules}"))
}

fn one(out: &mut dyn Write, change: &FlowChange, ink: Ink, replay: &Replay, view: &View) -> io::Result<()> {
    let text = format!("{} → {}, {}, {}", change.from, target(change), change.version.name(), change.place);
    hanging(out, ["  ", "    "], &text, view.prose_width(), |line| {
        view.palette.paint(ink, line).to_string()
    })?;
    let mut say = |label: &str, text: &str| fact(out, label, text, Ink::Normal, view);
    // Where words say who, a list of what is left of the world does not say more.
    let sources = (change.more_sources == 0 || is_prefix(&change.from))
        .then(|| listed(&change.sources, change.more_sources, &change.from))
        .flatten();
    if let Some(sources) = sources {
        say("sources", &sources)?;
    }
    if let Some(destinations) = listed(&change.destinations, change.more_destinations, "") {
        say("destinations", &destinations)?;
    }
    for condition in &change.conditions {
        say("only if", condition)?;
    }
    let sides = [
        ("before", change.before, &change.decided_before, &change.arrival_before),
        ("now", change.after, &change.decided_after, &change.arrival_after),
    ];
    for (label, verdict, decisions, arrival) in sides {
        say(label, &fate(verdict, decisions, arrival.as_deref()))?;
    }
    for (number, cause) in causes(&change.causes).iter().enumerate() {
        say(if number == 0 { "hangs on" } else { "" }, cause)?;
    }
    replay.print(out, &change.witness, view)
}

/// The first prefixes, and how many more there are; nothing where `told` says the same.
fn listed(prefixes: &[String], more: u64, told: &str) -> Option<String> {
    if prefixes.iter().all(|prefix| told.contains(host_or_prefix(prefix))) {
        return None;
    }
    let shown: Vec<&str> = prefixes.iter().take(MOST_PREFIXES).map(|prefix| host_or_prefix(prefix)).collect();
    let left = u64::try_from(prefixes.len().saturating_sub(MOST_PREFIXES)).unwrap_or(u64::MAX);
    let more = match left.saturating_add(more) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("{}{more}", shown.join(", ")))
}

/// `arrives at 172.17.0.2:80, by ...`, `does not arrive: ...`.
fn fate(verdict: Verdict, decisions: &[Decision], arrival: Option<&str>) -> String {
    let word = match (verdict, arrival) {
        (Verdict::Allow, Some(place)) => format!("arrives at {place}"),
        (Verdict::Allow, None) => "arrives".to_owned(),
        (Verdict::Deny, _) => "does not arrive".to_owned(),
        (Verdict::Unknown, _) => "arrives or not".to_owned(),
    };
    let decisions: Vec<String> = decisions.iter().map(full).collect();
    if decisions.is_empty() { word } else { format!("{word}: {}", decisions.join("; ")) }
}

/// `tcp/5432`, `tcp/80, 443`, `icmp`.
fn target(change: &FlowChange) -> String {
    if change.ports.is_empty() {
        return change.protocol.clone();
    }
    format!("{}/{}", change.protocol, change.ports.join(", "))
}
