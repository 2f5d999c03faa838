//! Which address belongs to whom, where prefixes lie within prefixes: the narrowest counts.

use std::cmp::Reverse;
use std::net::IpAddr;

use crate::ir::{Interval, Version};
use crate::network::Prefix;
use crate::space::interval_of;

/// A prefix that somebody claims.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim<T> {
    /// What is claimed.
    pub(super) prefix: Prefix,
    /// Which of two claims to the same prefix counts: the higher one.
    pub(super) rank: u8,
    /// By whom.
    pub(super) by: T,
}

/// The addresses of one version, each with the claim that counts for it, in order. Addresses without a claim are left out, and
/// neighbours of one holder are joined.
pub(super) fn divide<T: Copy + PartialEq>(version: Version, claims: &[Claim<T>]) -> Vec<(Interval, T)> {
    let mut claims: Vec<(Interval, u8, T)> = claims
        .iter()
        .filter(|claim| version_of(claim.prefix.address) == version)
        .map(|claim| (interval_of(claim.prefix), claim.rank, claim.by))
        .collect();
    claims.sort_by_key(|(interval, rank, _)| (interval.low, Reverse(interval.high), *rank));
    let mut division = Division { parts: Vec::with_capacity(claims.len()), open: Vec::new(), next: Some(0) };
    for (interval, _, by) in claims {
        division.close_before(interval.low);
        division.open.push((interval, by));
    }
    while division.close().is_some() {}
    division.parts
}

struct Division<T> {
    parts: Vec<(Interval, T)>,
    /// Claims around the place that is reached, the narrowest last.
    open: Vec<(Interval, T)>,
    /// The first address that is not divided yet; `None` behind the last one.
    next: Option<u128>,
}

impl<T: Copy + PartialEq> Division<T> {
    /// Gives everything below `low` to whose it is.
    fn close_before(&mut self, low: u128) {
        while self.open.last().is_some_and(|(interval, _)| interval.high < low) {
            self.close();
        }
        if let (Some((_, by)), Some(high)) = (self.open.last().copied(), low.checked_sub(1)) {
            self.give(high, by);
        }
        self.next = Some(low);
    }

    /// Ends the narrowest claim.
    fn close(&mut self) -> Option<()> {
        let (interval, by) = self.open.pop()?;
        self.give(interval.high, by);
        self.next = self.next.and(interval.high.checked_add(1));
        Some(())
    }

    fn give(&mut self, high: u128, by: T) {
        let Some(low) = self.next.filter(|low| *low <= high) else { return };
        match self.parts.last_mut() {
            Some((last, holder)) if *holder == by && last.high.checked_add(1) == Some(low) => {
                last.high = high;
            }
            _ => self.parts.push((Interval { low, high }, by)),
        }
    }
}

pub(super) fn version_of(address: IpAddr) -> Version {
    if address.is_ipv4() { Version::V4 } else { Version::V6 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_address_belongs_to_the_narrowest_claim(
            claims in prop::collection::vec((0..40_u32, 26..=32_u8, 0..3_u8, 0..4_u8), 0..14),
            whole in any::<bool>(),
            end in any::<bool>(),
        ) {
            let base = if end { 0xffff_ff00_u32 } else { 0x0a00_0000 };
            let mut claims: Vec<Claim<u8>> = claims
                .into_iter()
                .map(|(low, length, rank, by)| Claim {
                    prefix: Prefix::new(IpAddr::V4((base + low * 5).into()), length),
                    rank,
                    by,
                })
                .collect();
            if whole {
                claims.push(Claim { prefix: Prefix::new(IpAddr::V4(0.into()), 0), rank: 0, by: 9 });
            }
            // Of equal claims the last one counts; which one it is, is not what this test is about.
            claims.sort_by_key(|claim| (claim.prefix, claim.rank));
            claims.dedup_by_key(|claim| (claim.prefix, claim.rank));
            let divided = divide(Version::V4, &claims);
            for pair in divided.windows(2) {
                prop_assert!(pair[0].0.high < pair[1].0.low);
            }
            for number in (base - 3..=base.saturating_add(255)).chain([0, 1, 0x7fff_ffff]) {
                let address = IpAddr::V4(number.into());
                let expected = claims
                    .iter()
                    .filter(|claim| claim.prefix.contains(address))
                    .max_by_key(|claim| (claim.prefix.length, claim.rank))
                    .map(|claim| claim.by);
                let found = divided
                    .iter()
                    .find(|(interval, _)| interval.low <= number.into() && u128::from(number) <= interval.high)
                    .map(|(_, by)| *by);
                prop_assert_eq!(found, expected, "{}", address);
            }
        }
    }
}
