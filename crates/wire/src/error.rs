//! The one error type of the binary decoders. `/proc` text has its own, [`crate::proc::LineError`], because
//! there the place is a line and not a byte.

/// Why bytes could not be decoded, or a request not be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The buffer ends before the thing it announces.
    #[error("{what} at byte {offset} needs {needed} bytes, {available} are there")]
    Truncated {
        /// The structure being decoded, by its kernel name.
        what: &'static str,
        /// Where it starts, counted from the start of the slice given to the decoder.
        offset: usize,
        /// Bytes the structure needs.
        needed: usize,
        /// Bytes left in the slice from `offset` on.
        available: usize,
    },
    /// A length field is smaller than the header that carries it.
    #[error("{what} at byte {offset} claims a length of {length}, less than its own header")]
    ShortLength {
        /// The structure being decoded, by its kernel name.
        what: &'static str,
        /// Where it starts, counted from the start of the slice given to the decoder.
        offset: usize,
        /// The length it claims.
        length: usize,
    },
    /// A value does not have the size its type prescribes.
    #[error("{what} has {actual} bytes where {expected} are prescribed")]
    WrongSize {
        /// The value, by its kernel name.
        what: &'static str,
        /// The prescribed size in bytes.
        expected: usize,
        /// The size found in bytes.
        actual: usize,
    },
    /// The decoder was handed a message of another type.
    #[error("{what} expected, but the message is of type {kind}")]
    WrongKind {
        /// What the decoder decodes.
        what: &'static str,
        /// The type (or command) number found.
        kind: u16,
    },
    /// A part the structure is useless without is not there.
    #[error("{what} is missing")]
    Missing {
        /// The missing part, by its kernel name.
        what: &'static str,
    },
    /// Something to be sent does not fit its length field.
    #[error("{what} of {length} bytes does not fit, {limit} is the limit")]
    TooLarge {
        /// The structure being encoded, by its kernel name.
        what: &'static str,
        /// Its size in bytes.
        length: usize,
        /// The largest size its length field can say.
        limit: usize,
    },
}
