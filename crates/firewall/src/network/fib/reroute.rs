//! Routing again after the OUTPUT hook changed a packet (`ip_route_me_harder` in `net/ipv4/netfilter.c`, `ip6_route_me_harder` in
//! `net/ipv6/netfilter.c`), and the public face of all decisions.

use std::net::IpAddr;

use super::index::Fib;
use super::key::{InputKey, OutputKey, RerouteKey};
use super::outcome::{OutputRoute, Routed, Uncertain};

impl Fib {
    /// What happens to a packet that came in, after the PREROUTING hook. The checks before that hook are those of
    /// [`Fib::before_prerouting`].
    pub fn input(&self, key: &InputKey) -> Routed {
        let routed = match (key.source, key.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => self.input_v4(key, source, destination),
            (IpAddr::V6(source), IpAddr::V6(destination)) => self.input_v6(key, source, destination),
            // No packet has addresses of two families.
            _ => Ok(super::input_v4::denied(super::outcome::Denial::BadHeader)),
        };
        routed.unwrap_or_else(|cause| Routed::Unknown { cause, alternatives: Vec::new() })
    }

    /// Where a packet of this machine goes, before the OUTPUT hook.
    pub fn output(&self, key: &OutputKey) -> OutputRoute {
        let sent = match key.destination {
            IpAddr::V4(destination) => self.output_v4(key, destination),
            IpAddr::V6(destination) => self.output_v6(key, destination),
        };
        sent.unwrap_or_else(unknown)
    }

    /// Where a packet of this machine goes after the OUTPUT hook changed its mark, TOS or addresses. Its source address stays.
    pub fn reroute(&self, key: &RerouteKey) -> OutputRoute {
        let output = OutputKey {
            source: Some(key.source),
            destination: key.destination,
            oif: key.bound,
            bound: key.bound.is_some(),
            mark: key.mark,
            tos: key.tos,
            protocol: key.protocol,
            source_port: key.source_port,
            destination_port: key.destination_port,
            uid: key.uid,
            any_source: true,
        };
        match (key.source, key.destination) {
            // ip_route_me_harder gives neither protocol, ports nor user to the lookup.
            (IpAddr::V4(_), IpAddr::V4(_)) => {
                let output = OutputKey {
                    protocol: 0,
                    source_port: None,
                    destination_port: None,
                    uid: Some(0),
                    ..output
                };
                self.output(&output)
            }
            (IpAddr::V6(_), IpAddr::V6(destination)) => {
                let strict =
                    (destination.is_multicast() || destination.is_unicast_link_local()).then_some(key.oif);
                self.output(&OutputKey { oif: key.bound.or(strict), ..output })
            }
            _ => OutputRoute::Failed(super::outcome::OutputError::Invalid),
        }
    }
}

fn unknown(cause: Uncertain) -> OutputRoute {
    OutputRoute::Unknown { cause, alternatives: Vec::new() }
}
