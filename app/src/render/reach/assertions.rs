//! Assertions: proven, refuted or undecided, each with its reason and a packet.

use std::io::{self, Write};

use portreeve_model::document::ReachAssert;
use portreeve_model::rules::{Assertion, Proof};

use super::Replay;
use super::frame::{self, fact};
use crate::render::exposure::{causes, full};
use crate::render::style::Ink;
use crate::render::unseen::hanging;
use crate::render::view::View;

/// Prints every assertion in the order asked, then the count.
pub fn print(out: &mut dyn Write, document: &ReachAssert, replay: &Replay, view: &View) -> io::Result<()> {
    frame::head(out, &document.source, &document.host, view)?;
    for assertion in &document.assertions {
        one(out, assertion, replay, view)?;
    }
    if document.assertions.len() > 1 {
        writeln!(out)?;
        sum(out, document, view)?;
    }
    frame::end(out, &document.limits, &document.unseen, view)
}

fn sum(out: &mut dyn Write, document: &ReachAssert, view: &View) -> io::Result<()> {
    let count =
        |proof: Proof| document.assertions.iter().filter(|assertion| assertion.proof == proof).count();
    let text = format!(
        "{} proven, {} refuted, {} undecided.",
        count(Proof::Proven),
        count(Proof::Refuted),
        count(Proof::Undecided)
    );
    writeln!(out, "{}", view.palette.paint(Ink::Heading, text))
}

fn one(out: &mut dyn Write, assertion: &Assertion, replay: &Replay, view: &View) -> io::Result<()> {
    let (word, ink) = match assertion.proof {
        Proof::Proven => ("Proven", Ink::Good),
        Proof::Refuted => ("Refuted", Ink::Bad),
        Proof::Undecided => ("Undecided", Ink::Warn),
    };
    let place = assertion.place.as_ref().map_or_else(String::new, |place| format!(" ({place})"));
    let text = format!("{word}: {}{place}", assertion.text);
    hanging(out, ["", "  "], &text, view.prose_width(), |line| match line.strip_prefix(word) {
        Some(rest) => format!("{}{rest}", view.palette.paint(ink, word)),
        None => line.to_owned(),
    })?;
    let mut say = |label: &str, text: &str| fact(out, label, text, Ink::Normal, view);
    say("because", &assertion.statement)?;
    for (number, decision) in assertion.deciders.iter().enumerate() {
        say(if number == 0 { "decided by" } else { "" }, &full(decision))?;
    }
    for (number, cause) in causes(&assertion.causes).iter().enumerate() {
        say(if number == 0 { "hangs on" } else { "" }, cause)?;
    }
    match &assertion.witness {
        Some(witness) => replay.print(out, witness, view),
        None => Ok(()),
    }
}
