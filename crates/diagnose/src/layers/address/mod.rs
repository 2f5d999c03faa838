//! The layer `address`: whether the address is this host's and usable, and whether something is bound to it.

mod bound;
mod coverage;
mod elsewhere;
mod interface;
mod remedy;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

use portreeve_firewall::network::Address;

use super::{Code, FaultDraft, Judgement};
use crate::case::Case;

/// What can be wrong.
pub(super) const CODES: &[Code] = &[
    Code {
        slug: "not-on-host",
        meaning: "The address is none of this host's, and nobody on its link has it.",
    },
    Code {
        slug: "loopback-only",
        meaning: "The service listens on the loopback address only: it takes connections of this host alone.",
    },
    Code {
        slug: "one-family",
        meaning: "The service listens for one IP version only, and the other is asked for.",
    },
    Code {
        slug: "v6only",
        meaning: "An IPv6 socket for all addresses that takes no IPv4 connections (IPV6_V6ONLY) is all that listens.",
    },
    Code { slug: "other-address", meaning: "The service listens on another address of this host." },
    Code {
        slug: "unassigned",
        meaning: "The service is bound to an address that no interface of this host has.",
    },
    Code {
        slug: "bound-to-device",
        meaning: "The service's socket takes packets of one interface or VRF only, and they come in by another.",
    },
    Code {
        slug: "other-namespace",
        meaning: "The service listens in another network namespace, and nothing leads there.",
    },
    Code {
        slug: "link-local-without-interface",
        meaning: "A link-local address was written without the interface that leads to it.",
    },
    Code {
        slug: "tentative",
        meaning: "The address is not usable yet: whether another host has it is still being asked (RFC 4862).",
    },
    Code {
        slug: "duplicate-address",
        meaning: "Another host on the link has the same address, so that the kernel does not use it.",
    },
    Code {
        slug: "deprecated",
        meaning: "The address is deprecated: connections to it work, new ones of this host take another.",
    },
];

/// Judges the facts.
pub(super) fn judge(case: &Case) -> Judgement {
    if case.endpoints.is_empty() {
        return Judgement::not_applicable("there is no address to judge");
    }
    if !case.is_inside() {
        return elsewhere::judge(case);
    }
    let mut judgement = Judgement::fine(statement(case));
    interface::judge(case, &mut judgement);
    bound::judge(case, &mut judgement);
    if let Some(missing) = case.path.missing_network() {
        judgement.unseen(
            format!("the addresses of this host are not all known: {}", missing.detail),
            Some("run it as root"),
        );
    }
    judgement
}

/// `nginx (pid 812) listens on 0.0.0.0, [::]`.
fn statement(case: &Case) -> String {
    let here: Vec<SocketAddr> = case.here().map(|endpoint| endpoint.address).collect();
    if let Some((endpoint, to)) =
        here.iter().find_map(|endpoint| Some((endpoint, case.path.translated(*endpoint)?)))
    {
        return format!("{} is this host's, and rules send it on to {to}", endpoint.ip());
    }
    let covering = case.service.listeners.iter().find(|listener| {
        listener.addresses.iter().any(|bound| here.iter().any(|at| coverage::takes(bound, at.ip())))
    });
    if let Some(listener) = covering {
        return format!("{} listens on {}", remedy::who(listener), remedy::places(listener));
    }
    let addresses: Vec<String> = here.iter().map(|endpoint| endpoint.ip().to_string()).collect();
    format!("{} {} this host's", addresses.join(", "), if addresses.len() == 1 { "is" } else { "are" })
}

/// The address of an interface, as this host has it.
fn held(case: &Case, address: IpAddr) -> Option<&Address> {
    case.path.network.addresses.iter().find(|one| one.address == address)
}

/// A fault that concerns these endpoints.
fn at(case: &Case, code: &'static str, statement: String, endpoints: &[SocketAddr]) -> FaultDraft {
    FaultDraft::at(code, statement, endpoints.to_vec(), case.others(endpoints))
}

/// `192.0.2.1, 2001:db8::1`.
fn list(endpoints: &[SocketAddr]) -> String {
    let addresses: Vec<String> = endpoints.iter().map(|endpoint| endpoint.ip().to_string()).collect();
    addresses.join(", ")
}
