//! The types of ipsets and what their parts are (`net/netfilter/ipset/ip_set_*.c`).

/// One part of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// One address, cut by the set's `netmask`.
    Address,
    /// A network.
    Network,
    /// Protocol and port; type and code of ICMP.
    Port,
    /// A port of TCP or UDP, whichever.
    BarePort,
    /// Name of an interface.
    Interface,
    /// Ethernet address.
    Ethernet,
    /// The same, of an element that may have none.
    MaybeEthernet,
    /// Firewall mark.
    Mark,
}

/// The parts of a type; `None` where the type is not known. `list:set` has none.
pub(super) fn parts(kind: &str) -> Option<&'static [Part]> {
    use Part::{Address, BarePort, Ethernet, Interface, Mark, MaybeEthernet, Network, Port};
    Some(match kind {
        "bitmap:ip" | "ipmap" | "hash:ip" | "iphash" => &[Address],
        "bitmap:ip,mac" | "macipmap" => &[Address, MaybeEthernet],
        "bitmap:port" | "portmap" => &[BarePort],
        "hash:net" | "nethash" => &[Network],
        "hash:ip,port" | "ipporthash" => &[Address, Port],
        "hash:ip,port,ip" | "ipportiphash" => &[Address, Port, Address],
        "hash:ip,port,net" | "ipportnethash" => &[Address, Port, Network],
        "hash:ip,mark" => &[Address, Mark],
        "hash:ip,mac" => &[Address, Ethernet],
        "hash:mac" => &[Ethernet],
        "hash:net,port" => &[Network, Port],
        "hash:net,net" => &[Network, Network],
        "hash:net,port,net" => &[Network, Port, Network],
        "hash:net,iface" => &[Network, Interface],
        "list:set" | "setlist" => &[],
        _ => return None,
    })
}

/// Whether elements may be `nomatch` (`IPSET_TYPE_NOMATCH`): the types with networks.
pub(super) fn has_nomatch(parts: &[Part]) -> bool {
    parts.contains(&Part::Network)
}
