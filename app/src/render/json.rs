//! JSON: one document, indented for a person at a terminal and compact for a program; or one object a line.

use std::io::Write;

use serde::Serialize;

/// White space of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Indented by two blanks.
    Indented,
    /// One line.
    Compact,
}

/// Prints one document and a line feed.
pub fn document(out: &mut dyn Write, document: &impl Serialize, spacing: Spacing) -> serde_json::Result<()> {
    match spacing {
        Spacing::Indented => serde_json::to_writer_pretty(&mut *out, document),
        Spacing::Compact => serde_json::to_writer(&mut *out, document),
    }?;
    out.write_all(b"\n").map_err(serde_json::Error::io)
}

/// Prints each item on a line of its own.
pub fn lines<'a, T: Serialize + 'a>(
    out: &mut dyn Write,
    items: impl IntoIterator<Item = &'a T>,
) -> serde_json::Result<()> {
    items.into_iter().try_for_each(|item| document(out, item, Spacing::Compact))
}
