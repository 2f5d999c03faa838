//! Rules that do nothing: each with what makes it so, a packet that shows it, and the remedy.

use std::io::{self, Write};

use portreeve_model::document::ReachIdle;
use portreeve_model::rules::{IdleRule, Idleness};

use super::Replay;
use super::frame::{self, fact};
use crate::engine::IdleKind;
use crate::render::exposure::{causes, decider, place, shortened, whose};
use crate::render::labels::counted;
use crate::render::style::Ink;
use crate::render::text::Clean;
use crate::render::unseen::hanging;
use crate::render::view::View;

/// More rules that are undecided for the same reason are counted.
const MOST_ALIKE: usize = 8;

/// Prints the rules of which it is certain, then the others.
pub fn print(
    out: &mut dyn Write,
    document: &ReachIdle,
    kind: IdleKind,
    replay: &Replay,
    view: &View,
) -> io::Result<()> {
    frame::head(out, &document.source, &document.host, view)?;
    let of = |idle: Idleness| document.rules.iter().filter(move |rule| rule.idle == idle);
    let (certain, undecided) = (of(Idleness::Idle).count(), of(Idleness::Undecided).count());
    let ink = if certain > 0 { Ink::Warn } else { Ink::Good };
    let text = format!("{} of {} {}.", certain, counted_rules(document.examined), phrase(kind));
    hanging(out, ["", "  "], &text, view.prose_width(), |line| view.palette.paint(ink, line).to_string())?;
    for rule in of(Idleness::Idle) {
        one(out, rule, kind, replay, view)?;
    }
    if undecided > 0 {
        frame::title(out, &format!("Undecided ({undecided})"), view)?;
        self::undecided(out, &of(Idleness::Undecided).collect::<Vec<_>>(), view)?;
    }
    frame::too_complex(out, document.too_complex.as_deref(), view)?;
    frame::notes(out, &document.notes, view)?;
    frame::end(out, &document.limits, &document.unseen, view)
}

fn counted_rules(count: u64) -> String {
    usize::try_from(count).map_or_else(|_| format!("{count} rules"), |count| counted(count, "rule"))
}

fn phrase(kind: IdleKind) -> &'static str {
    match kind {
        IdleKind::Shadowed => "can never match",
        IdleKind::Redundant => "could go: every packet would fare the same",
        IdleKind::Unused => "counted no packet so far",
    }
}

fn one(out: &mut dyn Write, rule: &IdleRule, kind: IdleKind, replay: &Replay, view: &View) -> io::Result<()> {
    name(out, rule, view)?;
    let mut say = |label: &str, text: &str| fact(out, label, text, Ink::Normal, view);
    say("rule", &shortened(&rule.rule.text))?;
    say("why", &rule.statement)?;
    let label = match kind {
        IdleKind::Shadowed => "shadowed by",
        IdleKind::Redundant => "same as",
        IdleKind::Unused => "beside",
    };
    for (number, by) in rule.by.iter().enumerate() {
        say(if number == 0 { label } else { "" }, &decider(by, None, None))?;
    }
    if rule.more_by > 0 {
        say("", &format!("and {} more", rule.more_by))?;
    }
    for (number, cause) in causes(&rule.causes).iter().enumerate() {
        say(if number == 0 { "hangs on" } else { "" }, cause)?;
    }
    if let Some(remedy) = &rule.remedy {
        say("fix", remedy)?;
    }
    match &rule.witness {
        Some(witness) => replay.print(out, witness, view),
        None => Ok(()),
    }
}

/// Rules of which it cannot be told for the same reason, together.
fn undecided(out: &mut dyn Write, rules: &[&IdleRule], view: &View) -> io::Result<()> {
    let mut by_reason: Vec<(&str, Vec<&IdleRule>)> = Vec::new();
    for rule in rules {
        match by_reason.iter_mut().find(|(reason, _)| *reason == rule.statement) {
            Some((_, alike)) => alike.push(rule),
            None => by_reason.push((&rule.statement, vec![rule])),
        }
    }
    for (reason, alike) in by_reason {
        let remedy = alike.first().and_then(|rule| rule.remedy.as_ref());
        let remedy = remedy.map_or_else(String::new, |remedy| format!("; {remedy}"));
        let text = format!("{} {reason}{remedy}", counted(alike.len(), "rule:").replace("rule:s", "rules:"));
        hanging(out, ["  ", "    "], &text, view.prose_width(), ToOwned::to_owned)?;
        for rule in alike.iter().take(MOST_ALIKE) {
            let text = format!("`{}` ({})", shortened(&rule.rule.text), place(&rule.rule));
            hanging(out, ["    ", "      "], &text, view.prose_width(), |line| {
                view.palette.paint(Ink::Faint, line).to_string()
            })?;
        }
        if let Some(more) = alike.len().checked_sub(MOST_ALIKE).filter(|more| *more > 0) {
            writeln!(out, "    and {more} more: --json lists them")?;
        }
    }
    Ok(())
}

/// `inet filter input, handle 9, of ufw`.
fn name(out: &mut dyn Write, rule: &IdleRule, view: &View) -> io::Result<()> {
    let owner = rule.rule.owner.as_deref().map_or_else(String::new, |owner| format!(", {}", whose(owner)));
    let name = format!("{}{owner}", place(&rule.rule));
    writeln!(out, "\n{}", view.palette.paint(Ink::Name, Clean(&name)))
}
