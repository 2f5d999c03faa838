//! Types and scopes of IPv6 addresses as the kernel counts them (`__ipv6_addr_type` in `net/ipv6/addrconf_core.c`).

use std::net::Ipv6Addr;

/// `IPV6_ADDR_SCOPE_LINKLOCAL`.
pub(super) const LINK_SCOPE: i32 = 2;
const SITE_SCOPE: i32 = 5;
const GLOBAL_SCOPE: i32 = 14;

/// `IPV6_ADDR_UNICAST`: loopback and link-local addresses are, mapped IPv4 addresses are not.
pub(super) fn is_unicast(address: Ipv6Addr) -> bool {
    !address.is_multicast() && !address.is_unspecified() && !is_mapped(address)
}

/// `IPV6_ADDR_LINKLOCAL`: groups of the link too.
pub(super) fn is_link_local(address: Ipv6Addr) -> bool {
    address.is_unicast_link_local() || group_scope(address) == Some(2)
}

/// `IPV6_ADDR_MULTICAST | IPV6_ADDR_LINKLOCAL | IPV6_ADDR_LOOPBACK` (`rt6_need_strict`): such destinations are only found over
/// the interface asked for.
pub(super) fn needs_interface(address: Ipv6Addr) -> bool {
    address.is_multicast() || address.is_unicast_link_local() || address.is_loopback()
}

/// The scope of a group (`IPV6_ADDR_MC_SCOPE`).
pub(super) fn group_scope(address: Ipv6Addr) -> Option<u8> {
    let [first, second, ..] = address.octets();
    (first == 0xff).then_some(second & 0x0f)
}

/// `__ipv6_addr_src_scope`: -1 for the unspecified address.
pub(super) fn scope(address: Ipv6Addr) -> i32 {
    if let Some(scope) = group_scope(address) {
        return i32::from(scope);
    }
    if address.is_unspecified() {
        -1
    } else if address.is_loopback() || address.is_unicast_link_local() {
        LINK_SCOPE
    } else if within(address, 0xfec0_u128 << 112, 10) {
        SITE_SCOPE
    } else {
        GLOBAL_SCOPE
    }
}

/// `ipv6_saddr_preferred`: mapped, compatible and loopback addresses are never avoided.
pub(super) fn is_never_avoided(address: Ipv6Addr) -> bool {
    is_mapped(address) || address.is_loopback() || (within(address, 0, 96) && !address.is_unspecified())
}

/// The label by the initial table (`ip6addrlbl_init_table` in `net/ipv6/addrlabel.c`).
pub(super) fn label(address: Ipv6Addr) -> u32 {
    /// Prefix, length, label; longest first.
    const LABELS: &[(u128, u8, u32)] = &[
        (1, 128, 0),
        (0xffff << 32, 96, 4),
        (0, 96, 3),
        (0x2001_0000 << 96, 32, 6),
        (0x2001_0010 << 96, 28, 7),
        (0x3ffe << 112, 16, 12),
        (0x2002 << 112, 16, 2),
        (0xfec0 << 112, 10, 11),
        (0xfc00 << 112, 7, 5),
    ];
    LABELS
        .iter()
        .find(|(prefix, length, _)| within(address, *prefix, *length))
        .map_or(1, |(_, _, label)| *label)
}

/// `ipv6_addr_orchid`: `2001:10::/28`.
pub(super) fn is_orchid(address: Ipv6Addr) -> bool {
    within(address, 0x2001_0010_u128 << 96, 28)
}

fn is_mapped(address: Ipv6Addr) -> bool {
    within(address, 0xffff << 32, 96)
}

fn within(address: Ipv6Addr, prefix: u128, length: u8) -> bool {
    (u128::from(address) ^ prefix) & crate::network::prefix::mask_v6(length) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_and_labels_are_the_kernels() {
        for (text, expected_scope, expected_label) in [
            ("::", -1, 3),
            ("::1", 2, 0),
            ("fe80::1", 2, 1),
            ("ff02::1", 2, 1),
            ("ff05::1", 5, 1),
            ("fec0::1", 5, 11),
            ("2001:db8::1", 14, 1),
            ("2001::1", 14, 6),
            ("2001:10::1", 14, 7),
            ("2002::1", 14, 2),
            ("fd00::1", 14, 5),
            ("::ffff:192.0.2.1", 14, 4),
        ] {
            let address: Ipv6Addr = text.parse().unwrap();
            assert_eq!((scope(address), label(address)), (expected_scope, expected_label), "{text}");
        }
    }

    #[test]
    fn groups_of_the_link_count_as_link_local() {
        assert!(is_link_local("ff02::1".parse().unwrap()));
        assert!(!is_link_local("ff05::1".parse().unwrap()));
        assert!(!is_unicast("::ffff:192.0.2.1".parse().unwrap()));
    }
}
