//! Why a target is not understood: the place and the remedy.

use thiserror::Error;

/// Why a target is not understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct TargetError {
    /// What is wrong.
    pub message: String,
    /// What was written.
    pub text: String,
    /// Byte offset of the place, at a character's boundary.
    pub offset: usize,
    /// What would be right.
    pub help: String,
}

/// An error before it knows the text around it.
#[derive(Debug)]
pub(super) struct Mistake {
    offset: usize,
    message: String,
    help: String,
}

impl Mistake {
    pub(super) fn new(offset: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { offset, message: message.into(), help: help.into() }
    }

    pub(super) fn within(self, text: &str) -> TargetError {
        let mut offset = self.offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        TargetError { message: self.message, text: text.to_owned(), offset, help: self.help }
    }
}
