//! Addresses in classes that routing cannot tell apart: cut at every prefix that any of its tables names.

use std::net::IpAddr;

use crate::ir::{Interval, Version};
use crate::network::{Network, Prefix};

/// Prefixes with a meaning of their own to the kernel's IPv4 (`include/linux/in.h`).
const SPECIAL4: &[(u32, u8)] = &[
    (0x0000_0000, 8),
    (0x0000_0000, 32),
    (0x7f00_0000, 8),
    (0xa9fe_0000, 16),
    (0xe000_0000, 4),
    (0xe000_0000, 24),
    (0xf000_0000, 4),
    (0xffff_ffff, 32),
];

/// The same for IPv6 (`__ipv6_addr_type`, `net/ipv6/addrconf_core.c`).
const SPECIAL6: &[(u128, u8)] = &[
    (0, 128),
    (1, 128),
    (0, 96),
    (0xffff << 32, 96),
    (0x2002 << 112, 16),
    (0x2001 << 112, 32),
    (0xfc00 << 112, 7),
    (0xfe80 << 112, 10),
    (0xfec0 << 112, 10),
    (0x2000 << 112, 3),
    (0xff00 << 112, 8),
];

/// The classes of one version: disjoint, together every address.
#[derive(Debug, Clone)]
pub(in super::super) struct Classes {
    /// Each class as sorted intervals.
    pub(super) all: Vec<Vec<Interval>>,
    special: Vec<Interval>,
}

impl Classes {
    pub(in super::super) fn new(network: &Network, version: Version) -> Self {
        let width: u16 = if version == Version::V4 { 32 } else { 128 };
        let largest = if version == Version::V4 { u128::from(u32::MAX) } else { u128::MAX };
        let special = special(version);
        let mut starts = vec![0_u128];
        let mut cut = |interval: Interval| {
            starts.push(interval.low);
            starts.extend(interval.high.checked_add(1).filter(|next| *next <= largest));
        };
        special.iter().copied().for_each(&mut cut);
        let groups = Interval::prefix(0xff << 120, 8, 128);
        if version == Version::V6 {
            // Groups by their flags and scope.
            (0xff00_u128..=0xffff).for_each(|first| cut(Interval::prefix(first << 112, 16, 128)));
        }
        let wanted = |address: &IpAddr| address.is_ipv4() == (version == Version::V4);
        let prefix = |prefix: Prefix| {
            wanted(&prefix.address)
                .then(|| Interval::prefix(number(prefix.address), prefix.length.into(), width))
        };
        for route in &network.routes {
            prefix(route.destination).into_iter().chain(route.source.and_then(prefix)).for_each(&mut cut);
            let gateways = route.nexthops.as_slice().iter().filter_map(|hop| hop.gateway);
            gateways.filter(wanted).for_each(|gateway| cut(Interval::single(number(gateway))));
        }
        for rule in &network.rules {
            rule.from.into_iter().chain(rule.to).filter_map(prefix).for_each(&mut cut);
        }
        for address in &network.addresses {
            prefix(address.network()).into_iter().for_each(&mut cut);
            let ends = [Some(address.address), address.peer];
            ends.into_iter().flatten().filter(wanted).for_each(|own| cut(Interval::single(number(own))));
            if let Some(whole) = prefix(address.network()) {
                cut(Interval::single(whole.low));
                cut(Interval::single(whole.high));
            }
        }
        for group in network.memberships.iter().map(|membership| membership.group).filter(wanted) {
            cut(Interval::single(number(group)));
        }
        starts.sort_unstable();
        starts.dedup();
        let ends = starts.iter().skip(1).map(|next| next - 1).chain([largest]);
        let intervals = starts.iter().zip(ends).map(|(low, high)| Interval { low: *low, high });
        let mut all: Vec<Vec<Interval>> = Vec::new();
        let mut scopes: [Vec<Interval>; 16] = Default::default();
        for interval in intervals {
            let whole = version == Version::V6
                && groups.contains(interval.low)
                && interval.high - interval.low == !(0xffff << 112);
            // Of groups that nobody here is in only the scope counts (`group_scope` in `network::fib`).
            match scopes.get_mut(usize::try_from(interval.low >> 112 & 0xf).unwrap_or(0)).filter(|_| whole) {
                Some(scope) => scope.push(interval),
                None => all.push(vec![interval]),
            }
        }
        all.extend(scopes.into_iter().filter(|scope| !scope.is_empty()));
        Self { all, special }
    }

    /// Which of the kernel's special prefixes hold an address, as bits.
    pub(super) fn kind(&self, address: u128) -> u16 {
        let held = self.special.iter().enumerate().filter(|(_, special)| special.contains(address));
        held.fold(0, |sum, (at, _)| sum | 1 << at)
    }
}

fn special(version: Version) -> Vec<Interval> {
    match version {
        Version::V4 => SPECIAL4
            .iter()
            .map(|(value, length)| Interval::prefix(u128::from(*value), u16::from(*length), 32))
            .collect(),
        Version::V6 => {
            SPECIAL6.iter().map(|(value, length)| Interval::prefix(*value, u16::from(*length), 128)).collect()
        }
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}
