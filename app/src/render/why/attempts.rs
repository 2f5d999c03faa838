//! What was tried: one line a stage, with its time.

use std::io::{self, Write};

use portreeve_model::why::{Attempt, Stage};

use super::title;
use crate::render::style::Ink;
use crate::render::text::{clean, columns, shorten, wrap};
use crate::render::unseen::hanging;
use crate::render::view::View;

/// With more attempts than these, those that went well are only named.
const FEW: usize = 3;

/// Prints the attempts.
pub(super) fn print(out: &mut dyn Write, attempts: &[Attempt], view: &View) -> io::Result<()> {
    if attempts.is_empty() {
        return Ok(());
    }
    title(out, "Tried", view)?;
    let well = |attempt: &Attempt| attempt.stages.iter().all(|stage| stage.ok);
    let many = attempts.len() > FEW;
    let (brief, full): (Vec<&Attempt>, Vec<&Attempt>) =
        attempts.iter().partition(|attempt| many && well(attempt));
    full.iter().try_for_each(|attempt| one(out, attempt, view))?;
    if brief.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = brief.iter().map(|attempt| attempt.endpoint.to_string()).collect();
    let text = format!("as it should be: {}", names.join(", "));
    hanging(out, ["  ", "    "], &text, view.prose_width(), ToOwned::to_owned)
}

fn one(out: &mut dyn Write, attempt: &Attempt, view: &View) -> io::Result<()> {
    writeln!(out, "  {}", view.palette.paint(Ink::Name, attempt.endpoint))?;
    attempt.stages.iter().try_for_each(|stage| stage_line(out, stage, view))
}

/// Columns of the longest stage and a blank.
const NAME: usize = 11;
/// Columns of the time.
const TIME: usize = 8;
/// Columns in front of the outcome: indent, mark, name, time.
const LEFT: usize = 4 + 2 + NAME + TIME + 2;

fn stage_line(out: &mut dyn Write, stage: &Stage, view: &View) -> io::Result<()> {
    let (mark, ink) = if stage.ok { (view.marks.good(), Ink::Good) } else { (view.marks.bad(), Ink::Bad) };
    let name = clean(&stage.stage);
    let name = shorten(&name, NAME - 1);
    let gap = NAME - columns(&name);
    // The whole takes seconds; what is longer is not a time that was measured.
    let took = format!("{} ms", stage.took_ms.min(99_999));
    let room = view.prose_width().saturating_sub(LEFT).max(10);
    let outcome = clean(&stage.outcome);
    for (number, line) in wrap(&outcome, room).iter().enumerate() {
        if number == 0 {
            write!(out, "    {} {name}{:gap$}{took:>TIME$}  ", view.palette.paint(ink, mark), "")?;
        } else {
            write!(out, "{:LEFT$}", "")?;
        }
        writeln!(out, "{line}")?;
    }
    Ok(())
}
