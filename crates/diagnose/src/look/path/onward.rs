//! What can only be known by trying: whether the gateways answer, and what rules send packets on to.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use portreeve_firewall::packet::Place;
use portreeve_firewall::simulate::Simulator;
use portreeve_model::Protocol;
use portreeve_model::why::Client;

use super::clients::Supposed;
use super::neighbours;
use super::packets::{Asking, first};
use crate::facts::PathFacts;
use crate::facts::path::{Flow, Neighbour, NeighbourState, Onward, OnwardState, Purpose, State};
use crate::look::Budget;
use crate::target::{Probe, Question};

/// A neighbour is asked for three times, a second apart (`mcast_solicit`, `retrans_time_ms`), before the kernel gives up.
const ASKED_FOR: Duration = Duration::from_millis(3_300);
/// Who is on the link answers within milliseconds; the kernel asks again after a second.
const LONG_ENOUGH: Duration = Duration::from_millis(900);
/// One hop, or a few: who answers does so at once.
const CONNECT: Duration = Duration::from_millis(1_500);
/// Most gateways, and most places that rules send to, that are tried.
const MOST: usize = 4;
/// The discard service (RFC 863): what comes there means nothing.
const DISCARD: u16 = 9;

/// What was tried.
#[derive(Debug, Default)]
pub(crate) struct OnwardFacts {
    /// Where rules send packets on to.
    pub(super) onward: Vec<Onward>,
    /// Neighbours that the kernel was made to ask for: interface and address.
    pub(super) asked: Vec<(String, IpAddr)>,
}

/// Tries what rules send packets on to, and makes the kernel ask for the gateways that answers go by. Nothing is sent where
/// that is forbidden.
pub(crate) fn look(question: &Question, facts: &PathFacts, budget: Budget) -> OnwardFacts {
    let targets: BTreeSet<SocketAddr> = facts.flows.iter().filter_map(Flow::translated).collect();
    if question.probe == Probe::Forbidden {
        let untried =
            |address| Onward { address, state: OnwardState::Untried("nothing may be sent".to_owned()) };
        return OnwardFacts { onward: targets.into_iter().map(untried).collect(), asked: Vec::new() };
    }
    let protocol = question.target.protocol;
    thread::scope(|scope| {
        let tried: Vec<_> = targets
            .into_iter()
            .take(MOST)
            .map(|address| {
                scope.spawn(move || Onward { address, state: reached(facts, address, protocol, budget) })
            })
            .collect();
        let asked = ask_for(facts, gateways(facts), budget);
        let joined = |thread: thread::ScopedJoinHandle<'_, Onward>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        OnwardFacts { onward: tried.into_iter().map(joined).collect(), asked }
    })
}

/// The routers, or neighbours, that answers and connections leave by.
fn gateways(facts: &PathFacts) -> Vec<(String, IpAddr)> {
    let mut found: Vec<(String, IpAddr)> = Vec::new();
    for flow in facts.flows.iter().filter(|flow| flow.purpose != Purpose::Compared) {
        let outcomes = flow.there.outcomes.iter().chain(flow.back.iter().flat_map(|back| &back.outcomes));
        for outcome in outcomes {
            let hop = match crate::facts::path::Way(outcome).leaves_by() {
                Some((interface, Some(gateway))) => (interface.to_owned(), gateway),
                // This host connects to a neighbour.
                Some((interface, None))
                    if flow.client.interface.is_none()
                        && facts.interface_of(flow.endpoint.ip()).is_none() =>
                {
                    (interface.to_owned(), flow.endpoint.ip())
                }
                _ => continue,
            };
            if !found.contains(&hop) {
                found.push(hop);
            }
        }
    }
    found.truncate(MOST);
    found
}

/// Sends a datagram to each and waits until the kernel knows whether they are there. Those that the kernel knows already are
/// not asked again.
fn ask_for(facts: &PathFacts, gateways: Vec<(String, IpAddr)>, budget: Budget) -> Vec<(String, IpAddr)> {
    let answered = |known: &[Neighbour], (interface, address): &(String, IpAddr)| {
        known.iter().any(|one| {
            one.interface == *interface
                && one.address == *address
                && matches!(one.state, NeighbourState::Answers(_) | NeighbourState::Fixed(_))
        })
    };
    let asked: Vec<(String, IpAddr)> = gateways
        .into_iter()
        .filter(|hop| !answered(&facts.neighbours, hop) && resolves(facts, &hop.0))
        .filter(|(interface, address)| {
            let index = facts.interface(interface).map_or(0, |one| one.index);
            send(*address, index).inspect_err(|error| tracing::debug!(%error, %address, "not sent")).is_ok()
        })
        .collect();
    let begun = Instant::now();
    let end = begun + ASKED_FOR.min(budget.wait());
    while !asked.is_empty() && Instant::now() < end {
        thread::sleep(Duration::from_millis(40));
        let known = neighbours::read(&facts.network);
        let failed = |(interface, address): &(String, IpAddr)| {
            known.iter().any(|one| {
                one.interface == *interface && one.address == *address && one.state == NeighbourState::Failed
            })
        };
        if asked.iter().all(|hop| answered(&known, hop) || failed(hop)) {
            return asked;
        }
    }
    // Nothing is concluded of a neighbour that was given no time.
    if begun.elapsed() >= LONG_ENOUGH { asked } else { Vec::new() }
}

/// Whether neighbours on an interface are asked for at all.
fn resolves(facts: &PathFacts, interface: &str) -> bool {
    facts.interface(interface).is_some_and(|one| {
        !one.flags.is_unresolving()
            && !one.flags.is_loopback()
            && one.flags.is_up()
            && one.flags.has_carrier()
    })
}

fn send(address: IpAddr, interface: u32) -> io::Result<()> {
    let (own, to) = match address {
        IpAddr::V4(_) => (IpAddr::from(Ipv4Addr::UNSPECIFIED), SocketAddr::new(address, DISCARD)),
        IpAddr::V6(v6) => {
            let scope = if v6.is_unicast_link_local() { interface } else { 0 };
            (Ipv6Addr::UNSPECIFIED.into(), SocketAddrV6::new(v6, DISCARD, 0, scope).into())
        }
    };
    let socket = UdpSocket::bind(SocketAddr::new(own, 0))?;
    socket.send_to(&[], to).map(drop)
}

/// Whether something answers at an address that rules send to.
fn reached(facts: &PathFacts, address: SocketAddr, protocol: Protocol, budget: Budget) -> OnwardState {
    if let Some(why) = kept_from(facts, address, protocol) {
        return OnwardState::Untried(why);
    }
    let wait = CONNECT.min(budget.wait()).max(Duration::from_millis(1));
    match protocol {
        Protocol::Tcp | Protocol::Mptcp => match TcpStream::connect_timeout(&address, wait) {
            Ok(_) => OnwardState::Answers,
            Err(error) => failed(&error, wait),
        },
        Protocol::Udp => match datagram(address, wait) {
            Ok(()) => OnwardState::Answers,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                OnwardState::Untried("silence means nothing over UDP".to_owned())
            }
            Err(error) => failed(&error, wait),
        },
        other => OnwardState::Untried(format!("{other} is not tried")),
    }
}

fn failed(error: &io::Error, waited: Duration) -> OnwardState {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => OnwardState::Refuses,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            OnwardState::Unreachable(error.to_string())
        }
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            OnwardState::Silent(u64::try_from(waited.as_millis()).unwrap_or(u64::MAX))
        }
        _ => OnwardState::Untried(error.to_string()),
    }
}

/// A datagram without content: a closed port answers with an ICMP error, which the next call tells.
fn datagram(address: SocketAddr, wait: Duration) -> io::Result<()> {
    let own: IpAddr =
        if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(own, 0))?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(wait))?;
    socket.send(&[])?;
    let mut answer = [0; 1];
    socket.recv(&mut answer).map(drop)
}

/// Why a connection of this host itself would say nothing: its own rules keep it.
fn kept_from(facts: &PathFacts, address: SocketAddr, protocol: Protocol) -> Option<String> {
    let ruleset = facts.ruleset.as_ref()?;
    let simulator = Simulator::new(ruleset, &facts.network);
    let asking = Asking { ruleset, network: &facts.network, simulator: &simulator };
    let own = Supposed {
        client: Client {
            address: source(facts, address.ip())?,
            interface: None,
            who: "this host".to_owned(),
        },
        purpose: Purpose::Own,
        place: Place::Out { interface: None, user: None, group: None },
        remote: false,
    };
    let there = asking.ask(&first(&own, address, protocol)?)?;
    let state = crate::facts::path::state(&there);
    (state == State::ByRule).then(|| format!("rules keep this host from trying: {}", there.statement))
}

fn source(facts: &PathFacts, to: IpAddr) -> Option<IpAddr> {
    use portreeve_firewall::network::{Fib, OutputRoute};
    match Fib::new(&facts.network).output(&super::clients::towards(None, to)) {
        OutputRoute::Sent { source, .. } => Some(source),
        _ => None,
    }
}
