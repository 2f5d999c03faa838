//! A realistic ruleset out of a seed: per host and per port, sets, intervals, concatenations, chains for each side.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// `SplitMix64` (Steele, Lea and Flood, 2014).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Self(seed);
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// What is generated.
pub(super) struct Generated {
    pub(super) rules: String,
    /// Each port with where it listens: `tcp:0.0.0.0:4711`.
    pub(super) listeners: Vec<(u16, String)>,
}

/// Networks of the Internet that rules speak of; hosts in them are 1 to 30.
pub(super) const NETWORKS: [&str; 4] = ["198.51.100", "203.0.113", "192.88.99", "9.9.9"];
pub(super) const NETWORKS6: [&str; 2] = ["2001:db8:1", "2001:db8:66"];

/// `rules` rules about `listeners` ports.
pub(super) fn generate(random: &mut Random, rules: usize, listeners: usize) -> Generated {
    let mut ports = BTreeSet::new();
    while ports.len() < listeners {
        ports.insert(u16::try_from(1024 + random.below(19_000)).unwrap());
    }
    let ports: Vec<u16> = ports.into_iter().collect();
    let listeners = ports.iter().map(|port| (*port, listener(random, *port))).collect();
    Generated { rules: ruleset(random, rules, &ports), listeners }
}

fn listener(random: &mut Random, port: u16) -> String {
    let at = match random.below(10) {
        0..=3 => "tcp:[::]",
        4..=5 => "tcp:0.0.0.0",
        6 => "tcp:192.0.2.10",
        7 => "tcp:127.0.0.1",
        _ => "udp:[::]",
    };
    format!("{at}:{port}")
}

fn ruleset(random: &mut Random, rules: usize, ports: &[u16]) -> String {
    let elements = |count: usize, one: &mut dyn FnMut() -> String| {
        let elements: BTreeSet<String> = (0..count).map(|_| one()).collect();
        elements.into_iter().collect::<Vec<_>>().join(", ")
    };
    let abuse = elements(60, &mut || source(random));
    let offices = elements(25, &mut || source(random));
    let offices6 = elements(8, &mut || source6(random));
    let open = elements(12, &mut || random.pick(ports).to_string());
    // Intervals of a concatenation may not overlap: each host once.
    let pinholes: BTreeMap<String, String> = (0..40).map(|_| (host(random), span(random, ports))).collect();
    let pinholes: Vec<String> = pinholes.iter().map(|(host, span)| format!("{host} . {span}")).collect();
    let pinholes = pinholes.join(", ");
    let mut outside = String::new();
    let mut inside = String::new();
    for number in 0..rules.saturating_sub(12) {
        let chain = if number % 5 == 4 { &mut inside } else { &mut outside };
        writeln!(chain, "        {}", rule(random, ports)).unwrap();
    }
    format!(
        "table inet filter {{
    set abuse {{ type ipv4_addr; flags interval; auto-merge; elements = {{ {abuse} }} }}
    set offices {{ type ipv4_addr; flags interval; auto-merge; elements = {{ {offices} }} }}
    set offices6 {{ type ipv6_addr; flags interval; auto-merge; elements = {{ {offices6} }} }}
    set open {{ type inet_service; elements = {{ {open} }} }}
    set pinholes {{ type ipv4_addr . inet_service; flags interval; elements = {{ {pinholes} }} }}
    chain input {{
        type filter hook input priority filter; policy drop;
        ct state vmap {{ established : accept, related : accept, invalid : drop }}
        iif lo accept
        icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept
        ip saddr @abuse tcp dport != @open drop
        iifname vmap {{ eth0 : jump outside, eth1 : jump inside }}
        ip saddr . tcp dport @pinholes accept
        tcp dport @open accept
    }}
    chain outside {{
{outside}        ip saddr @offices tcp dport 1024-4999 accept
        ip6 saddr @offices6 accept
    }}
    chain inside {{
{inside}        ip saddr 10.20.0.0/28 udp dport 1024-65535 accept
        ip6 saddr fe80::/10 tcp dport 1024-9999 accept
    }}
}}
"
    )
}

/// A line as people write them.
fn rule(random: &mut Random, ports: &[u16]) -> String {
    let protocol = *random.pick(&["tcp", "tcp", "tcp", "udp"]);
    let verdict = *random.pick(&["accept", "accept", "accept", "accept", "drop", "reject"]);
    let port = match random.below(4) {
        0 => span(random, ports),
        1 => format!("{{ {}, {} }}", random.pick(ports), random.pick(ports)),
        _ => random.pick(ports).to_string(),
    };
    match random.below(8) {
        0 => format!("{protocol} dport {port} {verdict}"),
        1 => format!("ip6 saddr {} {protocol} dport {port} {verdict}", source6(random)),
        2 => format!("ip saddr != {} {protocol} dport {port} {verdict}", source(random)),
        3 => format!("ip daddr 192.0.2.10 ip saddr {} {protocol} dport {port} {verdict}", source(random)),
        4 => format!("ip saddr {{ {}, {} }} {protocol} dport {port} {verdict}", host(random), host(random)),
        _ => format!("ip saddr {} {protocol} dport {port} {verdict}", source(random)),
    }
}

fn span(random: &mut Random, ports: &[u16]) -> String {
    let low = *random.pick(ports);
    let high = low.saturating_add(u16::try_from(1 + random.below(400)).unwrap());
    format!("{low}-{high}")
}

fn host(random: &mut Random) -> String {
    let number = 1 + random.below(30);
    if random.below(6) == 0 {
        return format!("10.20.0.{number}");
    }
    format!("{}.{number}", random.pick(&NETWORKS))
}

fn source(random: &mut Random) -> String {
    match random.below(4) {
        0 => {
            let length = 24 + random.below(5);
            let block = 256 >> (length - 24);
            format!(
                "{}.{}/{length}",
                random.pick(&NETWORKS),
                random.below(32 / block.min(32) + 1) * block % 256
            )
        }
        1 => {
            let low = 1 + random.below(20);
            let network = random.pick(&NETWORKS);
            format!("{network}.{low}-{network}.{}", low + 1 + random.below(10))
        }
        _ => host(random),
    }
}

fn source6(random: &mut Random) -> String {
    let network = random.pick(&NETWORKS6);
    match random.below(3) {
        0 => format!("{network}::/64"),
        1 => format!("{network}::{:x}0/124", random.below(2)),
        _ => format!("{network}::{:x}", 1 + random.below(30)),
    }
}
