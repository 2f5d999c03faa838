//! What was tried: one line a stage, with its time.

use std::io::{self, Write};

use portreeve_model::why::{Attempt, Stage};

use super::title;
use crate::render::style::Ink;
use crate::render::text::{Clean, clean, columns, wrap};
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

/// Columns in front of the outcome: indent, mark, name, time.
const LEFT: usize = 4 + 2 + 9 + 8 + 2;

fn stage_line(out: &mut dyn Write, stage: &Stage, view: &View) -> io::Result<()> {
    let (mark, ink) = if stage.ok { (view.marks.good(), Ink::Good) } else { (view.marks.bad(), Ink::Bad) };
    let name = clean(&stage.stage);
    let gap = 9_usize.saturating_sub(columns(&name));
    let took = format!("{} ms", stage.took_ms);
    let room = view.prose_width().saturating_sub(LEFT).max(20);
    let outcome = Clean(&stage.outcome).to_string();
    for (number, line) in wrap(&outcome, room).iter().enumerate() {
        if number == 0 {
            write!(out, "    {} {name}{:gap$}{took:>8}  ", view.palette.paint(ink, mark), "")?;
        } else {
            write!(out, "{:LEFT$}", "")?;
        }
        writeln!(out, "{line}")?;
    }
    Ok(())
}
