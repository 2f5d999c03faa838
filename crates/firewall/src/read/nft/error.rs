//! What makes a text no listing of `nft` at all. Whatever else is not understood is kept inside the ruleset.

/// A JSON text that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NftError {
    /// It ends in the middle: the program was killed, the disk was full.
    #[error("the nft JSON is cut off at line {line}, column {column} (byte {offset})")]
    Truncated {
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
        /// In bytes, from 0.
        offset: usize,
    },
    /// It is no JSON.
    #[error("the nft JSON is malformed at line {line}, column {column} (byte {offset}): {reason}")]
    Malformed {
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
        /// In bytes, from 0.
        offset: usize,
        /// What was expected there.
        reason: String,
    },
    /// It is JSON without a list `nftables`.
    #[error("this JSON is not a listing of nft: it has no list \"nftables\"")]
    NoListing,
}

impl NftError {
    /// From an error of the JSON reader, which tells line and column.
    pub(super) fn from_json(error: &serde_json::Error, text: &str) -> Self {
        let (line, column) = (error.line(), error.column());
        let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let offset = before.saturating_add(column.saturating_sub(1)).min(text.len());
        if error.is_eof() {
            return Self::Truncated { line, column, offset };
        }
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
        Self::Malformed { line, column, offset, reason }
    }

    /// Bytes that are no UTF-8.
    pub(super) fn from_bytes(bytes: &[u8], offset: usize) -> Self {
        let before = bytes.get(..offset).unwrap_or(bytes);
        let line = before.split(|byte| *byte == b'\n').count();
        let column = before.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len) + 1;
        Self::Malformed { line, column, offset, reason: "a byte that is no UTF-8".to_owned() }
    }
}
