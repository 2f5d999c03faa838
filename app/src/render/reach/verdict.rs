//! The first sentence: all that many readers need.

use std::io::{self, Write};

use portreeve_model::reach::{Answer, End, Verdict};
use portreeve_model::text::clean;

use crate::render::style::Ink;
use crate::render::text::wrap;
use crate::render::view::View;

/// Prints the verdict and what decided.
pub(super) fn print(out: &mut dyn Write, answer: &Answer, view: &View) -> io::Result<()> {
    let (ink, word) = match answer.verdict {
        Verdict::Allow => (Ink::Good, "Allow".to_owned()),
        Verdict::Deny => (Ink::Bad, format!("Deny ({})", kinds(answer))),
        Verdict::Unknown => (Ink::Warn, "Unknown".to_owned()),
    };
    let sentence = format!("{word}: {}.", answer.statement);
    let sentence = clean(&sentence);
    for (number, line) in wrap(&sentence, view.prose_width()).iter().enumerate() {
        match line.strip_prefix(&*word).filter(|_| number == 0) {
            Some(rest) => writeln!(out, "{}{rest}", view.palette.paint(ink, &word))?,
            None => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}

/// `drop`, `reject tcp reset`, `no-route`: how the packet is denied, each way of it once.
fn kinds(answer: &Answer) -> String {
    let mut kinds: Vec<String> = Vec::new();
    for outcome in &answer.outcomes {
        let kind = match &outcome.end {
            End::Dropped { .. } => "drop".to_owned(),
            End::Rejected { with, .. } => format!("reject, {with}"),
            End::Discarded { code, .. } => code.clone(),
            End::Delivered | End::Sent { .. } | End::Taken { .. } => continue,
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds.join(" or ")
}
