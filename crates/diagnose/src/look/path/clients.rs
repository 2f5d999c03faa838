//! Who may connect: the client that was asked for, or those that can be supposed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use portreeve_firewall::network::{Address, Fib, Network, OutputKey, OutputRoute};
use portreeve_firewall::packet::Place;
use portreeve_model::why::Client;

use crate::facts::PathFacts;
use crate::facts::path::Purpose;

/// At most this many neighbours of one interface are supposed to connect.
const NEIGHBOURS: usize = 2;

/// A client, and how its packets meet this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Supposed {
    /// Who.
    pub(super) client: Client,
    /// Why.
    pub(super) purpose: Purpose,
    /// How its packets meet this host.
    pub(super) place: Place,
    /// It is beyond a router.
    pub(super) remote: bool,
}

/// The clients of one endpoint. `here` is the interface that has the endpoint's address; none where another host has it.
pub(super) fn of(
    facts: &PathFacts,
    endpoint: SocketAddr,
    here: Option<&str>,
    from: Option<IpAddr>,
) -> Vec<Supposed> {
    let Some(interface) = here else {
        return vec![outgoing(&facts.network, endpoint.ip())];
    };
    if endpoint.ip().is_loopback() {
        return vec![this_host(endpoint.ip(), Purpose::Asked)];
    }
    let others = Others { facts, endpoint: endpoint.ip(), interface };
    let mut found = Vec::new();
    match from.filter(|from| from.is_ipv4() == endpoint.is_ipv4()) {
        Some(from) if is_own(&facts.network, from) => found.push(this_host(from, Purpose::Asked)),
        Some(from) => {
            found.push(others.given(from));
            found.extend(others.internet(Purpose::Compared));
            found.extend(others.neighbours(Purpose::Compared));
        }
        None if from.is_some() => {}
        None => {
            found.extend(others.internet(Purpose::Asked));
            found.extend(others.neighbours(Purpose::Asked));
            found.push(this_host(endpoint.ip(), Purpose::Own));
        }
    }
    found
}

fn is_own(network: &Network, address: IpAddr) -> bool {
    address.is_loopback() || network.addresses.iter().any(|one| one.address == address)
}

/// This host connects to itself, from the address given.
fn this_host(source: IpAddr, purpose: Purpose) -> Supposed {
    Supposed {
        client: Client { address: source, interface: None, who: "this host".to_owned() },
        purpose,
        place: Place::Out { interface: None, user: None, group: None },
        remote: false,
    }
}

/// This host connects to another. Where no route leads there it has no address to connect from; that is for the simulation to
/// say, with any of its own.
fn outgoing(network: &Network, target: IpAddr) -> Supposed {
    let source = match Fib::new(network).output(&towards(None, target)) {
        OutputRoute::Sent { source, .. } => Some(source),
        OutputRoute::Unknown { alternatives, .. } => alternatives.into_iter().find_map(|route| match route {
            OutputRoute::Sent { source, .. } => Some(source),
            _ => None,
        }),
        OutputRoute::Failed(_) => None,
    };
    let loopback = || {
        if target.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { IpAddr::V6(Ipv6Addr::LOCALHOST) }
    };
    let any = || {
        let fits = |one: &&Address| one.address.is_ipv4() == target.is_ipv4() && !one.address.is_loopback();
        network.addresses.iter().find(fits).map(|one| one.address)
    };
    let address = source.or_else(any).unwrap_or_else(loopback);
    Supposed { remote: true, ..this_host(address, Purpose::Asked) }
}

/// The question by which interface a packet leaves.
pub(super) fn towards(source: Option<IpAddr>, destination: IpAddr) -> OutputKey {
    OutputKey {
        source,
        destination,
        oif: None,
        bound: false,
        mark: 0,
        tos: 0,
        protocol: 0,
        source_port: None,
        destination_port: None,
        uid: Some(0),
        any_source: false,
    }
}

/// Clients other than this host.
struct Others<'a> {
    facts: &'a PathFacts,
    endpoint: IpAddr,
    interface: &'a str,
}

impl Others<'_> {
    /// The client that was asked for.
    ///
    /// Packets come in where the endpoint's address is reached: by its own interface, unless the client is a neighbour on
    /// another link, or the address is on no link (loopback, a service address).
    fn given(&self, from: IpAddr) -> Supposed {
        let back = self.way_back(from);
        let link = self.link_of(from);
        let interface = match (link, &back) {
            (Some(link), _) => link,
            (None, Some(back)) if self.is_on_no_link() => back.clone(),
            (None, _) => self.interface.to_owned(),
        };
        let who = "given with --from".to_owned();
        outside(from, interface, who, Purpose::Asked, self.link_of(from).is_none())
    }

    /// Somebody on the internet, where answers find a way there.
    fn internet(&self, purpose: Purpose) -> Vec<Supposed> {
        let far = far_away(self.endpoint);
        let who = || "somebody on the internet".to_owned();
        let Some(back) = self.way_back(far).filter(|_| reaches_far(self.endpoint)) else { return Vec::new() };
        if back == self.interface || self.is_on_no_link() {
            return vec![outside(far, back, who(), purpose, true)];
        }
        // An address that only this network knows is asked for by nobody beyond it, unless such packets were seen and refused.
        let refused = self.facts.counters.is_some_and(|(before, _)| before.reverse_path_filter > 0);
        if is_private(self.endpoint) && !refused {
            return Vec::new();
        }
        vec![outside(far, self.interface.to_owned(), who(), purpose, true)]
    }

    /// Neighbours on the endpoint's link: real ones, or else an address of its network.
    fn neighbours(&self, purpose: Purpose) -> Vec<Supposed> {
        let Some(interface) = self.facts.interface(self.interface).filter(|one| !one.flags.is_loopback())
        else {
            return Vec::new();
        };
        let Some(own) = self.facts.network.addresses.iter().find(|one| one.address == self.endpoint) else {
            return Vec::new();
        };
        let is_client = |address: IpAddr| {
            address.is_ipv4() == self.endpoint.is_ipv4()
                && own.network().contains(address)
                && !is_own(&self.facts.network, address)
                && !address.is_multicast()
        };
        let known = self
            .facts
            .neighbours
            .iter()
            .filter(|one| one.interface == interface.name && is_client(one.address) && !one.is_silent());
        let routers: Vec<IpAddr> = routers(&self.facts.network).collect();
        let mut real: Vec<IpAddr> =
            known.map(|one| one.address).filter(|address| !routers.contains(address)).collect();
        real.truncate(NEIGHBOURS);
        if real.is_empty() {
            real.extend(beside(own, &routers));
        }
        let who = format!("a neighbour on {}", interface.name);
        real.into_iter()
            .map(|address| outside(address, interface.name.clone(), who.clone(), purpose, false))
            .collect()
    }

    /// The interface that answers leave by, from the endpoint's address.
    fn way_back(&self, to: IpAddr) -> Option<String> {
        let sent = |route: &OutputRoute| match route {
            OutputRoute::Sent { oif, .. } => Some(*oif),
            _ => None,
        };
        let index = match Fib::new(&self.facts.network).output(&towards(Some(self.endpoint), to)) {
            OutputRoute::Unknown { alternatives, .. } => {
                // One of several ways: the endpoint's own where it is among them.
                let ways: Vec<u32> = alternatives.iter().filter_map(sent).collect();
                let own = self.facts.interface(self.interface).map(|one| one.index);
                ways.iter().find(|way| Some(**way) == own).or(ways.first()).copied()
            }
            route => sent(&route),
        };
        Some(self.facts.network.interface(index?)?.name.clone())
    }

    /// The interface on whose network an address is.
    fn link_of(&self, address: IpAddr) -> Option<String> {
        let holds = |one: &&Address| {
            let host = if one.address.is_ipv4() { 32 } else { 128 };
            one.prefix_length < host && one.network().contains(address) && !one.address.is_loopback()
        };
        let found = self.facts.network.addresses.iter().filter(holds).max_by_key(|one| one.prefix_length)?;
        Some(self.facts.network.interface(found.interface)?.name.clone())
    }

    /// The endpoint's address is of no network: on a loopback interface, or alone on one without neighbours.
    fn is_on_no_link(&self) -> bool {
        let interface = self.facts.interface(self.interface);
        let kind = interface.and_then(|one| one.kind.as_deref());
        interface.is_none_or(|one| one.flags.is_loopback()) || kind == Some("dummy")
    }
}

/// Somebody elsewhere, whose packets come in by an interface.
fn outside(address: IpAddr, interface: String, who: String, purpose: Purpose, remote: bool) -> Supposed {
    Supposed {
        client: Client { address, interface: Some(interface.clone()), who },
        purpose,
        place: Place::In(interface),
        remote,
    }
}

/// The gateways of all routes.
pub(super) fn routers(network: &Network) -> impl Iterator<Item = IpAddr> + '_ {
    network.routes.iter().flat_map(|route| route.nexthops.as_slice()).filter_map(|hop| hop.gateway)
}

/// An ordinary public address, which no list of special addresses has in it (RFC 6890).
fn far_away(endpoint: IpAddr) -> IpAddr {
    if endpoint.is_ipv4() {
        Ipv4Addr::new(9, 109, 209, 77).into()
    } else {
        Ipv6Addr::new(0x2620, 0xfe, 0x77, 0x1, 0, 0, 0, 0x4d).into()
    }
}

/// Whether an address is valid beyond its link.
fn reaches_far(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_unicast_link_local(),
    }
}

/// Whether only the network around it knows an address.
pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        // RFC 6598: shared by the customers of a provider.
        IpAddr::V4(v4) => v4.is_private() || (v4.octets().starts_with(&[100]) && v4.octets()[1] & 0xc0 == 64),
        IpAddr::V6(v6) => v6.is_unique_local(),
    }
}

/// An address next to one's own in the same network, and no router's if there is another.
fn beside(own: &Address, routers: &[IpAddr]) -> Option<IpAddr> {
    if let Some(peer) = own.peer.filter(|peer| *peer != own.address) {
        return Some(peer);
    }
    let candidates: Vec<IpAddr> = match own.address {
        IpAddr::V4(v4) if own.prefix_length < 32 => {
            let free = (1_u32 << (32 - u32::from(own.prefix_length))) - 1;
            // Neither the network's own address nor its broadcast address is a host's, but between two hosts alone (RFC 3021).
            let is_host = |bits: &u32| free == 1 || (bits & free != 0 && bits & free != free);
            let near = [1, 2, 3, 6, 9].map(|turn: u32| v4.to_bits() ^ (turn & free));
            near.into_iter()
                .filter(|bits| *bits != v4.to_bits() && is_host(bits))
                .map(|bits| Ipv4Addr::from_bits(bits).into())
                .collect()
        }
        IpAddr::V6(v6) if own.prefix_length < 128 => {
            let free = (1_u128 << (128 - u32::from(own.prefix_length))) - 1;
            let near = [2, 1, 6].map(|turn: u128| v6.to_bits() ^ (turn & free));
            near.into_iter()
                .filter(|bits| *bits != v6.to_bits())
                .map(|bits| Ipv6Addr::from_bits(bits).into())
                .collect()
        }
        _ => Vec::new(),
    };
    candidates.iter().find(|one| !routers.contains(one)).or(candidates.first()).copied()
}
