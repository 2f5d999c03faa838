//! How many packets a second the simulator follows on one core: over linear rules, and over sets and maps of growing size.
//!
//! Prints one JSON object a line for `cargo xtask bench firewall`, which makes the report. Rules go through the reader of `nft`'s
//! JSON, as those of a host do; packets differ from each other, so that nothing is answered from memory.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set itself up ends")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use portreeve_firewall::ir::Ruleset;
use portreeve_firewall::network::{Network, Prefix};
use portreeve_firewall::packet::{Question, parse};
use portreeve_firewall::read::names::Names;
use portreeve_firewall::read::nft;
use portreeve_firewall::simulate::{Options, Simulator};

/// How long each case runs.
const TIME: Duration = Duration::from_secs(2);
/// Different packets, asked one after the other.
const PACKETS: u32 = 4096;

fn main() {
    let network = Network::described(
        [("eth0", "192.0.2.1".parse().unwrap(), 24)],
        [(Prefix::new("0.0.0.0".parse().unwrap(), 0), Some("192.0.2.254".parse().unwrap()), "eth0")],
    );
    for rules in [100, 1000, 10_000] {
        report("linear rules, none matches", rules, &linear(rules, "accept"), &network);
    }
    report("linear rules, all match and go on", 1000, &linear_matching(1000), &network);
    for size in [100, 1000, 10_000, 100_000] {
        report("interval set", size, &interval_set(size), &network);
    }
    for size in [100, 1000, 10_000, 60_000] {
        report("verdict map of ports", size, &verdict_map(size), &network);
    }
    for size in [100, 1000, 10_000, 100_000] {
        report("set of address and port", size, &concatenation(size), &network);
    }
}

fn report(name: &str, size: u32, ruleset: &Ruleset, network: &Network) {
    let simulator = Simulator::new(ruleset, network);
    let questions: Vec<Question> = (0..PACKETS).map(question).collect();
    let options = Options::default();
    let mut count = 0_u64;
    let started = Instant::now();
    while started.elapsed() < TIME {
        for question in &questions {
            let simulation = simulator.run(black_box(question), &options).unwrap();
            let _ = black_box(simulation.decision());
        }
        count += u64::from(PACKETS);
    }
    let seconds = started.elapsed().as_secs_f64();
    let line = serde_json::json!({ "name": name, "size": size, "packets": count, "seconds": seconds });
    println!("{line}");
}

/// The n-th packet: sources and ports spread over their ranges.
fn question(n: u32) -> Question {
    let spread = n.wrapping_mul(2_654_435_761);
    let [_, a, b, c] = spread.to_be_bytes();
    let text = format!(
        "from 10.{a}.{b}.{c} to 192.0.2.1 tcp sport {} dport {} flags syn iif eth0",
        1024 + n,
        spread >> 16
    );
    parse(&text, &|_, _| None).unwrap().question().unwrap().clone()
}

fn ruleset(sets: &str, rules: &str) -> Ruleset {
    let json = format!(
        r#"{{"nftables": [{{"table": {{"family": "inet", "name": "t", "handle": 1}}}},
        {{"chain": {{"family": "inet", "table": "t", "name": "c", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}}}
        {sets}{rules}]}}"#
    );
    let ruleset = nft::read(json.as_bytes(), &mut Names::default()).unwrap();
    assert_eq!(ruleset.unread, [], "the rules are understood");
    ruleset
}

fn rule(expressions: &str) -> String {
    format!(
        r#", {{"rule": {{"family": "inet", "table": "t", "chain": "c", "handle": 9, "expr": [{expressions}]}}}}"#
    )
}

fn equals(protocol: &str, field: &str, value: &str) -> String {
    format!(
        r#"{{"match": {{"op": "==", "left": {{"payload": {{"protocol": "{protocol}", "field": "{field}"}}}}, "right": {value}}}}}"#
    )
}

/// `ip saddr A tcp dport P accept`, for sources that no packet has.
fn linear(count: u32, verdict: &str) -> Ruleset {
    let rules = (0..count).fold(String::new(), |mut rules, n| {
        let source = equals("ip", "saddr", &format!("\"172.16.{}.{}\"", n / 250 % 250, n % 250));
        let port = equals("tcp", "dport", &(n % 60_000).to_string());
        let _ = write!(rules, "{}", rule(&format!("{source}, {port}, {{\"{verdict}\": null}}")));
        rules
    });
    ruleset("", &rules)
}

/// `meta l4proto tcp counter`: rules whose every part has to be run.
fn linear_matching(count: u32) -> Ruleset {
    let one = rule(
        r#"{"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": 6}}, {"counter": {"packets": 0, "bytes": 0}}"#,
    );
    ruleset("", &one.repeat(usize::try_from(count).unwrap()))
}

/// `ip saddr @s drop`, every second part of 10.0.0.0/8 in it.
fn interval_set(size: u32) -> Ruleset {
    let elements: Vec<String> = (0..size)
        .map(|n| {
            let low = 0x0a00_0000 + n * (0x0100_0000 / size);
            let high = low + 0x0100_0000 / size / 2;
            let dotted = |address: u32| std::net::Ipv4Addr::from(address).to_string();
            format!(r#"{{"range": ["{}", "{}"]}}"#, dotted(low), dotted(high))
        })
        .collect();
    let set = format!(
        r#", {{"set": {{"family": "inet", "table": "t", "name": "s", "type": "ipv4_addr", "handle": 2, "flags": ["interval"], "elem": [{}]}}}}"#,
        elements.join(",")
    );
    ruleset(&set, &rule(&format!("{}, {{\"drop\": null}}", equals("ip", "saddr", "\"@s\""))))
}

/// `tcp dport vmap @m`.
fn verdict_map(size: u32) -> Ruleset {
    let elements: Vec<String> = (0..size).map(|n| format!("[{n}, {{\"accept\": null}}]")).collect();
    let map = format!(
        r#", {{"map": {{"family": "inet", "table": "t", "name": "m", "type": "inet_service", "handle": 2, "map": "verdict", "elem": [{}]}}}}"#,
        elements.join(",")
    );
    let lookup = r#"{"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": "@m"}}"#;
    ruleset(&map, &rule(lookup))
}

/// `ip saddr . tcp dport @s accept`.
fn concatenation(size: u32) -> Ruleset {
    let elements: Vec<String> = (0..size)
        .map(|n| {
            let address = std::net::Ipv4Addr::from(0x0a00_0000 + n * 37);
            format!(r#"{{"concat": ["{address}", {}]}}"#, n % 60_000)
        })
        .collect();
    let set = format!(
        r#", {{"set": {{"family": "inet", "table": "t", "name": "s", "type": ["ipv4_addr", "inet_service"], "handle": 2, "elem": [{}]}}}}"#,
        elements.join(",")
    );
    let key = r#"{"concat": [{"payload": {"protocol": "ip", "field": "saddr"}}, {"payload": {"protocol": "tcp", "field": "dport"}}]}"#;
    let lookup = format!(r#"{{"match": {{"op": "==", "left": {key}, "right": "@s"}}}}, {{"accept": null}}"#);
    ruleset(&set, &rule(&lookup))
}
