//! Counters of the network namespace.

use portreeve_wire::proc::{counters, counters6};

use crate::facts::QueueLook;

/// Those that have to do with queues, by group and name.
const WANTED: [(&str, &str); 20] = [
    ("TcpExt", "ListenOverflows"),
    ("TcpExt", "ListenDrops"),
    ("TcpExt", "TCPReqQFullDrop"),
    ("TcpExt", "TCPReqQFullDoCookies"),
    ("TcpExt", "SyncookiesSent"),
    ("TcpExt", "SyncookiesRecv"),
    ("TcpExt", "SyncookiesFailed"),
    ("TcpExt", "EmbryonicRsts"),
    ("TcpExt", "TCPAbortOnMemory"),
    ("TcpExt", "TCPMemoryPressures"),
    ("TcpExt", "TCPTimeWaitOverflow"),
    ("TcpExt", "TCPTimeouts"),
    ("TcpExt", "TCPSynRetrans"),
    ("TcpExt", "PAWSEstab"),
    ("Tcp", "EstabResets"),
    ("Tcp", "AttemptFails"),
    ("Udp", "RcvbufErrors"),
    ("Udp", "InErrors"),
    ("Udp", "InDatagrams"),
    ("Udp", "MemErrors"),
];

/// Reads them from the tables of the calling thread's namespace.
pub(super) fn read(look: &mut QueueLook) {
    for table in ["snmp", "netstat"] {
        match std::fs::read_to_string(format!("/proc/thread-self/net/{table}")) {
            Ok(text) => {
                let wanted = counters(&text).filter(|one| WANTED.contains(&(one.group, one.name)));
                look.counters.extend(wanted.map(|one| (format!("{}{}", one.group, one.name), one.value)));
            }
            Err(error) => look.unseen.push(format!("/proc/net/{table}: {error}")),
        }
    }
    // Absent where the kernel has no IPv6.
    let text = std::fs::read_to_string("/proc/thread-self/net/snmp6").unwrap_or_default();
    let wanted = counters6(&text)
        .filter(|one| matches!(one.name, "Udp6RcvbufErrors" | "Udp6InErrors" | "Udp6InDatagrams"));
    look.counters.extend(wanted.map(|one| (one.name.to_owned(), one.value)));
}
