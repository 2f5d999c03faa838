//! `HAProxy`: `bind` lines.

use std::net::IpAddr;

use super::{Configuration, Tree};
use crate::facts::service::{Named, Transport};

/// A range of more ports is no list of services.
const WIDEST: u16 = 1_024;

/// Reads one file.
pub(super) fn read(file: &str, tree: &Tree, into: &mut Configuration) {
    let Some(text) = tree.read(file) else { return };
    for (number, line) in text.text.lines().enumerate() {
        let line = line.split_once('#').map_or(line, |(line, _)| line).trim();
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("bind"), Some(addresses)) => {
                for (address, ports, transport) in addresses.split(',').filter_map(bound) {
                    into.named.extend(ports.map(|port| Named {
                        address,
                        port,
                        transport,
                        file: file.to_owned(),
                        line: number + 1,
                        text: line.to_owned(),
                        changed: text.changed,
                    }));
                }
            }
            (Some("pidfile"), Some(path)) => into.pid_files.push(path.to_owned()),
            _ => {}
        }
    }
}

/// `:443`, `*:443`, `ipv4@10.0.0.1:443`, `quic4@:443`, `:::443`, `[::]:443`, `:8000-8010`.
fn bound(text: &str) -> Option<(Option<IpAddr>, std::ops::RangeInclusive<u16>, Transport)> {
    let (family, text) = text.split_once('@').unwrap_or(("", text));
    if !matches!(family, "" | "ipv4" | "ipv6" | "tcp" | "tcp4" | "tcp6" | "quic4" | "quic6") {
        return None;
    }
    let transport = if family.starts_with("quic") { Transport::Udp } else { Transport::Tcp };
    let (address, ports) = text.rsplit_once(':')?;
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
    if last < first || last - first > WIDEST {
        return None;
    }
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let address = address.parse::<IpAddr>().ok().filter(|address| !address.is_unspecified());
    Some((address, first..=last, transport))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_address() {
        let of = |text: &str| {
            bound(text).map(|(address, ports, transport)| (address, *ports.start(), *ports.end(), transport))
        };
        let ten: Option<IpAddr> = "10.0.0.1".parse().ok();
        assert_eq!(of(":443"), Some((None, 443, 443, Transport::Tcp)));
        assert_eq!(of("*:8000-8010"), Some((None, 8000, 8010, Transport::Tcp)));
        assert_eq!(of("ipv4@10.0.0.1:443"), Some((ten, 443, 443, Transport::Tcp)));
        assert_eq!(of(":::443"), Some((None, 443, 443, Transport::Tcp)));
        assert_eq!(of("quic4@:443"), Some((None, 443, 443, Transport::Udp)));
        for text in ["/run/haproxy.sock", "unix@/run/x", "fd@4", "abns@x:1", ":9-1"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn lines_of_a_file() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(
            root.path().join("h"),
            "global\n  pidfile /run/haproxy.pid\nfrontend web\n  bind :80,:443 ssl # not :9\n  # bind :81\n",
        )
        .unwrap();
        let mut found = Configuration::default();
        read("/h", &Tree::below(root.path()), &mut found);
        let told: Vec<_> = found.named.iter().map(|one| (one.port, one.line, one.text.as_str())).collect();
        assert_eq!(told, [(80, 4, "bind :80,:443 ssl"), (443, 4, "bind :80,:443 ssl")]);
        assert_eq!(found.pid_files, ["/run/haproxy.pid"]);
    }
}
