//! Which ports the configuration of well-known software names, and where that software complains.

mod apache;
mod caddy;
mod files;
mod haproxy;
mod keyed;
mod nginx;

use portreeve_model::Protocol;

use crate::facts::service::{Language, Named, Software, Transport};

pub(in crate::look) use files::Tree;

/// What a configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Configuration {
    /// The main files that were read.
    pub(super) files: Vec<String>,
    /// The ports that it names.
    pub(super) named: Vec<Named>,
    /// Its logs of errors.
    pub(super) logs: Vec<String>,
    /// The file with its process id.
    pub(super) pid_files: Vec<String>,
}

impl Named {
    fn serves(&self, protocol: Protocol) -> bool {
        match protocol {
            Protocol::Udp => self.transport != Transport::Tcp,
            _ => self.transport != Transport::Udp,
        }
    }
}

impl Configuration {
    /// The lines that name this port.
    pub(super) fn of_port(&self, port: u16, protocol: Protocol) -> Vec<Named> {
        self.named.iter().filter(|named| named.port == port && named.serves(protocol)).cloned().collect()
    }
}

/// Reads the configuration of `software` from `files`: its usual ones, or those that its command line names.
pub(super) fn read(software: &Software, files: &[String], tree: &Tree) -> Configuration {
    let mut configuration = Configuration::default();
    for pattern in files {
        for file in tree.matching(pattern) {
            match software.language {
                Language::Nginx => nginx::read(&file, tree, &mut configuration),
                Language::Apache => apache::read(&file, tree, &mut configuration),
                Language::Haproxy => haproxy::read(&file, tree, &mut configuration),
                Language::Caddy => caddy::read(&file, tree, &mut configuration),
                Language::Keyed(keys) => keyed::read(software, keys, &file, tree, &mut configuration),
                Language::None => {}
            }
            configuration.files.push(file);
        }
    }
    configuration
}

/// An address and a port as most write it: `443`, `*:443`, `:443`, `10.0.0.1:443`, `[::1]:443`. A name instead of an address counts as
/// all addresses.
fn endpoint(text: &str) -> Option<(Option<std::net::IpAddr>, u16)> {
    if let Ok(port) = text.parse() {
        return Some((None, port));
    }
    let (address, port) = text.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let address = address.parse::<std::net::IpAddr>().ok().filter(|address| !address.is_unspecified());
    Some((address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_as_they_are_written() {
        let loopback = "127.0.0.1".parse().ok();
        assert_eq!(endpoint("443"), Some((None, 443)));
        assert_eq!(endpoint("*:443"), Some((None, 443)));
        assert_eq!(endpoint(":443"), Some((None, 443)));
        assert_eq!(endpoint("0.0.0.0:443"), Some((None, 443)));
        assert_eq!(endpoint("127.0.0.1:80"), Some((loopback, 80)));
        assert_eq!(endpoint("[::]:443"), Some((None, 443)));
        assert_eq!(endpoint("[fd00::1]:443"), Some(("fd00::1".parse().ok(), 443)));
        for text in ["", "unix:/run/x", "localhost", "443x", ":", "70000"] {
            assert_eq!(endpoint(text), None, "{text}");
        }
    }
}
