//! Settings whose values are ports: `Port 22`, `port = 5432`, `port: 27017`, `http_port 10.0.0.1:3128`,
//! `-p 11211`.

use std::net::IpAddr;

use crate::facts::service::{Software, Transport};
use crate::look::configuration::endpoint;

/// Software that answers datagrams and connections on the same port.
const OF_BOTH: [&str; 4] = ["dnsmasq", "BIND", "unbound", "memcached"];

/// The port that a line sets, by one of the keys.
pub(super) fn port(
    software: &Software,
    keys: &[&str],
    line: &str,
) -> Option<(Option<IpAddr>, u16, Transport)> {
    let value = keys.iter().find_map(|key| value(line, key));
    // `port=0` switches it off.
    let (address, port) = value.and_then(port_of).filter(|(_, port)| *port != 0)?;
    let both = OF_BOTH.contains(&software.name);
    Some((address, port, if both { Transport::Both } else { Transport::Tcp }))
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
fn port_of(text: &str) -> Option<(Option<IpAddr>, u16)> {
    match text.split_once('@') {
        Some((address, port)) => Some((address.parse().ok(), port.parse().ok()?)),
        None => endpoint(text),
    }
}
