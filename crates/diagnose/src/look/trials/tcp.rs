//! A TCP connection to one endpoint.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, Instant};

use portreeve_linux::Errno;
use portreeve_linux::trial::{Connection, Interest, Shape, wait};
use portreeve_model::Protocol;
use portreeve_model::why::Endpoint;
use portreeve_wire::inet_diag::TcpInfo;
use portreeve_wire::sock_diag::State;

use super::failure::Failure;
use super::run::Around;
use super::surroundings;
use crate::facts::{Connected, Outcome, Sent, Silence, Trial};
use crate::look::Budget;

/// Who has not answered the first SYN nor the second, sent after one second, will probably not answer: what is around is looked at
/// while the third is waited for.
const QUIET: Duration = Duration::from_millis(1_300);
/// An error queue that has something to say which ends nothing is asked again after this time.
const PAUSE: Duration = Duration::from_millis(10);

/// Tries one.
pub(super) fn attempt(endpoint: &Endpoint, around: Around, budget: Budget) -> Trial {
    let begun = Instant::now();
    let end = begun + budget.wait();
    let mut trial = Trial {
        endpoint: endpoint.address,
        protocol: Protocol::Tcp,
        sent: Sent::Syn,
        outcome: Outcome::Silent(Silence::default()),
        took: Duration::ZERO,
        local: None,
        over_loopback: endpoint.interface.is_some(),
        surroundings: None,
    };
    match Connection::start(endpoint.address, Shape::default()) {
        Err(errno) => trial.outcome = at_once(errno, endpoint.address),
        Ok(connection) => {
            trial.local = connection.local();
            (trial.outcome, trial.surroundings) = follow(&connection, endpoint.address, around, begun, end);
        }
    }
    trial.took = begun.elapsed();
    trial
}

fn follow(
    connection: &Connection,
    endpoint: SocketAddr,
    around: Around,
    begun: Instant,
    end: Instant,
) -> (Outcome, Option<crate::facts::Surroundings>) {
    let silent = || Outcome::Silent(Silence { sent: sent(connection) });
    if around == Around::Nothing {
        return (until(connection, endpoint, end).unwrap_or_else(silent), None);
    }
    if let Some(outcome) = until(connection, endpoint, end.min(begun + QUIET)) {
        return (outcome, None);
    }
    let (outcome, surroundings) = thread::scope(|scope| {
        let surroundings = scope.spawn(move || surroundings::look(endpoint, around, end));
        let outcome = until(connection, endpoint, end);
        (outcome, surroundings.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    match outcome {
        Some(outcome) => (outcome, None),
        None => (silent(), Some(surroundings)),
    }
}

/// What a connection comes to before `end`.
pub(super) fn until(connection: &Connection, endpoint: SocketAddr, end: Instant) -> Option<Outcome> {
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let ready = wait(&[(connection.as_fd(), Interest::Connected)], left).contains(&true);
        if ready && let Some(outcome) = outcome(connection, endpoint) {
            return Some(outcome);
        }
        if left.is_zero() {
            return None;
        }
        if ready {
            thread::sleep(PAUSE.min(left));
        }
    }
}

/// What a connection that is ready came to; `None` where it is still being made, and only the error queue has something.
pub(super) fn outcome(connection: &Connection, endpoint: SocketAddr) -> Option<Outcome> {
    if let Err(errno) = connection.finish() {
        Some(
            failure(connection.error(), errno, endpoint, connection.local(), sent(connection))
                .of_connection(),
        )
    } else {
        let info = connection.info();
        if matches!(&info, Ok(info) if info.state == State::SynSent) {
            let _read = connection.error();
            return None;
        }
        Some(Outcome::Connected(info.map(|info| connected(&info)).unwrap_or_default()))
    }
}

/// The outcome of what `connect` refused without a packet.
pub(super) fn at_once(errno: Errno, endpoint: SocketAddr) -> Outcome {
    failure(None, errno, endpoint, None, 0).of_connection()
}

fn failure(
    error: Option<portreeve_wire::extended_error::ExtendedError>,
    errno: Errno,
    endpoint: SocketAddr,
    local: Option<IpAddr>,
    sent: u32,
) -> Failure {
    Failure { errno, error, endpoint, local, sent }
}

/// SYNs that were sent.
fn sent(connection: &Connection) -> u32 {
    connection.info().map_or(1, |info| u32::from(info.retransmits) + 1)
}

fn connected(info: &TcpInfo) -> Connected {
    Connected {
        retransmissions: info.total_retrans,
        mss: info.snd_mss,
        pmtu: info.pmtu,
        rtt: Duration::from_micros(u64::from(info.rtt)),
    }
}
