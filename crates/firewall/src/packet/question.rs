//! What is asked: a packet, and the circumstances in which it meets the host.

use std::net::IpAddr;

/// A packet as a person describes it. What is `None` is open: a rule that asks for it makes the answer fork.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Source address. May be open only for packets that the host sends.
    pub source: Option<IpAddr>,
    /// Destination address.
    pub destination: IpAddr,
    /// What is carried.
    pub transport: Transport,
    /// Where it meets the host.
    pub place: Place,
    /// What the kernel's connection tracking says of it.
    pub state: State,
    /// The packet asked about is the reply to the one described.
    pub reply: bool,
    /// Firewall mark it arrives with.
    pub mark: u32,
    /// Differentiated services code point.
    pub dscp: Option<u8>,
    /// TTL or hop limit.
    pub ttl: Option<u8>,
    /// Length of the whole IP packet in bytes.
    pub length: Option<u16>,
    /// Ethernet source.
    pub ether_source: Option<[u8; 6]>,
    /// Ethernet destination.
    pub ether_destination: Option<[u8; 6]>,
    /// Offset of this fragment in units of 8 bytes, for a later fragment.
    pub fragment: Option<u16>,
}

/// What an IP packet carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp {
        /// Source port.
        source: Option<u16>,
        /// Destination port.
        destination: Option<u16>,
        /// Flags (`FIN` 1, `SYN` 2, `RST` 4, `PSH` 8, `ACK` 16, `URG` 32, `ECE` 64, `CWR` 128).
        flags: Option<u8>,
    },
    /// UDP, UDP-Lite, SCTP, DCCP: protocol number and ports.
    Ports {
        /// `IPPROTO_*`.
        protocol: u8,
        /// Source port.
        source: Option<u16>,
        /// Destination port.
        destination: Option<u16>,
    },
    /// ICMP or `ICMPv6`, by the version of the addresses.
    Icmp {
        /// Type.
        kind: Option<u8>,
        /// Code.
        code: Option<u8>,
    },
    /// Another protocol.
    Other(u8),
}

/// Where a packet meets the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It comes in by this interface (a name). Whether it is for the host or through it, routing decides.
    In(String),
    /// The host sends it.
    Out {
        /// Interface the sender is bound to.
        interface: Option<String>,
        /// User that sends.
        user: Option<u32>,
        /// Group that sends.
        group: Option<u32>,
    },
}

/// What connection tracking says of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// What follows from the packet where its connection was never seen before.
    #[default]
    First,
    /// New.
    New,
    /// Of a connection that had an answer already.
    Established,
    /// Related to another connection.
    Related,
    /// Belongs to none and cannot begin one.
    Invalid,
    /// Not tracked.
    Untracked,
}

impl Question {
    /// The first packet of the connection this one belongs to: a SYN, an echo request.
    #[must_use]
    pub fn opening(&self) -> Self {
        let transport = match &self.transport {
            Transport::Tcp { source, destination, .. } => {
                Transport::Tcp { source: *source, destination: *destination, flags: Some(0x02) }
            }
            Transport::Icmp { .. } => Transport::Icmp { kind: None, code: None },
            other => other.clone(),
        };
        Self { transport, state: State::First, reply: false, ..self.clone() }
    }
}
