//! The socket units of the system's service manager, asked through `systemctl`.
//!
//! PID 1 holds the sockets of every socket unit that has not started its service yet, so the holder's name tells
//! nothing; the manager knows the rest. Users' own managers are not asked: each would need that user's bus.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use portreeve_model::listener::Activation;
use portreeve_model::{Endpoint, Protocol, Unseen, UnseenReason, UnseenSubject};

use super::socket_table::{ListenAddress, SocketUnit, parse};

/// Where `systemctl` lives. `PATH` is not searched: this may run as root with a user's environment.
const PROGRAMS: [&str; 3] = ["/usr/bin/systemctl", "/bin/systemctl", "/run/current-system/sw/bin/systemctl"];

/// How long the manager may take. A healthy one answers in a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// Longest answer that is read, in bytes: thousands of sockets.
const LONGEST: u64 = 4 << 20;

/// What the manager said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketUnits {
    units: Vec<SocketUnit>,
}

impl SocketUnits {
    /// Asks the system's manager. Worth its time only where PID 1 is systemd and holds sockets in question.
    ///
    /// Fails with the value to be listed when there is no `systemctl`, no manager, or no answer in two seconds.
    pub fn query() -> Result<Self, Unseen> {
        let program = PROGRAMS.into_iter().find(|program| Path::new(program).exists());
        let program = program.ok_or_else(|| unseen(UnseenReason::Unsupported, "there is no systemctl"))?;
        ask(Command::new(program).args([
            "list-sockets",
            "--all",
            "--full",
            "--no-legend",
            "--no-pager",
            "--no-ask-password",
            "--plain",
            "--show-types",
        ]))
        .map(|text| Self::parse(&text))
    }

    /// Reads the text of `systemctl list-sockets`, with or without `--show-types` and a legend.
    pub fn parse(text: &str) -> Self {
        Self { units: parse(text) }
    }

    /// Every socket of every socket unit.
    pub fn iter(&self) -> impl Iterator<Item = &SocketUnit> {
        self.units.iter()
    }

    /// The socket unit behind a socket of PID 1, by address and, where the table had types, by socket type. Without
    /// types TCP and UDP on the same port are not told apart, and the first line wins.
    pub fn activation(&self, protocol: Protocol, local: &Endpoint) -> Option<&Activation> {
        let fits = |unit: &&SocketUnit| {
            unit.kind.is_none_or(|kind| kind.fits(protocol)) && is_at(&unit.listen, local)
        };
        self.units.iter().find(fits).map(|unit| &unit.activation)
    }
}

fn is_at(listen: &ListenAddress, local: &Endpoint) -> bool {
    match (listen, local) {
        (ListenAddress::Inet { address: a, port: p }, Endpoint::Inet { address, port }) => {
            p == port && (a == address || a.to_canonical() == address.to_canonical())
        }
        (ListenAddress::Vsock { cid: c, port: p }, Endpoint::Vsock { cid, vsock_port }) => {
            c == cid && p == vsock_port
        }
        // The kernel keeps the path as it was bound, and /var/run is /run.
        (ListenAddress::Path(a), Endpoint::Unix { path: Some(path) }) => {
            a == &**path || a.strip_prefix("/var") == Some(path) || path.strip_prefix("/var") == Some(a)
        }
        _ => false,
    }
}

fn ask(command: &mut Command) -> Result<String, Unseen> {
    let mut child = command
        .env_clear()
        .env("LC_ALL", "C")
        .env("PATH", "/usr/bin:/bin")
        .env("SYSTEMD_COLORS", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| unseen(UnseenReason::Failed, &format!("systemctl did not start: {error}")))?;
    let answer = child.stdout.take().map(read_beside);
    let complaint = child.stderr.take().map(read_beside);
    let deadline = Instant::now() + PATIENCE;
    let left = || deadline.saturating_duration_since(Instant::now());
    let received =
        |pipe: Option<mpsc::Receiver<String>>| pipe.and_then(|pipe| pipe.recv_timeout(left()).ok());
    let text = received(answer);
    let complaint = received(complaint).unwrap_or_default();
    let succeeded = ended(&mut child, deadline);
    match (succeeded, text) {
        (Some(true), Some(text)) => Ok(text),
        (Some(_), _) => {
            let first = complaint.lines().next().unwrap_or("no reason given").to_owned();
            Err(unseen(UnseenReason::Failed, &format!("systemctl list-sockets failed: {first}")))
        }
        (None, _) => Err(unseen(UnseenReason::Failed, "systemctl list-sockets did not answer in 2 s")),
    }
}

/// Reads a pipe in a thread of its own, so that neither a full pipe nor a silent one can hold up the deadline.
fn read_beside(pipe: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error still counts; the exit status tells whether it was all.
        let _ = pipe.take(LONGEST).read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// Whether the child ended well; `None` when it had to be ended.
fn ended(child: &mut Child, deadline: Instant) -> Option<bool> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(1)),
            _ => {
                // Both fail only for a child that is gone already.
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

fn unseen(reason: UnseenReason, what: &str) -> Unseen {
    Unseen {
        subject: UnseenSubject::Units,
        reason,
        count: 1,
        detail: format!("units behind the sockets of PID 1: {what}"),
        remedy: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
0.0.0.0:111        Datagram rpcbind.socket rpcbind.service
0.0.0.0:111        Stream   rpc-tcp.socket rpcbind.service
[::]:22            Stream   ssh.socket     ssh.service
/run/dbus/socket   Stream   dbus.socket    dbus.service
vsock::22          Stream   vsock.socket   -
";

    fn inet(address: &str, port: u16) -> Endpoint {
        Endpoint::Inet { address: address.parse().unwrap(), port }
    }

    fn unit(protocol: Protocol, local: &Endpoint) -> Option<String> {
        SocketUnits::parse(TABLE).activation(protocol, local).map(|found| found.socket_unit.to_string())
    }

    #[test]
    fn address_and_type_find_the_unit() {
        assert_eq!(unit(Protocol::Udp, &inet("0.0.0.0", 111)).as_deref(), Some("rpcbind.socket"));
        assert_eq!(unit(Protocol::Tcp, &inet("0.0.0.0", 111)).as_deref(), Some("rpc-tcp.socket"));
        assert_eq!(unit(Protocol::Tcp, &inet("::", 22)).as_deref(), Some("ssh.socket"));
        assert_eq!(unit(Protocol::Tcp, &inet("0.0.0.0", 22)), None);
        assert_eq!(unit(Protocol::Udp, &inet("::", 22)), None);
        let path = Endpoint::Unix { path: Some("/var/run/dbus/socket".into()) };
        assert_eq!(unit(Protocol::UnixStream, &path).as_deref(), Some("dbus.socket"));
        let vsock = Endpoint::Vsock { cid: u32::MAX, vsock_port: 22 };
        assert_eq!(unit(Protocol::Vsock, &vsock).as_deref(), Some("vsock.socket"));
    }

    #[test]
    fn a_table_without_types_matches_by_address_alone() {
        let units = SocketUnits::parse("0.0.0.0:69 tftp.socket tftp.service\n");
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            assert!(units.activation(protocol, &inet("0.0.0.0", 69)).is_some());
        }
        assert_eq!(units.iter().count(), 1);
    }

    #[test]
    fn a_manager_that_does_not_answer_is_given_up() {
        let started = Instant::now();
        let silent = ask(Command::new("/bin/sh").args(["-c", "exec sleep 30"])).unwrap_err();
        assert!(silent.detail.contains("did not answer"), "{}", silent.detail);
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_refusal_and_a_missing_program_are_told() {
        let refused = ask(Command::new("/bin/sh").args(["-c", "echo partial; echo no bus here >&2; exit 1"]))
            .unwrap_err();
        assert!(refused.detail.ends_with("no bus here"), "{}", refused.detail);
        let missing = ask(&mut Command::new("/nonexistent/systemctl")).unwrap_err();
        assert_eq!(missing.reason, UnseenReason::Failed);
        assert_eq!(ask(Command::new("/bin/sh").args(["-c", "echo answer"])).as_deref(), Ok("answer\n"));
    }
}
