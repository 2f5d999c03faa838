//! The key of a lookup, as the kernel's `struct flowi` has it.

use std::net::IpAddr;

/// `LOOPBACK_IFINDEX`: what lookups for this machine's own packets say they came in by.
pub(super) const LOOPBACK: u32 = 1;

/// `struct flowi4` or `flowi6`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) iif: u32,
    /// 0 is none.
    pub(super) oif: u32,
    pub(super) mark: u32,
    pub(super) tos: u8,
    pub(super) protocol: u8,
    pub(super) source_port: u16,
    pub(super) destination_port: u16,
    /// `None` is not known.
    pub(super) uid: Option<u32>,
    /// IPv6: the source is given (`RT6_LOOKUP_F_HAS_SADDR`).
    pub(super) has_source: bool,
}

impl Flow {
    /// A lookup of an address alone.
    pub(super) const fn to(destination: IpAddr) -> Self {
        Self {
            // Tables of IPv6 look at the source too: it must be of the destination's family.
            source: match destination {
                IpAddr::V4(_) => IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
                IpAddr::V6(_) => IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED),
            },
            destination,
            iif: 0,
            oif: 0,
            mark: 0,
            tos: 0,
            protocol: 0,
            source_port: 0,
            destination_port: 0,
            uid: Some(0),
            has_source: false,
        }
    }

    /// The six bits of DSCP where they are in the byte (`inet_dsfield_to_dscp`).
    pub(super) const fn dscp(&self) -> u8 {
        self.tos & 0xfc
    }

    /// The bits that routes and rules with a TOS see (`fib_dscp_masked_match`, `IPTOS_RT_MASK`).
    pub(super) const fn masked_tos(&self) -> u8 {
        self.tos & 0x1c
    }
}
