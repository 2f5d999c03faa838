//! What a client tries and what it saw: the words of the actor's verb `attempt`.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A connection or a datagram to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What carries it.
    pub carrier: Carrier,
    /// Address of the client.
    pub from: IpAddr,
    /// Port of the client; any where it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_port: Option<u16>,
    /// Address of the server.
    pub to: IpAddr,
    /// Port of the server.
    pub port: u16,
    /// Device of link-local addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// A protocol with ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "seen")]
pub enum Seen {
    /// TCP: the handshake was completed; UDP: an answer came. With what the server said by itself.
    Answered {
        /// Its first line, where it is one that speaks first.
        said: String,
    },
    /// A reset, or the ICMP message of a closed port.
    Refused,
    /// Another ICMP message.
    Rejected {
        /// The error, in words.
        with: String,
    },
    /// Nothing.
    Silence,
    /// The client could not try, for it has no such address.
    Impossible {
        /// The error, in words.
        why: String,
    },
}
