//! Parameters of the kernel.

use portreeve_linux::sysctl;

use crate::facts::QueueParameters;

/// Reads them; what cannot be read is absent.
pub(super) fn read() -> QueueParameters {
    QueueParameters {
        somaxconn: number("net.core.somaxconn"),
        max_syn_backlog: number("net.ipv4.tcp_max_syn_backlog"),
        syncookies: number("net.ipv4.tcp_syncookies"),
        abort_on_overflow: number("net.ipv4.tcp_abort_on_overflow"),
    }
}

fn number(name: &str) -> Option<u32> {
    sysctl::read(name).ok()?.parse().ok()
}
