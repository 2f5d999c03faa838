//! Rows to lines, once the widths are known.

use std::fmt::Write as _;

use super::column::{Align, Column, Fit};
use crate::render::style::{Ink, Palette};
use crate::render::text::{columns, shorten, wrap};

/// What a [`Fit::Flow`] column puts below its row begins with a tab, as in `ss`.
const TAB: usize = 8;

/// A table with the widths that its columns got.
pub(super) struct Layout<'a> {
    pub(super) columns: &'a [Column],
    pub(super) widths: &'a [usize],
    pub(super) width: Option<usize>,
    pub(super) palette: Palette,
}

impl Layout<'_> {
    /// The title of a flowing column does not go below the others.
    pub(super) fn has_room_for_title(&self, column: &Column) -> bool {
        let gaps: usize = self.columns.iter().map(|column| column.gap).sum();
        let needed = self.widths.iter().sum::<usize>() + gaps + columns(&column.title);
        column.fit != Fit::Flow || self.width.is_none_or(|width| needed <= width)
    }

    /// Appends one row, which may be several lines, each with its line feed.
    pub(super) fn row(&self, line: &mut String, cells: &[(&str, Ink)]) {
        let columns_and_widths = || self.columns.iter().zip(self.widths);
        let wraps = columns_and_widths()
            .zip(cells)
            .any(|((column, width), (text, _))| matches!(column.fit, Fit::Wrap(_)) && columns(text) > *width);
        if wraps {
            let wrapped: Vec<Vec<_>> = columns_and_widths()
                .zip(cells)
                .map(|((column, width), (text, _))| match column.fit {
                    Fit::Wrap(_) => wrap(text, *width),
                    _ => vec![(*text).into()],
                })
                .collect();
            let height = wrapped.iter().map(Vec::len).max().unwrap_or(1);
            for number in 0..height {
                let part: Vec<_> = wrapped
                    .iter()
                    .zip(cells)
                    .map(|(lines, (_, ink))| (lines.get(number).map_or("", |text| text), *ink))
                    .collect();
                self.line(line, &part);
            }
        } else {
            self.line(line, cells);
        }
    }

    fn line(&self, line: &mut String, cells: &[(&str, Ink)]) {
        let mut at = 0;
        // Blanks are owed until there is something to print after them, so that no line ends in blanks.
        let mut owed = 0;
        for ((column, width), (text, ink)) in self.columns.iter().zip(self.widths).zip(cells) {
            if column.fit == Fit::Flow {
                self.flow(line, text, *ink, at, owed + column.gap);
                continue;
            }
            let text = shorten(text, *width);
            let pad = width.saturating_sub(columns(&text));
            let (before, after) = if column.align == Align::Right { (pad, 0) } else { (0, pad) };
            owed += column.gap + before;
            if text.is_empty() {
                owed += after;
                continue;
            }
            at += owed + columns(&text);
            blanks(line, owed);
            let _ = write!(line, "{}", self.palette.paint(*ink, text));
            owed = after;
        }
        line.push('\n');
    }

    /// The flowing last cell: its first part beside the row where that fits; the rest below.
    fn flow(&self, line: &mut String, text: &str, ink: Ink, at: usize, blank: usize) {
        let (beside, below) = text.split_once('\n').unwrap_or((text, ""));
        let fits = self.width.is_none_or(|width| at + blank + columns(beside) <= width);
        if fits && !beside.is_empty() {
            blanks(line, blank);
            let _ = write!(line, "{}", self.palette.paint(ink, beside));
        } else {
            self.below(line, beside, ink);
        }
        self.below(line, below, ink);
    }

    fn below(&self, line: &mut String, text: &str, ink: Ink) {
        let room = self.width.map_or(usize::MAX, |width| width.saturating_sub(TAB).max(1));
        for part in flow_lines(text, room) {
            line.push_str("\n\t");
            let _ = write!(line, "{}", self.palette.paint(ink, part));
        }
    }
}

fn blanks(line: &mut String, count: usize) {
    line.extend(std::iter::repeat_n(' ', count));
}

/// Lines of at most `room` columns, broken after blanks and between holders; what has no such place stays whole,
/// since a half process name helps nobody.
fn flow_lines(text: &str, room: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut start, mut fits, mut at) = (0, 0, 0);
    for piece in text.split_inclusive([' ', ',']) {
        at += piece.len();
        if columns(text.get(start..at).unwrap_or_default().trim_end()) > room && fits > start {
            lines.push(text.get(start..fits).unwrap_or_default().trim_end());
            start = fits;
        }
        if piece.ends_with(' ') || piece.ends_with("),") {
            fits = at;
        }
    }
    let last = text.get(start..).unwrap_or_default().trim_end();
    if !last.is_empty() {
        lines.push(last);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::flow_lines;

    #[test]
    fn flow_lines_lose_nothing() {
        assert_eq!(flow_lines("abc def", 3), ["abc", "def"]);
        assert_eq!(flow_lines("abcdef", 3), ["abcdef"]);
        assert_eq!(flow_lines("", 3), [""; 0]);
    }
}
