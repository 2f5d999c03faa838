//! What was written so far, and what it comes to in the end.

use std::net::IpAddr;

use super::error::{Fault, shown};
use super::parse::Services;
use super::vocabulary;
use super::word::Word;
use super::{Asked, Place, Question, State, Transport};
use crate::ir::Version;

const EXAMPLE: &str = "for example: from 198.51.100.7 to 192.0.2.10 tcp dport 443 iif eth0";

/// A datum and the place where it was written; at most once.
#[derive(Debug)]
pub(super) struct Slot<T>(Option<(T, usize)>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    /// Sets it, unless it is set.
    pub(super) fn set(&mut self, value: T, offset: usize, what: &str) -> Result<(), Fault> {
        if self.0.is_some() {
            return Err(Fault::new(
                offset,
                format!("{what} is given twice"),
                "one packet is asked about; give --packet again for another",
            ));
        }
        self.0 = Some((value, offset));
        Ok(())
    }

    fn value(&self) -> Option<&T> {
        self.0.as_ref().map(|(value, _)| value)
    }

    fn offset(&self) -> Option<usize> {
        self.0.as_ref().map(|(_, offset)| *offset)
    }

    fn take(self) -> Option<T> {
        self.0.map(|(value, _)| value)
    }
}

/// The protocol, as it was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carried {
    /// `icmp`: what both are called in speech, so the addresses tell which is meant.
    Icmp,
    /// `icmpv6`.
    Icmp6,
    /// Any, by number. ICMP of the other version is a packet too, if an odd one.
    Number(u8),
}

/// What was written so far. Ports, ICMP types and codes stay words until protocol and version are known.
#[derive(Debug, Default)]
pub(super) struct Draft<'a> {
    pub(super) source: Slot<IpAddr>,
    pub(super) destination: Slot<IpAddr>,
    pub(super) protocol: Slot<Carried>,
    pub(super) source_port: Slot<&'a str>,
    pub(super) destination_port: Slot<&'a str>,
    pub(super) flags: Slot<u8>,
    pub(super) kind: Slot<&'a str>,
    pub(super) code: Slot<&'a str>,
    pub(super) input: Slot<&'a str>,
    pub(super) output: Slot<&'a str>,
    pub(super) out: Slot<()>,
    pub(super) user: Slot<u32>,
    pub(super) group: Slot<u32>,
    pub(super) state: Slot<State>,
    pub(super) reply: Slot<()>,
    pub(super) mark: Slot<u32>,
    pub(super) dscp: Slot<u8>,
    pub(super) ttl: Slot<u8>,
    pub(super) length: Slot<u16>,
    pub(super) ether_source: Slot<[u8; 6]>,
    pub(super) ether_destination: Slot<[u8; 6]>,
    pub(super) fragment: Slot<u16>,
}

impl Draft<'_> {
    /// Adds TCP flags to those given already.
    pub(super) fn add_flags(&mut self, bits: u8, offset: usize) {
        let (so_far, first) = self.flags.0.unwrap_or((0, offset));
        self.flags.0 = Some((so_far | bits, first));
    }

    /// The packet, where everything fits together.
    pub(super) fn finish(self, services: Services<'_>) -> Result<Asked, Fault> {
        let Some(&destination) = self.destination.value() else {
            return Err(Fault::at_end("no destination: expected `to ADDRESS`", EXAMPLE));
        };
        let source = self.source.value().copied();
        if let Some(offset) =
            self.source.offset().filter(|_| source.is_some_and(|a| a.is_ipv4() != destination.is_ipv4()))
        {
            return Err(Fault::new(
                offset.max(self.destination.offset().unwrap_or_default()),
                "one address is IPv4 and the other IPv6",
                "both ends of a packet are of one version",
            ));
        }
        let version = if destination.is_ipv4() { Version::V4 } else { Version::V6 };
        let transport = self.transport(version, services)?;
        let place = self.place()?;
        if source.is_none() && place.as_ref().is_none_or(|place| matches!(place, Place::In(_))) {
            return Err(Fault::at_end(
                "no source: expected `from ADDRESS`, or `out` for a packet that this host sends",
                EXAMPLE,
            ));
        }
        let stated = self.state.value().is_some();
        let placed = place.is_some();
        let question = Question {
            source,
            destination,
            transport,
            place: place.unwrap_or_else(|| Place::In(String::new())),
            state: self.state.take().unwrap_or_default(),
            reply: self.reply.take().is_some(),
            mark: self.mark.take().unwrap_or_default(),
            dscp: self.dscp.take(),
            ttl: self.ttl.take(),
            length: self.length.take(),
            ether_source: self.ether_source.take(),
            ether_destination: self.ether_destination.take(),
            fragment: self.fragment.take(),
        };
        Ok(if placed { Asked::placed(question, stated) } else { Asked::unplaced(question, stated) })
    }

    fn transport(&self, version: Version, services: Services<'_>) -> Result<Transport, Fault> {
        let protocol = self.protocol(version)?;
        let ports = [&self.source_port, &self.destination_port];
        if let Some(offset) =
            ports.iter().find_map(|port| port.offset()).filter(|_| !vocabulary::has_ports(protocol))
        {
            let name = vocabulary::protocol_name(protocol).unwrap_or("this protocol");
            return Err(Fault::new(
                offset,
                format!("{name} has no ports"),
                "ports go with tcp, udp, sctp, dccp or udplite",
            ));
        }
        if let Some(offset) = self.flags.offset().filter(|_| protocol != 6) {
            return Err(Fault::new(offset, "only tcp has flags", "for example: tcp dport 443 flags syn"));
        }
        let icmp = match version {
            Version::V4 => protocol == 1,
            Version::V6 => protocol == 58,
        };
        if let Some(offset) = self.kind.offset().or(self.code.offset()).filter(|_| !icmp) {
            return Err(Fault::new(
                offset,
                "only icmp has types and codes",
                "for example: icmp type echo-request code 0",
            ));
        }
        let [source, destination] = ports.map(|slot| port(slot, protocol, services));
        let (source, destination) = (source?, destination?);
        Ok(match protocol {
            6 => Transport::Tcp { source, destination, flags: self.flags.value().copied() },
            _ if vocabulary::has_ports(protocol) => Transport::Ports { protocol, source, destination },
            _ if icmp => Transport::Icmp {
                kind: icmp_number(&self.kind, "type", "echo-request", |name| {
                    vocabulary::icmp_type(version, name)
                })?,
                code: icmp_number(&self.code, "code", "port-unreachable", |name| {
                    vocabulary::icmp_code(version, name)
                })?,
            },
            other => Transport::Other(other),
        })
    }

    /// The protocol that was written, or the only one that can be meant.
    fn protocol(&self, version: Version) -> Result<u8, Fault> {
        let icmp = if version == Version::V4 { 1 } else { 58 };
        match self.protocol.0 {
            Some((Carried::Icmp6, offset)) if version == Version::V4 => {
                Err(Fault::new(offset, "icmpv6 does not go with IPv4 addresses", "write icmp"))
            }
            Some((Carried::Icmp | Carried::Icmp6, _)) => Ok(icmp),
            Some((Carried::Number(number), _)) => Ok(number),
            None if self.flags.value().is_some() => Ok(6),
            None if self.kind.value().is_some() => Ok(icmp),
            None => Err(match self.source_port.offset().or(self.destination_port.offset()) {
                Some(offset) => {
                    Fault::new(offset, "a port of which protocol?", "write tcp or udp in front of it")
                }
                None => Fault::at_end("no protocol: expected tcp, udp, icmp, or `proto NUMBER`", EXAMPLE),
            }),
        }
    }

    fn place(&self) -> Result<Option<Place>, Fault> {
        let sender = [self.out.offset(), self.output.offset(), self.user.offset(), self.group.offset()]
            .into_iter()
            .flatten()
            .min();
        match (self.input.value(), sender) {
            (Some(_), Some(sent)) => Err(Fault::new(
                sent.max(self.input.offset().unwrap_or_default()),
                "a packet comes in by an interface (`iif`) or is sent by this host (`out`, `oif`, `uid`, `gid`), not both",
                "of a packet that comes in, routing decides by which interface it leaves",
            )),
            (Some(input), None) => Ok(Some(Place::In((*input).to_owned()))),
            (None, Some(_)) => Ok(Some(Place::Out {
                interface: self.output.value().map(|name| (*name).to_owned()),
                user: self.user.value().copied(),
                group: self.group.value().copied(),
            })),
            (None, None) => Ok(None),
        }
    }
}

fn port(slot: &Slot<&str>, protocol: u8, services: Services<'_>) -> Result<Option<u16>, Fault> {
    let Some((text, offset)) = slot.0 else { return Ok(None) };
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = text.parse().map_err(|_| {
            Fault::new(
                offset,
                format!("`{}` is not a port", shown(text)),
                "a port is a number from 0 to 65535",
            )
        })?;
        return Ok(Some(number));
    }
    services(text, protocol).map(Some).ok_or_else(|| {
        let name = vocabulary::protocol_name(protocol).unwrap_or_default();
        Fault::new(
            offset,
            format!("`{}` is neither a port nor the name of a {name} service", shown(text)),
            "one port is asked about: dport 443, or dport https",
        )
    })
}

fn icmp_number(
    slot: &Slot<&str>,
    what: &str,
    example: &str,
    named: impl Fn(&str) -> Option<u8>,
) -> Result<Option<u8>, Fault> {
    let Some((text, offset)) = slot.0 else { return Ok(None) };
    text.parse().ok().or_else(|| named(text)).map(Some).ok_or_else(|| {
        Fault::new(
            offset,
            format!("`{}` is not an ICMP {what} of this version", shown(text)),
            format!("a number from 0 to 255, or a name as nft has them: {what} {example}"),
        )
    })
}

/// A number within bounds, decimal or hexadecimal.
pub(super) fn number(
    word: Word<'_>,
    what: &str,
    bounds: std::ops::RangeInclusive<u32>,
) -> Result<u32, Fault> {
    let text = word.text.to_ascii_lowercase();
    let parsed =
        text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
    parsed.filter(|number| bounds.contains(number)).ok_or_else(|| {
        Fault::new(
            word.offset,
            format!("`{}` is not a {what}", shown(word.text)),
            format!("expected a number from {} to {}", bounds.start(), bounds.end()),
        )
    })
}
