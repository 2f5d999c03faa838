//! The rows of a table, in one arena, and their printing.

use std::fmt::{Display, Write as _};
use std::io::{self, Write};
use std::ops::Range;

use super::column::{Column, Fit};
use super::layout::Layout;
use super::widths::{Extents, widths};
use crate::render::style::{Ink, Palette};
use crate::render::text::{Clean, columns, is_clean, wrap};

/// Rows of cells under headings.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Column>,
    extents: Extents,
    arena: String,
    /// Where each cell ends in the arena, and its ink; cells of a row follow each other.
    cells: Vec<(usize, Ink)>,
    /// Full-width lines, each before the row with this number.
    sections: Vec<(usize, Ink, String)>,
    /// Lines below the row with this number, over the full width.
    notes: Vec<(usize, Ink, String)>,
}

/// Blanks before a note: it stands below the second column or so, and its further lines a little deeper.
const NOTE: &str = "           ";
const NOTE_MORE: &str = "             ";

/// Whether column titles are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heading {
    /// They are.
    Shown,
    /// They are not.
    Hidden,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: Vec<Column>) -> Self {
        Self {
            extents: Extents::of(columns.len()),
            columns,
            arena: String::new(),
            cells: Vec::new(),
            sections: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Appends the next cell.
    pub fn cell(&mut self, text: impl Display) {
        self.inked(Ink::Normal, text);
    }

    /// Appends the next cell, in an ink.
    pub fn inked(&mut self, ink: Ink, text: impl Display) {
        let start = self.arena.len();
        let width = self.write(text);
        let place = self.cells.len().checked_rem(self.columns.len()).unwrap_or(0);
        let wraps = self.columns.get(place).is_some_and(|column| matches!(column.fit, Fit::Wrap(_)));
        let text = self.arena.get(start..).unwrap_or_default();
        self.extents.add(place, width, wraps.then_some(text));
        self.cells.push((self.arena.len(), ink));
    }

    /// Appends the next cell, of a [`Fit::Flow`] column: what may stand beside the row, and what must stand below.
    pub fn flow(&mut self, beside: impl Display, below: impl Display) {
        self.write(beside);
        self.arena.push('\n');
        self.write(below);
        self.cells.push((self.arena.len(), Ink::Normal));
    }

    /// Writes into the arena and says how many columns it takes.
    fn write(&mut self, text: impl Display) -> usize {
        let start = self.arena.len();
        // Writing to a `String` fails only if the value's own `Display` does; the cell then ends there.
        let _ = write!(self.arena, "{text}");
        let written = self.arena.get(start..).unwrap_or_default();
        if is_clean(written) {
            return columns(written);
        }
        let cleaned = Clean(written).to_string();
        self.arena.truncate(start);
        self.arena.push_str(&cleaned);
        columns(&cleaned)
    }

    /// A full-width line before the next row, parted from the row above by an empty one.
    pub fn section(&mut self, ink: Ink, text: String) {
        self.sections.push((self.rows(), ink, text));
    }

    /// Lines below the row that was completed last, indented, over the full width.
    pub fn note(&mut self, ink: Ink, text: String) {
        self.notes.push((self.rows(), ink, text));
    }

    /// Number of complete rows.
    pub fn rows(&self) -> usize {
        self.cells.len().checked_div(self.columns.len()).unwrap_or(0)
    }

    /// Prints everything within `width` columns, or as wide as it is.
    pub fn print(
        &self,
        out: &mut dyn Write,
        width: Option<usize>,
        palette: Palette,
        heading: Heading,
    ) -> io::Result<()> {
        let widths = widths(&self.columns, &self.extents, width, heading);
        let layout = Layout { columns: &self.columns, widths: &widths, width, palette };
        let mut line = String::new();
        if heading == Heading::Shown {
            let titles: Vec<_> = self
                .columns
                .iter()
                .map(|column| if layout.has_room_for_title(column) { &*column.title } else { "" })
                .map(|title| (title, Ink::Faint))
                .collect();
            layout.row(&mut line, &titles);
            out.write_all(line.as_bytes())?;
        }
        let mut sections = self.sections.iter().peekable();
        let mut notes = self.notes.iter().peekable();
        let mut row: Vec<(&str, Ink)> = Vec::with_capacity(self.columns.len());
        let mut start = 0;
        for (number, ends) in self.cells.chunks_exact(self.columns.len().max(1)).enumerate() {
            while let Some((_, ink, text)) = sections.next_if(|(at, ..)| *at <= number) {
                if number > 0 {
                    out.write_all(b"\n")?;
                }
                writeln!(out, "{}", palette.paint(*ink, Clean(text)))?;
            }
            row.clear();
            for (end, ink) in ends {
                row.push((self.text(start..*end), *ink));
                start = *end;
            }
            line.clear();
            layout.row(&mut line, &row);
            out.write_all(line.as_bytes())?;
            while let Some((_, ink, text)) = notes.next_if(|(of, ..)| *of <= number + 1) {
                let text = Clean(text).to_string();
                let room = width.map_or(usize::MAX, |width| width.saturating_sub(NOTE_MORE.len()).max(20));
                for (place, part) in wrap(&text, room).iter().enumerate() {
                    let indent = if place == 0 { NOTE } else { NOTE_MORE };
                    writeln!(out, "{indent}{}", palette.paint(*ink, part))?;
                }
            }
        }
        for (at, ink, text) in sections {
            if *at > 0 {
                out.write_all(b"\n")?;
            }
            writeln!(out, "{}", palette.paint(*ink, Clean(text)))?;
        }
        Ok(())
    }

    fn text(&self, range: Range<usize>) -> &str {
        self.arena.get(range).unwrap_or_default()
    }
}
