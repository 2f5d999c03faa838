//! A handshake drawn as a sequence: the client at the left, the server at the right, between them each message with its bytes and what
//! they mean.

use std::io::{self, Write};

use portreeve_model::tls::{Excerpt, Explanation, Field, Party, Protection, Step};

use super::title;
use crate::render::labels::counted;
use crate::render::style::Ink;
use crate::render::text::{clean, columns, shorten, wrap};
use crate::render::unseen::hanging;
use crate::render::view::View;

/// Bytes on one line.
const PER_LINE: usize = 8;
/// More lines of bytes than these are not shown of one field: what is long is random or a key.
const LINES: usize = 2;
/// Columns of the offset and of the bytes.
const OFFSET: usize = 6;
const BYTES: usize = PER_LINE * 3 + 1;
/// Columns of the words at the left of sentences.
const WORD: usize = 10;
/// The narrowest picture that has both sides.
const NARROW: usize = OFFSET + BYTES + 26;

/// Prints the sequence.
pub(super) fn print(out: &mut dyn Write, explanation: &Explanation, view: &View) -> io::Result<()> {
    let agreed: Vec<&str> = [&explanation.version, &explanation.suite, &explanation.group]
        .into_iter()
        .filter_map(|agreed| agreed.as_deref())
        .collect();
    let agreed = clean(&agreed.join(", ")).into_owned();
    let heading = if agreed.is_empty() { "Handshake".to_owned() } else { format!("Handshake: {agreed}") };
    title(out, &shorten(&heading, view.prose_width()), view)?;
    if explanation.steps.is_empty() {
        return sentences(out, explanation, view);
    }
    let mut picture = Picture { out, view, width: view.prose_width().max(NARROW) };
    picture.ends()?;
    for step in &explanation.steps {
        picture.step(step)?;
    }
    picture.ends()?;
    sentences(out, explanation, view)
}

fn sentences(out: &mut dyn Write, explanation: &Explanation, view: &View) -> io::Result<()> {
    for checked in &explanation.checked {
        let text = format!("{} {checked}", view.marks.good());
        hanging(out, ["  ", "    "], &text, view.prose_width(), |line| {
            view.palette.paint(Ink::Good, line).to_string()
        })?;
    }
    hanging(out, ["  ", "  "], &explanation.outcome, view.prose_width(), str::to_owned)
}

struct Picture<'a> {
    out: &'a mut dyn Write,
    view: &'a View,
    width: usize,
}

impl Picture<'_> {
    /// Columns between the two lines.
    fn room(&self) -> usize {
        self.width - 4
    }

    fn ends(&mut self) -> io::Result<()> {
        let gap = self.width.saturating_sub("client".len() + "server".len());
        let text = format!("client{}server", " ".repeat(gap));
        writeln!(self.out, "{}", self.view.palette.paint(Ink::Heading, text))
    }

    /// One line between the two sides.
    fn line(&mut self, text: &str, ink: Ink) -> io::Result<()> {
        let text = shorten(text, self.room());
        let pad = self.room().saturating_sub(columns(&text));
        let side = self.view.marks.vertical();
        let (palette, side) = (self.view.palette, |ink| self.view.palette.paint(ink, side));
        writeln!(
            self.out,
            "{} {}{:pad$} {}",
            side(Ink::Faint),
            palette.paint(ink, &text),
            "",
            side(Ink::Faint)
        )
    }

    /// A sentence with a word at its left.
    fn said(&mut self, word: &str, text: &str, ink: Ink) -> io::Result<()> {
        let text = clean(text);
        let side = self.view.marks.vertical();
        let palette = self.view.palette;
        let room = self.room().saturating_sub(WORD).max(20);
        for (number, line) in wrap(&text, room).iter().enumerate() {
            let word = if number == 0 { word } else { "" };
            let pad = room.saturating_sub(columns(line));
            let side = palette.paint(Ink::Faint, side);
            let word = palette.paint(Ink::Faint, format!("{word:WORD$}"));
            writeln!(self.out, "{side} {word}{}{:pad$} {side}", palette.paint(ink, line), "")?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> io::Result<()> {
        self.line("", Ink::Normal)?;
        self.arrow(step)?;
        self.said("says", &step.summary, Ink::Normal)?;
        self.said("protects", &step.protects, Ink::Good)?;
        self.wire(step)?;
        for (place, field) in step.fields.iter().enumerate() {
            let next = step.fields.get(place + 1);
            let inner = next.is_some_and(|next| next.depth > field.depth);
            self.field(step, field, inner)?;
        }
        Ok(())
    }

    /// `├─ 1 ClientHello ── 517 bytes, readable ──▶│`.
    fn arrow(&mut self, step: &Step) -> io::Result<()> {
        let marks = self.view.marks;
        let how = match &step.protection {
            Protection::Clear => "in the clear".to_owned(),
            Protection::Encrypted { .. } => "encrypted".to_owned(),
        };
        let milliseconds = format!("{}.{} ms", step.at_us / 1000, step.at_us % 1000 / 100);
        let room = self.width.saturating_sub(8);
        let name = format!("{} {}", step.number, clean(&step.message));
        let facts = format!("{}, {how}, {milliseconds}", counted(step.length, "byte"));
        let name = shorten(&name, room.saturating_sub(columns(&facts) + 4).max(12)).into_owned();
        let facts = shorten(&facts, room.saturating_sub(columns(&name) + 4)).into_owned();
        let link = marks.link();
        let filled = columns(&name) + columns(&facts) + 8;
        let shaft = link.repeat(self.width.saturating_sub(filled + 2));
        let palette = self.view.palette;
        let name = palette.paint(Ink::Name, &name);
        let side = palette.paint(Ink::Faint, marks.vertical());
        match step.party {
            Party::Client => {
                writeln!(
                    self.out,
                    "{side}{link} {name} {shaft} {facts} {link}{link}{}{side}",
                    marks.rightwards()
                )
            }
            Party::Server => {
                writeln!(
                    self.out,
                    "{side}{}{link}{link} {name} {shaft} {facts} {link}{side}",
                    marks.leftwards()
                )
            }
        }
    }

    /// Where it was on the wire, and, of what was encrypted, what others saw of it.
    fn wire(&mut self, step: &Step) -> io::Result<()> {
        let encrypted = matches!(step.protection, Protection::Encrypted { .. });
        if let Protection::Encrypted { keys, decrypted } = &step.protection {
            let how = if *decrypted { "decrypted here with" } else { "encrypted with" };
            self.said("keys", &format!("{how} {keys}"), Ink::Faint)?;
        }
        for part in &step.parts {
            let header = part.header.as_deref().map_or_else(String::new, |header| format!(": {header}"));
            let bytes = counted(part.length, "byte");
            let text = format!("record {}, {bytes} from {}{header}", part.record, part.offset);
            self.said("wire", &text, Ink::Faint)?;
            let seen = part.excerpts.first().filter(|_| encrypted);
            if let Some(seen) = seen {
                let (bytes, _) = bytes_at(std::slice::from_ref(seen), seen.offset, PER_LINE * 2);
                let more = if bytes.len() < part.length { " …" } else { "" };
                self.said("", &format!("{}{more}", bytes.join(" ")), Ink::Faint)?;
            }
        }
        Ok(())
    }

    fn field(&mut self, step: &Step, field: &Field, inner: bool) -> io::Result<()> {
        let wanted = if inner { 0 } else { field.length.min(PER_LINE * LINES) };
        let (bytes, _) = bytes_at(&step.excerpts, field.offset, wanted);
        let mut lines: Vec<String> = bytes.chunks(PER_LINE).map(|line| line.join(" ")).collect();
        if !inner && field.length > wanted {
            lines.push(format!("… {} bytes", field.length));
        }
        let depth = usize::from(field.depth.min(6));
        let room = self.room().saturating_sub(OFFSET + BYTES + depth + 1).max(16);
        let text = if field.value.is_empty() {
            field.name.clone()
        } else {
            format!("{}: {}", field.name, field.value)
        };
        let text = clean(&text).into_owned();
        let note = field.note.as_deref().map(clean).unwrap_or_default();
        let meaning = wrap(&text, room).into_iter().map(|line| (line, Ink::Normal));
        let notes = if note.is_empty() { Vec::new() } else { wrap(&note, room) };
        let mut right = meaning.chain(notes.into_iter().map(|line| (line, Ink::Faint)));
        let mut left = lines.into_iter();
        for number in 0.. {
            let (bytes, meaning) = (left.next(), right.next());
            if bytes.is_none() && meaning.is_none() && number > 0 {
                break;
            }
            let offset = if number == 0 { format!("{:04x}", field.offset) } else { String::new() };
            self.row(&offset, bytes.as_deref().unwrap_or_default(), depth, meaning)?;
        }
        Ok(())
    }

    fn row(
        &mut self,
        offset: &str,
        bytes: &str,
        depth: usize,
        meaning: Option<(std::borrow::Cow<'_, str>, Ink)>,
    ) -> io::Result<()> {
        let palette = self.view.palette;
        let (text, ink) = meaning.unwrap_or_default();
        let taken = OFFSET + BYTES + depth + columns(&text);
        let pad = self.room().saturating_sub(taken);
        let side = palette.paint(Ink::Faint, self.view.marks.vertical());
        let gap = BYTES.saturating_sub(columns(bytes));
        writeln!(
            self.out,
            "{side} {}{}{:gap$}{:depth$}{}{:pad$} {side}",
            palette.paint(Ink::Faint, format_args!("{offset:OFFSET$}")),
            palette.paint(Ink::Name, bytes),
            "",
            "",
            palette.paint(ink, &text),
            ""
        )
    }
}

/// Up to `length` bytes from a place, as far as they are shown, each as two digits; and whether all of them are.
fn bytes_at(excerpts: &[Excerpt], offset: usize, length: usize) -> (Vec<String>, bool) {
    let mut bytes = Vec::new();
    for excerpt in excerpts {
        let digits: Vec<char> = excerpt.bytes.chars().filter(char::is_ascii_hexdigit).collect();
        for (place, pair) in digits.chunks(2).enumerate() {
            let at = excerpt.offset.saturating_add(place);
            if at == offset.saturating_add(bytes.len()) && bytes.len() < length {
                bytes.push(pair.iter().collect());
            }
        }
    }
    let all = bytes.len() == length;
    (bytes, all)
}
