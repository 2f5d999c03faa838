//! The answer to "why does it not work?": the way through the layers, the cause with its evidence and the fix, what else there is
//! to say.

mod attempts;
mod faults;
mod head;
mod path;
mod rest;

use std::io::{self, Write};

use portreeve_model::Unseen;
use portreeve_model::document::Why;
use portreeve_model::why::Verdict;

use super::style::Ink;
use super::unseen;
use super::view::View;

/// How much is said of the layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LayerDetail {
    /// The line with a mark for each.
    #[default]
    Marks,
    /// A sentence for each, too.
    Statements,
}

/// Prints the answer.
pub fn print(out: &mut dyn Write, document: &Why, detail: LayerDetail, view: &View) -> io::Result<()> {
    head::print(out, document, view)?;
    path::print(out, &document.layers, detail, view)?;
    verdict(out, document, view)?;
    rest::notes(out, &document.layers, view)?;
    rest::unjudged(out, document, view)?;
    // What was tried is evidence; where all is well, nobody asks for it.
    if document.verdict != Verdict::Healthy || detail == LayerDetail::Statements {
        attempts::print(out, &document.attempts, view)?;
    }
    if document.unseen.iter().any(Unseen::is_incomplete) {
        title(out, "Not seen", view)?;
        unseen::list(out, "", &document.unseen, view.prose_width(), view.palette)?;
    }
    Ok(())
}

fn verdict(out: &mut dyn Write, document: &Why, view: &View) -> io::Result<()> {
    writeln!(out)?;
    let ink = match document.verdict {
        Verdict::Fault => {
            if let Some(primary) = &document.primary {
                faults::primary(out, primary, document, view)?;
            }
            return faults::contributing(out, &document.contributing, document, view);
        }
        Verdict::Healthy => Ink::Good,
        Verdict::Undetermined => Ink::Warn,
    };
    // What it is that could not be judged follows in a list of its own.
    let sentence = match document.verdict {
        Verdict::Undetermined => "Nothing wrong was found, but not everything that matters could be judged.",
        _ => &document.statement,
    };
    unseen::hanging(out, ["", "  "], sentence, view.prose_width(), |line| {
        view.palette.paint(ink, line).to_string()
    })
}

/// A heading, parted from what is above by an empty line.
fn title(out: &mut dyn Write, text: &str, view: &View) -> io::Result<()> {
    writeln!(out, "\n{}", view.palette.paint(Ink::Heading, text))
}
