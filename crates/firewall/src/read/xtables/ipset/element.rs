//! One element of an ipset: `ADDRESS,PROTOCOL:PORT,...`.

use crate::ir::{Interval, Version, name_number, name_prefix};

use super::super::{names, values};
use super::kind::Part;

/// An element that was understood.
pub(super) enum Read {
    /// One interval for each part of the key; two for protocol and port.
    Key(Vec<Interval>),
    /// No packet of an xtables rule matches it.
    Never,
}

/// Reads an element of a set with these parts.
pub(super) fn read(text: &str, parts: &[Part], version: Version, wildcard: bool) -> Option<Read> {
    let mut key = Vec::with_capacity(parts.len() + 1);
    let mut texts = text.split(',');
    for part in parts {
        let Some(text) = texts.next() else {
            // Only the Ethernet address of `bitmap:ip,mac` may be left out.
            if *part == Part::MaybeEthernet {
                key.push(Interval { low: 0, high: (1 << 48) - 1 });
                continue;
            }
            return None;
        };
        match part {
            Part::Address | Part::Network => key.push(addresses(text, version)?),
            Part::Port => port(text, &mut key)?,
            Part::BarePort => {
                let (low, high) = text.split_once('-').unwrap_or((text, text));
                key.push(Interval { low: values::port(low)?.into(), high: values::port(high)?.into() });
            }
            // Ports of a bridge: the `set` match never asks for them (`IPSET_FLAG_PHYSDEV`).
            Part::Interface if text.starts_with("physdev:") => return Some(Read::Never),
            Part::Interface if wildcard => key.push(name_prefix(text)),
            Part::Interface => key.push(Interval::single(name_number(text))),
            Part::Ethernet | Part::MaybeEthernet => key.push(Interval::single(values::ethernet(text)?)),
            Part::Mark => key.push(Interval::single(values::number_of(text, 32)?.into())),
        }
    }
    texts.next().is_none().then_some(Read::Key(key))
}

/// `ADDRESS`, `ADDRESS/LENGTH`, `LOW-HIGH`.
fn addresses(text: &str, version: Version) -> Option<Interval> {
    if text.contains('-') {
        let (low, high) = values::address_range(text, version)?;
        return (low <= high).then_some(Interval { low, high });
    }
    let (address, mask) = values::network(text, version)?;
    values::interval(address, mask, version)
}

/// `PROTOCOL:PORT`, `PORT` (of TCP), `LOW-HIGH`, `icmp:TYPE/CODE`, `icmp:NAME`, `PROTOCOL:0`.
fn port(text: &str, key: &mut Vec<Interval>) -> Option<()> {
    let (protocol, port) = match text.split_once(':') {
        Some((protocol, port)) => (names::protocol(protocol)?, port),
        None => (6, text),
    };
    let ports = match protocol {
        1 | 58 => message(protocol, port)?,
        _ => {
            let (low, high) = port.split_once('-').unwrap_or((port, port));
            Interval { low: values::port(low)?.into(), high: values::port(high)?.into() }
        }
    };
    key.push(Interval::single(protocol.into()));
    key.push(ports);
    Some(())
}

/// Type and code of an ICMP message, which the kernel keeps as a port: `type * 256 + code`.
fn message(protocol: u8, text: &str) -> Option<Interval> {
    if let Some((kind, code)) = text.split_once('/') {
        let byte = |text| Some(u128::from(values::number_of(text, 8)?));
        return Some(Interval::single(byte(kind)? << 8 | byte(code)?));
    }
    let named = if protocol == 1 { names::icmp(text) } else { names::icmp6(text) };
    // A name of a whole type stands for its code 0 (`lib/icmp.c` of ipset).
    let (kind, code) = match named {
        Some((kind, code, _)) => (u128::from(kind), u128::from(code)),
        None => return Some(Interval::single(values::number_of(text, 16)?.into())),
    };
    Some(Interval::single(kind << 8 | code))
}
