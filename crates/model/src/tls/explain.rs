//! A handshake, explained: each step with the bytes that it was on the wire and the meaning of each of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Party;

/// A handshake that was made, step by step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// The version that was agreed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The suite, by IANA's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
    /// The group that keys were exchanged in; none where the certificate's key was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The steps, in the order in which they were seen; none where there was nothing to draw, which `outcome` explains.
    pub steps: Vec<Step>,
    /// What was computed again from the bytes shown, and agrees: one sentence each.
    pub checked: Vec<String>,
    /// How it ended: one sentence.
    pub outcome: String,
}

/// One message of a handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// From 1.
    pub number: usize,
    /// Who sent it.
    pub party: Party,
    /// Its name in the standard: `ClientHello`.
    pub message: String,
    /// Microseconds since the connection stood.
    pub at_us: u64,
    /// Whether it was readable on the wire.
    pub protection: Protection,
    /// What it says: one sentence.
    pub summary: String,
    /// What it protects against, or what it does not: one sentence.
    pub protects: String,
    /// Bytes of the message, its header included, after decryption.
    pub length: usize,
    /// Those bytes: all of a short message; of a long one the pieces that the fields begin with.
    pub excerpts: Vec<Excerpt>,
    /// What the bytes mean, in their order; a part of a field follows it, one deeper.
    pub fields: Vec<Field>,
    /// Where it was on the wire: pieces of records. Every byte of every record is in exactly one part of one step.
    pub parts: Vec<Part>,
}

/// Whether somebody on the way could read a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Protection {
    /// Everybody on the way reads it.
    Clear,
    /// It was encrypted on the wire.
    Encrypted {
        /// Under which keys: `the server's handshake keys (TLS_AES_128_GCM_SHA256)`.
        keys: String,
        /// Whether it was decrypted for this explanation; where not, its bytes are those of the wire.
        decrypted: bool,
    },
}

/// A run of bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Excerpt {
    /// Where it begins.
    pub offset: usize,
    /// In hexadecimal.
    pub bytes: String,
}

/// Some bytes of a message and their meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Field {
    /// Where it begins, counted from the message's first byte.
    pub offset: usize,
    /// How many bytes it is.
    pub length: usize,
    /// How deep it is inside other fields; 0 is the message itself.
    pub depth: u8,
    /// Its name in the standard: `random`.
    pub name: String,
    /// Its value, for people: `TLS_AES_128_GCM_SHA256 (0x1301)`.
    pub value: String,
    /// What one should know of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Bytes on the wire that a message was in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// The record, counted from 1 among those of the same party.
    pub record: usize,
    /// Where it begins, counted from the first byte that the party sent.
    pub offset: usize,
    /// How many bytes it is.
    pub length: usize,
    /// The meaning of the record's header, where this part begins with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The bytes as they were on the wire, each with its offset counted as above: all of a short part, beginning and end of a long one.
    pub excerpts: Vec<Excerpt>,
}
