//! What was not seen, and what would show it.

use std::io::{self, Write};

use portreeve_model::Unseen;

use super::style::{Ink, Palette};
use super::text::{Clean, clean, wrap};

/// Prints one entry for each behind `prefix`, then what would show them, indented by two blanks.
pub fn list(
    out: &mut dyn Write,
    prefix: &str,
    unseen: &[Unseen],
    width: usize,
    palette: Palette,
) -> io::Result<()> {
    let mut remedies: Vec<&str> = Vec::new();
    for entry in unseen {
        let ink = if entry.is_incomplete() { Ink::Warn } else { Ink::Faint };
        let text = format!("{prefix}{}", entry.detail);
        hanging(out, ["  ", "    "], &text, width, |line| palette.paint(ink, line).to_string())?;
        if let Some(remedy) = entry.remedy.as_deref().filter(|remedy| !remedies.contains(remedy)) {
            remedies.push(remedy);
        }
    }
    for remedy in remedies {
        hanging(out, ["  ", "    "], &format!("→ {remedy}"), width, ToOwned::to_owned)?;
    }
    Ok(())
}

/// Prints `text` wrapped, the first line behind the first indent and the others behind the second.
pub fn hanging(
    out: &mut dyn Write,
    [first, other]: [&str; 2],
    text: &str,
    width: usize,
    ink: impl Fn(&str) -> String,
) -> io::Result<()> {
    let text = clean(text);
    let room = width.saturating_sub(first.len().max(other.len())).max(20);
    for (number, line) in wrap(&text, room).iter().enumerate() {
        let indent = if number == 0 { first } else { other };
        writeln!(out, "{indent}{}", ink(line))?;
    }
    Ok(())
}

/// Prints the entries that make a result incomplete, one line each: notes beside a table.
pub fn notes(out: &mut dyn Write, unseen: &[Unseen], palette: Palette) -> io::Result<()> {
    for entry in unseen.iter().filter(|entry| entry.is_incomplete()) {
        let remedy = entry.remedy.as_deref().map_or_else(String::new, |remedy| format!(" → {remedy}"));
        let note = palette.paint(Ink::Warn, "not seen:");
        writeln!(out, "{note} {}{}", Clean(&entry.detail), Clean(&remedy))?;
    }
    Ok(())
}
