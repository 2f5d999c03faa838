//! What is wrong: the cause with everything about it, and what else is wrong in short.

use std::io::{self, Write};

use portreeve_model::document::Why;
use portreeve_model::why::{Fault, Impact, Nature};

use super::title;
use crate::render::labelled::{command, each, labelled};
use crate::render::style::Ink;
use crate::render::view::View;

/// Prints the cause.
pub(super) fn primary(out: &mut dyn Write, fault: &Fault, document: &Why, view: &View) -> io::Result<()> {
    named(out, fault, "; a symptom: what causes it was not seen from here", document, view)?;
    each(out, "  seen", fault.evidence.iter().map(|evidence| evidence.text.as_str()), view)?;
    each(out, "  fix", fault.fix.iter().map(String::as_str), view)?;
    let mut told: Vec<&str> = Vec::new();
    for reproduce in fault.evidence.iter().filter_map(|evidence| evidence.reproduce.as_deref()) {
        // One command often shows several facts.
        if !told.contains(&reproduce) {
            told.push(reproduce);
            command(out, "  check", reproduce, view)?;
        }
    }
    Ok(())
}

/// Prints the other faults: what is wrong, one fact, the best fix.
pub(super) fn contributing(
    out: &mut dyn Write,
    faults: &[Fault],
    document: &Why,
    view: &View,
) -> io::Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    let known = document.primary.as_ref().is_some_and(|primary| primary.nature == Nature::Cause);
    let symptom = if known { "; it may be a consequence" } else { "; a symptom" };
    title(out, &format!("Also wrong ({})", faults.len()), view)?;
    for (place, fault) in faults.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        named(out, fault, symptom, document, view)?;
        each(out, "  seen", fault.evidence.first().map(|evidence| evidence.text.as_str()), view)?;
        each(out, "  fix", fault.fix.first().map(String::as_str), view)?;
    }
    Ok(())
}

fn named(out: &mut dyn Write, fault: &Fault, symptom: &str, document: &Why, view: &View) -> io::Result<()> {
    labelled(out, (fault.severity.name(), Ink::of(fault.severity)), &fault.statement, Ink::Heading, view)?;
    let id = format!("{}/{}: {}", fault.layer, fault.code, weight(fault, symptom, document));
    labelled(out, ("", Ink::Faint), &id, Ink::Faint, view)
}

/// Whom it keeps out, where, and how sure it is that this is the thing itself.
fn weight(fault: &Fault, symptom: &str, document: &Why) -> String {
    let whom = match fault.impact {
        Impact::All => "keeps everybody out",
        Impact::Some => "keeps some out",
    };
    let concerned = |address| fault.endpoints.contains(address);
    let all = document.endpoints.iter().all(|endpoint| concerned(&endpoint.address));
    let place = match fault.endpoints.as_slice() {
        [] => String::new(),
        _ if all => String::new(),
        [one] => format!(", at {one}"),
        [one, rest @ ..] => format!(", at {one} and {} more", rest.len()),
    };
    let nature = match fault.nature {
        Nature::Cause => "",
        Nature::Symptom => symptom,
    };
    format!("{whom}{place}{nature}")
}
