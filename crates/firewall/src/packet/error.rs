//! What is wrong with the text of a packet.

/// An error in the description of a packet, with its place and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (column {})", self.column())]
pub struct PacketError {
    /// The whole text.
    pub text: String,
    /// Where in `text` it went wrong, in bytes, at a character's boundary; `text.len()` for its end.
    pub offset: usize,
    /// What is wrong: what stands there, and what was expected.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl PacketError {
    /// The place as a person counts: characters from 1.
    pub fn column(&self) -> usize {
        self.text.get(..self.offset).map_or(0, |before| before.chars().count()) + 1
    }
}

/// An error before it knows the text around it.
#[derive(Debug)]
pub(super) struct Fault {
    /// Bytes from the start of the text; `None` for its end.
    pub(super) offset: Option<usize>,
    pub(super) message: String,
    pub(super) help: String,
}

impl Fault {
    pub(super) fn new(offset: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { offset: Some(offset), message: message.into(), help: help.into() }
    }

    /// Something is missing.
    pub(super) fn at_end(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { offset: None, message: message.into(), help: help.into() }
    }

    pub(super) fn within(self, text: &str) -> PacketError {
        let mut offset = self.offset.unwrap_or(text.len()).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        PacketError { text: text.to_owned(), offset, message: self.message, help: self.help }
    }
}

/// Foreign text for a message: shortened, without control characters.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String =
        text.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
