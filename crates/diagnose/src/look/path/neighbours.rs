//! The kernel's table of neighbours (`RTM_GETNEIGH`).

use portreeve_firewall::network::Network;
use portreeve_linux::netlink::{Family, NetlinkSocket, dump};
use portreeve_wire::route as wire;
use portreeve_wire::sock_diag::AddressFamily;

use crate::facts::path::{Neighbour, NeighbourState};

/// The neighbours of both IP versions. Where the kernel does not tell there are none: nothing is judged by one that is missing.
pub(super) fn read(network: &Network) -> Vec<Neighbour> {
    let Ok(mut channel) = NetlinkSocket::open(Family::Route) else { return Vec::new() };
    let mut found = Vec::new();
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let listed = dump(
            &mut channel,
            |sequence| Ok(wire::dump_neighbours(family, sequence)),
            |message| wire::Neighbour::from_message(message).map(Some),
        );
        match listed {
            Ok(listed) => found.extend(listed.items.iter().filter_map(|one| neighbour(one, network))),
            Err(error) => tracing::debug!(%error, "neighbours could not be listed"),
        }
    }
    found
}

fn neighbour(one: &wire::Neighbour, network: &Network) -> Option<Neighbour> {
    let interface = network.interface(one.interface)?.name.clone();
    Some(Neighbour { interface, address: one.address?, state: state(one.state)?, asked: false })
}

/// `None` for an entry that nothing is known of yet.
fn state(bits: u16) -> Option<NeighbourState> {
    let words = [
        (wire::NUD_REACHABLE, NeighbourState::Answers("REACHABLE")),
        (wire::NUD_STALE, NeighbourState::Answers("STALE")),
        (wire::NUD_DELAY, NeighbourState::Answers("DELAY")),
        (wire::NUD_PROBE, NeighbourState::Answers("PROBE")),
        (wire::NUD_INCOMPLETE, NeighbourState::Incomplete),
        (wire::NUD_FAILED, NeighbourState::Failed),
        (wire::NUD_PERMANENT, NeighbourState::Fixed("PERMANENT")),
        (wire::NUD_NOARP, NeighbourState::Fixed("NOARP")),
    ];
    words.into_iter().find(|(bit, _)| bits & bit != 0).map(|(_, state)| state)
}
