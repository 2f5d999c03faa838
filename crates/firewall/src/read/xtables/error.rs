//! What makes a save file unreadable as a whole.

use thiserror::Error;

/// The text is not what `iptables-save` or `ipset save` writes, in a way that leaves open where its rules belong.
///
/// A single rule or set that is not understood is no error: it stays in its place as unknown.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum XtablesError {
    /// A rule, chain or `COMMIT` outside of a table.
    #[error(
        "line {line}: `{text}` stands in no table; the line `*filter`, or another table's, must come before it"
    )]
    NoTable {
        /// Its line, from 1.
        line: u32,
        /// The line, shortened.
        text: String,
    },
    /// A rule of a chain that was not declared.
    #[error(
        "line {line}: the table {table} has no chain {chain}; a line `:{chain} - [0:0]` must come before its rules"
    )]
    NoChain {
        /// Its line, from 1.
        line: u32,
        /// The table.
        table: String,
        /// The chain it names.
        chain: String,
    },
    /// The text ends, or another table begins, before `COMMIT`.
    #[error("line {line}: the table {table} is cut off, its `COMMIT` is missing; save the rules again")]
    Truncated {
        /// Last line read, from 1.
        line: u32,
        /// The table.
        table: String,
    },
    /// An element of a set that was not created.
    #[error("line {line}: there is no set {set}; a line `create {set} ...` must come before its elements")]
    NoSet {
        /// Its line, from 1.
        line: u32,
        /// The set it names.
        set: String,
    },
    /// A chain is declared twice in one table, or a table or set twice.
    #[error("line {line}: {what} is there twice; was more than one save written into this file?")]
    Twice {
        /// Its line, from 1.
        line: u32,
        /// What.
        what: String,
    },
    /// A line that is neither a table, a chain, a rule nor a comment.
    #[error("line {line}: `{text}` is not a line that {program} writes")]
    Line {
        /// Its line, from 1.
        line: u32,
        /// The line, shortened.
        text: String,
        /// The program whose format it should be.
        program: &'static str,
    },
    /// Chains jump in a circle; the kernel does not load such a table.
    #[error("line {line}: the table {table} jumps in a circle: {path}; the kernel refuses such a table")]
    Loop {
        /// Line of the rule that closes the circle, from 1.
        line: u32,
        /// The table.
        table: String,
        /// The chains, joined by arrows.
        path: String,
    },
}

/// A line cut to what fits into a message.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
