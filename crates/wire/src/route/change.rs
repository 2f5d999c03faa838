//! Requests that make, change and remove interfaces, addresses, routes and neighbours (`RTM_NEW*`, `RTM_DELLINK`).
//!
//! Only what a pair of virtual Ethernet interfaces needs. Each asks for an acknowledgement.

use std::net::IpAddr;

use crate::WireError;
use crate::netlink::{NLM_F_REQUEST, RequestBuilder};

use super::{IFF_UP, RTM_NEWADDR, RTM_NEWLINK, RTM_NEWNEIGH, RTM_NEWROUTE};

const NLM_F_ACK: u16 = 0x4;
const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;
const MAKE: u16 = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;

const RTM_DELLINK: u16 = 17;
const IFLA_IFNAME: u16 = 3;
const IFLA_LINKINFO: u16 = 18;
const IFLA_AF_SPEC: u16 = 26;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;
const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
const IN6_ADDR_GEN_MODE_NONE: u8 = 1;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// Makes a pair of virtual Ethernet interfaces, both down: `name` here, `peer` in the namespace of the descriptor.
pub fn new_veth(seq: u32, name: &str, peer: &str, namespace: i32) -> Result<Vec<u8>, WireError> {
    let mut request = RequestBuilder::new(RTM_NEWLINK, MAKE, seq);
    request.body(&link(0, 0, 0)).attribute(IFLA_IFNAME, &terminated(name));
    request.nested(IFLA_LINKINFO, |info| {
        info.attribute(IFLA_INFO_KIND, b"veth\0");
        info.nested(IFLA_INFO_DATA, |data| {
            data.nested(VETH_INFO_PEER, |other| {
                other.body(&link(0, 0, 0));
                other.attribute(IFLA_IFNAME, &terminated(peer));
                other.attribute(IFLA_NET_NS_FD, &namespace.to_ne_bytes());
            });
        });
    });
    request.finish()
}

/// Sets an interface up.
pub fn set_link_up(seq: u32, index: u32) -> Result<Vec<u8>, WireError> {
    let mut request = RequestBuilder::new(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, seq);
    request.body(&link(index, IFF_UP, IFF_UP));
    request.finish()
}

/// Has the interface make no IPv6 address by itself; it must still be down.
pub fn no_own_ipv6_address(seq: u32, index: u32) -> Result<Vec<u8>, WireError> {
    let mut request = RequestBuilder::new(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, seq);
    request.body(&link(index, 0, 0));
    request.nested(IFLA_AF_SPEC, |families| {
        families.nested(u16::from(AF_INET6), |inet6| {
            inet6.attribute(IFLA_INET6_ADDR_GEN_MODE, &[IN6_ADDR_GEN_MODE_NONE]);
        });
    });
    request.finish()
}

/// Removes an interface, and with a virtual Ethernet interface its other half.
pub fn delete_link(seq: u32, index: u32) -> Result<Vec<u8>, WireError> {
    let mut request = RequestBuilder::new(RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK, seq);
    request.body(&link(index, 0, 0));
    request.finish()
}

/// Gives an interface an address that is alone in its network, usable at once. One that is there already is an error.
pub fn new_address(seq: u32, index: u32, address: IpAddr) -> Result<Vec<u8>, WireError> {
    const IFA_ADDRESS: u16 = 1;
    const IFA_LOCAL: u16 = 2;
    const IFA_F_NODAD: u8 = 0x02;
    let (family, length) = family(address);
    let mut request = RequestBuilder::new(RTM_NEWADDR, MAKE, seq);
    // struct ifaddrmsg: family, prefix length, flags, scope (everywhere), index.
    let [a, b, c, d] = index.to_ne_bytes();
    request.body(&[family, length, IFA_F_NODAD, 0, a, b, c, d]);
    let bytes = octets(address);
    request.attribute(IFA_LOCAL, &bytes).attribute(IFA_ADDRESS, &bytes);
    request.finish()
}

/// Adds a route of the main table to `address` alone, or where `everywhere` is set to all addresses of its version, straight on
/// the link of an interface. One that is there already is an error.
pub fn new_route(seq: u32, index: u32, to: RouteTo) -> Result<Vec<u8>, WireError> {
    const RTA_DST: u16 = 1;
    const RTA_OIF: u16 = 4;
    const RT_TABLE_MAIN: u8 = 254;
    const RTPROT_STATIC: u8 = 4;
    const RTN_UNICAST: u8 = 1;
    const RT_SCOPE_LINK: u8 = 253;
    let (address, alone) = match to {
        RouteTo::Host(address) => (address, true),
        RouteTo::Everywhere(address) => (address, false),
    };
    let (family, length) = family(address);
    let scope = if address.is_ipv4() { RT_SCOPE_LINK } else { 0 };
    let mut request = RequestBuilder::new(RTM_NEWROUTE, MAKE, seq);
    // struct rtmsg: family, lengths of destination and source, TOS, table, protocol, scope, type, flags.
    let length = if alone { length } else { 0 };
    let head = [family, length, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, scope, RTN_UNICAST, 0, 0, 0, 0];
    request.body(&head);
    if alone {
        request.attribute(RTA_DST, &octets(address));
    }
    request.attribute(RTA_OIF, &index.to_ne_bytes());
    request.finish()
}

/// What a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteTo {
    /// One address.
    Host(IpAddr),
    /// All addresses of this one's version.
    Everywhere(IpAddr),
}

/// Tells the hardware address of a neighbour for good, so that nobody is asked for it.
pub fn new_neighbour(seq: u32, index: u32, address: IpAddr, hardware: &[u8]) -> Result<Vec<u8>, WireError> {
    const NDA_DST: u16 = 1;
    const NDA_LLADDR: u16 = 2;
    const NUD_PERMANENT: u16 = 0x80;
    let (family, _) = family(address);
    let mut request = RequestBuilder::new(RTM_NEWNEIGH, MAKE, seq);
    // struct ndmsg: family, padding, index, state, flags, type.
    let [a, b, c, d] = index.to_ne_bytes();
    let [low, high] = NUD_PERMANENT.to_ne_bytes();
    request.body(&[family, 0, 0, 0, a, b, c, d, low, high, 0, 0]);
    request.attribute(NDA_DST, &octets(address)).attribute(NDA_LLADDR, hardware);
    request.finish()
}

/// `struct ifinfomsg`.
fn link(index: u32, flags: u32, change: u32) -> [u8; 16] {
    let mut body = [0; 16];
    let numbers = [index, flags, change].into_iter().flat_map(u32::to_ne_bytes);
    for (slot, byte) in body.iter_mut().skip(4).zip(numbers) {
        *slot = byte;
    }
    body
}

fn terminated(name: &str) -> Vec<u8> {
    name.bytes().chain([0]).collect()
}

/// The family, and the length of a prefix that is one address.
fn family(address: IpAddr) -> (u8, u8) {
    match address {
        IpAddr::V4(_) => (AF_INET, 32),
        IpAddr::V6(_) => (AF_INET6, 128),
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::netlink::Messages;
    use crate::route::{Address, Link, Neighbour, Route};

    fn payload(request: &[u8]) -> Vec<u8> {
        let mut messages = Messages::new(request);
        let message = messages.next().unwrap().unwrap();
        assert!(message.header.has(NLM_F_ACK) && messages.next().is_none());
        message.payload.to_vec()
    }

    #[test]
    fn the_decoders_read_what_is_asked_for() {
        let address = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
        let read = payload(&new_address(1, 5, address).unwrap());
        let read = Address::decode(&read).unwrap();
        assert_eq!((read.interface, read.address, read.prefix_len), (5, address, 32));

        let bytes = payload(&new_route(1, 5, RouteTo::Host(address)).unwrap());
        let route = Route::decode(&bytes).unwrap();
        assert_eq!((route.destination, route.destination_len, route.table), (Some(address), 32, 254));
        let bytes = payload(&new_route(1, 5, RouteTo::Everywhere(address)).unwrap());
        assert_eq!(Route::decode(&bytes).unwrap().destination_len, 0);

        let bytes = payload(&new_neighbour(1, 5, address, &[2, 0, 0, 0, 0, 1]).unwrap());
        let neighbour = Neighbour::decode(&bytes).unwrap();
        assert_eq!((neighbour.interface, neighbour.state, neighbour.address), (5, 0x80, Some(address)));

        let bytes = payload(&new_veth(1, "near", "far", 9).unwrap());
        let link = Link::decode(&bytes).unwrap();
        assert_eq!((&*link.name, link.kind, link.damaged), ("near", Some("veth"), None));
        assert_eq!(Link::decode(&payload(&set_link_up(1, 5).unwrap())).unwrap().flags, IFF_UP);
        assert_eq!(Link::decode(&payload(&delete_link(1, 5).unwrap())).unwrap().index, 5);
    }
}
