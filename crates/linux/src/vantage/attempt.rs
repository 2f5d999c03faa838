//! Connections tried side by side from the calling thread's namespace, and what came of each.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use portreeve_wire::icmp_error::Unreachable;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, ipproto, sockopt};

use crate::raw_ip::{RawReceiver, Version};

/// Side by side: fewer than the descriptors that any process may have.
const BATCH: usize = 200;

/// The transport that is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// A connection is made, and reset at once.
    Tcp,
    /// One empty datagram is sent.
    Udp,
}

/// One connection to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attempt {
    /// By what.
    pub carrier: Carrier,
    /// From which address of the namespace; `None` leaves it to the kernel.
    pub source: Option<IpAddr>,
    /// Where to.
    pub destination: SocketAddr,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The connection was made.
    Connected,
    /// A datagram came back.
    Answered,
    /// A TCP reset.
    Refused,
    /// An ICMP error came back.
    Rejected(Unreachable),
    /// Nothing came back in time.
    Silent,
    /// It could not be tried, or failed without anything coming back.
    Failed(Errno),
}

/// Tries all of them and waits at most `limit` for each, 200 side by side.
pub fn attempt(attempts: &[Attempt], limit: Duration) -> Vec<Seen> {
    attempts.chunks(BATCH).flat_map(|batch| side_by_side(batch, limit)).collect()
}

/// A socket that waits, and what is known of it.
struct Trial {
    attempt: Attempt,
    socket: Option<OwnedFd>,
    port: u16,
    seen: Option<Seen>,
}

fn side_by_side(batch: &[Attempt], limit: Duration) -> Vec<Seen> {
    // Opened first, so that no error is missed. Without them a reset cannot be told from an ICMP error.
    let receivers = [(Version::V4, 1), (Version::V6, 58)].map(|(version, protocol)| {
        let receiver = RawReceiver::open(version, protocol).ok();
        if let Some(receiver) = &receiver {
            let _ = receiver.set_queue(1 << 20);
        }
        (version, receiver)
    });
    let end = Instant::now() + limit;
    let mut trials: Vec<Trial> = batch.iter().map(start).collect();
    while trials.iter().any(|trial| trial.seen.is_none()) {
        let left = end.saturating_duration_since(Instant::now());
        let woken = wait(&mut trials, left);
        collect(&receivers, &mut trials);
        if !woken {
            break;
        }
    }
    collect(&receivers, &mut trials);
    trials.into_iter().map(|trial| trial.seen.unwrap_or(Seen::Silent)).collect()
}

fn start(attempt: &Attempt) -> Trial {
    match open(attempt) {
        Ok((socket, port, seen)) => Trial { attempt: *attempt, socket: Some(socket), port, seen },
        Err(errno) => Trial { attempt: *attempt, socket: None, port: 0, seen: Some(failure(errno)) },
    }
}

fn open(attempt: &Attempt) -> Result<(OwnedFd, u16, Option<Seen>), Errno> {
    let v4 = attempt.destination.is_ipv4();
    let family = if v4 { AddressFamily::INET } else { AddressFamily::INET6 };
    let (kind, protocol) = match attempt.carrier {
        Carrier::Tcp => (SocketType::STREAM, ipproto::TCP),
        Carrier::Udp => (SocketType::DGRAM, ipproto::UDP),
    };
    let socket =
        net::socket_with(family, kind, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, Some(protocol))?;
    let any = if v4 { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    net::bind(&socket, &SocketAddr::new(attempt.source.unwrap_or(any), 0))?;
    let own: SocketAddr = net::getsockname(&socket)?.try_into()?;
    let seen = match net::connect(&socket, &attempt.destination) {
        Ok(()) if attempt.carrier == Carrier::Tcp => look(&socket, Carrier::Tcp),
        Ok(()) => net::send(&socket, &[], SendFlags::empty()).err().map(failure),
        Err(Errno::INPROGRESS) => None,
        Err(errno) => Some(failure(errno)),
    };
    Ok((socket, own.port(), seen))
}

/// Waits until something happens to a socket, at most `left`; tells whether something did.
fn wait(trials: &mut [Trial], left: Duration) -> bool {
    let limit = Timespec::try_from(left).ok();
    let mut waiting: Vec<&mut Trial> = trials.iter_mut().filter(|trial| trial.seen.is_none()).collect();
    let ready: Vec<bool> = {
        let mut polled: Vec<PollFd<'_>> = waiting
            .iter()
            .filter_map(|trial| Some(PollFd::new(trial.socket.as_ref()?, wanted(trial.attempt.carrier))))
            .collect();
        match poll(&mut polled, limit.as_ref()) {
            Ok(0) => return false,
            Ok(_) => polled.iter().map(|one| !one.revents().is_empty()).collect(),
            Err(Errno::INTR) => return true,
            Err(_) => return false,
        }
    };
    for (trial, ready) in waiting.iter_mut().zip(ready) {
        if ready {
            trial.seen = trial.socket.as_ref().and_then(|socket| look(socket, trial.attempt.carrier));
        }
    }
    true
}

fn wanted(carrier: Carrier) -> PollFlags {
    match carrier {
        Carrier::Tcp => PollFlags::OUT,
        Carrier::Udp => PollFlags::IN,
    }
}

fn look(socket: &OwnedFd, carrier: Carrier) -> Option<Seen> {
    match sockopt::socket_error(socket) {
        Err(errno) | Ok(Err(errno)) => return Some(failure(errno)),
        Ok(Ok(())) => {}
    }
    if carrier == Carrier::Tcp {
        // Reset when it is closed: its end goes away with the namespace, and the other would wait for an answer for minutes.
        let _ = sockopt::set_socket_linger(socket, Some(Duration::ZERO));
        return Some(Seen::Connected);
    }
    match net::recv(socket, &mut [0_u8; 16], RecvFlags::DONTWAIT) {
        Ok(_) => Some(Seen::Answered),
        Err(Errno::AGAIN) => None,
        Err(errno) => Some(failure(errno)),
    }
}

fn failure(errno: Errno) -> Seen {
    match errno {
        Errno::CONNREFUSED => Seen::Refused,
        Errno::TIMEDOUT => Seen::Silent,
        errno => Seen::Failed(errno),
    }
}

/// Takes ICMP errors in, which say more than the error of a socket.
fn collect(receivers: &[(Version, Option<RawReceiver>)], trials: &mut [Trial]) {
    let mut buffer = [0; 2048];
    for (version, receiver) in receivers {
        let Some(receiver) = receiver else { continue };
        while let Ok(Some(packet)) = receiver.receive(&mut buffer) {
            let error = match version {
                Version::V4 => Unreachable::from_v4(packet),
                Version::V6 => Unreachable::from_v6(packet),
            };
            let Some(error) = error else { continue };
            if let Some(trial) = trials.iter_mut().find(|trial| is_about(&error, trial)) {
                trial.seen = Some(Seen::Rejected(error));
            }
        }
    }
}

fn is_about(error: &Unreachable, trial: &Trial) -> bool {
    let protocol = match trial.attempt.carrier {
        Carrier::Tcp => 6,
        Carrier::Udp => 17,
    };
    // What was answered before has arrived.
    !matches!(trial.seen, Some(Seen::Connected | Seen::Answered))
        && error.protocol == protocol
        && error.source_port == trial.port
        && error.destination == trial.attempt.destination
}
