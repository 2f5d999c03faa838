//! `HAProxy`: `server` lines of the backends that a frontend on the port uses.

use std::collections::HashSet;

use super::{Asked, Configured};
use crate::facts::http::UpstreamAddress;
use crate::facts::service::Transport;
use crate::look::configuration::{Directive, bound};

/// The upstreams that the sections name.
pub(super) fn upstreams(sections: &[Directive], asked: &Asked) -> Vec<Configured> {
    let of = |kinds: &'static [&str]| sections.iter().filter(|section| kinds.contains(&section.name()));
    let defaults = of(&["defaults"]).find_map(default_backend);
    let asking = of(&["frontend", "listen"]).filter(|section| binds(section, asked));
    let used: HashSet<&str> = asking.flat_map(|section| used(section, defaults)).collect();
    of(&["backend", "listen"])
        .flat_map(|section| {
            let is_asked =
                used.contains(section.value()) || (section.name() == "listen" && binds(section, asked));
            servers(section, is_asked)
        })
        .collect()
}

/// Whether a frontend listens where it was asked.
fn binds(section: &Directive, asked: &Asked) -> bool {
    section.block.iter().flat_map(bound).any(|bound| {
        bound.transport == Transport::Tcp
            && bound.ports.contains(&asked.endpoint.port())
            && bound.address.is_none_or(|address| address == asked.endpoint.ip())
    })
}

/// The backends that a frontend may send to.
fn used<'a>(section: &'a Directive, defaults: Option<&'a str>) -> Vec<&'a str> {
    let mut used: Vec<&'a str> = section.named("use_backend").map(Directive::value).collect();
    used.extend(default_backend(section).or(defaults));
    used
}

fn default_backend(section: &Directive) -> Option<&str> {
    section.named("default_backend").map(Directive::value).find(|name| !name.is_empty())
}

fn servers(section: &Directive, asked: bool) -> Vec<Configured> {
    let up = section.named("server").filter(|server| !server.words.iter().any(|word| word == "disabled"));
    up.filter_map(|server| {
        let written = server.word(2);
        let bare = ["ipv4@", "ipv6@", "tcp@", "tcp4@", "tcp6@", "quic4@"]
            .iter()
            .find_map(|prefix| written.strip_prefix(prefix))
            .unwrap_or(written);
        // Without a port, the port of the connection that came in.
        let address = UpstreamAddress::read(bare, None)?;
        Some(Configured { group: Some(section.value().to_owned()), ..Configured::at(server, address, asked) })
    })
    .collect()
}
