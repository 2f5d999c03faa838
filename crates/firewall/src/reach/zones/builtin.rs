//! The networks that are what they are on every host.

use std::net::IpAddr;

use super::zone::ZoneKind;
use crate::network::Prefix;

/// Prefixes of the zones that need no look at the host.
///
/// Networks for documentation and benchmarks count as internet: the kernel treats them as any other.
const ZONES: &[(ZoneKind, &str, u8)] = &[
    (ZoneKind::Internet, "0.0.0.0", 0),
    // RFC 4291: global unicast; and RFC 6052: IPv4 behind a translator.
    (ZoneKind::Internet, "2000::", 3),
    (ZoneKind::Internet, "64:ff9b::", 96),
    // RFC 1918.
    (ZoneKind::Private, "10.0.0.0", 8),
    (ZoneKind::Private, "172.16.0.0", 12),
    (ZoneKind::Private, "192.168.0.0", 16),
    // RFC 6598: between a provider's customers and its translators.
    (ZoneKind::Private, "100.64.0.0", 10),
    // RFC 4193.
    (ZoneKind::Private, "fc00::", 7),
    // RFC 3927, RFC 4291.
    (ZoneKind::LinkLocal, "169.254.0.0", 16),
    (ZoneKind::LinkLocal, "fe80::", 10),
    (ZoneKind::ThisHost, "127.0.0.0", 8),
    (ZoneKind::ThisHost, "::1", 128),
];

/// Addresses that no packet can come from: RFC 6890 "this network", groups, RFC 1112 "reserved for future use". Of IPv6 everything
/// that is in no zone.
const NOBODY: &[(&str, u8)] = &[("0.0.0.0", 8), ("224.0.0.0", 4), ("240.0.0.0", 4)];

/// The zones' prefixes.
pub(super) fn zones() -> impl Iterator<Item = (ZoneKind, Prefix)> {
    ZONES.iter().filter_map(|(kind, address, length)| Some((*kind, prefix(address, *length)?)))
}

/// Prefixes that are in no zone.
pub(super) fn nobody() -> impl Iterator<Item = Prefix> {
    NOBODY.iter().filter_map(|(address, length)| prefix(address, *length))
}

fn prefix(address: &str, length: u8) -> Option<Prefix> {
    Some(Prefix::new(address.parse::<IpAddr>().ok()?, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_prefix() {
        assert_eq!(zones().count(), ZONES.len());
        assert_eq!(nobody().count(), NOBODY.len());
        for ((_, prefix), (_, address, _)) in zones().zip(ZONES) {
            assert_eq!(prefix.address.to_string(), *address);
        }
    }
}
