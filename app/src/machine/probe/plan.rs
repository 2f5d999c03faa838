//! Which connections are worth trying: each kind of sources that an exposure tells apart, once for each port and version.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use portreeve_firewall::network::{Network, Prefix};
use portreeve_firewall::packet;
use portreeve_linux::vantage::Carrier;
use portreeve_model::Protocol;
use portreeve_model::exposure::zone::THIS_HOST;
use portreeve_model::exposure::{Decision, Door, DoorKind, Exposure, FamilyExposure, IpVersion, Part};
use portreeve_model::probe::Untried;
use portreeve_model::reach::Verdict;

use super::taken::Taken;

/// Where the sources do not matter.
const ANYBODY: &str = "anybody";
/// Connections tried in all.
const MOST: usize = 1000;
/// Kinds of sources tried for one port and version.
const MOST_FOR_PORT: usize = 6;
/// For documentation (RFC 5737, RFC 3849) and for measurements (RFC 2544): nobody real has them.
const NOBODYS: [IpAddr; 6] = [
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 77)),
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, 77)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 77)),
    IpAddr::V4(Ipv4Addr::new(198, 18, 77, 77)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0x77, 0, 0, 0, 0, 0x77)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 0x77)),
];

/// What is to be tried.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) trials: Vec<Trial>,
    skipped: Vec<Skipped>,
}

/// Sources that are not tried, and at which ports.
struct Skipped {
    why: String,
    sources: String,
    ports: Vec<String>,
}

/// One connection to try.
pub(super) struct Trial {
    pub(super) protocol: Protocol,
    pub(super) carrier: Carrier,
    pub(super) holder: Option<String>,
    pub(super) destination: SocketAddr,
    /// The host's own address where the host itself connects.
    pub(super) source: IpAddr,
    pub(super) vantage: From,
    pub(super) stands_for: String,
    /// What was computed of these sources by the interfaces that they really come by.
    pub(super) expected: Verdict,
    pub(super) interfaces: Vec<String>,
}

/// Where a connection comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// The namespace beside the host.
    Beside,
    /// The host itself.
    Here,
}

impl Plan {
    pub(super) fn new(exposures: &[Exposure], network: &Network, taken: &Taken) -> Self {
        let mut plan = Self::default();
        for Exposure { door, families } in exposures {
            let Some(carrier) = carrier(door.protocol) else {
                plan.skip(name(door), ANYBODY, "only TCP and UDP are tried");
                continue;
            };
            if door.port_end.is_some_and(|last| last != door.port) {
                plan.skip(
                    name(door),
                    ANYBODY,
                    &format!("only the first port of the range is tried, {}", door.port),
                );
            }
            for family in families {
                plan.add(door, carrier, family, network, taken);
            }
        }
        if plan.trials.len() > MOST {
            let why = format!("not more than {MOST} connections are tried at once: ask about fewer ports");
            plan.skip(format!("{} more connections", plan.trials.len() - MOST), ANYBODY, &why);
            plan.trials.truncate(MOST);
        }
        plan
    }

    fn skip(&mut self, port: String, sources: &str, why: &str) {
        match self.skipped.iter_mut().find(|known| known.why == why && known.sources == sources) {
            Some(known) if known.ports.contains(&port) => {}
            Some(known) => known.ports.push(port),
            None => {
                let (why, sources) = (why.to_owned(), sources.to_owned());
                self.skipped.push(Skipped { why, sources, ports: vec![port] });
            }
        }
    }

    /// What is left out; what is left out for the same reason, together.
    pub(super) fn untried(&self) -> Vec<Untried> {
        let mut untried: Vec<Untried> = Vec::new();
        for Skipped { why, sources, ports } in &self.skipped {
            let what = format!("{} from {sources}", ports.join(", "));
            match untried.iter_mut().find(|known| known.why == *why) {
                Some(known) => known.what.extend(["; ", &what]),
                None => untried.push(Untried { what, why: why.clone() }),
            }
        }
        untried
    }

    fn add(
        &mut self,
        door: &Door,
        carrier: Carrier,
        family: &FamilyExposure,
        network: &Network,
        taken: &Taken,
    ) {
        let v4 = family.version == IpVersion::Ipv4;
        let outside = outward(door, v4, network);
        let (refused, parts): (Vec<&Part>, Vec<&Part>) =
            family.parts.iter().partition(|part| is_refused_by_the_host(part));
        for part in refused {
            self.skip(
                name(door),
                &part.label,
                "the host itself throws such packets away, whatever the rules say",
            );
        }
        for (at, part) in parts.into_iter().enumerate() {
            let here = part.interfaces.is_empty();
            let destination = if here { outside.or_else(|| loopback(door, v4)) } else { outside };
            let (source, destination) = match (at < MOST_FOR_PORT, destination, here) {
                (false, _, _) => {
                    let why = format!("{MOST_FOR_PORT} kinds of sources are tried for a port");
                    self.skip(name(door), &part.label, &why);
                    continue;
                }
                (_, None, _) => {
                    let why = "none of the addresses of the port can be named from outside";
                    self.skip(name(door), &part.label, why);
                    continue;
                }
                (_, Some(destination), true) => (Some(destination), destination),
                (_, Some(destination), false) => (borrowed(part, v4, taken), destination),
            };
            let Some(source) = source else {
                let why =
                    "no address of them is free to be borrowed: the host speaks to it, or it is special";
                self.skip(name(door), &part.label, why);
                continue;
            };
            let trial = Trial {
                protocol: door.protocol,
                carrier,
                holder: door.holder.clone(),
                destination: SocketAddr::new(destination, door.port),
                source,
                vantage: if here { From::Here } else { From::Beside },
                stands_for: if here { THIS_HOST.to_owned() } else { part.label.clone() },
                expected: part.verdict,
                interfaces: part.interfaces.clone(),
            };
            if !self.trials.iter().any(|known| known.is_same(&trial)) {
                self.trials.push(trial);
            }
        }
    }
}

impl Trial {
    /// The same packet. By which interface it stands in for others makes no difference to it.
    fn is_same(&self, other: &Self) -> bool {
        self.carrier == other.carrier
            && self.destination == other.destination
            && self.source == other.source
            && self.vantage == other.vantage
    }
}

/// Whether the host throws such packets away whatever the rules say: sources that no packet from outside can have.
fn is_refused_by_the_host(part: &Part) -> bool {
    let by_host = matches!(part.deciders.first(), Some(Decision::Host { .. }));
    part.verdict == Verdict::Deny && by_host
}

fn carrier(protocol: Protocol) -> Option<Carrier> {
    match protocol {
        Protocol::Tcp | Protocol::Mptcp => Some(Carrier::Tcp),
        Protocol::Udp => Some(Carrier::Udp),
        _ => None,
    }
}

fn name(door: &Door) -> String {
    format!("{}/{}", door.port, door.protocol)
}

/// An address of the door that others can name: the first that it states, or for a wildcard the host's first.
fn outward(door: &Door, v4: bool, network: &Network) -> Option<IpAddr> {
    let mut stated = door.addresses.iter().copied().filter(|address| address.is_ipv4() == v4);
    let named = stated.clone().find(|address| !address.is_unspecified() && !address.is_loopback());
    if named.is_some() || door.kind == DoorKind::Behind {
        return named;
    }
    if !stated.any(|address| address.is_unspecified()) {
        return None;
    }
    let usable = network.addresses.iter().filter(|own| {
        let local = match own.address {
            IpAddr::V4(address) => address.is_link_local(),
            IpAddr::V6(address) => address.is_unicast_link_local(),
        };
        own.address.is_ipv4() == v4 && !own.address.is_loopback() && !local && !own.is_tentative()
    });
    usable.map(|own| own.address).next()
}

/// An address of the door that only the host itself can name.
fn loopback(door: &Door, v4: bool) -> Option<IpAddr> {
    let mut own = door.addresses.iter().copied().filter(|address| address.is_ipv4() == v4);
    own.find_map(|address| match address {
        address if address.is_loopback() => Some(address),
        address if address.is_unspecified() && v4 => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        address if address.is_unspecified() => Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        _ => None,
    })
}

/// An address among the part's sources that nobody misses for a moment.
fn borrowed(part: &Part, v4: bool, taken: &Taken) -> Option<IpAddr> {
    let prefixes: Vec<Prefix> = part.sources.iter().filter_map(|text| prefix(text)).collect();
    let among =
        |address: &IpAddr| address.is_ipv4() == v4 && prefixes.iter().any(|prefix| prefix.contains(*address));
    let nobodys = NOBODYS.into_iter().filter(among);
    let witness = packet::parse(&part.witness, &|_, _| None).ok().and_then(|asked| asked.source());
    // The witness may be somebody; an address further on is nobody more often.
    let beside = prefixes.iter().filter_map(|prefix| prefix.offset(77));
    let candidates = nobodys.chain(beside.filter(among)).chain(witness);
    candidates.into_iter().find(|address| address.is_ipv4() == v4 && taken.is_free(*address))
}

fn prefix(text: &str) -> Option<Prefix> {
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length = if length.is_empty() { longest } else { length.parse().ok()? };
    (length <= longest).then(|| Prefix::new(address, length))
}

/// Addresses of a prefix by their number.
trait Offset {
    fn offset(&self, number: u32) -> Option<IpAddr>;
}

impl Offset for Prefix {
    fn offset(&self, number: u32) -> Option<IpAddr> {
        let moved = match self.address {
            IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from(u32::from(address).checked_add(number)?)),
            IpAddr::V6(address) => {
                IpAddr::V6(Ipv6Addr::from(u128::from(address).checked_add(u128::from(number))?))
            }
        };
        self.contains(moved).then_some(moved)
    }
}
