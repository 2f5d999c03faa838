//! The words of `--packet`, in any order:
//!
//! ```text
//! from ADDRESS[:PORT]  to ADDRESS[:PORT]           or  ADDRESS[:PORT] -> ADDRESS[:PORT]
//! tcp | udp | icmp | icmpv6 | ping | sctp | dccp | udplite | gre | esp | ... | proto NUMBER
//! sport PORT  dport PORT  443/tcp                  flags syn,ack     type TYPE  code CODE
//! iif NAME   |   out [oif NAME] [uid UID] [gid GID]
//! state STATE  reply  mark N  dscp N  ttl N  length N  fragment N  ether from MAC  ether to MAC
//! ```
//!
//! The words of `nft` and `iptables` for the same things (`saddr`, `iifname`, `ctstate`, ...) are understood too. Nothing is
//! looked up in the network: an end is an address, never a host's name.

use std::net::{IpAddr, SocketAddr};

use super::draft::{Carried, Draft, Slot, number};
use super::error::{Fault, shown};
use super::word::{Word, words};
use super::{Asked, PacketError, State, vocabulary};

/// Finds the port of a service by name and protocol number.
pub type Services<'a> = &'a dyn Fn(&str, u8) -> Option<u16>;

/// Reads a packet.
///
/// # Errors
/// The first thing that is not understood, with its place and what to write instead.
pub fn parse(text: &str, services: Services<'_>) -> Result<Asked, PacketError> {
    let words = words(text);
    let mut parser =
        Parser { rest: words.iter().copied().peekable(), draft: Draft::default(), end: text.len() };
    parser.clauses().and_then(|()| parser.draft.finish(services)).map_err(|fault| fault.within(text))
}

/// Which end of the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Source,
    Destination,
}

struct Parser<'a, I: Iterator<Item = Word<'a>>> {
    rest: std::iter::Peekable<I>,
    draft: Draft<'a>,
    /// Where a missing word would stand.
    end: usize,
}

impl<'a, I: Iterator<Item = Word<'a>>> Parser<'a, I> {
    fn clauses(&mut self) -> Result<(), Fault> {
        while let Some(word) = self.rest.next() {
            self.clause(word)?;
        }
        Ok(())
    }

    fn clause(&mut self, word: Word<'a>) -> Result<(), Fault> {
        let at = word.offset;
        let name = word.text.to_ascii_lowercase();
        match name.as_str() {
            "from" | "saddr" | "src" | "source" => self.address(End::Source, "from 198.51.100.7"),
            "to" | "daddr" | "dst" | "destination" | "->" | "→" => {
                self.address(End::Destination, "to 192.0.2.10")
            }
            // Words that others need and that say nothing new here.
            "ip" | "ip6" | "meta" | "ct" | "and" | "packet" => Ok(()),
            "proto" | "protocol" | "l4proto" => self.protocol_word(),
            "sport" | "spt" | "source-port" => {
                let port = self.next("a port", "sport 40000")?;
                self.draft.source_port.set(port.text, port.offset, "the source port")
            }
            "dport" | "dpt" | "port" | "destination-port" => {
                let port = self.next("a port", "dport 443")?;
                self.draft.destination_port.set(port.text, port.offset, "the destination port")
            }
            "icmp" => self.draft.protocol.set(Carried::Icmp, at, "the protocol"),
            "icmpv6" | "icmp6" | "ipv6-icmp" => self.draft.protocol.set(Carried::Icmp6, at, "the protocol"),
            "ping" => {
                self.draft.protocol.set(Carried::Icmp, at, "the protocol")?;
                self.draft.kind.set("echo-request", at, "the type")?;
                self.draft.code.set("0", at, "the code")
            }
            "type" | "icmp-type" | "icmpv6-type" => self.icmp_type(),
            "code" => {
                let code = self.next("an ICMP code", "code 0")?;
                self.draft.code.set(code.text, code.offset, "the code")
            }
            "flags" => self.flags(),
            "established" | "related" | "invalid" | "untracked" | "new" => self.state(word),
            "state" | "ctstate" => {
                let state = self.next("a state", "state established")?;
                self.state(state)
            }
            "reply" => self.draft.reply.set((), at, "reply"),
            "fragment" | "frag" => {
                self.small("fragment offset in units of 8 bytes", 1..=8191, |draft| &mut draft.fragment)
            }
            "ttl" | "hoplimit" | "hop-limit" => self.small("TTL", 0..=255, |draft| &mut draft.ttl),
            "length" | "len" => {
                self.small("length of the whole packet in bytes", 20..=65535, |draft| &mut draft.length)
            }
            "mark" | "fwmark" => self.small("mark", 0..=u32::MAX, |draft| &mut draft.mark),
            "dscp" => self.dscp(),
            "ether" | "mac" => self.ether(),
            _ => self.place_or_lone_word(word, &name),
        }
    }

    fn place_or_lone_word(&mut self, word: Word<'a>, name: &str) -> Result<(), Fault> {
        let at = word.offset;
        match name {
            "iif" | "iifname" | "in-interface" | "in" => {
                let interface = self.next("the name of an interface", "iif eth0")?;
                self.draft.input.set(
                    interface_name(interface)?,
                    interface.offset,
                    "the interface it comes in by",
                )
            }
            "oif" | "oifname" | "out-interface" => {
                let interface = self.next("the name of an interface", "oif eth0")?;
                self.draft.output.set(
                    interface_name(interface)?,
                    interface.offset,
                    "the interface it leaves by",
                )
            }
            "out" | "output" => self.draft.out.set((), at, "out"),
            "input" | "forward" | "forwarded" => Err(Fault::new(
                at,
                format!("`{name}` is for routing to decide"),
                "say by which interface the packet comes in (iif eth0), or that this host sends it (out)",
            )),
            "uid" | "skuid" | "user" => {
                self.small("number of a user (names are not looked up)", 0..=u32::MAX, |draft| {
                    &mut draft.user
                })
            }
            "gid" | "skgid" | "group" => {
                self.small("number of a group (names are not looked up)", 0..=u32::MAX, |draft| {
                    &mut draft.group
                })
            }
            _ => self.lone_word(word),
        }
    }

    /// A word that says by itself what it is.
    fn lone_word(&mut self, word: Word<'a>) -> Result<(), Fault> {
        if let Some(protocol) = vocabulary::protocol(word.text) {
            return self.draft.protocol.set(Carried::Number(protocol), word.offset, "the protocol");
        }
        if let Some(bit) = vocabulary::flag(word.text) {
            self.draft.add_flags(bit, word.offset);
            return Ok(());
        }
        if let Some((left, right)) = word.text.split_once('/')
            && let Some((port, protocol)) = port_and_protocol(left, right)
        {
            self.draft.destination_port.set(port, word.offset, "the destination port")?;
            return self.draft.protocol.set(protocol, word.offset, "the protocol");
        }
        let arrow = self.rest.peek().is_some_and(|next| matches!(next.text, "->" | "→"));
        if arrow {
            return self.endpoint(End::Source, word);
        }
        Err(not_understood(word))
    }

    fn address(&mut self, end: End, example: &str) -> Result<(), Fault> {
        let word = self.next("an address", example)?;
        self.endpoint(end, word)
    }

    /// `ADDRESS`, `ADDRESS:PORT`, `[ADDRESS]:PORT`.
    fn endpoint(&mut self, end: End, word: Word<'a>) -> Result<(), Fault> {
        let (address, port) = endpoint(word)?;
        let (addresses, ports, what) = match end {
            End::Source => (&mut self.draft.source, &mut self.draft.source_port, "the source"),
            End::Destination => {
                (&mut self.draft.destination, &mut self.draft.destination_port, "the destination")
            }
        };
        addresses.set(address, word.offset, what)?;
        match port {
            Some(port) => ports.set(port, word.offset, &format!("{what} port")),
            None => Ok(()),
        }
    }

    fn protocol_word(&mut self) -> Result<(), Fault> {
        let word = self.next("a protocol", "proto 47")?;
        let protocol = match (word.text.to_ascii_lowercase().as_str(), vocabulary::protocol(word.text)) {
            ("icmp", _) => Carried::Icmp,
            (_, Some(58)) => Carried::Icmp6,
            (_, Some(number)) => Carried::Number(number),
            (_, None) => {
                Carried::Number(u8::try_from(number(word, "protocol", 0..=255)?).unwrap_or_default())
            }
        };
        self.draft.protocol.set(protocol, word.offset, "the protocol")
    }

    /// `type 8`, `type echo-request`, `type 3/1`.
    fn icmp_type(&mut self) -> Result<(), Fault> {
        let word = self.next("an ICMP type", "type echo-request")?;
        let (kind, code) =
            word.text.split_once('/').map_or((word.text, None), |(kind, code)| (kind, Some(code)));
        self.draft.kind.set(kind, word.offset, "the type")?;
        match code {
            Some(code) => self.draft.code.set(code, word.offset + kind.len() + 1, "the code"),
            None => Ok(()),
        }
    }

    /// The first value; those that follow stand as words of their own, since commas separate words.
    fn flags(&mut self) -> Result<(), Fault> {
        let word = self.next("TCP flags", "flags syn,ack")?;
        let mut bits = 0;
        let mut at = word.offset;
        for part in word.text.split('|') {
            let part = Word { offset: at, text: part };
            at += part.text.len() + 1;
            bits |= match vocabulary::flag(part.text) {
                Some(bit) => bit,
                None if part.text.eq_ignore_ascii_case("none") => 0,
                None => u8::try_from(number(
                    part,
                    "TCP flag (fin, syn, rst, psh, ack, urg, ece, cwr, none)",
                    0..=255,
                )?)
                .unwrap_or_default(),
            };
        }
        self.draft.add_flags(bits, word.offset);
        Ok(())
    }

    fn state(&mut self, word: Word<'a>) -> Result<(), Fault> {
        let state: State = word.text.parse().map_err(|expected: String| {
            Fault::new(
                word.offset,
                format!("`{}` is not a state of a connection", shown(word.text)),
                expected,
            )
        })?;
        self.draft.state.set(state, word.offset, "the state")
    }

    fn dscp(&mut self) -> Result<(), Fault> {
        let word = self.next("a code point", "dscp af41")?;
        let value = match vocabulary::dscp(word.text) {
            Some(value) => value,
            None => {
                u8::try_from(number(word, "differentiated services code point", 0..=63)?).unwrap_or_default()
            }
        };
        self.draft.dscp.set(value, word.offset, "dscp")
    }

    fn ether(&mut self) -> Result<(), Fault> {
        const EXAMPLE: &str = "ether from 52:54:00:12:34:56";
        let end = self.next("from or to", EXAMPLE)?;
        let slot = match end.text.to_ascii_lowercase().as_str() {
            "from" | "saddr" | "src" | "source" => &mut self.draft.ether_source,
            "to" | "daddr" | "dst" | "destination" => &mut self.draft.ether_destination,
            _ => {
                let message = format!("`{}` is neither from nor to", shown(end.text));
                return Err(Fault::new(end.offset, message, format!("for example: {EXAMPLE}")));
            }
        };
        let Some(word) = self.rest.next() else {
            return Err(Fault::new(
                self.end,
                "expected an Ethernet address",
                format!("for example: {EXAMPLE}"),
            ));
        };
        let address = mac(word.text).ok_or_else(|| {
            let message = format!("`{}` is not an Ethernet address", shown(word.text));
            Fault::new(word.offset, message, format!("for example: {EXAMPLE}"))
        })?;
        slot.set(address, word.offset, "the Ethernet address of this end")
    }

    /// A number for one of the draft's slots.
    fn small<T: TryFrom<u32>>(
        &mut self,
        what: &str,
        bounds: std::ops::RangeInclusive<u32>,
        slot: impl for<'d> FnOnce(&'d mut Draft<'a>) -> &'d mut Slot<T>,
    ) -> Result<(), Fault> {
        let word = self.next(&format!("a {what}"), "ttl 64, mark 0x10, length 60")?;
        let value = number(word, what, bounds)?;
        // The bounds are those of the type.
        match T::try_from(value) {
            Ok(value) => slot(&mut self.draft).set(value, word.offset, what),
            Err(_) => Err(not_understood(word)),
        }
    }

    fn next(&mut self, what: &str, example: &str) -> Result<Word<'a>, Fault> {
        self.rest.next().ok_or_else(|| {
            Fault::new(self.end, format!("expected {what}"), format!("for example: {example}"))
        })
    }
}

fn endpoint(word: Word<'_>) -> Result<(IpAddr, Option<&str>), Fault> {
    let text = word.text;
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok((address, None));
    }
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Ok((socket.ip(), text.rsplit_once(':').map(|(_, port)| port)));
    }
    // A service's name instead of a number.
    if let Some((address, port)) = text.rsplit_once(':')
        && let Ok(address) = address.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>()
    {
        return Ok((address, Some(port)));
    }
    let help = if text.contains('/') {
        "one packet is asked about: give one address of the network"
    } else if text.contains('%') {
        "leave the interface out here and give it as `iif NAME` or `oif NAME`"
    } else if text.contains(|character: char| character.is_ascii_alphabetic()) {
        "names are not looked up, for a look sends no packet: give the address"
    } else {
        "for example: 192.0.2.10, 2001:db8::1, 192.0.2.10:443, [2001:db8::1]:443"
    };
    Err(Fault::new(word.offset, format!("`{}` is not an address", shown(text)), help))
}

/// `443/tcp` and `tcp/443`.
fn port_and_protocol<'a>(left: &'a str, right: &'a str) -> Option<(&'a str, Carried)> {
    let known = |name: &str| vocabulary::protocol(name).filter(|number| vocabulary::has_ports(*number));
    match (known(left), known(right)) {
        (None, Some(protocol)) if !left.is_empty() => Some((left, Carried::Number(protocol))),
        (Some(protocol), None) if !right.is_empty() => Some((right, Carried::Number(protocol))),
        _ => None,
    }
}

/// `dev_valid_name` (`net/core/dev.c`): 1 to 15 bytes, no slash, colon or white space.
fn interface_name(word: Word<'_>) -> Result<&str, Fault> {
    let name = word.text;
    let valid = (1..=15).contains(&name.len())
        && !matches!(name, "." | "..")
        && !name
            .contains(|character: char| matches!(character, '/' | ':' | '"') || character.is_whitespace());
    valid.then_some(name).ok_or_else(|| {
        let message = format!("`{}` is not the name of an interface", shown(name));
        Fault::new(word.offset, message, "for example: iif eth0")
    })
}

fn mac(text: &str) -> Option<[u8; 6]> {
    let mut bytes = [0; 6];
    let mut parts = text.split([':', '-']);
    for byte in &mut bytes {
        let part = parts.next().filter(|part| matches!(part.len(), 1 | 2))?;
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}

fn not_understood(word: Word<'_>) -> Fault {
    let help = if endpoint(word).is_ok() {
        "say `from` or `to` in front of an address"
    } else if word.text.bytes().all(|byte| byte.is_ascii_digit()) {
        "say what the number is: dport, sport, proto, mark, ttl, ..."
    } else {
        "known words: from, to, tcp, udp, icmp, ping, proto, sport, dport, flags, type, code, iif, out, oif, uid, gid, state, \
         reply, mark, dscp, ttl, length, fragment, ether"
    };
    Fault::new(word.offset, format!("`{}` is not understood", shown(word.text)), help)
}

#[cfg(test)]
mod tests;
