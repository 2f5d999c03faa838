//! Sets of the packets in which a part has certain values.

use std::net::IpAddr;

use super::layout::Part;
use super::set::{Set, Space, TooComplex};
use crate::ir::{Interval, Version};
use crate::network::Prefix;

impl Space {
    /// Packets whose address is in a prefix; none where the prefix is of the other version.
    ///
    /// # Errors
    /// [`TooComplex`], as for all operations.
    pub fn prefix(&self, part: Part, prefix: Prefix) -> Result<Set, TooComplex> {
        self.in_prefixes(part, &[prefix])
    }

    /// Packets whose address is in one of some prefixes, in any order. Prefixes of the other version hold nothing.
    pub fn in_prefixes(&self, part: Part, prefixes: &[Prefix]) -> Result<Set, TooComplex> {
        let of_version = prefixes.iter().filter(|prefix| version_of(prefix.address) == self.version());
        self.in_intervals(part, of_version.map(|prefix| interval_of(*prefix)).collect())
    }

    /// Packets in which a part is a number from `low` to `high`.
    pub fn range(&self, part: Part, low: u128, high: u128) -> Result<Set, TooComplex> {
        self.in_intervals(part, vec![Interval { low, high }])
    }

    /// Packets in which a part is in one of some intervals, in any order; they may overlap.
    pub fn in_intervals(&self, part: Part, intervals: Vec<Interval>) -> Result<Set, TooComplex> {
        Ok(self.among(&self.word(part), &joined(intervals))?.yes)
    }
}

/// The numbers of the addresses of a prefix.
pub fn interval_of(prefix: Prefix) -> Interval {
    let (low, width) = match prefix.address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128_u32),
    };
    let host = width.saturating_sub(u32::from(prefix.length));
    let rest = 1_u128.checked_shl(host).map_or(u128::MAX, |beyond| beyond - 1);
    Interval { low, high: low | rest }
}

/// The prefix of `length` bits whose lowest address has this number.
pub(super) fn prefix_of(version: Version, number: u128, length: u8) -> Prefix {
    Prefix::new(address_of(version, number), length)
}

/// The address with this number.
pub(super) fn address_of(version: Version, number: u128) -> IpAddr {
    match version {
        Version::V4 => IpAddr::V4(u32::try_from(number & u128::from(u32::MAX)).unwrap_or_default().into()),
        Version::V6 => IpAddr::V6(number.into()),
    }
}

fn version_of(address: IpAddr) -> Version {
    if address.is_ipv4() { Version::V4 } else { Version::V6 }
}

/// The same numbers in intervals that are sorted and do not touch.
fn joined(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.sort_unstable();
    let mut joined: Vec<Interval> = Vec::with_capacity(intervals.len());
    for next in intervals {
        match joined.last_mut() {
            _ if next.low > next.high => {}
            Some(last) if next.low <= last.high.saturating_add(1) => last.high = last.high.max(next.high),
            _ => joined.push(next),
        }
    }
    joined
}
