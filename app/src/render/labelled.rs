//! Text with a word at its left: what was seen, the fix, how to check. The same wherever something is said to be wrong.

use std::io::{self, Write};

use super::style::Ink;
use super::text::{Clean, clean, columns, wrap};
use super::view::View;

/// Columns of the words at the left: the longest severity and two blanks.
const LEFT: usize = 10;

/// Prints `text`, wrapped, beside `label`.
pub(super) fn labelled(
    out: &mut dyn Write,
    (label, label_ink): (&str, Ink),
    text: &str,
    ink: Ink,
    view: &View,
) -> io::Result<()> {
    let text = clean(text);
    let room = view.prose_width().saturating_sub(LEFT).max(20);
    for (number, line) in wrap(&text, room).iter().enumerate() {
        let label = if number == 0 { label } else { "" };
        let pad = " ".repeat(LEFT.saturating_sub(columns(label)));
        writeln!(out, "{}{pad}{}", view.palette.paint(label_ink, label), view.palette.paint(ink, line))?;
    }
    Ok(())
}

/// Prints each of `items`, the label beside the first.
pub(super) fn each<'a>(
    out: &mut dyn Write,
    label: &str,
    items: impl IntoIterator<Item = &'a str>,
    view: &View,
) -> io::Result<()> {
    items.into_iter().enumerate().try_for_each(|(place, item)| {
        let label = if place == 0 { label } else { "" };
        labelled(out, (label, Ink::Faint), item, Ink::Normal, view)
    })
}

/// Prints a command. It stays in one piece, to be copied.
pub(super) fn command(out: &mut dyn Write, label: &str, command: &str, view: &View) -> io::Result<()> {
    let pad = " ".repeat(LEFT.saturating_sub(label.len()));
    writeln!(out, "{}{pad}{}", view.palette.paint(Ink::Faint, label), Clean(command))
}
