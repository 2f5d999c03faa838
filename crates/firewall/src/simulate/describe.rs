//! Words for what is open in a packet.

use super::outcome::{Cause, CauseKind};
use crate::ir::{ConntrackKey, FibAddress, Field, Meta, SocketKey, StateKind};

/// Why a field is open.
pub(super) fn open_field(field: &Field) -> Cause {
    let (kind, text) = match field {
        Field::Payload(payload) => (CauseKind::Unspecified, payload.name.to_string()),
        Field::Meta(meta) => match meta {
            Meta::Cgroup => (CauseKind::Socket, "meta cgroup".to_owned()),
            Meta::SocketUser => (CauseKind::Unspecified, "meta skuid".to_owned()),
            Meta::SocketGroup => (CauseKind::Unspecified, "meta skgid".to_owned()),
            Meta::Length => (CauseKind::Unspecified, "meta length".to_owned()),
            Meta::RouteClass => (CauseKind::Routing, "meta rtclassid".to_owned()),
            Meta::OutputName | Meta::OutputIndex | Meta::OutputGroup => {
                (CauseKind::Routing, "the outgoing interface".to_owned())
            }
            Meta::Mark => (CauseKind::Unspecified, "meta mark".to_owned()),
            Meta::Priority => (CauseKind::Unspecified, "meta priority".to_owned()),
            other => (CauseKind::Unseen, format!("meta {other:?}").to_lowercase()),
        },
        Field::Conntrack(key, _) => (CauseKind::Connection, format!("ct {}", conntrack(*key))),
        Field::Fib(fib) => {
            let address = if fib.address == FibAddress::Source { "saddr" } else { "daddr" };
            (CauseKind::Routing, format!("fib {address}"))
        }
        Field::AddressType { .. } => (CauseKind::Routing, "addrtype".to_owned()),
        Field::ReversePath { .. } => (CauseKind::Routing, "rpfilter".to_owned()),
        Field::Socket(SocketKey::CgroupV2(_)) => (CauseKind::Socket, "socket cgroupv2".to_owned()),
        Field::Socket(_) => (CauseKind::State(StateKind::Socket), "socket".to_owned()),
        Field::TcpOption { kind, .. } | Field::TcpOptionPresent(kind) => {
            (CauseKind::Unspecified, format!("tcp option {kind}"))
        }
        Field::Ip6Header { header, .. } | Field::Ip6HeaderPresent(header) => {
            (CauseKind::Unspecified, format!("IPv6 extension header {header}"))
        }
        Field::IpOption { kind, .. } | Field::IpOptionPresent(kind) => {
            (CauseKind::Unspecified, format!("ip option {kind}"))
        }
        Field::Route(_) => (CauseKind::Routing, "the chosen route".to_owned()),
        Field::Physdev(_) => (CauseKind::Routing, "the bridge port".to_owned()),
        Field::Opaque { text, .. } => (opaque(text), text.clone()),
    };
    Cause::new(kind, text)
}

/// What kind of uncertainty a datum brings that is not modelled.
fn opaque(text: &str) -> CauseKind {
    let first = text.split_whitespace().nth(1).unwrap_or_default();
    match first {
        "time" | "day" | "hour" => CauseKind::State(StateKind::Time),
        "random" => CauseKind::State(StateKind::Chance),
        "name" | "version" if text.starts_with("osf") => CauseKind::State(StateKind::OperatingSystem),
        _ => CauseKind::NotUnderstood,
    }
}

fn conntrack(key: ConntrackKey) -> &'static str {
    match key {
        ConntrackKey::State => "state",
        ConntrackKey::Direction => "direction",
        ConntrackKey::Status => "status",
        ConntrackKey::Mark => "mark",
        ConntrackKey::Expiration => "expiration",
        ConntrackKey::Helper => "helper",
        ConntrackKey::L3Protocol => "l3proto",
        ConntrackKey::Protocol => "protocol",
        ConntrackKey::Source(_) => "saddr",
        ConntrackKey::Destination(_) => "daddr",
        ConntrackKey::SourcePort => "proto-src",
        ConntrackKey::DestinationPort => "proto-dst",
        ConntrackKey::Packets => "packets",
        ConntrackKey::Bytes => "bytes",
        ConntrackKey::BytesPerPacket => "avgpkt",
        ConntrackKey::Zone => "zone",
        ConntrackKey::Id => "id",
        ConntrackKey::Labels => "label",
    }
}
