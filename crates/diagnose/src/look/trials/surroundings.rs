//! What is around an endpoint that does not answer: whether its host is alive, and how far a SYN gets.

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use portreeve_linux::Errno;
use portreeve_linux::trial::{Connection, EchoRequest, Interest, Shape, wait};

use super::failure::Failure;
use super::run::Around;
use super::tcp;
use crate::facts::{Echo, Hop, OtherPort, Outcome, Rejection, Surroundings};

/// Ports that hosts usually have something to say about.
const USUAL_PORTS: [u16; 3] = [443, 80, 22];
/// So many of them are tried.
const OTHER_PORTS: usize = 2;
/// The farthest router that is asked for. One SYN each.
const FARTHEST: u8 = 28;
/// Less than the second after which a SYN would be sent again.
const ONE_SYN: Duration = Duration::from_millis(950);

/// What waits for an answer.
enum Waiting {
    Echo(EchoRequest, Instant),
    Port(u16, Connection),
    Hop(u8, Connection),
}

impl Waiting {
    fn polled(&self) -> (std::os::fd::BorrowedFd<'_>, Interest) {
        match self {
            Self::Echo(request, _) => (request.as_fd(), Interest::Readable),
            Self::Port(_, connection) | Self::Hop(_, connection) => (connection.as_fd(), Interest::Connected),
        }
    }
}

/// Looks around until `end`.
pub(super) fn look(endpoint: SocketAddr, around: Around, end: Instant) -> Surroundings {
    let begun = Instant::now();
    let mut found = Surroundings::default();
    let mut waiting = start(endpoint, around, &mut found);
    while !waiting.is_empty() {
        let now = Instant::now();
        if now >= begun + ONE_SYN {
            waiting.retain(|one| !matches!(one, Waiting::Hop(..)));
        }
        if now >= end {
            break;
        }
        let next =
            if waiting.iter().any(|one| matches!(one, Waiting::Hop(..))) { begun + ONE_SYN } else { end };
        let polled: Vec<_> = waiting.iter().map(Waiting::polled).collect();
        let ready = wait(&polled, next.min(end).saturating_duration_since(now));
        let mut ready = ready.into_iter();
        waiting.retain(|one| !(ready.next().unwrap_or(false) && take(one, endpoint, &mut found)));
    }
    for one in &waiting {
        if let Waiting::Port(port, _) = one {
            found.other_ports.push((*port, OtherPort::Silent));
        }
    }
    found.other_ports.sort_by_key(|(port, _)| *port);
    found.hops.sort_by_key(|hop| hop.distance);
    found
}

fn start(endpoint: SocketAddr, around: Around, found: &mut Surroundings) -> Vec<Waiting> {
    let mut waiting = Vec::new();
    if let Ok(request) = EchoRequest::send(endpoint.ip()) {
        found.echo = Echo::Silent;
        waiting.push(Waiting::Echo(request, Instant::now()));
    }
    for port in USUAL_PORTS.into_iter().filter(|port| *port != endpoint.port()).take(OTHER_PORTS) {
        match Connection::start(SocketAddr::new(endpoint.ip(), port), Shape::default()) {
            Ok(connection) => waiting.push(Waiting::Port(port, connection)),
            Err(Errno::CONNREFUSED) => found.other_ports.push((port, OtherPort::Refused)),
            Err(_) => {}
        }
    }
    if around == Around::HostAndWay {
        for distance in 1..=FARTHEST {
            let shape = Shape { hops: Some(distance), ..Shape::default() };
            // Without a free port no further one starts either.
            let Ok(connection) = Connection::start(endpoint, shape) else { break };
            found.hops_tried = distance;
            waiting.push(Waiting::Hop(distance, connection));
        }
    }
    waiting
}

/// Takes in what came; whether no more is waited for.
fn take(one: &Waiting, endpoint: SocketAddr, found: &mut Surroundings) -> bool {
    match one {
        Waiting::Echo(request, begun) => match request.is_answered() {
            Ok(true) => found.echo = Echo::Answered(begun.elapsed()),
            Ok(false) => match request.error() {
                Some(error) => found.echo = Echo::Rejected(Rejection { error, by_this_host: false }),
                None => return false,
            },
            Err(errno) => {
                let failure = Failure { errno, error: request.error(), endpoint, local: None, sent: 1 };
                found.echo = failure.rejection().map_or(Echo::Silent, Echo::Rejected);
            }
        },
        Waiting::Port(port, connection) => {
            let said = match tcp::outcome(connection, endpoint) {
                Some(Outcome::Connected(_)) => OtherPort::Connected,
                Some(Outcome::Refused) => OtherPort::Refused,
                Some(Outcome::Rejected(rejection)) => OtherPort::Rejected(rejection),
                Some(_) => OtherPort::Silent,
                None => return false,
            };
            found.other_ports.push((*port, said));
        }
        Waiting::Hop(distance, connection) => match tcp::outcome(connection, endpoint) {
            Some(Outcome::Rejected(rejection)) => found.hops.push(Hop { distance: *distance, rejection }),
            Some(_) => {}
            None => return false,
        },
    }
    true
}
