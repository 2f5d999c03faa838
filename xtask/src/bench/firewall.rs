//! The firewall: reading large rulesets beside `nft`, and packets a second through the simulator.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use portreeve_lab::{Command, Host, Lab};
use serde::Deserialize;

use super::goal::Goal;
use super::measure::Place;
use super::race::{Contender, Rounds, race};
use super::{machine, report};
use crate::process::{self, cargo};

/// The peer of every reading race.
const NFT: &str = "nft -j list ruleset";

/// The packet that is asked about; what it comes to is the same in every load.
const PACKET: &str = "from 198.51.100.7 to 192.0.2.1 tcp dport 443 iif eth0";

/// Runs what contains `only` in its title; whether every goal was met.
pub(crate) fn run(binary: Option<&Path>, rounds: Rounds, only: &str) -> Result<bool> {
    let portreeve = super::binary::portreeve(binary)?;
    let programs = [
        ("portreeve", vec![portreeve.to_string_lossy().into_owned(), "--version".to_owned()]),
        ("nft", vec!["nft".to_owned(), "--version".to_owned()]),
    ];
    println!(
        "# Firewall: benchmarks\n\nMade by `cargo xtask bench firewall`.\n\n{}\n\
         Reading: {} time(s) for warming up and {} times measured, in turns, as root, with standard output to /dev/null. Ratios and goals \
         use medians.\n",
        machine::describe(&programs),
        rounds.warm_up,
        rounds.measured,
    );
    let lab = Lab::new("bench-fw")?;
    let mut met = true;
    for load in LOADS.iter().filter(|load| load.title.contains(only)) {
        eprintln!("{}", load.title);
        let host = lab.host(load.host).start()?;
        put_up(&host, &(load.rules)())?;
        let contenders = [ours(&portreeve), Contender::peer(NFT)];
        let outcomes = race(&Place::Namespace(host.netns_path()), &contenders, rounds)?;
        let (text, kept) = report::section(load.title, load.about, &outcomes, load.goals);
        print!("{text}");
        met &= kept;
    }
    if SIMULATION.contains(only) {
        eprintln!("{SIMULATION}");
        let (text, kept) = simulation()?;
        print!("{text}");
        met &= kept;
    }
    Ok(met)
}

/// A ruleset to be read.
struct Load {
    title: &'static str,
    about: &'static str,
    host: &'static str,
    rules: fn() -> String,
    goals: &'static [Goal],
}

const LARGE: &[Goal] = &[Goal::Ratio { peer: NFT, at_most: 2.0 }, Goal::Memory { megabytes: 500 }];

const LOADS: [Load; 3] = [
    Load {
        title: "10,000 rules and a set of 100,000 intervals",
        about: "One chain at input whose rules compare source and port, and a set of address ranges in front of them.",
        host: "both",
        rules: || table(100_000, 10_000),
        goals: LARGE,
    },
    Load {
        title: "10,000 rules",
        about: "The chain alone.",
        host: "rules",
        rules: || table(0, 10_000),
        goals: LARGE,
    },
    Load {
        title: "A few rules",
        about: "Ten rules: what start-up, addresses, routes and kernel parameters cost.",
        host: "few",
        rules: || table(0, 10),
        goals: &[Goal::Wall(Duration::from_millis(100))],
    },
];

/// A table with so many intervals and rules, in the language of `nft`.
fn table(intervals: u32, rules: u32) -> String {
    let mut text = String::from("table inet bench {\n");
    if intervals > 0 {
        text.push_str("set big { type ipv4_addr; flags interval; elements = { ");
        for n in 0..intervals {
            let [a, b, c] = [n >> 16, n >> 8 & 255, n & 255];
            let comma = if n == 0 { "" } else { ", " };
            let _ = write!(text, "{comma}{0}.{b}.{c}.0-{0}.{b}.{c}.100", 10 + a);
        }
        text.push_str(" }\n}\n");
    }
    text.push_str("chain input {\ntype filter hook input priority filter; policy drop;\n");
    if intervals > 0 {
        text.push_str("ip saddr @big drop\n");
    }
    for n in 0..rules {
        let _ = writeln!(
            text,
            "ip saddr 172.{}.{}.1 tcp dport {} counter accept",
            16 + (n >> 16),
            n >> 8 & 255,
            n % 60_000
        );
    }
    text + "}\n}\n"
}

fn put_up(host: &Host, rules: &str) -> Result<()> {
    host.ip("link add eth0 type veth peer name peer0\naddress add 192.0.2.1/24 dev eth0\nlink set eth0 up\nlink set peer0 up\n\
             route add default via 192.0.2.254")?;
    host.run(Command::new("nft").args(["-f", "-"]).input(rules))?.success()?;
    Ok(())
}

fn ours(portreeve: &Path) -> Contender {
    let program = portreeve.to_string_lossy().into_owned();
    let words = [&program, "reach", "--packet", PACKET];
    Contender {
        name: format!("portreeve reach --packet '{PACKET}'"),
        command: words.map(str::to_owned).to_vec(),
        // The policy drops it.
        accepted: &[4],
    }
}

const SIMULATION: &str = "One-packet simulation";

/// Packets a second that 1,000 linear rules must let through.
const PACKETS_A_SECOND: f64 = 100_000.0;

/// One line of `crates/firewall/benches/simulate.rs`.
#[derive(Debug, Deserialize)]
struct Case {
    name: String,
    size: u32,
    packets: u64,
    seconds: f64,
}

impl Case {
    fn rate(&self) -> f64 {
        f64::from(u32::try_from(self.packets).unwrap_or(u32::MAX)) / self.seconds
    }
}

/// Runs the benchmark of the simulator, on one core, and judges it.
fn simulation() -> Result<(String, bool)> {
    let output = process::read(cargo().args([
        "bench",
        "--quiet",
        "--package",
        "portreeve-firewall",
        "--bench",
        "simulate",
    ]))?;
    let cases: Vec<Case> = output
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .with_context(|| format!("unreadable benchmark: {output}"))?;
    Ok(judged(&cases))
}

fn judged(cases: &[Case]) -> (String, bool) {
    let mut text = format!(
        "## {SIMULATION}\n\nDifferent TCP packets to the host itself, followed one after the other on one core: prerouting, route, input.\n\n\
         | rules | size | packets a second | microseconds a packet |\n|---|---:|---:|---:|\n"
    );
    for case in cases {
        let rate = case.rate();
        let _ = writeln!(text, "| {} | {} | {rate:.0} | {:.2} |", case.name, case.size, 1e6 / rate);
    }
    text.push_str("\n| goal | measured | |\n|---|---:|---|\n");
    let mut met = true;
    let mut goal = |promise: &str, measured: String, kept: bool| {
        met &= kept;
        let _ = writeln!(text, "| {promise} | {measured} | {} |", if kept { "met" } else { "**missed**" });
    };
    let linear = cases.iter().find(|case| case.name.contains("none matches") && case.size == 1000);
    let rate = linear.map_or(0.0, Case::rate);
    goal(
        "over 100,000 packets a second through 1,000 linear rules",
        format!("{rate:.0}"),
        rate > PACKETS_A_SECOND,
    );
    for name in ["interval set", "verdict map of ports", "set of address and port"] {
        let mut sized: Vec<&Case> = cases.iter().filter(|case| case.name == name).collect();
        sized.sort_by_key(|case| case.size);
        let (Some(small), Some(large)) = (sized.first(), sized.last()) else { continue };
        let growth = small.rate() / large.rate();
        let logarithmic = f64::from(large.size).ln() / f64::from(small.size).ln();
        let promise = format!(
            "{name}: {} elements cost at most {logarithmic:.1} x what {} cost (log n)",
            large.size, small.size
        );
        goal(&promise, format!("{growth:.2} x"), growth <= logarithmic);
    }
    (text + "\n", met)
}

#[cfg(test)]
mod tests {
    use super::{Case, judged, table};

    fn case(name: &str, size: u32, packets: u64) -> Case {
        Case { name: name.to_owned(), size, packets, seconds: 2.0 }
    }

    #[test]
    fn growth_beyond_the_logarithm_is_missed() {
        let linear = case("linear rules, none matches", 1000, 300_000);
        let (text, met) =
            judged(&[linear, case("interval set", 100, 1_000_000), case("interval set", 100_000, 500_000)]);
        assert!(met, "{text}");
        assert!(text.contains("| 150000 |") && text.contains("| 2.00 x | met |"), "{text}");
        let slow = case("linear rules, none matches", 1000, 30_000);
        let (text, met) =
            judged(&[slow, case("interval set", 100, 1_000_000), case("interval set", 100_000, 300_000)]);
        assert!(!met);
        assert_eq!(text.matches("**missed**").count(), 2, "{text}");
    }

    #[test]
    fn tables_have_what_is_asked_for() {
        let text = table(3, 2);
        assert_eq!(text.matches(".100").count(), 3);
        assert_eq!(text.matches("accept").count(), 2);
    }
}
