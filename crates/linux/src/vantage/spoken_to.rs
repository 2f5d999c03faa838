//! Whom the host speaks to: addresses that must not be borrowed.

use std::collections::BTreeSet;
use std::net::IpAddr;

use portreeve_wire::proc::{InetFamily, inet_rows};
use portreeve_wire::route::{Neighbour, dump_neighbours};
use portreeve_wire::sock_diag::{AddressFamily, State};

use crate::netlink::{Family, NetlinkSocket, dump};

/// Neighbours of the calling thread's namespace, and the other ends of its TCP and UDP sockets, as far as they can be seen.
pub fn spoken_to() -> BTreeSet<IpAddr> {
    let mut addresses: BTreeSet<IpAddr> = neighbours().into_iter().collect();
    for (name, family) in
        [("tcp", InetFamily::V4), ("tcp6", InetFamily::V6), ("udp", InetFamily::V4), ("udp6", InetFamily::V6)]
    {
        // The table of the thread's namespace, not of the process'.
        let table = std::fs::read(format!("/proc/thread-self/net/{name}")).unwrap_or_default();
        let live = inet_rows(&table, family).flatten().filter(|row| is_live(row.state));
        addresses.extend(live.map(|row| row.destination.to_canonical()));
    }
    addresses
}

/// Whether anybody would miss its packets.
fn is_live(state: State) -> bool {
    !matches!(state, State::SynReceived | State::NewSynReceived | State::TimeWait)
}

fn neighbours() -> Vec<IpAddr> {
    let Ok(mut socket) = NetlinkSocket::open(Family::Route) else { return Vec::new() };
    [AddressFamily::Inet, AddressFamily::Inet6]
        .into_iter()
        .filter_map(|family| {
            let request = |seq| Ok(dump_neighbours(family, seq));
            dump(&mut socket, request, |message| Ok(Neighbour::from_message(message)?.address)).ok()
        })
        .flat_map(|neighbours| neighbours.items)
        .collect()
}
