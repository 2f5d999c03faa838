//! What becomes of all packets of a class at once: the sets that arrive, that do not, and that depend on something.

use std::net::IpAddr;

use super::outcome::{Cause, Effect, End};
use super::simulator::Origin;
use crate::ir::{ChainId, Hook, Policy, Version};
use crate::packet::State;
use crate::space::{Set, Space, TooComplex};

/// Packets that have the same headers in the same places. What is `None` is open: a variable of the space. Their TTL suffices, and
/// they are no fragments.
#[derive(Debug, Clone)]
pub struct Class {
    /// Version of IP; that of the space.
    pub version: Version,
    /// `IPPROTO_*`. TCP, UDP, UDP-Lite, SCTP and DCCP have ports, ICMP has type and code.
    pub protocol: u8,
    /// Where they meet the host.
    pub origin: Origin,
    /// What connection tracking says of them.
    pub state: State,
    /// Source address.
    pub source: Option<IpAddr>,
    /// Destination address.
    pub destination: Option<IpAddr>,
    /// Source port (ICMP: nothing).
    pub source_port: Option<u16>,
    /// Destination port (ICMP: nothing).
    pub destination_port: Option<u16>,
    /// TCP flags; open where `None`.
    pub tcp_flags: Option<u8>,
    /// Only these packets.
    pub within: Option<Set>,
}

/// What becomes of the packets of a class. `allow`, `deny` and `open` are disjoint, and together `asked`.
#[derive(Debug, Clone)]
pub struct Fates {
    /// The packets asked about.
    pub asked: Set,
    /// They arrive, whatever is uncertain (and with [`Wanted::replies`] the answer comes back).
    pub allow: Set,
    /// They do not arrive, whatever is uncertain.
    pub deny: Set,
    /// It depends.
    pub open: Set,
    /// Every way to end, with the packets that can end so. With the address and port where they arrive, after translation.
    pub ends: Vec<Fate>,
    /// Every rule and policy that did something, with the packets that it did it to, in the order of their way.
    pub hits: Vec<Hit>,
    /// What is uncertain, with the packets that it concerns.
    pub causes: Vec<(Cause, Set)>,
    /// Everything that was assumed, with the packets on whose way it was, whether or not their end hangs on it.
    pub doubts: Vec<(Cause, Set)>,
}

/// Packets that end alike.
#[derive(Debug, Clone)]
pub struct Fate {
    /// How.
    pub end: End,
    /// It is the end of the reply, not of the packet itself.
    pub reply: bool,
    /// Destination after all translation, where it is the same for all of them.
    pub address: Option<IpAddr>,
    /// Destination port after all translation.
    pub port: Option<u16>,
    /// The destination is not the one that they came with.
    pub translated: bool,
    /// Which packets, as they came.
    pub set: Set,
}

/// What a rule or a policy did to some packets.
#[derive(Debug, Clone)]
pub struct Hit {
    /// Hook at which its base chain runs.
    pub hook: Hook,
    /// It was met on the way of the reply.
    pub reply: bool,
    /// The chain.
    pub chain: ChainId,
    /// The rule's place in the chain, or the policy.
    pub by: HitBy,
    /// Which packets, as they came.
    pub set: Set,
    /// So many further rules of the same verdict stand behind this one, and each packet of the set was matched by one of them or by
    /// this one. 0 with [`Wanted::every_rule`].
    pub others: usize,
}

/// What in a chain did something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HitBy {
    /// The rule at this place, and what it did.
    Rule(usize, Effect),
    /// The policy.
    Policy(Policy),
}

/// What is wanted of an answer beyond the three sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub struct Wanted {
    /// The reply must come back, too.
    pub replies: bool,
    /// Sets that rules write to may hold something else by now.
    pub sets_changed: bool,
    /// Packets that the host sends may have any source, as programs can ask for. Otherwise the host chooses it.
    pub any_source: bool,
    /// Each rule's own packets, however many rules there are. Otherwise, of long runs of rules with the same verdict, some are
    /// named and the others counted ([`Hit::others`]), which is much cheaper.
    pub every_rule: bool,
}

impl super::Simulator<'_> {
    /// What becomes of all packets of a class.
    ///
    /// # Errors
    /// [`TooComplex`] where the space's budget does not suffice.
    pub fn fates(&self, space: &Space, class: &Class, wanted: Wanted) -> Result<Fates, TooComplex> {
        super::symbolic::follow(self, space, class, wanted)
    }
}
