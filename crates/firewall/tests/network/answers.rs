//! Answers of the kernel and of the simulation in one form that can be compared.

use std::fmt;
use std::net::IpAddr;

use portreeve_firewall::network::{
    Denial, LocalKind, OutputError, OutputKey, OutputKind, OutputRoute, Routed, Uncertain,
};
use portreeve_linux::Errno;
use portreeve_linux::netlink::{NetlinkError, NetlinkSocket, ask};
use portreeve_wire::route::{Route, RouteQuery, RouteType};

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Error(Errno),
    Route { kind: &'static str, oif: u32, gateway: Option<IpAddr>, source: Option<IpAddr> },
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(errno) => write!(f, "{errno}"),
            Self::Route { kind, oif, gateway, source } => {
                write!(f, "{kind} dev {oif} via {gateway:?} src {source:?}")
            }
        }
    }
}

/// Asks the kernel.
pub(crate) fn kernel(channel: &mut NetlinkSocket, query: &RouteQuery) -> Answer {
    match ask(channel, |sequence| query.encode(sequence), Route::from_message) {
        Ok(route) => Answer::Route {
            kind: match route.kind {
                RouteType::Local => "local",
                // What is for all on the link is delivered here; only its name differs.
                RouteType::Broadcast => "broadcast",
                RouteType::Multicast => "multicast",
                RouteType::Anycast => "anycast",
                _ => "unicast",
            },
            oif: route.single.interface.unwrap_or(0),
            gateway: route.single.gateway,
            source: route.preferred_source,
        },
        Err(NetlinkError::Refused(errno)) => Answer::Error(errno),
        Err(error) => panic!("{query:?}: {error}"),
    }
}

/// What the kernel may say of a packet that came in, by the simulation; and why it is uncertain, if it is.
pub(crate) fn input(routed: &Routed) -> (Vec<Answer>, Option<Uncertain>) {
    let route = |kind, oif| vec![Answer::Route { kind, oif, gateway: None, source: None }];
    match routed {
        Routed::Local { kind } => {
            let kind = match kind {
                LocalKind::Unicast => "local",
                LocalKind::Broadcast => "broadcast",
                LocalKind::Multicast => "multicast",
                LocalKind::Anycast => "anycast",
            };
            (route(kind, 1), None)
        }
        Routed::Forward { oif, gateway, .. } => {
            (vec![Answer::Route { kind: "unicast", oif: *oif, gateway: *gateway, source: None }], None)
        }
        Routed::Denied { reason, .. } => (vec![Answer::Error(errno(*reason))], None),
        Routed::Unknown { cause, alternatives } => {
            (alternatives.iter().flat_map(|one| input(one).0).collect(), Some(cause.clone()))
        }
    }
}

/// The errno of a question about a packet that came in.
fn errno(reason: Denial) -> Errno {
    match reason {
        // ip_route_input_slow: what is not forwarded has no route to a host; ip_error then tells nobody.
        Denial::ForwardingDisabled | Denial::Unreachable => Errno::HOSTUNREACH,
        Denial::NoRoute => Errno::NETUNREACH,
        Denial::Prohibit => Errno::ACCESS,
        _ => Errno::INVAL,
    }
}

/// What the kernel may say of a packet to be sent.
pub(crate) fn output(sent: &OutputRoute, key: &OutputKey) -> (Vec<Answer>, Option<Uncertain>) {
    let v4 = key.destination.is_ipv4();
    match sent {
        OutputRoute::Sent { kind, source, oif, gateway, .. } => {
            let kind = match kind {
                OutputKind::Broadcast => "broadcast",
                OutputKind::Local if !v4 => "local",
                OutputKind::Multicast if !v4 => "multicast",
                // RTM_GETROUTE does not tell them apart reliably, see `compare::output`.
                OutputKind::Unicast | OutputKind::Local | OutputKind::Multicast => "unicast",
            };
            let source = Some(*source).filter(|source| key.source.is_none() && !source.is_unspecified());
            (vec![Answer::Route { kind, oif: *oif, gateway: *gateway, source }], None)
        }
        OutputRoute::Failed(error) => {
            let errno = match error {
                OutputError::NetworkUnreachable => Errno::NETUNREACH,
                OutputError::HostUnreachable => Errno::HOSTUNREACH,
                OutputError::Prohibited => Errno::ACCESS,
                OutputError::NoDevice => Errno::NODEV,
                OutputError::NoSource => Errno::ADDRNOTAVAIL,
                OutputError::Invalid | OutputError::Dropped => Errno::INVAL,
            };
            (vec![Answer::Error(errno)], None)
        }
        OutputRoute::Unknown { cause, alternatives } => {
            (alternatives.iter().flat_map(|one| output(one, key).0).collect(), Some(cause.clone()))
        }
    }
}
