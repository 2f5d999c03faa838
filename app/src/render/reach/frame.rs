//! What stands around every answer: where the rules are from, what is not simulated, what was not seen.

use std::io::{self, Write};

use portreeve_model::reach::{Limit, RulesSource};
use portreeve_model::{Host, Unseen};

use crate::render::style::Ink;
use crate::render::text::{Clean, clean};
use crate::render::unseen;
use crate::render::view::View;

/// Where the rules are from, unless it is the running kernel.
pub(super) fn rules(source: &RulesSource, host: &Host, view: &View) -> Option<String> {
    match source {
        RulesSource::Live => None,
        RulesSource::Snapshot { file } => {
            Some(format!("of {}, as of {} (snapshot {file})", host.name, view.time(host.taken_at)))
        }
        RulesSource::Files { files } => Some(format!("of {}", files.join(", "))),
    }
}

/// The same as a line above an answer.
pub(super) fn head(out: &mut dyn Write, source: &RulesSource, host: &Host, view: &View) -> io::Result<()> {
    let Some(rules) = rules(source, host, view) else { return Ok(()) };
    unseen::hanging(out, ["", "  "], &format!("Rules {rules}"), view.prose_width(), |line| {
        view.palette.paint(Ink::Faint, line).to_string()
    })
}

/// What to know of an answer.
pub(super) fn notes(out: &mut dyn Write, notes: &[String], view: &View) -> io::Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    title(out, "Notes", view)?;
    notes.iter().try_for_each(|note| {
        unseen::hanging(out, ["  ", "    "], note, view.prose_width(), ToOwned::to_owned)
    })
}

/// Why an answer is not complete, where it is not.
pub(super) fn too_complex(out: &mut dyn Write, why: Option<&str>, view: &View) -> io::Result<()> {
    let Some(why) = why else { return Ok(()) };
    title(out, "Not complete", view)?;
    unseen::hanging(out, ["  ", "  "], why, view.prose_width(), |line| {
        view.palette.paint(Ink::Warn, line).to_string()
    })
}

/// Limits, and what was not seen.
pub(super) fn end(out: &mut dyn Write, limits: &[Limit], unseen: &[Unseen], view: &View) -> io::Result<()> {
    if !limits.is_empty() {
        title(out, "Limits", view)?;
        for limit in limits {
            unseen::hanging(out, ["  ", "    "], &limit.text, view.prose_width(), |line| {
                view.palette.paint(Ink::Warn, line).to_string()
            })?;
        }
    }
    if unseen.iter().any(Unseen::is_incomplete) {
        title(out, "Not seen", view)?;
        unseen::list(out, "", unseen, view.prose_width(), view.palette)?;
    }
    Ok(())
}

/// A heading, parted from what is above by an empty line.
pub(super) fn title(out: &mut dyn Write, text: &str, view: &View) -> io::Result<()> {
    writeln!(out, "\n{}", view.palette.paint(Ink::Heading, Clean(text)))
}

/// `  label     text`, wrapped.
pub(super) fn labelled(out: &mut dyn Write, label: &str, text: &str, view: &View) -> io::Result<()> {
    let first = format!("  {label:<10}");
    unseen::hanging(out, [&first, "            "], text, view.prose_width(), ToOwned::to_owned)
}

/// The same for facts of a thing whose name stands above: `    label     text`, the label faint.
pub(super) fn fact(out: &mut dyn Write, label: &str, text: &str, ink: Ink, view: &View) -> io::Result<()> {
    let text = clean(text);
    let room = view.prose_width().saturating_sub(LEFT).max(20);
    for (number, line) in crate::render::text::wrap(&text, room).iter().enumerate() {
        let label = if number == 0 { label } else { "" };
        let pad = " ".repeat(LEFT.saturating_sub(4 + label.len()));
        writeln!(out, "    {}{pad}{}", view.palette.paint(Ink::Faint, label), view.palette.paint(ink, line))?;
    }
    Ok(())
}

/// Columns of the labels of facts.
pub(super) const LEFT: usize = 18;
