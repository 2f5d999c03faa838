//! Those on the links of this host, and those to whom rules send what was meant for it: whether they answer.

use std::net::{IpAddr, SocketAddr};

/// A neighbour, as the kernel knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Name of the interface.
    pub interface: String,
    /// Its address.
    pub address: IpAddr,
    /// Whether it answers.
    pub state: NeighbourState,
    /// Packets of this diagnosis made the kernel ask for it.
    pub asked: bool,
}

/// What the kernel knows of a neighbour (`NUD_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeighbourState {
    /// Asked for, no answer yet.
    Incomplete,
    /// It answered, now or once: reachable, stale, delay, probe.
    Answers(&'static str),
    /// Asked for, and it did not answer.
    Failed,
    /// Not asked for: entered by hand, or the interface has no addresses to ask for.
    Fixed(&'static str),
}

impl NeighbourState {
    /// The word that `ip neigh` shows.
    pub fn word(self) -> &'static str {
        match self {
            Self::Incomplete => "INCOMPLETE",
            Self::Failed => "FAILED",
            Self::Answers(word) | Self::Fixed(word) => word,
        }
    }
}

impl Neighbour {
    /// It was asked for and does not answer.
    pub fn is_silent(&self) -> bool {
        matches!(self.state, NeighbourState::Failed | NeighbourState::Incomplete)
    }
}

/// Where rules send what was meant for an endpoint, and whether something answers there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Onward {
    /// The address and port that rules put in.
    pub address: SocketAddr,
    /// Whether something answers.
    pub state: OnwardState,
}

/// Whether something answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnwardState {
    /// It takes connections.
    Answers,
    /// It refuses them: nothing listens there.
    Refuses,
    /// Nobody has the address, or no way leads there; what the system says.
    Unreachable(String),
    /// No answer in this many milliseconds.
    Silent(u64),
    /// It was not tried, or trying tells nothing; why.
    Untried(String),
}
