//! Lines with a word at their left, in the columns of a report.

use std::io::{self, Write};

use crate::render::style::Ink;
use crate::render::text::{clean, columns, shorten, wrap};
use crate::render::view::View;

/// Columns of the words at the left.
const LEFT: usize = 14;

/// Prints `text`, wrapped, beside a word.
pub(super) fn line(out: &mut dyn Write, word: &str, text: &str, ink: Ink, view: &View) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let word = clean(word);
    let word = shorten(&word, LEFT - 3);
    let text = clean(text);
    let room = view.prose_width().saturating_sub(LEFT).max(20);
    for (number, part) in wrap(&text, room).iter().enumerate() {
        let word = if number == 0 { &*word } else { "" };
        let pad = " ".repeat(LEFT.saturating_sub(2 + columns(word)));
        writeln!(out, "  {}{pad}{}", view.palette.paint(Ink::Faint, word), view.palette.paint(ink, part))?;
    }
    Ok(())
}

/// Prints pieces, each in its ink and none broken, as many on a line as fit, beside a word.
pub(super) fn pieces(
    out: &mut dyn Write,
    word: &str,
    pieces: &[(Ink, String)],
    separator: &str,
    view: &View,
) -> io::Result<()> {
    let room = view.prose_width().saturating_sub(LEFT).max(20);
    let pad = " ".repeat(LEFT.saturating_sub(2 + columns(word)));
    let mut at = 0;
    for (place, (ink, piece)) in pieces.iter().enumerate() {
        let text = clean(piece);
        let text = shorten(&text, room.saturating_sub(columns(separator)));
        let last = place + 1 == pieces.len();
        let taken = columns(&text) + if last { 0 } else { columns(separator.trim_end()) };
        if place == 0 {
            write!(out, "  {}{pad}", view.palette.paint(Ink::Faint, word))?;
        } else if at + columns(separator) - columns(separator.trim_end()) + taken > room {
            write!(out, "\n{}", " ".repeat(LEFT))?;
            at = 0;
        } else {
            let gap = columns(separator) - columns(separator.trim_end());
            write!(out, "{}", " ".repeat(gap))?;
            at += gap;
        }
        write!(out, "{}", view.palette.paint(*ink, &text))?;
        if !last {
            write!(out, "{}", separator.trim_end())?;
        }
        at += taken;
    }
    if pieces.is_empty() { Ok(()) } else { writeln!(out) }
}
