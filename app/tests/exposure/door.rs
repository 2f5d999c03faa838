//! Finding a client in what is said of a door.

use std::net::IpAddr;

use portreeve_firewall::network::Prefix;
use portreeve_lab::attempt::Carrier;
use portreeve_model::Protocol;
use portreeve_model::exposure::{Door, FamilyExposure, IpVersion, Part};

use crate::client::Row;

/// Whether a client that asks for this address and port asks for this door.
pub(crate) fn is_asked_for(door: &Door, row: &Row) -> bool {
    let protocol = match row.carrier {
        Carrier::Tcp => Protocol::Tcp,
        Carrier::Udp => Protocol::Udp,
    };
    let ports = door.port..=door.port_end.unwrap_or(door.port);
    let bound = |address: &IpAddr| {
        *address == row.to || (address.is_unspecified() && address.is_ipv4() == row.to.is_ipv4())
    };
    door.protocol == protocol && ports.contains(&row.port) && door.addresses.iter().any(bound)
}

pub(crate) fn version(address: IpAddr) -> IpVersion {
    if address.is_ipv4() { IpVersion::Ipv4 } else { IpVersion::Ipv6 }
}

/// The parts that a client may be in: one, but where its port decides.
pub(crate) fn parts_of<'a>(family: &'a FamilyExposure, row: &Row) -> Vec<&'a Part> {
    family.parts.iter().filter(|part| holds(part, row)).collect()
}

fn holds(part: &Part, row: &Row) -> bool {
    let by = match &row.client.enters {
        Some(interface) => part.interfaces.contains(interface),
        None => part.interfaces.is_empty(),
    };
    by && part.sources.iter().any(|source| prefix(source).contains(row.client.address))
        && part.conditions.iter().all(|condition| is_met(condition, row) != Some(false))
}

/// Whether a condition is met; nothing where only the kernel knows.
fn is_met(condition: &str, row: &Row) -> Option<bool> {
    for (words, port) in [("destination port ", row.port), ("source port ", row.client_port)] {
        if let Some(ports) = condition.strip_prefix(words) {
            return Some(ports.split(", ").any(|range| is_in(range, port)));
        }
    }
    let addresses = condition.strip_prefix("destination ")?;
    addresses.split(", ").map(|address| prefix(address).contains(row.to)).reduce(|a, b| a || b)
}

fn is_in(range: &str, port: u16) -> bool {
    let (low, high) = range.split_once('-').unwrap_or((range, range));
    (low.parse().unwrap()..=high.parse().unwrap()).contains(&port)
}

/// `10.0.0.0/8`, or one address.
pub(crate) fn prefix(text: &str) -> Prefix {
    let (address, length) = text.split_once('/').unwrap_or((text, "128"));
    let parsed = address.parse().map(|address| Prefix::new(address, length.parse().unwrap()));
    parsed.unwrap_or_else(|error| panic!("{text:?} is no prefix: {error}"))
}
