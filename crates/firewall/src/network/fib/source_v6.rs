//! Choice of an IPv6 source address (`ipv6_dev_get_saddr` in `net/ipv6/addrconf.c`, RFC 6724 section 5).
//!
//! Labels are those of the initial table (`ip addrlabel`), and no socket prefers temporary or public addresses.

use std::cmp::Ordering;
use std::net::Ipv6Addr;

use super::address_v6::{LINK_SCOPE, is_never_avoided, is_orchid, label, scope};
use super::device::{Device, V6Address, known};
use super::index::Fib;
use super::outcome::Uncertain;

/// What each rule gives an address; compared in order, more is better (`ipv6_get_saddr_eval`).
type Score = [i32; 9];

impl Fib {
    /// The source for packets to `destination` over `interface`, or over any if none is given.
    pub(super) fn select_source_v6(
        &self,
        interface: Option<u32>,
        destination: Ipv6Addr,
    ) -> Result<Option<Ipv6Addr>, Uncertain> {
        let out = interface.and_then(|interface| self.device(interface));
        let mut only = None;
        if let Some(device) = out {
            let parameters = device.v6.as_ref();
            let by_parameter = parameters.map_or(Ok(false), |v6| known(&v6.use_oif_addresses_only))?;
            if destination.is_multicast() || scope(destination) <= LINK_SCOPE || by_parameter {
                only = Some(device);
            }
        }
        let devices = match only {
            Some(device) => vec![device],
            None => self.by_index(),
        };
        let mut best: Option<(Score, Ipv6Addr)> = None;
        for device in devices {
            let Some(parameters) = &device.v6 else { continue };
            for address in &device.v6_addresses {
                if address.is_tentative()
                    || address.address.is_multicast()
                    || address.address.is_unspecified()
                {
                    continue;
                }
                let temporary_preferred = known(&parameters.use_tempaddr)? >= 2;
                let score = score(address, device, interface, destination, temporary_preferred);
                // The first of equals stays.
                if best.is_none_or(|(highest, _)| score.cmp(&highest) == Ordering::Greater) {
                    best = Some((score, address.address));
                }
            }
        }
        Ok(best.map(|(_, address)| address))
    }
}

fn score(
    address: &V6Address,
    device: &Device,
    interface: Option<u32>,
    destination: Ipv6Addr,
    temporary_preferred: bool,
) -> Score {
    let own = address.address;
    let scope_distance = match scope(own) {
        enough if enough >= scope(destination) => -enough,
        small => small - 128,
    };
    let common = (u128::from(own) ^ u128::from(destination)).leading_zeros();
    // Optimistic addresses are tentative ones that may be used; by default they are avoided.
    let avoided = address.is_deprecated() || address.is_optimistic();
    [
        i32::from(own == destination),
        scope_distance,
        i32::from(is_never_avoided(own) || !avoided),
        i32::from(interface.is_none_or(|interface| interface == device.index)),
        i32::from(label(own) == label(destination)),
        i32::from(address.is_temporary() == temporary_preferred),
        i32::from(is_orchid(own) == is_orchid(destination)),
        i32::from(address.prefix_length).min(common.cast_signed()),
        i32::from(!address.is_optimistic()),
    ]
}
