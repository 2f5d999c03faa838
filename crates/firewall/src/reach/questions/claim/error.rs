//! What is wrong with the text of an assertion.

/// Assertions of every kind, for people who want to see one.
pub const EXAMPLES: [&str; 6] = [
    "internet cannot reach tcp/5432",
    "private can reach tcp/22",
    "10.0.0.0/8 cannot reach 192.0.2.10 tcp/80,443,8000-8100",
    "198.51.100.7 can reach [2001:db8::1] tcp/443 via eth0",
    "this host can reach 192.0.2.53 udp/53",
    "containers cannot reach this host",
];

/// An error in an assertion, with its place and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (column {})", self.column())]
pub struct ClaimError {
    /// The whole text.
    pub text: String,
    /// Where in `text` it went wrong, in bytes, at a character's boundary; `text.len()` for its end.
    pub offset: usize,
    /// What is wrong: what stands there, and what was expected.
    pub message: String,
    /// What to write instead, with an example.
    pub help: String,
}

impl ClaimError {
    /// The place as a person counts: characters from 1.
    pub fn column(&self) -> usize {
        self.text.get(..self.offset).map_or(0, |before| before.chars().count()) + 1
    }

    pub(in crate::reach::questions) fn new(
        text: &str,
        offset: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        Self { text: text.to_owned(), offset, message: message.into(), help: help.into() }
    }
}
