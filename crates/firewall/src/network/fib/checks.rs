//! What the kernel checks of a packet itself before a hook sees it.
//!
//! Before PREROUTING (`ip_rcv_core`, `ip6_rcv_core`): whom the frame was for, and for IPv6 the addresses. IPv4 addresses are not
//! looked at before PREROUTING: its martians are dropped by routing, after that hook. Version, lengths and the IPv4 header
//! checksum are checked there too; a packet asked about is taken to be well formed.
//!
//! Before FORWARD (`ip_forward`, `ip6_forward`): TTL, size, and for IPv6 the source.

use std::net::{IpAddr, Ipv6Addr};

use super::address_v6::group_scope;
use super::device::known;
use super::index::Fib;
use super::key::{ArrivalKey, ForwardKey, Frame};
use super::outcome::{Check, Denial, IcmpError, Uncertain};

/// `ICMP_DEST_UNREACH` and `ICMP_TIME_EXCEEDED`.
const V4_UNREACHABLE: u8 = 3;
const V4_TIME_EXCEEDED: u8 = 11;
/// `ICMPV6_DEST_UNREACH`, `ICMPV6_PKT_TOOBIG`, `ICMPV6_TIME_EXCEED`.
const V6_UNREACHABLE: u8 = 1;
const V6_TOO_BIG: u8 = 2;
const V6_TIME_EXCEEDED: u8 = 3;

impl Fib {
    /// Whether the PREROUTING hook sees a packet.
    pub fn before_prerouting(&self, key: &ArrivalKey) -> Check {
        self.arrival(key).unwrap_or_else(Check::Unknown)
    }

    /// Whether the FORWARD hook sees a packet that routing wants to forward.
    pub fn before_forward(&self, key: &ForwardKey) -> Check {
        if key.frame != Frame::Host {
            return denied(Denial::OtherHost);
        }
        match (key.source, key.destination) {
            (IpAddr::V4(_), IpAddr::V4(_)) => forward_v4(key),
            (IpAddr::V6(source), IpAddr::V6(_)) => forward_v6(key, source),
            _ => denied(Denial::BadHeader),
        }
    }

    fn arrival(&self, key: &ArrivalKey) -> Result<Check, Uncertain> {
        if key.frame == Frame::Other {
            return Ok(denied(Denial::OtherHost));
        }
        let (source, destination) = match (key.source, key.destination) {
            (IpAddr::V6(source), IpAddr::V6(destination)) => (source, destination),
            (IpAddr::V4(_), IpAddr::V4(_)) => return Ok(Check::Passed),
            _ => return Ok(denied(Denial::BadHeader)),
        };
        let Some(device) = self.device(key.iif) else { return Ok(denied(Denial::NoInterface)) };
        // No `struct inet6_dev`: ip6_rcv_core drops.
        let Some(v6) = &device.v6 else { return Ok(denied(Denial::Ipv6Disabled)) };
        if known(&v6.disabled)? {
            return Ok(denied(Denial::Ipv6Disabled));
        }
        let outside = !device.loopback;
        if outside && !device.is_l3_master && (source.is_loopback() || destination.is_loopback()) {
            return Ok(denied(Denial::LoopbackAddress));
        }
        let refused = match group_scope(destination) {
            Some(scope) if scope == 0 || (scope == 1 && outside) => Some(Denial::MulticastScope),
            None if key.frame != Frame::Host && known(&v6.drop_unicast_in_group)? => {
                Some(Denial::UnicastInGroupFrame)
            }
            _ if source.is_multicast() => Some(Denial::MartianSource),
            _ => None,
        };
        Ok(refused.map_or(Check::Passed, denied))
    }
}

/// `ip_forward`.
fn forward_v4(key: &ForwardKey) -> Check {
    const NET_UNREACHABLE_SOURCE_ROUTE: u8 = 5;
    const FRAGMENTATION_NEEDED: u8 = 4;
    if key.hop_limit <= 1 {
        return told(Denial::TimeExceeded, V4_TIME_EXCEEDED, 0);
    }
    if key.strict_source_route && key.by_gateway {
        return told(Denial::SourceRoute, V4_UNREACHABLE, NET_UNREACHABLE_SOURCE_ROUTE);
    }
    if key.dont_fragment && key.length.is_some_and(|length| length > key.mtu) {
        return told(Denial::TooBig, V4_UNREACHABLE, FRAGMENTATION_NEEDED);
    }
    Check::Passed
}

/// `ip6_forward`, after the question whether this machine forwards at all, which [`Fib::input`] answers.
fn forward_v6(key: &ForwardKey, source: Ipv6Addr) -> Check {
    const NOT_NEIGHBOUR: u8 = 2;
    if key.hop_limit <= 1 {
        return told(Denial::TimeExceeded, V6_TIME_EXCEEDED, 0);
    }
    // A packet that leaves as it came is answered with a redirect, and its source is not looked at.
    if key.iif != key.oif {
        if source.is_unspecified() || source.is_multicast() || source.is_loopback() {
            return denied(Denial::MartianSource);
        }
        if source.is_unicast_link_local() {
            return told(Denial::LinkLocalNotForwarded, V6_UNREACHABLE, NOT_NEIGHBOUR);
        }
    }
    if key.length.is_some_and(|length| length > key.mtu) {
        return told(Denial::TooBig, V6_TOO_BIG, 0);
    }
    Check::Passed
}

const fn denied(reason: Denial) -> Check {
    Check::Denied { reason, icmp: None }
}

const fn told(reason: Denial, kind: u8, code: u8) -> Check {
    Check::Denied { reason, icmp: Some(IcmpError { kind, code }) }
}
