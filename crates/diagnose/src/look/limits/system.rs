//! Limits of the whole system.

use std::fs;

use portreeve_linux::sysctl;

use crate::facts::{SystemLimits, Used};

/// Reads them.
pub(super) fn read() -> SystemLimits {
    let sockets = fs::read_to_string("/proc/thread-self/net/sockstat").unwrap_or_default();
    let tcp = sysctl::read("net.ipv4.tcp_mem").unwrap_or_default();
    let tcp: Vec<u64> = tcp.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let used = |used: Option<u64>, limit: Option<u64>| Some(Used { used: used?, limit: limit? });
    SystemLimits {
        files: files(&sysctl::read("fs.file-nr").unwrap_or_default()),
        threads: used(
            threads(&fs::read_to_string("/proc/loadavg").unwrap_or_default()),
            number("kernel.threads-max"),
        ),
        tcp_memory: used(of_sockstat(&sockets, "mem"), tcp.get(2).copied()),
        tcp_pressure: tcp.get(1).copied(),
        orphans: used(of_sockstat(&sockets, "orphan"), number("net.ipv4.tcp_max_orphans")),
        somaxconn: number("net.core.somaxconn"),
    }
}

/// The fuller of two looks.
pub(super) fn later(before: SystemLimits, after: SystemLimits) -> SystemLimits {
    let fuller = |a: Option<Used>, b: Option<Used>| match (a, b) {
        (Some(a), Some(b)) => Some(if b.used >= a.used { b } else { a }),
        (a, b) => b.or(a),
    };
    SystemLimits {
        files: fuller(before.files, after.files),
        threads: fuller(before.threads, after.threads),
        tcp_memory: fuller(before.tcp_memory, after.tcp_memory),
        orphans: fuller(before.orphans, after.orphans),
        ..after
    }
}

fn number(name: &str) -> Option<u64> {
    sysctl::read(name).ok()?.parse().ok()
}

/// `1077 0 2466170`: open, unused, most.
fn files(text: &str) -> Option<Used> {
    let mut words = text.split_whitespace().map(|word| word.parse().ok());
    let (used, _, limit) = (words.next()??, words.next(), words.next()??);
    Some(Used { used, limit })
}

/// `0.10 0.20 0.30 2/345 678`: running and all.
fn threads(text: &str) -> Option<u64> {
    text.split_whitespace().nth(3)?.split_once('/')?.1.parse().ok()
}

/// `TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 0`
fn of_sockstat(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("TCP: "))?;
    let mut words = line.split_whitespace();
    words.find(|word| *word == key)?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_kernel() {
        assert_eq!(files("1077\t0\t2466170"), Some(Used { used: 1077, limit: 2_466_170 }));
        assert_eq!(threads("0.10 0.20 0.30 2/345 678\n"), Some(345));
        let text = "sockets: used 28\nTCP: inuse 1 orphan 2 tw 0 alloc 1 mem 9\nUDP: inuse 0 mem 256\n";
        assert_eq!((of_sockstat(text, "mem"), of_sockstat(text, "orphan")), (Some(9), Some(2)));
        assert!(read().files.is_some() && read().threads.is_some() && read().somaxconn.is_some());
    }
}
