//! Reads assertions.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use portreeve_model::text::clean;

use super::error::{ClaimError, EXAMPLES};
use super::said::{Claim, Modal, Party, Service, Spoken, Target};
use super::word::{Word, words};
use crate::network::Prefix;
use crate::packet::{Services, protocol_number};

const SHAPE: &str = "write SOURCE can reach TARGET, or SOURCE cannot reach TARGET";
const SOURCES: &str = "name a source: internet, private, containers, this host, anyone, a named network, or addresses such as 10.0.0.0/8";
const TARGETS: &str = "name what is reached: tcp/5432, udp/53, tcp/80,443,8000-8100, tcp/*, https, ping, an address, this host, or an address and ports";
const PORTS: &str = "ports are numbers from 0 to 65535, names of services, ranges such as 8000-8100, or * for all, separated by commas";

/// Reads an assertion.
///
/// # Errors
/// The first thing that is not understood, with its place and an example.
pub fn parse(text: &str, services: Services<'_>) -> Result<Claim, ClaimError> {
    let words = words(text);
    Parser { text, words: &words, at: 0, services }.claim()
}

struct Parser<'a> {
    text: &'a str,
    words: &'a [Word<'a>],
    at: usize,
    services: Services<'a>,
}

impl<'a> Parser<'a> {
    fn claim(mut self) -> Result<Claim, ClaimError> {
        let source = self.source()?;
        let modal = self.modal()?;
        if self.is("reach") {
            self.at += 1;
        } else {
            return Err(self.here("expected \"reach\"", example(SHAPE)));
        }
        let target = self.target()?;
        let via = self.via()?;
        if self.peek().is_some() {
            return Err(
                self.here("nothing was expected here", example("the interface is the last thing: via eth0"))
            );
        }
        Ok(Claim { text: self.text.to_owned(), source, modal, target, via })
    }

    fn source(&mut self) -> Result<Spoken<Party>, ClaimError> {
        if self.peek().is_none() || self.is_modal() {
            return Err(self.here("who can or cannot reach is missing", example(SOURCES)));
        }
        self.party(&example(SOURCES))
    }

    fn modal(&mut self) -> Result<Modal, ClaimError> {
        let word = self.peek().map(|word| word.text.to_ascii_lowercase());
        let modal = match word.as_deref() {
            Some("cannot" | "can't" | "can\u{2019}t") => Modal::Cannot,
            Some("can") => {
                self.at += 1;
                if self.is("not") {
                    self.at += 1;
                    return Ok(Modal::Cannot);
                }
                return Ok(Modal::Can);
            }
            _ => return Err(self.here("expected \"can\" or \"cannot\"", example(SHAPE))),
        };
        self.at += 1;
        Ok(modal)
    }

    fn target(&mut self) -> Result<Target, ClaimError> {
        if self.peek().is_none() || self.is("via") {
            return Err(self.here("what is reached is missing", example(TARGETS)));
        }
        let mut services = self.services()?;
        if !services.is_empty() {
            return Ok(Target { host: None, services });
        }
        let host = self.party(&example(TARGETS))?;
        if self.peek().is_some() && !self.is("via") {
            services = self.services()?;
            if services.is_empty() {
                return Err(self.here("neither ports nor a service", example(TARGETS)));
            }
        }
        Ok(Target { host: Some(host), services })
    }

    fn via(&mut self) -> Result<Option<Spoken<String>>, ClaimError> {
        if !self.is("via") {
            return Ok(None);
        }
        self.at += 1;
        let Some(word) = self.peek() else {
            return Err(self.here("the interface is missing", example("name it: via eth0")));
        };
        self.at += 1;
        Ok(Some(Spoken { offset: word.offset, what: word.text.to_owned() }))
    }

    /// Words for one side: a zone's name of one or more words, or addresses.
    fn party(&mut self, help: &str) -> Result<Spoken<Party>, ClaimError> {
        let Some(word) = self.peek() else { return Err(self.here("an end is missing", help)) };
        let spoken = |what| Spoken { offset: word.offset, what };
        if word.quoted {
            self.at += 1;
            return Ok(spoken(Party::Named(word.text.to_owned())));
        }
        if word.text.starts_with('[')
            || word.text.starts_with(|c: char| c.is_ascii_digit())
            || word.text.contains(':')
        {
            return Ok(spoken(Party::Prefixes(self.prefixes()?)));
        }
        self.at += 1;
        Ok(spoken(match word.text.to_ascii_lowercase().as_str() {
            "anyone" | "anybody" | "everyone" | "everybody" | "any" | "all" | "*" => Party::Anyone,
            "this" if self.is("host") || self.is("machine") => {
                self.at += 1;
                Party::ThisHost
            }
            "this-host" | "localhost" | "host" => Party::ThisHost,
            "link" if self.is("local") => {
                self.at += 1;
                Party::Named("link-local".to_owned())
            }
            _ => Party::Named(word.text.to_owned()),
        }))
    }

    /// Addresses and prefixes, separated by commas.
    fn prefixes(&mut self) -> Result<Vec<Prefix>, ClaimError> {
        let mut prefixes = Vec::new();
        while let Some(word) = self.peek() {
            self.at += 1;
            let mut offset = word.offset;
            for part in word.text.split(',') {
                if !part.is_empty() {
                    prefixes.push(prefix(part).ok_or_else(|| {
                        let message = format!("\"{}\" is no address and no prefix", clean(part));
                        ClaimError::new(
                            self.text,
                            offset,
                            message,
                            example("write 198.51.100.7, 10.0.0.0/8 or [2001:db8::1]"),
                        )
                    })?);
                }
                offset += part.len() + 1;
            }
            if !word.text.ends_with(',') {
                break;
            }
        }
        Ok(prefixes)
    }

    /// Services; none where the next word is none.
    fn services(&mut self) -> Result<Vec<Service>, ClaimError> {
        let mut services = Vec::new();
        while let Some(word) = self.peek().filter(|word| !word.quoted) {
            let (head, goes_on) = match word.text.strip_suffix(',') {
                Some(head) => (head, true),
                None => (word.text, false),
            };
            match self.service(Word { text: head, ..word })? {
                Some(found) => {
                    self.at += 1;
                    services.extend(found);
                    // `tcp/80, 443`: the ports go on.
                    if goes_on
                        && self.peek().is_some_and(|next| next.text.starts_with(|c: char| c.is_ascii_digit()))
                    {
                        self.more_ports(&mut services)?;
                    }
                }
                None if services.is_empty() => return Ok(services),
                None => break,
            }
        }
        Ok(services)
    }

    fn more_ports(&mut self, services: &mut [Service]) -> Result<(), ClaimError> {
        while let Some(word) = self.peek() {
            let Some(last) = services.last_mut() else { return Ok(()) };
            let protocol = last.protocol;
            let ports = self.ports(word.offset, word.text.trim_end_matches(','), protocol)?;
            last.ports.extend(ports);
            self.at += 1;
            if !word.text.ends_with(',') {
                break;
            }
        }
        Ok(())
    }

    /// `tcp/80,443`, `443/tcp`, `https`, `ping`, `icmp`, `gre`. `None` where the word is nothing of this.
    fn service(&self, word: Word<'a>) -> Result<Option<Vec<Service>>, ClaimError> {
        let lower = word.text.to_ascii_lowercase();
        if let Some((left, right)) = word.text.split_once('/') {
            let after = word.offset + left.len() + 1;
            if let Some(protocol) = with_ports(left) {
                return Ok(Some(vec![Service { protocol, ports: self.ports(after, right, protocol)? }]));
            }
            if let Some(protocol) = with_ports(right) {
                return Ok(Some(vec![Service { protocol, ports: self.ports(word.offset, left, protocol)? }]));
            }
            // An address with a length, or something that looks like a service.
            if prefix(word.text).is_some() || left.contains([':', '.', '[']) {
                return Ok(None);
            }
            let message = format!("\"{}\" is no protocol with ports", clean(left));
            return Err(ClaimError::new(
                self.text,
                word.offset,
                message,
                example("tcp, udp, sctp, dccp and udplite have ports: tcp/443"),
            ));
        }
        if let Some(protocol) = with_ports(&lower) {
            return Ok(Some(vec![Service { protocol, ports: vec![0..=u16::MAX] }]));
        }
        if matches!(lower.as_str(), "ping" | "icmp" | "icmpv6") {
            return Ok(Some(vec![Service { protocol: 1, ports: Vec::new() }]));
        }
        if let Ok(number) = lower.parse::<u64>() {
            let message = format!("{number} is a port of which protocol?");
            return Err(ClaimError::new(
                self.text,
                word.offset,
                message,
                format!("write tcp/{number} or udp/{number}"),
            ));
        }
        if let Some(protocol) = protocol_number(&lower) {
            return Ok(Some(vec![Service { protocol, ports: Vec::new() }]));
        }
        let named = |protocol: u8| {
            (self.services)(&lower, protocol).map(|port| Service { protocol, ports: vec![port..=port] })
        };
        let found: Vec<Service> = [6, 17].into_iter().filter_map(named).collect();
        // A name that IANA gives to both: what people mean is the first, TCP, except where it is used over UDP only.
        Ok(found.into_iter().next().map(|service| vec![service]))
    }

    fn ports(&self, offset: usize, text: &str, protocol: u8) -> Result<Vec<RangeInclusive<u16>>, ClaimError> {
        let mut ports = Vec::new();
        let mut at = offset;
        for part in text.split(',') {
            let range = self.port_range(part, protocol).ok_or_else(|| {
                let message = match part {
                    "" => "a port is missing".to_owned(),
                    _ => format!("\"{}\" is no port and no range of ports", clean(part)),
                };
                ClaimError::new(self.text, at, message, example(PORTS))
            })?;
            ports.push(range);
            at += part.len() + 1;
        }
        Ok(ports)
    }

    fn port_range(&self, text: &str, protocol: u8) -> Option<RangeInclusive<u16>> {
        if matches!(text, "*" | "any" | "all") {
            return Some(0..=u16::MAX);
        }
        let port = |text: &str| {
            text.parse::<u16>().ok().or_else(|| (self.services)(&text.to_ascii_lowercase(), protocol))
        };
        // The name of a service may hold a hyphen: `http-alt`.
        if let Some(port) = port(text) {
            return Some(port..=port);
        }
        let (low, high) = text.split_once('-').or_else(|| text.split_once(':'))?;
        let (low, high) = (port(low)?, port(high)?);
        (low <= high).then_some(low..=high)
    }

    fn peek(&self) -> Option<Word<'a>> {
        self.words.get(self.at).copied()
    }

    fn is(&self, word: &str) -> bool {
        self.peek().is_some_and(|next| !next.quoted && next.text.eq_ignore_ascii_case(word))
    }

    fn is_modal(&self) -> bool {
        ["can", "cannot", "can't"].iter().any(|word| self.is(word))
    }

    /// An error at the word at hand.
    fn here(&self, message: &str, help: impl Into<String>) -> ClaimError {
        let (offset, message) = match self.peek() {
            Some(word) => (word.offset, format!("{message}, not \"{}\"", clean(&shown(word.text)))),
            None => (self.text.len(), format!("{message} at the end")),
        };
        ClaimError::new(self.text, offset, message, help)
    }
}

/// The number of a protocol whose packets have ports.
fn with_ports(name: &str) -> Option<u8> {
    protocol_number(&name.to_ascii_lowercase()).filter(|number| matches!(number, 6 | 17 | 33 | 132 | 136))
}

/// `10.0.0.0/8`, `198.51.100.7`, `2001:db8::1`, `[2001:db8::1]`.
fn prefix(text: &str) -> Option<Prefix> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
    let address: IpAddr = bare.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = length.unwrap_or(most);
    (length <= most).then(|| Prefix::new(address, length))
}

fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = text.chars().take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('\u{2026}');
    }
    shown
}

fn example(help: &str) -> String {
    let [first, ..] = EXAMPLES;
    format!("{help}; for example `{first}`")
}
