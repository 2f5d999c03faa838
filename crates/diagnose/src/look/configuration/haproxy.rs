//! `HAProxy`: one setting a line, within sections; words may be quoted.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use super::address::address_of;
use super::block::{Blocks, Origin};
use super::directive::Directive;
use super::loader::{Again, Depth, Dialect, From};
use crate::facts::service::Transport;

/// Words that begin a section.
const SECTIONS: [&str; 16] = [
    "global",
    "defaults",
    "frontend",
    "backend",
    "listen",
    "peers",
    "resolvers",
    "userlist",
    "mailers",
    "cache",
    "program",
    "ring",
    "http-errors",
    "log-forward",
    "fcgi-app",
    "crt-store",
];
/// A range of more ports is no list of services.
const WIDEST: u16 = 1_024;

pub(super) const DIALECT: Dialect =
    Dialect { parse, includes: |_| None, from: From::File, again: Again::Yes };

/// What one address of a `bind` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::look) struct Bound {
    /// The address; none for all.
    pub(in crate::look) address: Option<IpAddr>,
    /// The ports.
    pub(in crate::look) ports: RangeInclusive<u16>,
    /// For QUIC or for connections.
    pub(in crate::look) transport: Transport,
}

/// The addresses of a `bind`: `:443`, `*:443,:80`, `ipv4@10.0.0.1:443`, `quic4@:443`, `:::443`, `[::]:443`,
/// `:8000-8010`.
pub(in crate::look) fn bound(directive: &Directive) -> impl Iterator<Item = Bound> {
    let addresses = if directive.name() == "bind" { directive.value() } else { "" };
    addresses.split(',').filter_map(bound_to)
}

fn bound_to(text: &str) -> Option<Bound> {
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
    Some(Bound { address: address_of(address), ports: first..=last, transport })
}

/// The sections of a text, each with its lines as its block.
pub(super) fn parse(text: &str, origin: &Origin, _: Depth) -> Vec<Directive> {
    let mut blocks = Blocks::default();
    for (line, number) in text.lines().zip(1..) {
        let words = words(line);
        let Some(first) = words.first() else { continue };
        let is_head = SECTIONS.contains(&first.as_str());
        let text = words.join(" ");
        let directive = origin.directive(words, text, number);
        if is_head {
            blocks.close();
            blocks.open(directive);
        } else {
            blocks.push(directive);
        }
    }
    blocks.finish()
}

/// Words up to a comment. Quotes may stand within a word; a backslash keeps its meaning from what follows.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    let mut quote = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let plain = match (character, quote) {
            ('\\', None | Some('"')) => characters.next(),
            (character, Some(end)) if character == end => {
                quote = None;
                continue;
            }
            ('"' | '\'', None) => {
                quote = Some(character);
                None
            }
            ('#', None) => break,
            (blank, None) if blank.is_whitespace() => {
                open = false;
                continue;
            }
            _ => Some(character),
        };
        if !open {
            open = true;
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(plain);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::super::tests::origin;
    use super::*;

    #[test]
    fn every_form_of_an_address() {
        let of = |text: &str| {
            bound_to(text).map(|one| (one.address, *one.ports.start(), *one.ports.end(), one.transport))
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
    fn sections_words_and_comments() {
        let text = "global\n  maxconn 1 # few\nfrontend web\n  bind \"*:80\",':81' # not :9\n  # bind :82\n  acl a\\ b path 'x#y'#z\n";
        let sections = parse(text, &origin(), Depth::Outer);
        let names: Vec<&str> = sections.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(names, ["global", "frontend web"]);
        let web = &sections[1].block;
        assert_eq!(bound(&web[0]).map(|one| *one.ports.start()).collect::<Vec<_>>(), [80, 81]);
        assert_eq!((web.len(), web[1].line, web[1].words.join("|").as_str()), (2, 6, "acl|a b|path|x#y"));
    }
}
