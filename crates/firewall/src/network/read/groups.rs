//! Multicast groups that this machine receives (`igmp_mc_seq_show` in `net/ipv4/igmp.c`, `igmp6_mc_seq_show` in
//! `net/ipv6/mcast.c`).

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::limits::Limit;
use super::super::{Interface, Membership};

const V4: &str = "/proc/thread-self/net/igmp";
const V6: &str = "/proc/thread-self/net/igmp6";

/// Groups of both families. IPv4 lists only interfaces that have an address, which is no loss: no other receives.
pub(super) fn read(interfaces: &[Interface], limits: &mut Vec<Limit>) -> Vec<Membership> {
    let mut memberships = Vec::new();
    for (path, parse) in [(V4, v4 as fn(&str) -> Vec<Membership>), (V6, v6)] {
        match fs::read_to_string(path) {
            Ok(text) => memberships.extend(parse(&text)),
            // No IPv6.
            Err(error) if error.kind() == io::ErrorKind::NotFound && path == V6 => {}
            Err(error) => {
                let permission = error.kind() == io::ErrorKind::PermissionDenied;
                limits.push(Limit::not_read(path, &error, permission));
            }
        }
    }
    memberships.retain(|member| interfaces.iter().any(|interface| interface.index == member.interface));
    memberships
}

/// A line `index device : count querier` for each interface, then an indented line for each group, which begins with the address
/// as this machine's 32-bit number in hexadecimal.
fn v4(text: &str) -> Vec<Membership> {
    let mut interface = None;
    let mut memberships = Vec::new();
    for line in text.lines().skip(1) {
        let mut words = line.split_whitespace();
        let Some(first) = words.next() else { continue };
        if line.starts_with('\t') {
            if let (Some(interface), Ok(group)) = (interface, u32::from_str_radix(first, 16)) {
                let group = IpAddr::V4(Ipv4Addr::from(group.to_ne_bytes()));
                memberships.push(Membership { interface, group });
            }
        } else {
            interface = first.parse().ok();
        }
    }
    memberships
}

/// Lines `index device group users flags timer`, the group as 32 hexadecimal digits.
fn v6(text: &str) -> Vec<Membership> {
    let parse = |line: &str| {
        let mut words = line.split_whitespace();
        let interface = words.next()?.parse().ok()?;
        let group = u128::from_str_radix(words.nth(1)?, 16).ok()?;
        Some(Membership { interface, group: IpAddr::V6(Ipv6Addr::from(group)) })
    };
    text.lines().filter_map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_read_with_their_interfaces() {
        let text = "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n\
                    1\tlo        :     1      V3\n\
                    \t\t\t\t010000E0     1 0:00000000\t\t0\n\
                    2\teth0      :     1      V3\n\
                    \t\t\t\tFB0000E0     1 0:00000000\t\t0\n";
        let groups: Vec<String> =
            v4(text).iter().map(|member| format!("{} {}", member.interface, member.group)).collect();
        if cfg!(target_endian = "little") {
            assert_eq!(groups, ["1 224.0.0.1", "2 224.0.0.251"]);
        }
        let text = "2    eth0            ff020000000000000000000000000001     1 0000000C 0\n";
        assert_eq!(v6(text), [Membership { interface: 2, group: "ff02::1".parse().unwrap() }]);
    }
}
