//! Where a packet is on its way, and everything that can change on it. A fork of the way is a clone of this.

use crate::ir::{ChainId, Hook, SetId};
use crate::packet::{Bits, Headers};
use crate::space::Set;

/// A packet under way.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and none excludes another")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub headers: Headers,
    pub mark: Bits,
    pub priority: Bits,
    pub packet_type: Bits,
    pub traced: bool,
    /// Interface it came in by.
    pub input: Option<u32>,
    /// Interface it will leave by.
    pub output: Option<u32>,
    pub gateway: Option<std::net::IpAddr>,
    /// Where the bridge goes on, while the hooks of IP look at a bridged packet (`br_netfilter`).
    pub detour: Option<Detour>,
    /// IP's prerouting hook saw the packet already, on behalf of the bridge.
    pub prerouted: bool,
    pub sender: Sender,
    pub conntrack: Conntrack,
    pub stage: Stage,
    /// Next entry of the hook's pipeline.
    pub entry: usize,
    /// Next of the nat chains inside a nat entry.
    pub nat_chain: usize,
    /// The place inside a chain, while one runs.
    pub cursor: Option<Cursor>,
    /// Sets that rules on this way wrote to.
    pub updated: Vec<SetId>,
    /// Every set that some rule writes to may have changed since it was read.
    pub sets_changed: bool,
    /// A transparent socket was found for it (`tproxy`).
    pub has_socket: bool,
    /// It carries a template of a connection, which counts as new (`nft_ct_set_zone_eval`).
    pub template: bool,
    /// Zone that rules gave it before its connection was looked up.
    pub zone: Bits,
    /// It went out by the loopback interface and came in again.
    pub looped: bool,
    /// The element that the rule at hand finds in a map, where a set of packets was cut by that; `usize::MAX` where it finds none.
    pub found: Option<(SetId, usize)>,
    /// What a reroute at output compares with.
    pub before_chain: Option<RouteInputs>,
    /// Trail: everything below does not influence the way, see [`Trail`].
    pub trail: Trail,
}

/// What was seen so far; equal for all comparisons, because it does not influence the way.
#[derive(Debug, Clone, Default)]
pub(super) struct Trail {
    /// Last step, an index into the arena of steps.
    pub last: Option<usize>,
    /// What was assumed: indices of causes.
    pub assumed: Vec<usize>,
    /// Where a set of packets is followed: which packets are on this way.
    pub region: Option<Set>,
    /// Where a set is followed: stages so far.
    pub hops: u32,
}

impl PartialEq for Trail {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Trail {}
impl std::hash::Hash for Trail {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// The next thing that happens to the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// Run the chains of a hook.
    Hook(Layer, Hook),
    /// Decide between up and across at a bridge.
    BridgeDecision,
    /// Checks before the hooks of IP.
    Arrive,
    /// Choose the route of a packet that came in.
    RouteIn,
    /// Checks before the forward hook.
    BeforeForward,
    /// Choose the route of a packet that the host sends.
    RouteOut,
    /// It leaves by `output`.
    Leave,
}

/// The bridge's view of a packet, kept while the hooks of IP look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Detour {
    pub hook: Hook,
    pub entry: usize,
    pub input: Option<u32>,
    pub output: Option<u32>,
    /// Destination address before.
    pub destination: Bits,
}

/// Which hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Layer {
    /// At the device.
    Device,
    /// In the bridge.
    Bridge,
    /// IPv4 or IPv6, by the packet.
    Ip,
}

/// A place inside a base chain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Cursor {
    pub base: ChainId,
    pub chain: ChainId,
    pub rule: usize,
    pub statement: usize,
    /// The rule that runs matched by assumption: index of the cause.
    pub assumed: Option<usize>,
    /// Where to return to: chain and next rule.
    pub stack: Vec<(ChainId, usize)>,
}

/// What is known of the socket that sent the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Sender {
    /// There is none.
    None,
    /// User and group, where told.
    Local { user: Option<u32>, group: Option<u32> },
}

/// What the packet carries of its connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Conntrack {
    /// Nothing: not looked up, or invalid.
    None,
    /// Marked as not to be tracked.
    Untracked,
    /// A connection.
    Flow(Box<Flow>),
}

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Flow {
    pub info: Info,
    pub reply: bool,
    pub mark: Bits,
    pub labels: Bits,
    /// `IPS_*` bits that are known.
    pub status: Bits,
    /// As the first packet came.
    pub original: Tuple,
    /// As the first packet left: what the other end sees.
    pub translated: Tuple,
    /// The source has been decided on (`IPS_SRC_NAT_DONE`).
    pub source_done: bool,
    /// The destination has been decided on (`IPS_DST_NAT_DONE`).
    pub destination_done: bool,
}

/// `enum ip_conntrack_info` without the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Info {
    New,
    Established,
    Related,
}

/// Both ends of a connection, in the direction of its first packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Tuple {
    pub source: Bits,
    pub destination: Bits,
    pub source_port: Option<Bits>,
    pub destination_port: Option<Bits>,
}

/// What a route depends on that rules can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RouteInputs {
    pub source: Bits,
    pub destination: Bits,
    pub mark: Bits,
    pub tos: Bits,
}

/// `IPS_*` bits (`include/uapi/linux/netfilter/nf_conntrack_common.h`).
pub(super) mod status {
    pub(crate) const SEEN_REPLY: u128 = 2;
    pub(crate) const ASSURED: u128 = 4;
    pub(crate) const CONFIRMED: u128 = 8;
    pub(crate) const SOURCE_NAT: u128 = 16;
    pub(crate) const DESTINATION_NAT: u128 = 32;
    pub(crate) const SOURCE_DONE: u128 = 128;
    pub(crate) const DESTINATION_DONE: u128 = 256;
}

impl Tuple {
    pub(super) fn of(headers: &Headers) -> Self {
        Self {
            source: headers.source(),
            destination: headers.destination(),
            source_port: headers.source_port(),
            destination_port: headers.destination_port(),
        }
    }

    /// As seen from the other end.
    pub(super) fn reversed(self) -> Self {
        Self {
            source: self.destination,
            destination: self.source,
            source_port: self.destination_port,
            destination_port: self.source_port,
        }
    }
}
