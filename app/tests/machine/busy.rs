//! A host with a socket of every kind and in every state that can be held still.

use portreeve_lab::{Command, Host, Lab, Process};

use crate::program::PATIENCE;

/// The lab, with the host that is looked at.
pub(crate) struct Busy {
    pub(crate) host: Host,
    /// The actors in `host`, in the order of [`HERE`].
    processes: Vec<Process>,
    _lab: Lab,
}

/// Port of the socket that is bound and no more.
pub(crate) const BOUND_ONLY: u16 = 7015;
/// Port of the UDP-Lite socket.
pub(crate) const UDPLITE: u16 = 7025;
/// Port of the listener that four processes share.
pub(crate) const SHARED: u16 = 7040;

/// What listens, or is complete by itself.
const HERE: &[&str] = &[
    "tcp-listen 0.0.0.0:7001",
    "tcp-listen [::]:7002",
    "tcp-listen [::]:7003 --v6only",
    "tcp-listen 127.0.0.1:7004 --reuseport",
    "tcp-listen 127.0.0.1:7004 --reuseport",
    "tcp-listen 0.0.0.0:7005 --device eth0",
    "tcp-listen [::]:7006 --echo",
    "tcp-listen 127.0.0.1:7007 --backlog 7 --echo",
    "time-wait 127.0.0.1:7010 --keep-listener --count 5",
    "time-wait [::1]:7016 --side server --count 2",
    "close-wait 127.0.0.1:7011 --count 3",
    "orphan 127.0.0.1:7012 --count 2",
    "orphan 127.0.0.1:7013 --state fin-wait-1",
    "accept-overflow 127.0.0.1:7014 --backlog 1 --connections 6",
    "bind-only 127.0.0.1:7015",
    "udp-bind 0.0.0.0:7020",
    "udp-bind [::]:7021",
    "udp-bind [::]:7022 --v6only",
    "udp-bind 0.0.0.0:7023 --device eth0",
    "udp-bind 127.0.0.1:7024 --reuseport",
    "udp-bind 127.0.0.1:7024 --reuseport",
    "udplite-bind 127.0.0.1:7025",
    "raw 1",
    "raw 58 --v6",
    "packet-sniffer eth0",
    "packet-sniffer",
    "mptcp-listen 127.0.0.1:7030",
    "share-listener 7040 --children 3",
    "unix-listen @busy-stream",
    "unix-datagram @busy-datagram",
];

/// What needs a listener.
const CLIENTS: &[&str] = &[
    "tcp-connect 127.0.0.1:7001 --count 2",
    "tcp-connect [::ffff:127.0.0.1]:7002",
    "tcp-connect [::1]:7003",
    "tcp-connect 127.0.0.1:7007 --count 3",
    "tcp-connect [::1]:7006 --keepalive --mark 7",
    "udp-connect 127.0.0.1:7020",
    "udp-connect [::1]:7021",
];

/// What comes from another machine.
const REMOTE: &[&str] = &["tcp-connect 192.0.2.1:7006 --count 2", "tcp-connect [2001:db8::1]:7006"];

/// Sets everything up.
pub(crate) fn busy(name: &str) -> Busy {
    let lab = Lab::new(name).unwrap();
    let host = lab.host("a").start().unwrap();
    let other = lab.host("b").start().unwrap();
    lab.link(
        ("a", "eth0", ["192.0.2.1/24", "2001:db8::1/64"]),
        ("b", "eth0", ["192.0.2.2/24", "2001:db8::2/64"]),
    )
    .unwrap();
    let mut processes = actors(&host, HERE);
    processes.push(host.spawn(Command::actor("tcp-listen 0.0.0.0:7050").unwrap().user("nobody")).unwrap());
    let path = lab.scratch().join("busy-socket");
    let unix = format!("unix-listen {}", path.display());
    processes.extend(actors(&host, &[unix.as_str()]));
    processes.last().unwrap().ready(PATIENCE).unwrap();
    processes.extend(actors(&host, CLIENTS));
    processes.extend(actors(&other, REMOTE));
    let send = Command::actor("udp-send 127.0.0.1:7020 --count 3").unwrap();
    host.run(send).unwrap().success().unwrap();
    for process in &processes {
        process.ready(PATIENCE).unwrap();
    }
    Busy { host, processes, _lab: lab }
}

impl Busy {
    /// Pid of the actor that was started with `line`.
    pub(crate) fn pid(&self, line: &str) -> u32 {
        let place = HERE.iter().position(|started| *started == line).expect("one of the actors");
        self.processes[place].pid()
    }
}

fn actors(host: &Host, lines: &[&str]) -> Vec<Process> {
    let commands: Vec<Command> = lines.iter().map(|line| Command::actor(line).unwrap()).collect();
    let processes = host.spawn_many(commands).unwrap();
    for process in &processes {
        process.ready(PATIENCE).unwrap();
    }
    processes
}
