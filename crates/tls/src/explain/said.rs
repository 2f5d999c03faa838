//! One message of a conversation: what it is, and where it was on the wire.

use std::time::Duration;

use portreeve_model::tls::Party;
use portreeve_wire::tls::annotate::Agreed;
use portreeve_wire::tls::{ContentType, HandshakeType};

/// One message, or what is as good as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// Who.
    pub(crate) party: Party,
    /// What.
    pub(crate) what: What,
    /// When it was whole.
    pub(crate) at: Duration,
    /// Its bytes, decrypted, with the header of a handshake message.
    pub(crate) bytes: Vec<u8>,
    /// Where it was on the wire.
    pub(crate) pieces: Vec<Piece>,
    /// Under which keys; none in the clear.
    pub(crate) keys: Option<Under>,
    /// What had been agreed on before it, or by it.
    pub(crate) agreed: Agreed,
    /// Of a `Finished`: whether what it proves is what these bytes come to. None where there is nothing to compare with.
    pub(crate) proves: Option<bool>,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A message of the handshake.
    Handshake(HandshakeType),
    /// The change of keys up to TLS 1.2; in TLS 1.3 it means nothing.
    ChangeCipherSpec,
    /// An alert.
    Alert,
    /// Data of the application.
    Data,
    /// A record that was not decrypted, or is of another sort.
    Sealed(ContentType),
    /// A record without content.
    Empty(ContentType),
    /// Bytes that are no whole record or message.
    Rest,
}

/// Whose keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Under {
    /// The handshake keys of TLS 1.3.
    Handshake,
    /// The application keys of TLS 1.3.
    Application,
    /// The keys of TLS 1.2 and before.
    Session,
}

/// A piece of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// From 1.
    pub(crate) record: usize,
    /// From the first byte of the party.
    pub(crate) offset: usize,
    /// The bytes of the wire.
    pub(crate) bytes: Vec<u8>,
    /// It begins with the record's header.
    pub(crate) is_head: bool,
}
