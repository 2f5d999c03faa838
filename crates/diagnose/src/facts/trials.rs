//! Connections that were tried: what came of each, and what was found around those that nobody answered.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use portreeve_linux::Errno;
use portreeve_model::Protocol;
use portreeve_model::why::Stage;
use portreeve_wire::extended_error::ExtendedError;

/// Connections by endpoint. Empty where nothing may be sent.
#[derive(Clone, Debug, Default)]
pub struct TrialFacts {
    /// One for each endpoint.
    pub trials: Vec<Trial>,
}

/// What was tried of one endpoint.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Where to.
    pub endpoint: SocketAddr,
    /// By TCP, or by UDP with a datagram that its protocol should answer.
    pub protocol: Protocol,
    /// What was sent.
    pub sent: Sent,
    /// What came of it.
    pub outcome: Outcome,
    /// From the start to that.
    pub took: Duration,
    /// The address that this host sent from.
    pub local: Option<IpAddr>,
    /// The endpoint is this host's own: it went over the loopback interface, past what others come through.
    pub over_loopback: bool,
    /// What was found around an endpoint of another host that nobody answered at.
    pub surroundings: Option<Surroundings>,
}

/// What was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A SYN.
    Syn,
    /// A first packet of QUIC in a version that nobody speaks: servers answer with theirs (RFC 9000, section 6).
    QuicProbe,
    /// A question.
    DnsQuestion,
    /// An empty datagram, which nobody needs to answer.
    EmptyDatagram,
}

/// What came of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The connection was made.
    Connected(Connected),
    /// A datagram came back.
    Answered(Answer),
    /// A TCP reset, or an ICMP "port unreachable" of the endpoint itself for UDP: nothing listens there, as far as that host says.
    Refused,
    /// An ICMP error came back.
    Rejected(Rejection),
    /// Nothing came back in time.
    Silent(Silence),
    /// This host has no ephemeral port left for it (`EADDRNOTAVAIL`).
    NoPorts,
    /// This host has no route to it (`ENETUNREACH`).
    NoRoute,
    /// This host says that it cannot be reached: nobody answers for it on the link, or a route of the type `unreachable`.
    HostUnreachable,
    /// Rules or routes of this host forbid it (`EACCES`, `EPERM`).
    Prohibited(Errno),
    /// It could not be tried, or failed in another way.
    Failed(Errno),
}

/// A connection that was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connected {
    /// SYNs that were sent again.
    pub retransmissions: u32,
    /// Bytes in a segment that is sent.
    pub mss: u32,
    /// Path MTU that this host knows of.
    pub pmtu: u32,
    /// Round-trip time.
    pub rtt: Duration,
}

/// What was answered to a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A QUIC server tells its versions.
    QuicVersions(Vec<String>),
    /// A DNS server answers, in one word: `NOERROR`, `REFUSED`, ...
    Dns {
        /// The response code.
        code: String,
        /// Records that answer.
        answers: u16,
    },
    /// So many bytes that are not what the protocol prescribes.
    Other(usize),
}

/// An ICMP error and who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Type, code, and the error number that it becomes.
    pub error: ExtendedError,
    /// The sender is this host.
    pub by_this_host: bool,
}

impl Rejection {
    /// As `nft` and `iptables` name it: `icmp admin-prohibited`.
    pub fn reason(&self) -> &'static str {
        self.error.reason()
    }

    /// Who sent it.
    pub fn router(&self) -> Option<IpAddr> {
        self.error.offender
    }
}

/// Nothing came back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Silence {
    /// SYNs or datagrams that were sent.
    pub sent: u32,
}

/// What was found around an endpoint that did not answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// An ICMP echo request to the address.
    pub echo: Echo,
    /// Connections to other usual ports of it: whoever answers there, with a reset too, is alive.
    pub other_ports: Vec<(u16, OtherPort)>,
    /// Routers that said that they had the SYN, by the number of hops, as far as they answer.
    pub hops: Vec<Hop>,
    /// The largest number of hops that was tried.
    pub hops_tried: u8,
}

/// An ICMP echo request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Echo {
    /// Answered, after this time.
    Answered(Duration),
    /// Not answered, which many hosts do not.
    Silent,
    /// An ICMP error came back.
    Rejected(Rejection),
    /// It could not be sent (without privileges where `net.ipv4.ping_group_range` does not allow it).
    #[default]
    NotSent,
}

/// What another port said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherPort {
    /// It took the connection.
    Connected,
    /// A TCP reset.
    Refused,
    /// An ICMP error.
    Rejected(Rejection),
    /// Nothing.
    Silent,
}

/// A router on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// So many routers from here, from 1.
    pub distance: u8,
    /// Its ICMP error.
    pub rejection: Rejection,
}

impl Surroundings {
    /// Whether the host certainly is there: something of its address answered.
    pub fn host_is_alive(&self) -> bool {
        matches!(self.echo, Echo::Answered(_))
            || self
                .other_ports
                .iter()
                .any(|(_, said)| matches!(said, OtherPort::Connected | OtherPort::Refused))
    }

    /// The last router that said that it had a SYN, and is not the one that rejects.
    pub fn last_router(&self) -> Option<(u8, IpAddr)> {
        let passed = self.hops.iter().filter(|hop| hop.rejection.error.is_time_exceeded());
        passed.max_by_key(|hop| hop.distance).and_then(|hop| Some((hop.distance, hop.rejection.router()?)))
    }
}

/// A connection that stood still with packets of the usual size, and what a second one with small packets did: the proof of a path
/// that swallows large packets without saying so. The stage that met it keeps it (`tls`, `http`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmallTry {
    /// The first, when it stood still.
    pub usual: Standing,
    /// Bytes in a segment of the second.
    pub small_mss: u16,
    /// The second did what the first did not.
    pub passed: bool,
}

/// A connection on which nothing moves any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Bytes in a segment as this host announced them: the peer sends no larger.
    pub announced_mss: u32,
    /// Bytes in a segment that this host sends.
    pub mss: u32,
    /// Bytes that were received.
    pub received: u64,
    /// Segments that came out of order: behind one that was lost.
    pub out_of_order: u32,
    /// Segments that were sent, and that nobody acknowledged.
    pub unacknowledged: u32,
    /// Segments that were sent again.
    pub retransmissions: u32,
}

impl Trial {
    /// Whether a connection was made, or a datagram answered.
    pub fn is_answered(&self) -> bool {
        matches!(self.outcome, Outcome::Connected(_) | Outcome::Answered(_))
    }
}

impl TrialFacts {
    /// What was tried of an endpoint.
    pub fn of(&self, endpoint: SocketAddr) -> Option<&Trial> {
        self.trials.iter().find(|trial| trial.endpoint == endpoint)
    }

    /// The stages that concern an endpoint, for the document.
    pub fn stages(&self, endpoint: SocketAddr) -> Vec<Stage> {
        self.of(endpoint).map(super::trial_stages::of).unwrap_or_default()
    }
}
