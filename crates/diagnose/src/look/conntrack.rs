//! Gathering for `facts::conntrack`.

use portreeve_linux::sysctl;
use portreeve_wire::proc::conntrack_stat;

use crate::facts::conntrack::{ConntrackFacts, ConntrackLook};

/// Reads the table's size and counters before anything is tried.
pub(crate) fn look() -> ConntrackFacts {
    ConntrackFacts { before: once(), after: None }
}

/// Reads them again afterwards.
pub(crate) fn look_again(facts: &mut ConntrackFacts) {
    facts.after = once();
}

fn once() -> Option<ConntrackLook> {
    let number = |name: &str| {
        sysctl::read_path(&format!("net/netfilter/{name}"))
            .ok()
            .and_then(|text| text.trim().parse::<u64>().ok())
    };
    let stat = std::fs::read("/proc/thread-self/net/stat/nf_conntrack").ok();
    Some(ConntrackLook {
        count: number("nf_conntrack_count")?,
        max: number("nf_conntrack_max")?,
        buckets: number("nf_conntrack_buckets").unwrap_or_default(),
        stat: stat.map(|text| conntrack_stat(&text)),
    })
}
