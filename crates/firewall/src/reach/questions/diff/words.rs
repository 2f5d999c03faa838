//! Where packets arrive, in words; names of protocols, states and places.

use std::fmt;
use std::net::IpAddr;

use crate::answer::Names;
use crate::packet::{State, protocol_name};
use crate::reach::alike::Meeting;
use crate::simulate::{End, Fates};
use crate::space::{Set, Space, TooComplex};

/// Where packets arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arrival {
    /// Name of the interface they leave by, and the next hop; `None` where the host takes them.
    exit: Option<(String, Option<IpAddr>)>,
    /// Address and port, where they are not those that the packets came with.
    translated: Option<(Option<IpAddr>, Option<u16>)>,
}

/// The places where packets of a set arrive, each with those that do.
pub(super) fn arrivals(
    space: &Space,
    fates: &Fates,
    set: &Set,
    names: Names<'_>,
) -> Result<Vec<(Arrival, Set)>, TooComplex> {
    let mut found: Vec<(Arrival, Set)> = Vec::new();
    for fate in fates.ends.iter().filter(|fate| !fate.reply) {
        let exit = match &fate.end {
            End::Delivered => None,
            End::Sent { interface, gateway } => Some((names.interface(*interface), *gateway)),
            _ => continue,
        };
        let here = space.and(&fate.set, set)?;
        if here.is_empty() {
            continue;
        }
        let arrival = Arrival { exit, translated: fate.translated.then_some((fate.address, fate.port)) };
        match found.iter_mut().find(|(known, _)| *known == arrival) {
            Some((_, known)) => *known = space.or(known, &here)?,
            None => found.push((arrival, here)),
        }
    }
    Ok(found)
}

impl fmt::Display for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.exit {
            None => f.write_str("this host")?,
            Some((interface, None)) => write!(f, "leaves by {interface}")?,
            Some((interface, Some(gateway))) => write!(f, "leaves by {interface} by way of {gateway}")?,
        }
        match self.translated {
            None => Ok(()),
            Some((Some(address), Some(port))) => {
                write!(f, ", at {}", std::net::SocketAddr::new(address, port))
            }
            Some((Some(address), None)) => write!(f, ", at {address}"),
            Some((None, Some(port))) => write!(f, ", at a translated address, port {port}"),
            Some((None, None)) => f.write_str(", at a translated address"),
        }
    }
}

/// The protocols of these numbers: `tcp`, `udp, dccp, sctp`, `any`, `protocol 47`.
pub(super) fn protocols(numbers: &[u8]) -> String {
    const MOST: usize = 6;
    // ICMP of the other version of IP is not asked about.
    if (0..=255_u8).all(|number| numbers.contains(&number) || matches!(number, 1 | 58))
        && numbers.len() >= 255
    {
        return "any".to_owned();
    }
    if numbers.len() > 128 {
        let missing: Vec<u8> = (0..=255).filter(|number| !numbers.contains(number)).collect();
        return format!("any but {}", protocols(&missing));
    }
    let mut names: Vec<String> = Vec::new();
    let known = numbers.iter().filter_map(|number| protocol_name(*number));
    names.extend(known.map(str::to_owned));
    let nameless = numbers.iter().filter(|number| protocol_name(**number).is_none());
    names.extend(nameless.map(|number| format!("protocol {number}")));
    let more = names.len().saturating_sub(MOST);
    names.truncate(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

/// `connection established or related`; nothing where all of them are meant.
pub(super) fn states(states: &[State]) -> Option<String> {
    const EVERY: usize = 5;
    if states.len() >= EVERY {
        return None;
    }
    let name = |state: &State| match state {
        State::First => "not seen before",
        other => other.name(),
    };
    let names: Vec<&str> = states.iter().map(name).collect();
    Some(format!("connection {}", names.join(" or ")))
}

/// `in by eth0, eth1`, `sent by this host`.
pub(super) fn places(meetings: &[&Meeting]) -> String {
    const MOST: usize = 6;
    let mut names: Vec<&str> = Vec::new();
    let mut out = false;
    for meeting in meetings {
        match meeting {
            Meeting::In(alike) => names.extend(alike.names.iter().map(String::as_str)),
            Meeting::Out => out = true,
        }
    }
    let more = names.len().saturating_sub(MOST);
    names.truncate(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let incoming = (!names.is_empty()).then(|| format!("in by {}{more}", names.join(", ")));
    let sent = out.then(|| "sent by this host".to_owned());
    [incoming, sent].into_iter().flatten().collect::<Vec<_>>().join(", or ")
}
