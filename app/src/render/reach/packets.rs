//! The answer to "what happens to this packet?": the verdict first, then the way hook by hook, then commands that show the same.

use std::io::{self, Write};

use portreeve_model::document::Reach;
use portreeve_model::reach::{Answer, Cause, Outcome, Step};
use portreeve_model::text::clean;

use super::frame::{self, labelled, title};
use super::{verdict, way};
use crate::render::exposure::shortened;
use crate::render::style::Ink;
use crate::render::unseen;
use crate::render::view::View;

/// More ways than these are counted, not shown: the document has all of them.
const MOST_WAYS: usize = 4;

/// Prints the answers, one after the other.
pub fn print(out: &mut dyn Write, document: &Reach, view: &View) -> io::Result<()> {
    for (number, answer) in document.answers.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        one(out, answer, document, view)?;
    }
    frame::end(out, &document.limits, &document.unseen, view)
}

fn one(out: &mut dyn Write, answer: &Answer, document: &Reach, view: &View) -> io::Result<()> {
    verdict::print(out, answer, view)?;
    labelled(out, "packet", &answer.packet, view)?;
    if let Some(inferred) = &answer.inferred {
        labelled(out, "inferred", inferred, view)?;
    }
    if let Some(rules) = frame::rules(&document.source, &document.host, view) {
        labelled(out, "rules", &rules, view)?;
    }
    causes(out, &answer.causes, view)?;
    ways(out, answer, view)?;
    if !answer.reproduce.is_empty() {
        title(out, "With standard tools", view)?;
        for command in &answer.reproduce {
            // One piece, so that it can be copied.
            writeln!(out, "  check {}", clean(command))?;
        }
    }
    Ok(())
}

fn causes(out: &mut dyn Write, causes: &[Cause], view: &View) -> io::Result<()> {
    if causes.is_empty() {
        return Ok(());
    }
    title(out, "Depends on", view)?;
    for (number, cause) in causes.iter().enumerate() {
        let rule = cause.rule.as_ref().map_or_else(String::new, |rule| {
            format!(" in `{}` ({})", shortened(&rule.text), way::place(rule))
        });
        let text = match meaning(&cause.kind) {
            "" => cause.text.clone(),
            meaning => format!("{}{rule}: {meaning}", cause.text),
        };
        let label = format!("  {}. ", number + 1);
        unseen::hanging(out, [&label, "     "], &text, view.prose_width(), |line| {
            view.palette.paint(Ink::Warn, line).to_string()
        })?;
    }
    Ok(())
}

/// What a kind of uncertainty means to the reader.
fn meaning(kind: &str) -> &str {
    match kind {
        "unspecified" => "the question leaves it open; say it to be sure",
        "changing-set" => "packets change this set",
        "not-understood" => "it was not understood",
        "socket" => "it hangs on a socket, a process or a control group",
        "connection" => "it hangs on what the kernel remembers of the connection",
        "routing" => "the routing decision is not certain",
        // Its text says it.
        "unseen" => "",
        "limit" | "hash-limit" => "it lets so many packets pass, and not the others",
        "quota" => "it hangs on how much went through before",
        "connection-count" => "it hangs on how many connections there are",
        "recent" => "it hangs on who was seen before",
        "chance" => "it hangs on chance",
        "time" => "it hangs on the time of day",
        "content" => "it hangs on what the packet carries",
        "program" => "a program decides",
        "operating-system" => "it hangs on the fingerprint of the sender",
        other => other,
    }
}

fn ways(out: &mut dyn Write, answer: &Answer, view: &View) -> io::Result<()> {
    let count = answer.outcomes.len();
    for (number, outcome) in answer.outcomes.iter().enumerate().take(MOST_WAYS) {
        if count == 1 {
            title(out, "Way", view)?;
        } else {
            title(out, &format!("Way {} of {count}", number + 1), view)?;
            for assumption in assumptions(outcome, &answer.causes) {
                unseen::hanging(out, ["  ", "    "], &assumption, view.prose_width(), |line| {
                    view.palette.paint(Ink::Warn, line).to_string()
                })?;
            }
        }
        way::print(out, outcome, view)?;
    }
    if count > MOST_WAYS {
        writeln!(out, "\nand {} more ways: --json shows all of them", count - MOST_WAYS)?;
    }
    if answer.truncated {
        writeln!(out, "\nThere are more ways than were followed.")?;
    }
    Ok(())
}

/// What this way takes for granted: where a rule matched by assumption, that it does; else that it does not.
fn assumptions(outcome: &Outcome, causes: &[Cause]) -> Vec<String> {
    let holds = |cause: u32| {
        outcome
            .steps
            .iter()
            .any(|step| matches!(step, Step::Rule { assumed: Some(assumed), .. } if *assumed == cause))
    };
    outcome
        .assumed
        .iter()
        .filter_map(|number| {
            let cause = causes.get(usize::try_from(*number).ok()?)?;
            let holds = if holds(*number) { "matches" } else { "does not match" };
            Some(format!("if {} {holds} ({})", cause.text, number + 1))
        })
        .collect()
}
