//! `attempt`: real clients side by side, and what each of them saw.

use super::hold;
use super::sockets::client_address;
use crate::attempt::{Attempt, Carrier, Seen};
use clap::Args;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, ErrorKind, Read};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How many clients run side by side: all of their sockets are open at once.
const AT_ONCE: usize = 4096;
/// How long a client that is connected waits for the first line of the server.
const GREETING: Duration = Duration::from_millis(300);

/// Reads a JSON array of attempts on standard input, tries all of them at once, prints a JSON array of what was seen.
#[derive(Args)]
pub(crate) struct Arguments {
    /// How long to wait for an answer.
    #[arg(long, default_value_t = 1500)]
    milliseconds: u64,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        let attempts: Vec<Attempt> = serde_json::from_str(&text)?;
        let patience = Duration::from_millis(self.milliseconds);
        let mut seen = Vec::new();
        for together in attempts.chunks(AT_ONCE) {
            let mut clients: Vec<Client> = together.iter().map(Client::start).collect();
            watch(&mut clients, patience);
            seen.extend(clients.into_iter().map(Client::end));
        }
        hold::say(&serde_json::to_value(&seen)?)
    }
}

struct Client {
    socket: Option<Socket>,
    carrier: Carrier,
    seen: Option<Seen>,
    said: String,
    /// When it was connected.
    since: Option<Instant>,
}

impl Client {
    fn start(attempt: &Attempt) -> Self {
        let mut client =
            Self { socket: None, carrier: attempt.carrier, seen: None, said: String::new(), since: None };
        match begin(attempt) {
            Ok(socket) => client.socket = Some(socket),
            Err(Failure::Impossible(error)) => {
                client.seen = Some(Seen::Impossible { why: error.to_string() });
            }
            Err(Failure::Answered(error)) => client.seen = Some(told(&error)),
        }
        client
    }

    fn is_done(&self, now: Instant) -> bool {
        self.seen.is_some() || self.since.is_some_and(|since| now > since + GREETING)
    }

    fn wants(&self) -> PollFlags {
        let connecting = self.carrier == Carrier::Tcp && self.since.is_none();
        if connecting { PollFlags::OUT } else { PollFlags::IN }
    }

    /// Something happened at the socket.
    fn advance(&mut self) {
        let Some(socket) = &mut self.socket else { return };
        if self.carrier == Carrier::Tcp && self.since.is_none() {
            match socket.take_error() {
                Ok(None) if socket.peer_addr().is_ok() => self.since = Some(Instant::now()),
                Ok(None) => {}
                Ok(Some(error)) | Err(error) => self.seen = Some(told(&error)),
            }
            return;
        }
        let mut line = [0; 256];
        match socket.read(&mut line) {
            Ok(length) => {
                self.said = String::from_utf8_lossy(line.get(..length).unwrap_or_default()).trim().to_owned();
                self.seen = Some(Seen::Answered { said: std::mem::take(&mut self.said) });
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // The handshake was complete, whatever came then.
            Err(_) if self.since.is_some() => self.seen = Some(Seen::Answered { said: String::new() }),
            Err(error) => self.seen = Some(told(&error)),
        }
    }

    fn end(self) -> Seen {
        match self.seen {
            Some(seen) => seen,
            None if self.since.is_some() => Seen::Answered { said: String::new() },
            None => Seen::Silence,
        }
    }
}

enum Failure {
    /// The client could not even be set up.
    Impossible(io::Error),
    /// Its own kernel refused to send.
    Answered(io::Error),
}

fn begin(attempt: &Attempt) -> Result<Socket, Failure> {
    let device = attempt.device.as_deref();
    let port = attempt.from_port.unwrap_or_default();
    let from = client_address(SocketAddr::new(attempt.from, port), device).map_err(Failure::Impossible)?;
    let to =
        client_address(SocketAddr::new(attempt.to, attempt.port), device).map_err(Failure::Impossible)?;
    let (kind, protocol) = match attempt.carrier {
        Carrier::Tcp => (Type::STREAM, Protocol::TCP),
        Carrier::Udp => (Type::DGRAM, Protocol::UDP),
    };
    let prepare = || {
        let socket = Socket::new(Domain::for_address(to), kind, Some(protocol))?;
        socket.set_reuse_address(true)?;
        socket.bind(&from.into())?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    };
    let socket: Socket = prepare().map_err(Failure::Impossible)?;
    match socket.connect(&to.into()) {
        Ok(()) => {}
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {}
        Err(error) => return Err(Failure::Answered(error)),
    }
    let used = socket.local_addr().map_err(Failure::Impossible)?;
    if used.as_socket().is_some_and(|used| used.ip() != attempt.from) {
        // A broadcast address, say: one may bind to it, and not send from it.
        return Err(Failure::Impossible(io::Error::other(format!("the kernel sends from {used:?}"))));
    }
    if attempt.carrier == Carrier::Udp {
        socket.send(b"who?").map_err(Failure::Answered)?;
    }
    Ok(socket)
}

/// Waits until every client is done or out of patience.
fn watch(clients: &mut [Client], patience: Duration) {
    let deadline = Instant::now() + patience;
    loop {
        let now = Instant::now();
        let open: Vec<usize> = (0..clients.len())
            .filter(|&place| {
                clients.get(place).is_some_and(|client| !client.is_done(now))
                    && clients.get(place).is_some_and(|client| client.since.is_some() || now < deadline)
            })
            .collect();
        if open.is_empty() {
            return;
        }
        let ready = ready(clients, &open);
        for place in ready {
            if let Some(client) = clients.get_mut(place) {
                client.advance();
            }
        }
    }
}

/// Which of them have something to do; at most a moment later.
fn ready(clients: &[Client], open: &[usize]) -> Vec<usize> {
    let chosen: Vec<(usize, &Socket, PollFlags)> = open
        .iter()
        .filter_map(|&place| {
            let client = clients.get(place)?;
            Some((place, client.socket.as_ref()?, client.wants()))
        })
        .collect();
    let mut polled: Vec<PollFd<'_>> =
        chosen.iter().map(|(_, socket, flags)| PollFd::new(*socket, *flags)).collect();
    let moment = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
    // Interrupted is as good as nothing to do.
    poll(&mut polled, Some(&moment)).ok();
    let happened = polled.iter().zip(&chosen).filter(|(fd, _)| !fd.revents().is_empty());
    happened.map(|(_, (place, ..))| *place).collect()
}

/// What an error of the socket tells: a reset or an unreachable port, or another ICMP message.
fn told(error: &io::Error) -> Seen {
    match error.kind() {
        ErrorKind::ConnectionRefused => Seen::Refused,
        ErrorKind::TimedOut => Seen::Silence,
        kind => Seen::Rejected { with: kind.to_string() },
    }
}
