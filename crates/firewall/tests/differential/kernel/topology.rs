//! The host under test: a network namespace with four wires whose far ends this process holds.
//!
//! ```text
//! eth0  outside  192.0.2.1/24   2001:db8:1::1/64   default routes
//! eth1  inside   10.1.0.1/24    2001:db8:2::1/64
//! br0            10.2.0.1/24    2001:db8:3::1/64   ports p1, p2
//! ```
//!
//! `eth0` and `eth1` do not resolve addresses (`arp off`): whatever is on their link is sent at once. Behind the bridge a
//! fixed set of neighbours is entered by hand, since there the destination's hardware address chooses the port.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr};
use std::process::Command;
use std::time::Duration;

use portreeve_linux::sysctl;
use portreeve_linux::tap::Tap;

use super::program;

/// The wires, in the order in which everything here numbers them.
pub(crate) const WIRES: [&str; 4] = ["eth0", "eth1", "p1", "p2"];
/// Hardware addresses of the wires' near ends; those of bridge ports are not addressed by anybody.
pub(crate) const NEAR: [[u8; 6]; 4] = [[2, 0, 0, 0, 0, 0x10], [2, 0, 0, 0, 0, 0x11], BRIDGE, BRIDGE];
/// Hardware address of `br0`.
pub(crate) const BRIDGE: [u8; 6] = [2, 0, 0, 0, 0, 0x12];
/// Hardware addresses of stations at the wires' far ends.
pub(crate) const FAR: [[u8; 6]; 4] =
    [[2, 0, 0, 0, 1, 0x10], [2, 0, 0, 0, 1, 0x11], [2, 0, 0, 0, 1, 0x21], [2, 0, 0, 0, 1, 0x22]];

/// Neighbours behind the bridge: last parts of their addresses in 10.2.0.0/24 and `2001:db8:3::/64`. Those above 16 are at
/// the second port.
const STATIONS: std::ops::RangeInclusive<u8> = 0..=31;

/// Whether there is a station with this address behind the bridge.
pub(crate) fn is_station(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => matches!(address.octets(), [10, 2, 0, last] if STATIONS.contains(&last)),
        IpAddr::V6(address) => {
            let [.., last] = address.octets();
            address.segments()[..7] == [0x2001, 0xdb8, 3, 0, 0, 0, 0]
                && STATIONS.contains(&last)
                && address.segments()[7] < 0x100
                && last > 1
        }
    }
}

const BUILD: &str = "\
link set lo up
link add br0 type bridge mcast_snooping 0
link set br0 address 02:00:00:00:00:12 addrgenmode none group 7
link set eth0 address 02:00:00:00:00:10 addrgenmode none arp off group 10 up
link set eth1 address 02:00:00:00:00:11 addrgenmode none arp off group 11 up
link set p1 address 02:00:00:00:00:21 addrgenmode none master br0 up
link set p2 address 02:00:00:00:00:22 addrgenmode none master br0 up
link set br0 up
address add 192.0.2.1/24 dev eth0
address add 10.1.0.1/24 dev eth1
address add 10.2.0.1/24 dev br0
address add 2001:db8:1::1/64 dev eth0 nodad
address add 2001:db8:2::1/64 dev eth1 nodad
address add 2001:db8:3::1/64 dev br0 nodad
route add default via 192.0.2.254 dev eth0
route add default via 2001:db8:1::fe dev eth0
";

/// Parameters every host has, whatever else varies.
const QUIET: &[(&str, &str)] = &[
    ("net.ipv6.conf.default.accept_ra", "0"),
    ("net.ipv6.conf.default.router_solicitations", "0"),
    // No addresses of the link: the kernel would enter them, and the anycast address that goes with them, while packets are sent.
    ("net.ipv6.conf.default.addr_gen_mode", "1"),
    ("net.ipv6.conf.default.accept_dad", "0"),
    ("net.ipv6.conf.all.accept_dad", "0"),
    // Errors are answers to be observed: all of them, at once.
    ("net.ipv4.icmp_ratelimit", "0"),
    ("net.ipv4.icmp_ratemask", "0"),
    ("net.ipv6.icmp.ratelimit", "0"),
    // Advice to the sender is no answer.
    ("net.ipv4.conf.all.send_redirects", "0"),
    ("net.ipv4.conf.default.send_redirects", "0"),
    // The stack's own answers say nothing about the firewall.
    ("net.ipv4.icmp_echo_ignore_all", "1"),
    ("net.ipv6.icmp.echo_ignore_all", "1"),
    ("net.ipv4.ip_early_demux", "0"),
    // Parts of packets held back are forgotten before their numbers come round again.
    ("net.ipv4.ipfrag_time", "1"),
    ("net.ipv6.ip6frag_time", "1"),
    ("net.netfilter.nf_conntrack_frag6_timeout", "1"),
];

/// The far ends of the wires.
pub(crate) struct Wires(pub(crate) [Tap; 4]);

/// Builds the topology in the calling thread's network namespace, which must be new.
pub(crate) fn build() -> Wires {
    // Before the devices, which begin with the defaults.
    for (name, value) in QUIET {
        set(name, value);
    }
    let wires = WIRES
        .map(|name| Tap::create(name).expect("a TAP device can be made: root and /dev/net/tun are needed"));
    let mut commands = BUILD.to_owned();
    for number in STATIONS.filter(|number| *number != 1) {
        let [.., last] = FAR[if number > 16 { 3 } else { 2 }];
        let lladdr = format!("02:00:00:00:01:{last:02x}");
        let _ = writeln!(commands, "neighbor add 10.2.0.{number} lladdr {lladdr} dev br0 nud permanent");
        if number > 0 {
            let neighbour = format!("2001:db8:3::{number:x}");
            let _ = writeln!(commands, "neighbor add {neighbour} lladdr {lladdr} dev br0 nud permanent");
        }
    }
    ip(&commands);
    let bridge: String = [2, 3]
        .map(|wire: usize| {
            let [.., last] = FAR[wire];
            format!("fdb add 02:00:00:00:01:{last:02x} dev {} master static\n", WIRES[wire])
        })
        .concat();
    program::run(Command::new("bridge").args(["-batch", "-"]), &bridge)
        .expect("bridge: entries for the stations");
    Wires(wires)
}

/// Runs commands of `ip`.
pub(crate) fn ip(commands: &str) {
    program::run(Command::new("ip").args(["-batch", "-"]), commands)
        .unwrap_or_else(|error| panic!("{error}\n{commands}"));
    await_addresses(commands);
}

/// Waits until the IPv6 addresses that commands gave are the host's own. The kernel enters the local route of one later, from a queue of
/// work (`addrconf_dad_work` of `net/ipv6/addrconf.c`), even without duplicate address detection; until then a packet to it is forwarded.
pub(super) fn await_addresses(commands: &str) {
    let mut missing = addresses_given(commands);
    for _ in 0..PATIENCE {
        let table = std::fs::read_to_string("/proc/thread-self/net/ipv6_route").unwrap_or_default();
        missing.retain(|address| !is_local(&table, *address));
        if missing.is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("these addresses do not become the host's own: {missing:?}\n{commands}");
}

/// The IPv6 addresses that commands give.
fn addresses_given(commands: &str) -> Vec<Ipv6Addr> {
    commands
        .lines()
        .filter_map(|line| line.strip_prefix("address add "))
        .filter_map(|rest| rest.split('/').next()?.parse().ok())
        .collect()
}

/// Whether a routing table, as `/proc/net/ipv6_route` shows it, has the local route of an address: the prefix is whole and the flags
/// begin with `RTF_LOCAL`.
fn is_local(table: &str, address: Ipv6Addr) -> bool {
    let digits = format!("{:032x}", address.to_bits());
    table.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.first() == Some(&digits.as_str())
            && fields.get(1) == Some(&"80")
            && fields.get(8).and_then(|flags| u32::from_str_radix(flags, 16).ok()).unwrap_or(0) & RTF_LOCAL
                != 0
    })
}

/// Of `include/uapi/linux/ipv6_route.h`.
const RTF_LOCAL: u32 = 0x8000_0000;
/// How often an address is looked for, two milliseconds apart.
const PATIENCE: usize = 5_000;

/// Sets a parameter; one that this kernel does not have is left alone.
pub(crate) fn set(name: &str, value: &str) {
    match sysctl::write(name, value) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => panic!("{name} = {value}: {error}"),
    }
}
