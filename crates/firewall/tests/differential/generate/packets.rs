//! Packets: random ones, and ones at the boundaries of what rules speak of.

use std::net::IpAddr;

use super::pool;
use super::random::Random;
use crate::packet::{Extensions, Link, Origin, Packet, State, Transport};
use crate::ruleset::{Rule, Ruleset, XtablesBackend};

/// Where a packet goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Input,
    Forward,
    Output,
    Bridged,
    Odd,
}

/// What packets a ruleset asks for that are rare otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Sctp,
    UdpLite,
    Dccp,
    Icmp,
    Icmp6,
    Syn,
    Udp,
    Fragment,
    Options,
}

/// Matches of the xtables on transport headers. Over `nf_tables` some of them are xtables still, which refuse all parts of a
/// packet but the first, and some are not; which is not to be seen in what the save program prints.
const XT_HEADERS: &[&str] = &["xt icmp", "xt icmp6", "xt tcp flags", "xt tcp option"];

/// What packets for a ruleset may be.
#[derive(Debug, Clone)]
pub(crate) struct Taste {
    wishes: Vec<Wish>,
    /// IPv4 options.
    options: bool,
    /// Parts of packets other than the first.
    parts: bool,
}

impl Taste {
    /// By what the rules are made of.
    pub(crate) fn of(ruleset: &Ruleset) -> Self {
        let mut wishes = Vec::new();
        let mut options = true;
        for construct in ruleset.rules().flat_map(|rule| &rule.constructs) {
            // Where options change, `synproxy` finds the header's checksum wrong, which the kernel corrects later only.
            options &= *construct != "synproxy";
            let wish = match *construct {
                "sctp port" => Wish::Sctp,
                "udplite port" => Wish::UdpLite,
                "dccp port" => Wish::Dccp,
                "icmp type" | "icmp code" | "icmp id" | "xt icmp" => Wish::Icmp,
                "icmpv6 type" | "icmpv6 code" | "icmpv6 id" | "xt icmp6" => Wish::Icmp6,
                "synproxy" | "xt TCPMSS" | "osf" | "tcp option" | "tcp option exists" => Wish::Syn,
                "tproxy" | "xt TPROXY" | "socket" | "xt socket" => Wish::Udp,
                "xt fragment" | "ip fragment offset" => Wish::Fragment,
                "ip option" | "ip6 extension header" | "xt ip6 header" => Wish::Options,
                _ => continue,
            };
            if !wishes.contains(&wish) {
                wishes.push(wish);
            }
        }
        let looks = |rule: &Rule| rule.constructs.iter().any(|construct| XT_HEADERS.contains(construct));
        let xtables = ruleset.xtables.iter().filter(|table| table.backend == XtablesBackend::Nft);
        let parts = !xtables.flat_map(|table| &table.chains).flat_map(|chain| &chain.rules).any(looks);
        Self { wishes, options, parts }
    }
}

/// A random packet.
pub(crate) fn packet(random: &mut Random, taste: &Taste) -> Packet {
    let wish =
        if random.percent(35) && !taste.wishes.is_empty() { Some(*random.pick(&taste.wishes)) } else { None };
    let way = match random.below(100) {
        0..=33 => Way::Input,
        34..=64 => Way::Forward,
        65..=84 => Way::Output,
        85..=91 => Way::Bridged,
        _ => Way::Odd,
    };
    let v6 = match wish {
        Some(Wish::Icmp6) => true,
        Some(Wish::Icmp | Wish::Fragment) => false,
        _ => random.percent(42),
    };
    let origin = origin(way, random);
    let (source, destination) = addresses(way, origin, v6, random);
    let transport = transport(v6, wish, random);
    let part = if wish == Some(Wish::Fragment) { random.below(4) } else { random.below(100) };
    let fragment = match part {
        0 => 0x2000,
        1 if taste.parts => 0x2005,
        2..=3 if taste.parts => 0x0005,
        4..=20 if !v6 => 0x4000,
        _ => 0,
    };
    let payload = match if fragment == 0 || fragment == 0x4000 { random.below(8) } else { 9 } {
        0 => Vec::new(),
        1 => vec![0; random.between(1, 60)],
        2 => b"GET / HTTP/1.0\r\n\r\n".to_vec(),
        // With a header of any kind here, a multiple of 8 bytes, as all parts but the last must have.
        9 => vec![7; 16 - upper_length(&transport) % 8],
        _ => b"payload".to_vec(),
    };
    Packet {
        origin,
        source,
        destination,
        ttl: *random.pick(pool::TTLS),
        tos: if random.percent(30) { *random.pick(pool::TOS) } else { 0 },
        fragment,
        extensions: if taste.options || v6 { extensions(v6, wish, random) } else { Extensions::default() },
        state: if source == destination {
            State::New
        } else {
            state(fragment, &transport, destination, random)
        },
        transport,
        payload,
    }
}

fn origin(way: Way, random: &mut Random) -> Origin {
    match way {
        Way::Output => {
            let user = if random.percent(50) { 0 } else { *random.pick(pool::USERS) };
            let group = if random.percent(50) { user } else { *random.pick(pool::USERS) };
            Origin::Socket { user, group }
        }
        Way::Bridged => Origin::Wire { wire: random.between(2, 3), link: Link::Across },
        _ => {
            let wire = *random.pick(&[0, 0, 0, 1, 1, 2, 3]);
            // A bridge sends frames for all to several places at once.
            let link = match if wire < 2 { random.below(60) } else { 9 } {
                0 => Link::Broadcast,
                1 => Link::Multicast,
                2 => Link::Other,
                _ => Link::Host,
            };
            Origin::Wire { wire, link }
        }
    }
}

fn parse(random: &mut Random, list: &[&str]) -> IpAddr {
    random.pick(list).parse().unwrap()
}

/// An address at the far end of a wire.
fn station(wire: usize, v6: bool, random: &mut Random) -> IpAddr {
    let list = match (wire, v6) {
        (0, false) => pool::OUTSIDE_V4,
        (1, false) => pool::INSIDE_V4,
        (_, false) => pool::BRIDGE_V4,
        (0, true) => pool::OUTSIDE_V6,
        (1, true) => pool::INSIDE_V6,
        (_, true) => pool::BRIDGE_V6,
    };
    parse(random, list)
}

fn own(v6: bool, random: &mut Random) -> IpAddr {
    parse(random, if v6 { pool::OWN_V6 } else { pool::OWN_V4 })
}

fn any(v6: bool, random: &mut Random) -> IpAddr {
    let address: IpAddr = if v6 { pool::v6(random).into() } else { pool::v4(random).into() };
    pool::near(random, address)
}

fn addresses(way: Way, origin: Origin, v6: bool, random: &mut Random) -> (IpAddr, IpAddr) {
    let wire = match origin {
        Origin::Wire { wire, .. } => wire,
        Origin::Socket { .. } => 0,
    };
    let from_wire = station(wire, v6, random);
    // Spoofed and strange sources are rp_filter's and the martians' business.
    let source = if random.percent(12) { any(v6, random) } else { from_wire };
    let elsewhere = *random.pick(&[0, 1, 2, 3]);
    match way {
        Way::Input => {
            let near = match (wire, v6) {
                (0, false) => "192.0.2.1",
                (1, false) => "10.1.0.1",
                (_, false) => "10.2.0.1",
                (0, true) => "2001:db8:1::1",
                (1, true) => "2001:db8:2::1",
                (_, true) => "2001:db8:3::1",
            };
            let destination = if random.percent(75) { near.parse().unwrap() } else { own(v6, random) };
            (source, destination)
        }
        Way::Forward => {
            let destination = station(elsewhere, v6, random);
            (source, pool::near(random, destination))
        }
        Way::Output => {
            // A socket sends with an address of the host.
            let destination =
                if random.percent(20) { own(v6, random) } else { station(elsewhere, v6, random) };
            let destination = pool::near(random, destination);
            // Sockets take the unspecified address for the loopback's.
            let destination = if destination.is_unspecified() { own(v6, random) } else { destination };
            (own(v6, random), destination)
        }
        Way::Bridged => (from_wire, station(2, v6, random)),
        Way::Odd => (any(v6, random), any(v6, random)),
    }
}

fn transport(v6: bool, wish: Option<Wish>, random: &mut Random) -> Transport {
    let source = if random.percent(70) { 40000 } else { pool::near_port(random) };
    let destination = pool::near_port(random);
    // Rules of rare protocols speak of few ports, so that they hit.
    let few = *random.pick(&[53, 80, 443, 444]);
    let roll = match wish {
        Some(Wish::Syn) => 0,
        Some(Wish::Udp) => 45,
        Some(Wish::Icmp | Wish::Icmp6) => 71,
        Some(Wish::Sctp) => 88,
        Some(Wish::UdpLite) => 91,
        Some(Wish::Dccp) => 94,
        Some(Wish::Fragment | Wish::Options) | None => random.below(100),
    };
    match roll {
        0..=44 => Transport::Tcp {
            source,
            destination,
            flags: if wish == Some(Wish::Syn) {
                2
            } else {
                *random.pick(&[2, 2, 2, 0x10, 0x18, 0x12, 4, 0x14, 1, 0x11, 0, 0x29, 3, 0xc2])
            },
            window: *random.pick(&[0, 1, 1000, 65535]),
            options: tcp_options(random),
        },
        45..=70 => Transport::Udp { source, destination },
        71..=87 => {
            let id = *random.pick(&[1, 7, 0xffff, 300]);
            // What errors speak of is no packet here, so that they belong to no connection.
            let (kind, code) = if v6 {
                *random.pick(&[(128, 0), (128, 0), (129, 0), (128, 1), (200, 3), (1, 4), (2, 0)])
            } else {
                *random.pick(&[(8, 0), (8, 0), (0, 0), (13, 0), (8, 3), (42, 13), (3, 3), (11, 0)])
            };
            Transport::Icmp { kind, code, id }
        }
        88..=90 => Transport::Sctp { source, destination: few },
        91..=93 => Transport::UdpLite { source, destination: few },
        94..=96 => Transport::Dccp { source, destination: few },
        _ => Transport::Other(*random.pick(&[47, 253, 50])),
    }
}

/// Bytes of the transport header and the marker.
fn upper_length(transport: &Transport) -> usize {
    match transport {
        Transport::Tcp { options, .. } => 20 + options.len(),
        Transport::Udp { .. } | Transport::UdpLite { .. } | Transport::Icmp { .. } => 12,
        Transport::Sctp { .. } => 32,
        Transport::Dccp { .. } => 20,
        Transport::Other(47) => 8,
        Transport::Other(_) => 4,
    }
}

fn tcp_options(random: &mut Random) -> Vec<u8> {
    let mss = |size: u16| {
        let [high, low] = size.to_be_bytes();
        vec![2, 4, high, low]
    };
    match random.below(8) {
        0 => mss(536),
        1 => mss(1460),
        2 => [mss(1200), vec![4, 2, 1, 3, 3, 7, 1, 1]].concat(),
        3 => vec![1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0],
        _ => Vec::new(),
    }
}

fn extensions(v6: bool, wish: Option<Wish>, random: &mut Random) -> Extensions {
    let mut extensions = Extensions::default();
    if wish != Some(Wish::Options) && !random.percent(6) {
        return extensions;
    }
    if v6 {
        // Padding of four bytes fills a header of eight.
        let padding = vec![0, 0, 1, 4, 0, 0, 0, 0];
        let number = *random.pick(&[0, 60]);
        extensions.headers.push((number, padding.clone()));
        if number == 0 && random.percent(40) {
            extensions.headers.push((60, padding));
        }
    } else {
        extensions.ip_options = match random.below(3) {
            // Router alert; record route with room for one address; four times nothing.
            0 => vec![148, 4, 0, 0],
            1 => vec![7, 7, 4, 0, 0, 0, 0, 0],
            _ => vec![1, 1, 1, 1],
        };
    }
    extensions
}

fn state(fragment: u16, transport: &Transport, destination: IpAddr, random: &mut Random) -> State {
    let tracked = match transport {
        Transport::Tcp { flags, .. } => matches!(flags, 0x10 | 0x18 | 0x11),
        Transport::Udp { .. } => true,
        Transport::Icmp { kind, code, .. } => matches!((kind, code), (8 | 128, 0)),
        _ => false,
    };
    if !tracked || fragment & 0x3fff != 0 || destination.is_multicast() || !random.percent(30) {
        return State::New;
    }
    let mark = if random.percent(50) { 0 } else { *random.pick(pool::MARKS) };
    let answers = !matches!(transport, Transport::Icmp { .. }) && random.percent(50);
    if answers { State::Reply { mark } } else { State::Established { mark } }
}
