//! The values that rules and packets draw from. Both draw from the same few, so that rules hit; packets also take the
//! neighbours of each, so that boundaries are met.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::random::Random;

pub(crate) const OUTSIDE_V4: &[&str] =
    &["192.0.2.10", "192.0.2.11", "192.0.2.64", "198.51.100.7", "203.0.113.9"];
pub(crate) const INSIDE_V4: &[&str] = &["10.1.0.2", "10.1.0.3", "10.1.0.128", "10.1.7.7"];
pub(crate) const BRIDGE_V4: &[&str] = &["10.2.0.2", "10.2.0.3", "10.2.0.18", "10.2.0.19"];
pub(crate) const OWN_V4: &[&str] = &["192.0.2.1", "10.1.0.1", "10.2.0.1", "127.0.0.1"];
pub(crate) const ODD_V4: &[&str] = &[
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "239.1.2.3",
    "127.0.0.53",
    "240.0.0.1",
    "169.254.1.1",
    "192.0.2.255",
    "10.1.0.0",
    "172.16.5.5",
    "192.0.2.2",
];

pub(crate) const OUTSIDE_V6: &[&str] =
    &["2001:db8:1::a", "2001:db8:1::b", "2001:db8:1::ffff", "2001:db8:99::7"];
pub(crate) const INSIDE_V6: &[&str] = &["2001:db8:2::2", "2001:db8:2::3", "2001:db8:2:0:8000::1"];
pub(crate) const BRIDGE_V6: &[&str] = &["2001:db8:3::2", "2001:db8:3::3", "2001:db8:3::12", "2001:db8:3::13"];
pub(crate) const OWN_V6: &[&str] = &["2001:db8:1::1", "2001:db8:2::1", "2001:db8:3::1", "::1"];
pub(crate) const ODD_V6: &[&str] =
    &["ff02::1", "ff0e::77", "fe80::5", "::ffff:192.0.2.10", "fd00::9", "2001:db8:2::"];

pub(crate) const PORTS: &[u16] = &[1, 22, 53, 80, 443, 1023, 1024, 5353, 8080, 40000, 65535];
pub(crate) const MARKS: &[u32] = &[1, 2, 0x10, 0xff, 0x100, 0x8000_0000, 0xffff_ffff];
pub(crate) const INTERFACES: &[&str] = &["eth0", "eth1", "br0", "lo", "p1", "p2"];
pub(crate) const USERS: &[u32] = &[0, 1, 33, 1000, 65534];
pub(crate) const TTLS: &[u8] = &[1, 2, 63, 64, 65, 128, 255];
pub(crate) const TOS: &[u8] = &[0, 0x01, 0x03, 0x10, 0x2e << 2, 0x2e << 2 | 2, 0x20, 0xfc, 0xff];

/// An IPv4 address for a rule.
pub(crate) fn v4(random: &mut Random) -> Ipv4Addr {
    let list = match random.below(10) {
        0..=2 => OUTSIDE_V4,
        3..=4 => INSIDE_V4,
        5..=6 => BRIDGE_V4,
        7..=8 => OWN_V4,
        _ => ODD_V4,
    };
    random.pick(list).parse().unwrap()
}

/// An IPv6 address for a rule.
pub(crate) fn v6(random: &mut Random) -> Ipv6Addr {
    let list = match random.below(10) {
        0..=2 => OUTSIDE_V6,
        3..=4 => INSIDE_V6,
        5..=6 => BRIDGE_V6,
        7..=8 => OWN_V6,
        _ => ODD_V6,
    };
    random.pick(list).parse().unwrap()
}

/// The same or a neighbour.
pub(crate) fn near(random: &mut Random, address: IpAddr) -> IpAddr {
    if !random.percent(12) {
        return address;
    }
    let step: i32 = if random.percent(50) { 1 } else { -1 };
    match address {
        IpAddr::V4(address) => Ipv4Addr::from(u32::from(address).wrapping_add_signed(step)).into(),
        IpAddr::V6(address) => {
            let near = u128::from(address).wrapping_add_signed(step.into());
            // The routers' anycast address is a neighbour that nobody knows.
            if near.trailing_zeros() >= 16 { address.into() } else { Ipv6Addr::from(near).into() }
        }
    }
}

/// The same port or a neighbour.
pub(crate) fn near_port(random: &mut Random) -> u16 {
    let port = *random.pick(PORTS);
    match random.below(10) {
        0 => port.wrapping_add(1),
        1 => port.wrapping_sub(1),
        2 => random.next() as u16,
        _ => port,
    }
}
