//! Whatever bytes come, every decoder answers.

use portreeve_wire::genetlink::{Family, FouPort, GenericMessage, L2tpTunnel, WireguardDevice};
use portreeve_wire::icmp_error::Unreachable;
use portreeve_wire::inet_diag::SocketMessage;
use portreeve_wire::netfilter::conntrack::Entry;
use portreeve_wire::netfilter::trace::Event;
use portreeve_wire::netfilter::{Generation, Hook};
use portreeve_wire::netlink::{Attributes, Messages};
use portreeve_wire::packet_diag::PacketSocket;
use portreeve_wire::proc::{
    FdTarget, InetFamily, Stat, Status, arguments, cgroups, environment_value, inet_rows, mounts,
    packet_rows, passwd_entries, port_range, port_ranges, sctp_associations, sctp_endpoints, unix_rows,
};
use portreeve_wire::route::{Address, Link, Neighbour, NexthopObject, Route, Rule, TrafficObject};
use portreeve_wire::unix_diag::UnixSocket;
use portreeve_wire::vsock_diag::VsockSocket;
use proptest::prelude::*;

use crate::fixtures::{self, bytes};

fn decode_all(payload: &[u8]) {
    for message in Messages::new(payload).flatten() {
        let _class = message.classify();
    }
    let _attributes = Attributes::new(payload).count();
    if let Ok(socket) = SocketMessage::decode(payload) {
        let parts = socket.extensions();
        let _infos = (parts.tcp_info(), parts.mptcp_info(), parts.locals.count(), parts.peers.count());
    }
    if let Ok(socket) = UnixSocket::decode(payload) {
        let _pending = socket.pending.count();
    }
    if let Ok(socket) = PacketSocket::decode(payload) {
        let _memberships = socket.memberships.count();
    }
    let _vsock = VsockSocket::decode(payload);
    let _route = (Link::decode(payload), Address::decode(payload));
    let _routing = (Route::decode(payload), Rule::decode(payload), NexthopObject::decode(payload));
    let _traffic = (Neighbour::decode(payload), TrafficObject::decode(payload));
    let _netfilter = (Generation::decode(payload), Hook::decode(payload));
    let _packets = (Event::decode(payload), Entry::decode(payload));
    let _errors = (Unreachable::from_v4(payload), Unreachable::from_v6(payload));
    let _generic =
        (GenericMessage::decode(payload), Family::decode(payload), WireguardDevice::decode(payload));
    let _tunnels = (FouPort::decode(payload), L2tpTunnel::decode(payload));
}

fn parse_all(text: &[u8]) {
    let _inet = (inet_rows(text, InetFamily::V4).count(), inet_rows(text, InetFamily::V6).count());
    let _rows = (packet_rows(text).count(), unix_rows(text).count());
    for endpoint in sctp_endpoints(text).flatten() {
        let _addresses = endpoint.addresses.count();
    }
    for association in sctp_associations(text).flatten() {
        let _addresses = (association.sources.count(), association.destinations.count());
    }
    let _process = (Stat::parse(text), Status::parse(text).map(|status| status.namespace_pids.count()));
    let _lines = (cgroups(text).count(), mounts(text).count(), passwd_entries(text).count());
    let _strings = (arguments(text).count(), environment_value(text, "LD_PRELOAD"), FdTarget::parse(text));
    let _ports = (port_range(text), port_ranges(text).count());
}

fn recorded() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(fixtures::TCP_LISTEN),
        Just(fixtures::TCP_ESTABLISHED),
        Just(fixtures::MPTCP_ESTABLISHED),
        Just(fixtures::UNIX_LISTEN),
        Just(fixtures::PACKET),
        Just(fixtures::LINK_VXLAN),
        Just(fixtures::ADDRESS_V4),
        Just(fixtures::FAMILY_NLCTRL),
        Just(fixtures::ERROR_ENOENT),
    ]
    .boxed()
    .prop_union(proptest::sample::select(crate::routing::RECORDED).boxed())
    .prop_map(bytes)
}

/// Text that looks like `/proc` more often than random bytes do.
const TABLES: &str = "[0-9A-F(): \t\n@/,.*<>\\\\-]{0,200}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn invented_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        decode_all(&bytes);
        parse_all(&bytes);
    }

    #[test]
    fn damaged_messages_are_answered(
        mut message in recorded(),
        damages in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        keep_all: bool,
    ) {
        for (place, byte) in damages {
            let place = place.index(message.len());
            message[place] = byte;
        }
        if !keep_all {
            message.truncate(cut.index(message.len()));
        }
        decode_all(&message);
        decode_all(message.get(16..).unwrap_or_default());
    }

    #[test]
    fn invented_tables_are_answered(text in TABLES) {
        parse_all(text.as_bytes());
        parse_all(format!("header drops\n{text}").as_bytes());
    }
}
