//! Which ports the configuration of well-known software names, and where that software complains.

mod keyed;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use portreeve_model::Protocol;

use crate::facts::service::{Language, Named, Software, Transport};
use crate::look::configuration::{self, Directive, Mains, Site, bound, endpoint, every, listened};
use crate::look::tree::Tree;

/// What a configuration says of ports and complaints.
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

/// Reads the configuration of `software` from its main files.
pub(super) fn read(software: &Software, mains: &Mains, tree: &Tree) -> Configuration {
    let configuration::Configuration { files, directives } =
        configuration::read(software.language, mains, tree);
    let mut reader = Reader { tree, into: Configuration { files, ..Configuration::default() } };
    match software.language {
        Language::Caddy => directives.iter().for_each(|head| reader.caddy(head)),
        language => every(&directives).into_iter().for_each(|one| match language {
            Language::Nginx => reader.nginx(one),
            Language::Apache => reader.apache(one),
            Language::Haproxy => reader.haproxy(one),
            Language::Keyed(keys) => {
                if let Some((address, port, transport)) = keyed::port(software, keys, &one.text) {
                    reader.names(one, address, port, transport);
                }
            }
            Language::Caddy | Language::None => {}
        }),
    }
    reader.into
}

struct Reader<'a> {
    tree: &'a Tree,
    into: Configuration,
}

impl Reader<'_> {
    fn names(&mut self, directive: &Directive, address: Option<IpAddr>, port: u16, transport: Transport) {
        self.into.named.push(Named {
            address,
            port,
            transport,
            file: directive.file.to_string(),
            line: directive.line,
            text: directive.text.clone(),
            changed: self.tree.age(&directive.file),
        });
    }

    /// `listen`, `error_log`, `pid`.
    fn nginx(&mut self, directive: &Directive) {
        let value = directive.value();
        match directive.name() {
            "listen" => {
                let Some((address, port)) = listened(value) else { return };
                let datagrams =
                    directive.values().iter().skip(1).any(|word| matches!(word.as_str(), "udp" | "quic"));
                let transport = if datagrams { Transport::Udp } else { Transport::Tcp };
                self.names(directive, address, port, transport);
            }
            "error_log" if value != "stderr" && !value.starts_with("syslog:") => {
                self.into.logs.push(directive.path(value));
            }
            "pid" => self.into.pid_files.push(directive.path(value)),
            _ => {}
        }
    }

    /// `Listen`, `ErrorLog`, `PidFile`.
    fn apache(&mut self, directive: &Directive) {
        let value = directive.value();
        match directive.name() {
            "listen" => {
                if let Some((address, port)) = endpoint(value) {
                    self.names(directive, address, port, Transport::Tcp);
                }
            }
            "errorlog" if !value.starts_with('|') && !value.starts_with("syslog") => {
                self.into.logs.push(directive.path(value));
            }
            "pidfile" => self.into.pid_files.push(directive.path(value)),
            _ => {}
        }
    }

    /// `bind`, `pidfile`.
    fn haproxy(&mut self, directive: &Directive) {
        for bound in bound(directive) {
            for port in bound.ports {
                self.names(directive, bound.address, port, bound.transport);
            }
        }
        if directive.name() == "pidfile" {
            self.into.pid_files.push(directive.value().to_owned());
        }
    }

    /// The addresses of a site.
    fn caddy(&mut self, head: &Directive) {
        for site in Site::all_of(head) {
            let ports: &[u16] = match (site.port, site.scheme) {
                (Some(port), _) => &[port],
                (None, "http") => &[80],
                (None, "https") => &[443],
                // A name alone is served on both.
                _ if site.host.contains('.') || site.host == "localhost" || site.host.contains("{$") => {
                    &[443, 80]
                }
                _ => &[],
            };
            for port in ports {
                self.names(head, None, *port, Transport::Both);
            }
        }
    }
}
