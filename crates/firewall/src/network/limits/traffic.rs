//! Traffic control: the `clsact` and `ingress` disciplines with their filters, and programs attached by tcx.

use std::collections::BTreeSet;

use portreeve_linux::bpf::{self, BpfError};
use portreeve_linux::netlink::{Channel, NetlinkError, dump};
use portreeve_wire::route::{
    TC_EGRESS, TC_INGRESS, TC_INGRESS_QDISC, TrafficObject, dump_filters, dump_qdiscs,
};

use super::super::Interface;
use super::{Direction, Limit};

/// Finds what can filter on each interface of the channel's namespace, which is also the calling thread's.
pub(crate) fn traffic_control(channel: &mut impl Channel, interfaces: &[Interface], limits: &mut Vec<Limit>) {
    let disciplines = dump(channel, dump_qdiscs, |message| {
        let object = TrafficObject::from_message(message)?;
        Ok(object.kind.map(|kind| (object.interface, kind.to_owned())))
    });
    match disciplines {
        Ok(disciplines) => {
            for (index, kind) in disciplines.items {
                let parents: &[(u32, Direction)] = match kind.as_str() {
                    "clsact" => &[(TC_INGRESS, Direction::Ingress), (TC_EGRESS, Direction::Egress)],
                    "ingress" => &[(TC_INGRESS_QDISC, Direction::Ingress)],
                    _ => continue,
                };
                for &(parent, direction) in parents {
                    filters(channel, interfaces, index, parent, direction, limits);
                }
            }
        }
        Err(error) => limits.push(Limit::not_read("traffic control", &error, is_permission(&error))),
    }
    for interface in interfaces {
        match bpf::interface_programs(interface.index) {
            Ok(programs) => limits.extend(programs.into_iter().map(|program| Limit::TrafficControl {
                interface: interface.name.clone(),
                direction: if bpf::TCX.first() == Some(&program.point) {
                    Direction::Ingress
                } else {
                    Direction::Egress
                },
                filter: "tcx".into(),
            })),
            Err(error) => {
                let permission = matches!(error, BpfError::NotPermitted);
                limits.push(Limit::not_read("programs that tcx attached", &error, permission));
                return;
            }
        }
    }
}

fn filters(
    channel: &mut impl Channel,
    interfaces: &[Interface],
    index: u32,
    parent: u32,
    direction: Direction,
    limits: &mut Vec<Limit>,
) {
    let found = dump(
        channel,
        |sequence| Ok(dump_filters(index, parent, sequence)),
        |message| Ok(TrafficObject::from_message(message)?.kind.map(str::to_owned)),
    );
    let name = || {
        let named = interfaces.iter().find(|interface| interface.index == index);
        named.map_or_else(|| index.to_string(), |interface| interface.name.clone())
    };
    match found {
        Ok(found) => {
            let kinds: BTreeSet<String> = found.items.into_iter().collect();
            limits.extend(kinds.into_iter().map(|filter| Limit::TrafficControl {
                interface: name(),
                direction,
                filter,
            }));
        }
        Err(error) => {
            let what = format!("filters of traffic control on {}", name());
            limits.push(Limit::not_read(what, &error, is_permission(&error)));
        }
    }
}

fn is_permission(error: &NetlinkError) -> bool {
    matches!(error.errno(), Some(portreeve_linux::Errno::PERM | portreeve_linux::Errno::ACCESS))
}
