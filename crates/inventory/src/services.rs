//! Names of ports in IANA's registry: what usually is there, not what is there.
//!
//! Owns the reading of `data/services.tsv`, which is part of the binary. Nothing is parsed at start-up and
//! nothing is allocated: a lookup is a binary search over the text itself, whose lines are sorted by port.
//! Refuses to say what runs on a port; that is for the owner of the socket to say.

use std::cmp::Ordering;

use portreeve_model::Protocol;

/// Lines of `port or first-last<TAB>protocols<TAB>name`, sorted by port, the usual name of a port first. Ranges
/// overlap no other line; comments stand above all lines.
static REGISTRY: &str = include_str!("../data/services.tsv");

/// The usual service on a port, or `None` where the registry has no name for it.
///
/// MPTCP shares TCP's names and UDP-Lite shares UDP's (RFC 3828 section 3 leaves ports as they are in UDP).
pub fn service_name(protocol: Protocol, port: u16) -> Option<&'static str> {
    let transport = transport(protocol)?;
    lines_from(entries(), port)
        .map_while(parse)
        .take_while(|entry| entry.first <= port)
        .find(|entry| entry.is_for(transport))
        .map(|entry| entry.name)
}

/// The lowest port that has this name, compared without regard to ASCII case.
pub fn port_of(name: &str, protocol: Protocol) -> Option<u16> {
    let transport = transport(protocol)?;
    entries()
        .lines()
        .filter_map(parse)
        .find(|entry| entry.is_for(transport) && entry.name.eq_ignore_ascii_case(name))
        .map(|entry| entry.first)
}

/// The registry's word for a protocol.
fn transport(protocol: Protocol) -> Option<&'static str> {
    match protocol {
        Protocol::Tcp | Protocol::Mptcp => Some("tcp"),
        Protocol::Udp | Protocol::Udplite => Some("udp"),
        Protocol::Sctp => Some("sctp"),
        _ => None,
    }
}

/// One line.
#[derive(Clone, Copy)]
struct Entry {
    first: u16,
    last: u16,
    protocols: &'static str,
    name: &'static str,
}

impl Entry {
    fn is_for(self, transport: &str) -> bool {
        self.protocols.split(',').any(|listed| listed == transport)
    }
}

fn parse(line: &'static str) -> Option<Entry> {
    let mut fields = line.split('\t');
    let (ports, protocols, name) = (fields.next()?, fields.next()?, fields.next()?);
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    Some(Entry { first: first.parse().ok()?, last: last.parse().ok()?, protocols, name })
}

/// The registry without the comments above it.
fn entries() -> &'static str {
    let mut rest = REGISTRY;
    while rest.starts_with('#') {
        rest = rest.split_once('\n').map_or("", |(_, after)| after);
    }
    rest
}

/// The lines of sorted text from the first one that ends at this port or at a higher one.
fn lines_from(text: &'static str, port: u16) -> std::str::Lines<'static> {
    let mut low = 0;
    let mut high = text.len();
    // Everything before `low` is below the port and everything from `high` on is not; both are line starts.
    while low < high {
        let middle = low + (high - low) / 2;
        let start =
            text.get(low..middle).and_then(|before| before.rfind('\n')).map_or(low, |at| low + at + 1);
        let line = text.get(start..).and_then(|from| from.lines().next()).unwrap_or_default();
        match parse(line).map_or(0, |entry| entry.last).cmp(&port) {
            Ordering::Less => low = (start + line.len() + 1).min(high),
            Ordering::Equal | Ordering::Greater => high = start,
        }
    }
    text.get(low..).unwrap_or_default().lines()
}

#[cfg(test)]
mod tests {
    use portreeve_model::Protocol;

    use super::{entries, parse, port_of, service_name, transport};

    #[test]
    fn names_the_well_known_ports() {
        for (protocol, port, name) in [
            (Protocol::Tcp, 22, "ssh"),
            (Protocol::Tcp, 23, "telnet"),
            (Protocol::Tcp, 25, "smtp"),
            (Protocol::Udp, 53, "domain"),
            (Protocol::Tcp, 443, "https"),
            (Protocol::Mptcp, 443, "https"),
            (Protocol::Tcp, 3306, "mysql"),
            (Protocol::Tcp, 5432, "postgresql"),
            (Protocol::Udp, 123, "ntp"),
            (Protocol::Udplite, 123, "ntp"),
            (Protocol::Tcp, 6010, "x11"),
        ] {
            assert_eq!(service_name(protocol, port), Some(name), "{protocol} {port}");
        }
        assert_eq!(service_name(Protocol::Packet, 22), None);
        assert_eq!(service_name(Protocol::Tcp, 0), None);
    }

    #[test]
    fn every_line_parses_and_the_lines_are_sorted() {
        let mut last = 0;
        let mut count = 0;
        for line in entries().lines() {
            let entry = parse(line).unwrap_or_else(|| panic!("not an entry: {line:?}"));
            assert!(entry.first <= entry.last, "{line:?}");
            assert!(entry.first >= last, "not sorted, or a range overlaps, at {line:?}");
            assert!(!entry.name.is_empty() && line.split('\t').count() == 3, "{line:?}");
            for protocol in entry.protocols.split(',') {
                assert!(["tcp", "udp", "sctp", "dccp"].contains(&protocol), "{line:?}");
            }
            last = entry.last;
            count += 1;
        }
        assert!(count > 1000, "{count} lines");
    }

    #[test]
    fn the_search_finds_what_a_walk_finds() {
        let mut expected = std::collections::HashMap::new();
        for entry in entries().lines().filter_map(parse) {
            for transport in entry.protocols.split(',') {
                for port in entry.first..=entry.last {
                    expected.entry((transport, port)).or_insert(entry.name);
                }
            }
        }
        for protocol in [Protocol::Tcp, Protocol::Udp, Protocol::Sctp] {
            for port in 0..=u16::MAX {
                let walked = expected.get(&(transport(protocol).unwrap(), port)).copied();
                assert_eq!(service_name(protocol, port), walked, "{protocol} {port}");
            }
        }
    }

    #[test]
    fn finds_ports_by_name() {
        assert_eq!(port_of("ssh", Protocol::Tcp), Some(22));
        assert_eq!(port_of("HTTPS", Protocol::Tcp), Some(443));
        assert_eq!(port_of("no-such-service", Protocol::Tcp), None);
    }
}
