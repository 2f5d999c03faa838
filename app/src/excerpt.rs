//! The place in a text at which something is wrong, shown with carets under it.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::render::style::{Ink, Palette};
use crate::render::text::{Clean, columns};

/// A line of somebody's text, and what in it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Where the line stands, if it is one of a file.
    pub line: Option<(PathBuf, usize)>,
    /// The line.
    pub text: String,
    /// Where it begins, in bytes; the length of `text` for its end.
    pub offset: usize,
    /// How many bytes are meant.
    pub length: usize,
}

/// More columns than these are not shown: the neighbourhood of the place tells enough.
const ROOM: usize = 72;

impl Excerpt {
    /// A text of one line, from the command line.
    pub fn of(text: &str, offset: usize, length: usize) -> Self {
        Self { line: None, text: text.to_owned(), offset, length }
    }

    /// The word that begins at `offset`.
    pub fn of_word(text: &str, offset: usize) -> Self {
        let word = text.get(offset..).unwrap_or_default().split_whitespace().next().unwrap_or_default();
        Self::of(text, offset, word.trim_end_matches([',', ';']).len())
    }

    /// The part of `source`, the text of a file, that begins at the byte `offset`: its line, up to that line's end.
    pub fn of_file(file: impl Into<PathBuf>, source: &str, offset: usize, length: usize) -> Self {
        let before = source.get(..offset).unwrap_or(source);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let text = source.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let number = before.matches('\n').count() + 1;
        let offset = (before.len() - start).min(text.len());
        Self {
            line: Some((file.into(), number)),
            text: text.to_owned(),
            offset,
            length: length.min(text.len().saturating_sub(offset)),
        }
    }

    /// Writes the line and the carets.
    pub(crate) fn print(&self, out: &mut dyn Write, palette: Palette) -> io::Result<()> {
        let (before, meant, after) = self.parts();
        // The end of the text is pointed at, too.
        let carets = "^".repeat(columns(&meant).max(1));
        let margin = self.line.as_ref().map_or_else(String::new, |(_, number)| format!("{number} | "));
        writeln!(out, "  {}{before}{meant}{after}", palette.paint(Ink::Faint, &margin))?;
        let blank = " ".repeat(2 + margin.len() + columns(&before));
        writeln!(out, "{blank}{}", palette.paint(Ink::Bad, carets))
    }

    /// What stands before, at and behind the place, escaped, and no more of it than fits.
    fn parts(&self) -> (String, String, String) {
        let offset = boundary(&self.text, self.offset);
        let end = boundary(&self.text, offset.saturating_add(self.length));
        let part = |range: std::ops::Range<usize>| {
            Clean(self.text.get(range).unwrap_or_default()).to_string().replace('\t', " ")
        };
        let meant = cut(&part(offset..end), ROOM / 2, End::Back);
        let rest = ROOM.saturating_sub(columns(&meant));
        let after = cut(part(end..self.text.len()).trim_end(), rest / 3, End::Back);
        let before = cut(&part(0..offset), rest.saturating_sub(columns(&after)), End::Front);
        (before, meant, after)
    }
}

/// Which end of a text gives way.
#[derive(Clone, Copy)]
enum End {
    Front,
    Back,
}

fn cut(text: &str, room: usize, end: End) -> String {
    let count = text.chars().count();
    if count <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(1);
    match end {
        End::Front => format!("…{}", text.chars().skip(count - kept).collect::<String>()),
        End::Back => format!("{}…", text.chars().take(kept).collect::<String>()),
    }
}

fn boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::{Excerpt, ROOM};
    use crate::render::style::Palette;

    fn printed(excerpt: &Excerpt) -> String {
        let mut out = Vec::new();
        excerpt.print(&mut out, Palette::Plain).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn carets_stand_under_the_place() {
        assert_eq!(printed(&Excerpt::of_word("tcp dprt, 443", 4)), "  tcp dprt, 443\n      ^^^^\n");
        assert_eq!(printed(&Excerpt::of("tcp", 3, 0)), "  tcp\n     ^\n");
        assert_eq!(printed(&Excerpt::of("größe x", 8, 1)), "  größe x\n        ^\n");
    }

    #[test]
    fn a_line_of_a_file_has_its_number() {
        let file = Excerpt::of_file("p.toml", "[networks]\noffice = 3\n", 20, 1);
        assert_eq!(printed(&file), "  2 | office = 3\n               ^\n");
        // What spans lines is shown to the end of its first.
        assert_eq!(Excerpt::of_file("p.toml", "a = [\n1,\n]", 4, 6).length, 1);
    }

    #[test]
    fn what_is_long_or_harmful_is_cut_and_escaped() {
        let long = format!("{}wrong{}", "a ".repeat(200), " b".repeat(200));
        for line in printed(&Excerpt::of(&long, 400, 5)).lines() {
            assert!(line.chars().count() <= ROOM + 4, "{line}");
        }
        assert_eq!(printed(&Excerpt::of("a\x1bb c", 4, 1)), "  a\\x1bb c\n         ^\n");
        // Offsets that are none do no harm.
        let _ = printed(&Excerpt::of("é", 1, 99));
    }
}
