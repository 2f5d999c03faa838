//! What exact answers about all packets cost: listeners behind rules of the shapes that hosts have, and differences of rulesets.
//!
//! Prints one JSON object a line for `cargo xtask bench reach`, which makes the report: name, number of rules, seconds, and the
//! most memory that the process ever had. Rules go through the reader of `nft`'s JSON, as those of a host do. With arguments only
//! the named cases run: memory is then theirs alone.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set itself up ends")]

use std::fmt::Write as _;
use std::time::Instant;

use portreeve_firewall::ir::Ruleset;
use portreeve_firewall::network::{Network, Prefix};
use portreeve_firewall::reach::exposure::{Query, Surveyor};
use portreeve_firewall::reach::questions::{Side, diff};
use portreeve_firewall::reach::zones::Zones;
use portreeve_firewall::read::names::Names;
use portreeve_firewall::read::nft;
use portreeve_firewall::space::Budget;
use portreeve_model::exposure::{Door, DoorKind};
use portreeve_model::{NamespaceId, Protocol};

const LISTENERS: u16 = 100;

fn main() {
    let network = Network::described(
        [("eth0", "192.0.2.1".parse().unwrap(), 24), ("docker0", "172.17.0.1".parse().unwrap(), 16)],
        [(Prefix::new("0.0.0.0".parse().unwrap(), 0), Some("192.0.2.254".parse().unwrap()), "eth0")],
    );
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str()));
    for rules in [100, 1000, 10_000] {
        for (name, shape) in SHAPES {
            if is_wanted(name) {
                listeners(name, rules, &shape(rules), &network);
            }
        }
    }
    if is_wanted("large") {
        listeners("large", 10_000, &large(), &network);
    }
    if is_wanted("difference") {
        difference(&network);
    }
}

/// Name, and how so many rules are made.
type Shape = (&'static str, fn(u32) -> Ruleset);

const SHAPES: [Shape; 3] =
    [("allow list", allow_list), ("per-host rules", per_host), ("Docker chains", docker)];

fn listeners(name: &str, rules: u32, ruleset: &Ruleset, network: &Network) {
    let started = Instant::now();
    let zones = Zones::new(network, &[]);
    let surveyor = Surveyor::new(ruleset, network, &zones, Budget::default()).unwrap();
    let doors: Vec<Door> = (0..LISTENERS).map(door).collect();
    let exposures = surveyor.exposures(&doors, &Query::default());
    let seconds = started.elapsed().as_secs_f64();
    let complex =
        exposures.iter().flat_map(|found| &found.families).filter(|family| family.too_complex.is_some());
    let parts: usize =
        exposures.iter().flat_map(|found| &found.families).map(|family| family.parts.len()).sum();
    report(name, rules, seconds, parts, complex.count());
}

fn difference(network: &Network) {
    let old = per_host(10_000);
    let mut new = per_host(10_000);
    let rules = &mut new.chains.first_mut().unwrap().rules;
    rules.remove(5_000);
    let started = Instant::now();
    let zones = Zones::new(network, &[]);
    let side = |ruleset| Side { ruleset, network };
    let found = diff(side(&old), side(&new), &zones, Budget::default());
    let seconds = started.elapsed().as_secs_f64();
    report("difference", 10_000, seconds, found.changes.len(), usize::from(found.too_complex.is_some()));
}

fn report(name: &str, rules: u32, seconds: f64, found: usize, too_complex: usize) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    let kilobytes: Option<u64> = peak.and_then(|peak| peak.trim().parse().ok());
    let line = serde_json::json!({
        "name": name, "rules": rules, "seconds": seconds, "peak_kilobytes": kilobytes, "found": found,
        "too_complex": too_complex,
    });
    println!("{line}");
}

/// Ports 1000, 1010, ...
fn door(n: u16) -> Door {
    Door {
        protocol: Protocol::Tcp,
        port: 1000 + n * 10,
        port_end: None,
        addresses: vec!["0.0.0.0".parse().unwrap()],
        interface: None,
        kind: DoorKind::Listener,
        holder: None,
        namespace: NamespaceId::default(),
    }
}

fn ruleset(chains: &str, rules: &str) -> Ruleset {
    let json = format!(
        r#"{{"nftables": [{{"table": {{"family": "inet", "name": "t", "handle": 1}}}}{chains}{rules}]}}"#
    );
    let ruleset = nft::read(json.as_bytes(), &mut Names::default()).unwrap();
    assert_eq!(ruleset.unread, [], "the rules are understood");
    ruleset
}

fn base(name: &str, kind: &str, hook: &str, priority: i32, policy: &str) -> String {
    format!(
        r#", {{"chain": {{"family": "inet", "table": "t", "name": "{name}", "handle": 1, "type": "{kind}", "hook": "{hook}", "prio": {priority}, "policy": "{policy}"}}}}"#
    )
}

fn rule(chain: &str, expressions: &str) -> String {
    format!(
        r#", {{"rule": {{"family": "inet", "table": "t", "chain": "{chain}", "handle": 9, "expr": [{expressions}]}}}}"#
    )
}

fn equals(protocol: &str, field: &str, value: &str) -> String {
    format!(
        r#"{{"match": {{"op": "==", "left": {{"payload": {{"protocol": "{protocol}", "field": "{field}"}}}}, "right": {value}}}}}"#
    )
}

const ESTABLISHED: &str = r#"{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, {"accept": null}"#;
const ACCEPT: &str = r#"{"accept": null}"#;

fn address(n: u32) -> String {
    let spread = n.wrapping_mul(2_654_435_761);
    let [a, b, c, _] = spread.to_be_bytes();
    format!("\"{}.{a}.{b}.{c}\"", 11 + n % 80)
}

/// `ip saddr A accept`.
fn allow_list(count: u32) -> Ruleset {
    let mut rules = rule("input", ESTABLISHED);
    for n in 0..count {
        let _ =
            write!(rules, "{}", rule("input", &format!("{}, {ACCEPT}", equals("ip", "saddr", &address(n)))));
    }
    ruleset(&base("input", "filter", "input", 0, "drop"), &rules)
}

/// `ip saddr A tcp dport P accept`, with the ports of the listeners among others.
fn per_host(count: u32) -> Ruleset {
    let mut rules = rule("input", ESTABLISHED);
    for n in 0..count {
        let port = equals("tcp", "dport", &(1000 + n % 200 * 5).to_string());
        let source = equals("ip", "saddr", &address(n));
        let _ = write!(rules, "{}", rule("input", &format!("{source}, {port}, {ACCEPT}")));
    }
    ruleset(&base("input", "filter", "input", 0, "drop"), &rules)
}

/// For each published port a translation and an accept in chains that are jumped to, as Docker writes them.
fn docker(count: u32) -> Ruleset {
    let chain = |name: &str| {
        format!(r#", {{"chain": {{"family": "inet", "table": "t", "name": "{name}", "handle": 1}}}}"#)
    };
    let jump = |name: &str| format!(r#"{{"jump": {{"target": "{name}"}}}}"#);
    let chains = base("pre", "nat", "prerouting", -100, "accept")
        + &base("forward", "filter", "forward", 0, "drop")
        + &base("input", "filter", "input", 0, "accept")
        + &chain("publish")
        + &chain("isolate")
        + &chain("containers");
    let local = r#"{"match": {"op": "==", "left": {"fib": {"result": "type", "flags": ["daddr"]}}, "right": "local"}}"#;
    let mut rules = rule("pre", &format!("{local}, {}", jump("publish")))
        + &rule("forward", &jump("isolate"))
        + &rule("forward", ESTABLISHED)
        + &rule("forward", &jump("containers"))
        + &rule("isolate", r#"{"return": null}"#);
    for n in 0..count / 2 {
        let [_, _, high, low] = (n % 60_000 + 2).to_be_bytes();
        let port = equals("tcp", "dport", &(1000 + n * 5 % 60_000).to_string());
        let _ = write!(
            rules,
            "{}{}",
            rule(
                "publish",
                &format!(
                    r#"{port}, {{"dnat": {{"family": "ip", "addr": "172.17.{high}.{low}", "port": 80}}}}"#
                )
            ),
            rule(
                "containers",
                &format!(
                    "{}, {}, {ACCEPT}",
                    equals("ip", "daddr", &format!("\"172.17.{high}.{low}\"")),
                    equals("tcp", "dport", "80")
                )
            )
        );
    }
    ruleset(&chains, &rules)
}

/// A set of 100,000 intervals that is dropped first, and 10,000 rules of the other shapes behind it.
fn large() -> Ruleset {
    let elements: Vec<String> = (0..100_000_u32)
        .map(|n| {
            let low = 0x3000_0000 + n * 0x500;
            let dotted = |address: u32| std::net::Ipv4Addr::from(address).to_string();
            format!(r#"{{"range": ["{}", "{}"]}}"#, dotted(low), dotted(low + 0x100 + n % 0x300))
        })
        .collect();
    let set = format!(
        r#", {{"set": {{"family": "inet", "table": "t", "name": "s", "type": "ipv4_addr", "handle": 2, "flags": ["interval"], "elem": [{}]}}}}"#,
        elements.join(",")
    );
    let mut rules = rule("input", &format!("{}, {{\"drop\": null}}", equals("ip", "saddr", "\"@s\"")))
        + &rule("input", ESTABLISHED);
    for n in 0..10_000 {
        let source = equals("ip", "saddr", &address(n));
        let match_port = equals("tcp", "dport", &(1000 + n % 200 * 5).to_string());
        let matches = if n % 2 == 0 { source } else { format!("{source}, {match_port}") };
        let _ = write!(rules, "{}", rule("input", &format!("{matches}, {ACCEPT}")));
    }
    ruleset(&(set + &base("input", "filter", "input", 0, "drop")), &rules)
}
