//! Everything about one port: who can reach it, part by part, with the deciding rules and a packet for each.

use std::io::{self, Write};

use portreeve_model::document::ReachPorts;
use portreeve_model::exposure::zone::THIS_HOST;
use portreeve_model::exposure::{Decision, Door, Exposure, FamilyExposure, Part};
use portreeve_model::reach::Verdict;

use super::Replay;
use super::frame::fact;
use super::ports::{holder, port_of};
use crate::render::exposure::{Side, asked, causes, full, host_or_prefix, summaries};
use crate::render::labels::counted;
use crate::render::style::Ink;
use crate::render::text::capitalised;
use crate::render::unseen::hanging;
use crate::render::view::View;

/// More parts of a family than these are counted: the document has all of them.
const MOST_PARTS: usize = 12;

pub(super) fn print(
    out: &mut dyn Write,
    document: &ReachPorts,
    side: Side,
    replay: &Replay,
    view: &View,
) -> io::Result<()> {
    for (number, exposure) in document.exposures.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        let door = &exposure.door;
        let name = format!("{}  {}, at {}", port_of(door), holder(door), addresses(door));
        hanging(out, ["", "  "], &name, view.prose_width(), |line| {
            view.palette.paint(Ink::Name, line).to_string()
        })?;
        headline(out, exposure, document, side, view)?;
        for family in exposure.families.iter().filter(|family| !family.parts.is_empty()) {
            self::family(out, family, side, replay, view)?;
        }
    }
    Ok(())
}

/// `Reachable from internet, private.`, `IPv4: kept out: internet.`
fn headline(
    out: &mut dyn Write,
    exposure: &Exposure,
    document: &ReachPorts,
    side: Side,
    view: &View,
) -> io::Result<()> {
    let from = document.asked.from.as_deref();
    let lines = if from.is_some() { asked(exposure, side) } else { summaries(exposure, side) };
    for line in lines {
        let what = match (from, side) {
            (Some(from), _) => format!("reached by {from}: {}", line.from),
            (None, Side::Open) => format!("reachable from: {}", line.from),
            (None, Side::Blocked) => format!("kept out: {}", line.from),
        };
        let text = match line.version {
            Some(version) => format!("{}: {what}", version.name()),
            None => capitalised(&what),
        };
        hanging(out, ["", "  "], &text, view.prose_width(), |text| {
            view.palette.paint(line.ink, text).to_string()
        })?;
    }
    Ok(())
}

fn family(
    out: &mut dyn Write,
    family: &FamilyExposure,
    side: Side,
    replay: &Replay,
    view: &View,
) -> io::Result<()> {
    let wanted = |part: &&Part| side == Side::Open || part.verdict != Verdict::Allow;
    let mut parts: Vec<&Part> = family.parts.iter().filter(wanted).collect();
    // Who gets in from elsewhere is what is asked first; what this host sends itself, and what it throws away by itself, last.
    parts.sort_by_key(|part| match (part.verdict, plain(part).is_some(), part.interfaces.is_empty()) {
        (Verdict::Allow, _, false) => 0,
        (Verdict::Unknown, _, false) => 1,
        (Verdict::Deny, false, false) => 2,
        (_, false, true) => 3,
        _ => 4,
    });
    writeln!(out, "\n{}", view.palette.paint(Ink::Heading, family.version.name()))?;
    if parts.is_empty() {
        writeln!(out, "  nobody is kept out")?;
    }
    for part in parts.iter().take(MOST_PARTS) {
        self::part(out, part, replay, view)?;
    }
    if let Some(more) = parts.len().checked_sub(MOST_PARTS).filter(|more| *more > 0) {
        writeln!(out, "  and {}: --json shows all of them", counted(more, "more part"))?;
    }
    if let Some(why) = &family.too_complex {
        let text = format!("the rest is too complex for an exact answer: {why}");
        hanging(out, ["  ", "    "], &text, view.prose_width(), |line| {
            view.palette.paint(Ink::Warn, line).to_string()
        })?;
    }
    Ok(())
}

fn part(out: &mut dyn Write, part: &Part, replay: &Replay, view: &View) -> io::Result<()> {
    let (word, ink) = match part.verdict {
        Verdict::Allow => ("can reach it", Ink::Warn),
        Verdict::Deny => ("cannot reach it", Ink::Good),
        Verdict::Unknown => ("perhaps, perhaps not", Ink::Warn),
    };
    let mut title = format!("{}: {word}", who(part));
    let plain = plain(part);
    if let Some(why) = &plain {
        title = format!("{title}: {why}");
    }
    hanging(out, ["  ", "    "], &title, view.prose_width(), |line| {
        view.palette.paint(ink, line).to_string()
    })?;
    if plain.is_none() {
        facts(out, part, view)?;
    }
    replay.print(out, &part.witness, view)
}

/// What the host itself throws away takes one sentence: no rule needs to be looked at.
fn plain(part: &Part) -> Option<String> {
    match (part.verdict, part.deciders.as_slice()) {
        (Verdict::Deny, [decision @ (Decision::Host { .. } | Decision::NoDoor { .. })]) => {
            Some(full(decision))
        }
        _ => None,
    }
}

fn facts(out: &mut dyn Write, part: &Part, view: &View) -> io::Result<()> {
    let mut say = |label: &str, text: &str| fact(out, label, text, Ink::Normal, view);
    if !part.interfaces.is_empty() {
        say("in by", &part.interfaces.join(", "))?;
    }
    if let Some(sources) = sources(part) {
        say("sources", &sources)?;
    }
    for condition in &part.conditions {
        say("only if", condition)?;
    }
    for (number, decision) in part.deciders.iter().enumerate() {
        say(if number == 0 { "decided by" } else { "" }, &full(decision))?;
    }
    if part.more_deciders > 0 {
        say("", &format!("and {} more: --all-prefixes lists them", part.more_deciders))?;
    }
    for (number, cause) in causes(&part.causes).iter().enumerate() {
        say(if number == 0 { "hangs on" } else { "" }, cause)?;
    }
    match part.arrives_at {
        Some(end) => say("arrives at", &end.to_string()),
        None => Ok(()),
    }
}

/// The sources in words; what this host sends has no interface that it comes in by.
fn who(part: &Part) -> String {
    if part.interfaces.is_empty() && part.label != THIS_HOST {
        return format!("{THIS_HOST}, from {}", part.label);
    }
    part.label.clone()
}

/// The sources as prefixes, where the words do not say it all already: a zone with its exceptions would be a list that nobody reads.
fn sources(part: &Part) -> Option<String> {
    let counted = part.label.contains(" more");
    let told = part.sources.iter().all(|prefix| part.label.contains(host_or_prefix(prefix)));
    if (part.more_sources > 0 && !counted) || told {
        return None;
    }
    let more = match part.more_sources {
        0 => String::new(),
        more => format!(" and {more} more: --all-prefixes lists them"),
    };
    let shown: Vec<&str> = part.sources.iter().map(|prefix| host_or_prefix(prefix)).collect();
    Some(format!("{}{more}", shown.join(", ")))
}

/// `0.0.0.0, [::]`, with the device that it is bound to.
fn addresses(door: &Door) -> String {
    let shown: Vec<String> = door
        .addresses
        .iter()
        .map(|address| if address.is_ipv6() { format!("[{address}]") } else { address.to_string() })
        .collect();
    let device = door.interface.as_ref().map_or_else(String::new, |name| format!(" on {name}"));
    let all = door.addresses.iter().all(std::net::IpAddr::is_unspecified);
    let text = if all { format!("every address ({})", shown.join(", ")) } else { shown.join(", ") };
    format!("{text}{device}")
}
