//! Reads and annotates in one go.

use std::borrow::Cow;

/// Some bytes of a message and their meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// Where they begin in the message.
    pub offset: usize,
    /// How many there are.
    pub length: usize,
    /// How deep it is inside others.
    pub depth: u8,
    /// The field's name in the standard.
    pub name: Cow<'static, str>,
    /// Its value, for people.
    pub value: String,
    /// What one should know of it.
    pub note: Option<&'static str>,
}

/// A reading position that leaves annotations behind.
#[derive(Debug)]
pub(super) struct Pen<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
    depth: u8,
    written: Vec<Annotation>,
}

/// As many bytes as a value shows in hexadecimal.
const SHOWN: usize = 16;
/// As many annotations as one message gets: what comes after them is not drawn by anybody.
const MOST: usize = 4096;

impl<'a> Pen<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, end: bytes.len(), depth: 0, written: Vec::new() }
    }

    /// What was written, with a last annotation of what could not be read.
    pub(super) fn finish(mut self) -> Vec<Annotation> {
        self.leftover();
        self.written
    }

    /// The bytes that are left of the field that is being read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..self.end).unwrap_or_default()
    }

    /// Annotates the next bytes; none where there are fewer.
    pub(super) fn take(
        &mut self,
        count: usize,
        name: impl Into<Cow<'static, str>>,
        value: impl FnOnce(&'a [u8]) -> String,
    ) -> Option<&'a [u8]> {
        let bytes = self.rest().get(..count)?;
        self.write(count, name.into(), value(bytes));
        self.at += count;
        Some(bytes)
    }

    /// A number of one byte.
    pub(super) fn u8(&mut self, name: &'static str, value: impl FnOnce(u8) -> String) -> Option<u8> {
        let number = *self.rest().first()?;
        self.take(1, name, |_| value(number))?;
        Some(number)
    }

    /// A number of two bytes.
    pub(super) fn be16(&mut self, name: &'static str, value: impl FnOnce(u16) -> String) -> Option<u16> {
        let number = u16::from_be_bytes(*self.rest().first_chunk()?);
        self.take(2, name, |_| value(number))?;
        Some(number)
    }

    /// A number of four bytes.
    pub(super) fn be32(&mut self, name: &'static str, value: impl FnOnce(u32) -> String) -> Option<u32> {
        let number = u32::from_be_bytes(*self.rest().first_chunk()?);
        self.take(4, name, |_| value(number))?;
        Some(number)
    }

    /// A field whose length stands before it in so many bytes. The annotation covers both; what `inner` writes is inside it.
    pub(super) fn vector(
        &mut self,
        prefix: usize,
        name: impl Into<Cow<'static, str>>,
        value: impl FnOnce(&'a [u8]) -> String,
        inner: impl FnOnce(&mut Self) -> Option<()>,
    ) -> Option<&'a [u8]> {
        let head = self.rest().get(..prefix)?;
        let length = head.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
        let content = self.rest().get(prefix..prefix.checked_add(length)?)?;
        self.write(prefix + length, name.into(), value(content));
        self.at += prefix;
        self.inside(length, inner);
        Some(content)
    }

    /// Reads what is inside the next bytes, one deeper.
    pub(super) fn inside(&mut self, length: usize, inner: impl FnOnce(&mut Self) -> Option<()>) {
        let (outer, begun) = (self.end, self.at);
        self.end = (self.at + length).min(outer);
        self.depth = self.depth.saturating_add(1);
        let before = self.written.len();
        inner(self);
        // A field that nobody looks into has no parts; one that was looked into has no gaps.
        if self.written.len() > before || self.at > begun {
            self.leftover();
        }
        self.at = self.end;
        self.end = outer;
        self.depth = self.depth.saturating_sub(1);
    }

    /// Makes what was written last cover so many bytes.
    pub(super) fn widen(&mut self, length: usize) {
        if let Some(last) = self.written.last_mut() {
            last.length = length;
        }
    }

    /// Passes bytes over that what is around them explains.
    pub(super) fn skip(&mut self, count: usize) -> Option<()> {
        self.rest().get(..count)?;
        self.at += count;
        Some(())
    }

    /// Adds what one should know to what was written last.
    pub(super) fn note(&mut self, note: impl Into<Option<&'static str>>) {
        if let (Some(last), Some(note)) = (self.written.last_mut(), note.into()) {
            last.note = Some(note);
        }
    }

    fn leftover(&mut self) {
        let count = self.rest().len();
        if count > 0 {
            let value = format!("{}: {}", bytes_in_words(count), hexadecimal(self.rest()));
            self.write(count, "not understood".into(), value);
            self.at = self.end;
        }
    }

    fn write(&mut self, length: usize, name: Cow<'static, str>, value: String) {
        if self.written.len() < MOST {
            self.written.push(Annotation {
                offset: self.at,
                length,
                depth: self.depth,
                name,
                value,
                note: None,
            });
        }
    }
}

/// The first bytes in hexadecimal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let shown = bytes.get(..SHOWN.min(bytes.len())).unwrap_or_default();
    let mut text = shown.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    if bytes.len() > SHOWN {
        text.push_str("...");
    }
    text
}

/// `1 byte`, `32 bytes`.
pub(super) fn bytes_in_words(count: usize) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

/// The length, and the first bytes.
pub(super) fn raw(bytes: &[u8]) -> String {
    match bytes {
        [] => "empty".to_owned(),
        _ => format!("{}: {}", bytes_in_words(bytes.len()), hexadecimal(bytes)),
    }
}

/// The length alone: of what means nothing to people.
pub(super) fn length(bytes: &[u8]) -> String {
    if bytes.is_empty() { "empty".to_owned() } else { bytes_in_words(bytes.len()) }
}

/// The numbers of two bytes that some bytes are, in words.
pub(super) fn list16(bytes: &[u8], word: impl Fn(u16) -> String) -> String {
    let words: Vec<String> = bytes
        .chunks(2)
        .map(|pair| match *pair {
            [high, low] => word(u16::from_be_bytes([high, low])),
            _ => "half a number".to_owned(),
        })
        .collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}
