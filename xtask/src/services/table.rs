//! The lines of `services.tsv`: sorted by port, the usual name of a port before its other names.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::registry::{Entry, Ports, Protocol};

/// Ports for which the registry's first row is not the name under which the service is known.
const USUAL: &[(u16, Protocol, &str)] = &[
    (113, Protocol::Tcp, "auth"),
    (512, Protocol::Udp, "biff"),
    (631, Protocol::Tcp, "ipp"),
    (1701, Protocol::Udp, "l2tp"),
    (2049, Protocol::Tcp, "nfs"),
    (2049, Protocol::Udp, "nfs"),
    (9100, Protocol::Tcp, "pdl-datastream"),
    (9100, Protocol::Udp, "pdl-datastream"),
];

/// One line: `ports<TAB>protocols<TAB>name`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    ports: Ports,
    protocols: BTreeSet<Protocol>,
    name: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocols: Vec<&str> = self.protocols.iter().map(|protocol| protocol.name()).collect();
        write!(f, "{}", self.ports.first)?;
        if !self.ports.is_single() {
            write!(f, "-{}", self.ports.last)?;
        }
        write!(f, "\t{}\t{}", protocols.join(","), self.name)
    }
}

/// The comment that begins the table.
pub(crate) fn header(source: &str, command: &str) -> String {
    format!(
        "# Service names by port: facts from IANA's Service Name and Transport Protocol Port Number Registry.\n\
         # Source: {source}\n\
         # Regenerate: {command}\n\
         # Columns: port or range, protocols, name. Of several lines for one port, the first has its usual name.\n"
    )
}

/// The table of `entries`, which come in the registry's order.
pub(crate) fn lines(entries: &[Entry]) -> Vec<Line> {
    let mut by_ports: BTreeMap<Ports, Vec<(String, Protocol)>> = BTreeMap::new();
    for entry in entries {
        by_ports.entry(entry.ports).or_default().push((entry.name.clone(), entry.protocol));
    }
    by_ports.into_iter().flat_map(|(ports, names)| lines_of(ports, names)).collect()
}

fn lines_of(ports: Ports, names: Vec<(String, Protocol)>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let usual = USUAL.iter().filter(|(port, ..)| ports == Ports { first: *port, last: *port });
    let usual = usual.filter(|(_, protocol, _)| names.iter().any(|(_, named)| named == protocol));
    let usual: Vec<_> = usual.map(|(_, protocol, name)| ((*name).to_owned(), *protocol)).collect();
    for (name, protocol) in usual.into_iter().chain(without_historic_spellings(names)) {
        match lines.iter_mut().find(|line| line.name == name) {
            Some(line) => {
                line.protocols.insert(protocol);
            }
            None => lines.push(Line { ports, protocols: BTreeSet::from([protocol]), name }),
        }
    }
    lines
}

/// Drops names that RFC 6335 no longer permits (underscores, dots, slashes) where the port has a permitted one for the
/// same protocol: the registry keeps them as historic aliases.
fn without_historic_spellings(names: Vec<(String, Protocol)>) -> Vec<(String, Protocol)> {
    let permitted = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let renamed: BTreeSet<Protocol> =
        names.iter().filter(|(name, _)| permitted(name)).map(|(_, protocol)| *protocol).collect();
    names.into_iter().filter(|(name, protocol)| permitted(name) || !renamed.contains(protocol)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, first: u16, last: u16, protocol: Protocol) -> Entry {
        Entry { name: name.to_owned(), ports: Ports { first, last }, protocol }
    }

    fn shown(entries: &[Entry]) -> Vec<String> {
        lines(entries).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn protocols_are_joined_and_the_registrys_order_kept() {
        use Protocol::{Sctp, Tcp, Udp};
        let entries = [
            entry("x11", 6000, 6063, Tcp),
            entry("http", 80, 80, Udp),
            entry("http", 80, 80, Tcp),
            entry("www", 80, 80, Tcp),
            entry("http", 80, 80, Sctp),
        ];
        assert_eq!(shown(&entries), ["80\ttcp,udp,sctp\thttp", "80\ttcp\twww", "6000-6063\ttcp\tx11"]);
    }

    #[test]
    fn the_usual_name_comes_first() {
        let entries = [entry("shilp", 2049, 2049, Protocol::Tcp), entry("nfs", 2049, 2049, Protocol::Tcp)];
        assert_eq!(shown(&entries), ["2049\ttcp\tnfs", "2049\ttcp\tshilp"]);
    }

    #[test]
    fn historic_spellings_go_unless_they_are_the_only_name() {
        let tcp = Protocol::Tcp;
        let entries =
            [entry("whoispp", 63, 63, tcp), entry("whois++", 63, 63, tcp), entry("z39.50", 210, 210, tcp)];
        assert_eq!(shown(&entries), ["63\ttcp\twhoispp", "210\ttcp\tz39.50"]);
    }
}
