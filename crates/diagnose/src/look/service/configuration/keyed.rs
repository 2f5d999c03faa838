//! Configurations with one setting a line: `Port 22`, `port = 5432`, `port: 27017`, `http_port 10.0.0.1:3128`, `-p 11211`.

use super::{Configuration, Tree, endpoint};
use crate::facts::service::{Named, Software, Transport};

/// Software that answers datagrams and connections on the same port.
const OF_BOTH: [&str; 4] = ["dnsmasq", "BIND", "unbound", "memcached"];

/// Reads one file.
pub(super) fn read(software: &Software, keys: &[&str], file: &str, tree: &Tree, into: &mut Configuration) {
    let Some(text) = tree.read(file) else { return };
    for (number, line) in text.text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with(['#', ';', '!']) || line.starts_with("//") {
            continue;
        }
        let value = keys.iter().find_map(|key| value(line, key));
        let Some((address, port)) = value.and_then(port_of) else { continue };
        // `port=0` switches it off.
        if port == 0 {
            continue;
        }
        let both = OF_BOTH.contains(&software.name);
        into.named.push(Named {
            address,
            port,
            transport: if both { Transport::Both } else { Transport::Tcp },
            file: file.to_owned(),
            line: number + 1,
            text: line.to_owned(),
            changed: text.changed,
        });
    }
}

/// What stands behind a key at the start of a line, without separator and quotes.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let start = line.get(..key.len())?;
    let rest = line.get(key.len()..)?;
    let separated = rest.starts_with([' ', '\t', '=', ':']) || rest.is_empty();
    (start.eq_ignore_ascii_case(key) && separated)
        .then(|| {
            rest.trim_start_matches([' ', '\t', '=', ':', '"']).split([' ', '\t', '"', ';', '{', '#']).next()
        })
        .flatten()
}

/// A port, or an address with one. `unbound` writes `127.0.0.1@853`.
fn port_of(text: &str) -> Option<(Option<std::net::IpAddr>, u16)> {
    match text.split_once('@') {
        Some((address, port)) => Some((address.parse().ok(), port.parse().ok()?)),
        None => endpoint(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::service::{Language, SOFTWARE};

    #[test]
    fn settings_of_several_programs() {
        let root = tempfile::tempdir().unwrap();
        for (name, text, expected) in [
            (
                "sshd",
                "#Port 22\nPort 2222\nPortless 1\nListenAddress 10.0.0.1:22\n",
                vec![(2222, 2), (22, 4)],
            ),
            ("PostgreSQL", "port = 5432\t\t\t\t# (change requires restart)\n", vec![(5432, 1)]),
            ("Redis", "bind 127.0.0.1 ::1\nport 6379\ntls-port 0\n", vec![(6379, 2)]),
            ("Squid", "http_port 3128\nhttp_port 10.0.0.1:8080 intercept\n", vec![(3128, 1), (8080, 2)]),
            ("MongoDB", "net:\n  port: 27017\n", vec![(27017, 2)]),
            ("memcached", "-m 64\n-p 11211\n", vec![(11211, 2)]),
            ("lighttpd", "server.port = 81\n$SERVER[\"socket\"] == \":443\" {\n", vec![(81, 1), (443, 2)]),
            ("BIND", "options {\n  listen-on port 5353 { any; };\n};\n", vec![(5353, 2)]),
            ("PHP-FPM", "[www]\nlisten = 127.0.0.1:9000\nlisten.owner = x\n", vec![(9000, 2)]),
        ] {
            let software = SOFTWARE.iter().find(|one| one.name == name).unwrap();
            let Language::Keyed(keys) = software.language else { panic!("{name}") };
            std::fs::write(root.path().join("c"), text).unwrap();
            let mut found = Configuration::default();
            read(software, keys, "/c", &Tree::below(root.path()), &mut found);
            let told: Vec<_> = found.named.iter().map(|one| (one.port, one.line)).collect();
            assert_eq!(told, expected, "{name}");
        }
    }
}
