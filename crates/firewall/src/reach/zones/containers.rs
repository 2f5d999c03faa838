//! Networks of containers and virtual machines on this host, recognised by the interfaces that their engines make.

use std::net::IpAddr;

use crate::network::{Address, Interface, Network, Prefix, RouteKind};

/// Names of interfaces: the beginning, and what follows it.
const NAMES: &[(&str, Rest)] = &[
    ("docker", Rest::Digits),
    ("docker_gwbridge", Rest::Nothing),
    // Networks that a user of Docker made: the first half of the network's number.
    ("br-", Rest::Hexadecimal(12)),
    ("podman", Rest::Digits),
    ("cni-podman", Rest::Digits),
    ("cni", Rest::Digits),
    ("nerdctl", Rest::Digits),
    ("cbr", Rest::Digits),
    ("kube-bridge", Rest::Nothing),
    ("weave", Rest::Nothing),
    ("hassio", Rest::Nothing),
    ("lxcbr", Rest::Digits),
    ("lxdbr", Rest::Digits),
    ("incusbr", Rest::Digits),
    ("waydroid", Rest::Digits),
    ("virbr", Rest::Digits),
    ("mpqemubr", Rest::Digits),
    ("vboxnet", Rest::Digits),
    ("vmnet", Rest::Digits),
];

/// Names of interfaces that lead to one container, or to those of other hosts of a cluster, without a bridge.
const DIRECT: &[(&str, Rest)] = &[
    ("ve-", Rest::Anything),
    ("cali", Rest::Anything),
    ("lxc", Rest::Hexadecimal(12)),
    ("cilium_host", Rest::Nothing),
    ("cilium_vxlan", Rest::Nothing),
    ("vxlan.calico", Rest::Nothing),
    ("flannel.", Rest::Digits),
];

#[derive(Debug, Clone, Copy)]
enum Rest {
    Nothing,
    Digits,
    Hexadecimal(usize),
    Anything,
}

/// Whether an interface leads to containers or virtual machines of this host.
pub(super) fn leads_to_containers(interface: &Interface, network: &Network) -> bool {
    if interface.master_kind.as_deref() == Some("bridge") {
        return false;
    }
    let named = |names: &[(&str, Rest)]| names.iter().any(|name| is_named(&interface.name, *name));
    match interface.kind.as_deref() {
        Some("bridge") => {
            let mut ports = network.ports_of(interface.index).peekable();
            let guests = ports.peek().is_some();
            ports.all(is_guest) && (guests || named(NAMES))
        }
        Some("veth" | "vxlan") => named(DIRECT),
        // A host that was described by hand has no kinds; VirtualBox and VMware have none of their own.
        None => named(NAMES) || named(DIRECT),
        Some(_) => false,
    }
}

/// The networks behind such interfaces: those of their addresses, and what is routed to them without a router.
pub(super) fn networks(network: &Network) -> Vec<Prefix> {
    let interfaces: Vec<u32> = network
        .interfaces
        .iter()
        .filter(|interface| leads_to_containers(interface, network))
        .map(|interface| interface.index)
        .collect();
    let known = |index: Option<u32>| index.is_some_and(|index| interfaces.contains(&index));
    let addresses = network.addresses.iter().filter(|address| known(Some(address.interface)));
    let overlay = |index: Option<u32>| {
        let interface = index.and_then(|index| network.interface(index));
        interface.is_some_and(|interface| interface.kind.as_deref() == Some("vxlan"))
    };
    let routes = network.routes.iter().filter(|route| {
        let mut ways = route.nexthops.as_slice().iter().peekable();
        // Behind a container that routes there are other networks; behind a tunnel of a cluster there are its containers.
        route.kind == RouteKind::Unicast
            && ways.peek().is_some()
            && ways.all(|way| known(way.interface) && (way.gateway.is_none() || overlay(way.interface)))
    });
    let mut found: Vec<Prefix> = addresses.map(Address::network).collect();
    found.extend(routes.map(|route| route.destination));
    // Everything is no container's; what is valid on its link only has a zone of its own.
    found.retain(|prefix| prefix.length > 0 && !is_link_local(prefix.address));
    found.sort_unstable();
    found.dedup();
    found
}

/// A port of a bridge that a container or virtual machine is at, and not the world.
fn is_guest(port: &Interface) -> bool {
    matches!(port.kind.as_deref(), Some("veth" | "tun" | "dummy" | "macvtap"))
}

fn is_named(name: &str, (start, rest): (&str, Rest)) -> bool {
    let Some(end) = name.strip_prefix(start) else { return false };
    match rest {
        Rest::Nothing => end.is_empty(),
        Rest::Digits => !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit()),
        Rest::Hexadecimal(count) => end.len() == count && end.bytes().all(|byte| byte.is_ascii_hexdigit()),
        Rest::Anything => !end.is_empty(),
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}
