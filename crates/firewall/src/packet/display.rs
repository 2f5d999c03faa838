//! A question in the words that [`super::parse`] reads.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use super::word::is_separator;
use super::{Place, Question, State, Transport, vocabulary};
use crate::ir::Version;

impl Display for Question {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(source) = self.source {
            write!(f, "from {source} ")?;
        }
        write!(f, "to {} ", self.destination)?;
        transport(f, &self.transport, self.version())?;
        place(f, &self.place)?;
        if self.state != State::First {
            write!(f, " state {}", self.state)?;
        }
        if self.reply {
            f.write_str(" reply")?;
        }
        if self.mark != 0 {
            write!(f, " mark {:#x}", self.mark)?;
        }
        number(f, "dscp", self.dscp)?;
        number(f, "ttl", self.ttl)?;
        number(f, "length", self.length)?;
        number(f, "fragment", self.fragment)?;
        for (end, mac) in [("from", self.ether_source), ("to", self.ether_destination)] {
            if let Some([a, b, c, d, e, g]) = mac {
                write!(f, " ether {end} {a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")?;
            }
        }
        Ok(())
    }
}

impl Question {
    /// The version of its addresses.
    pub fn version(&self) -> Version {
        if self.destination.is_ipv4() { Version::V4 } else { Version::V6 }
    }
}

impl State {
    /// The word for it; `first` for [`State::First`].
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::New => "new",
            Self::Established => "established",
            Self::Related => "related",
            Self::Invalid => "invalid",
            Self::Untracked => "untracked",
        }
    }
}

impl Display for State {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for State {
    type Err = String;

    /// A state by its word, in either case. The error says what is expected.
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::First, Self::New, Self::Established, Self::Related, Self::Invalid, Self::Untracked]
            .into_iter()
            .find(|state| state.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| "expected new, established, related, invalid or untracked".to_owned())
    }
}

fn transport(f: &mut Formatter<'_>, transport: &Transport, version: Version) -> fmt::Result {
    match transport {
        Transport::Tcp { source, destination, flags } => {
            f.write_str("tcp")?;
            number(f, "sport", *source)?;
            number(f, "dport", *destination)?;
            flags.map_or(Ok(()), |flags| self::flags(f, flags))
        }
        Transport::Ports { protocol, source, destination } => {
            self::protocol(f, *protocol)?;
            number(f, "sport", *source)?;
            number(f, "dport", *destination)
        }
        Transport::Icmp { kind, code } => {
            f.write_str(if version == Version::V4 { "icmp" } else { "icmpv6" })?;
            if let Some(kind) = kind {
                match vocabulary::icmp_type_name(version, *kind) {
                    Some(name) => write!(f, " type {name}")?,
                    None => write!(f, " type {kind}")?,
                }
            }
            number(f, "code", *code)
        }
        Transport::Other(number) => protocol(f, *number),
    }
}

fn protocol(f: &mut Formatter<'_>, number: u8) -> fmt::Result {
    match vocabulary::protocol_name(number) {
        Some(name) => f.write_str(name),
        None => write!(f, "proto {number}"),
    }
}

fn flags(f: &mut Formatter<'_>, flags: u8) -> fmt::Result {
    let set: Vec<&str> =
        vocabulary::FLAGS.iter().filter(|(_, bit)| flags & bit != 0).map(|(name, _)| *name).collect();
    write!(f, " flags {}", if set.is_empty() { "none".to_owned() } else { set.join(",") })
}

fn place(f: &mut Formatter<'_>, place: &Place) -> fmt::Result {
    match place {
        Place::In(interface) => write!(f, " iif {}", Name(interface)),
        Place::Out { interface, user, group } => {
            f.write_str(" out")?;
            if let Some(interface) = interface {
                write!(f, " oif {}", Name(interface))?;
            }
            number(f, "uid", *user)?;
            number(f, "gid", *group)
        }
    }
}

fn number(f: &mut Formatter<'_>, word: &str, value: Option<impl Display>) -> fmt::Result {
    value.map_or(Ok(()), |value| write!(f, " {word} {value}"))
}

/// A name as one word.
struct Name<'a>(&'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(name) = self;
        if name.is_empty() || name.contains(is_separator) {
            write!(f, "\"{name}\"")
        } else {
            f.write_str(name)
        }
    }
}
