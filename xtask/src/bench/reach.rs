//! Exact answers about all packets: what they cost beside `nft list ruleset`, and how that grows with the rules.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use plotters::prelude::*;
use portreeve_lab::{Command, Lab};
use serde::Deserialize;

use super::goal::Goal;
use super::measure::Place;
use super::race::{Contender, Rounds, race};
use super::{machine, report};
use crate::process::{self, cargo};

/// What every look at the rules is compared with.
const NFT: &str = "nft list ruleset";
/// Where the plot goes, from the root of the repository.
const PLOT: &str = "docs/benchmarks/reach.svg";
const PATIENCE: Duration = Duration::from_secs(60);

const COMMAND: &str = "The whole command: 10,000 rules, a set of 100,000 intervals, 100 listeners";
const ANALYSIS: &str = "The analysis alone";

/// Runs what contains `only` in its title; whether every goal was met.
pub(crate) fn run(binary: Option<&Path>, rounds: Rounds, only: &str) -> Result<bool> {
    let portreeve = super::binary::portreeve(binary)?;
    process::run(cargo().args(["build", "--quiet", "--package", "portreeve-lab", "--bins"]))?;
    let programs = [
        ("portreeve", vec![portreeve.to_string_lossy().into_owned(), "--version".to_owned()]),
        ("nft", vec!["nft".to_owned(), "--version".to_owned()]),
    ];
    println!(
        "# Reach: benchmarks\n\nMade by `cargo xtask bench reach`.\n\n{}\n\
         The command: {} time(s) for warming up and {} times measured, in turns with `{NFT}`, as root. The analysis: in a process of its own for \
         each case, rules read before the clock starts.\n",
        machine::describe(&programs),
        rounds.warm_up,
        rounds.measured,
    );
    let mut met = true;
    if COMMAND.contains(only) {
        met &= command(&portreeve, rounds)?;
    }
    if ANALYSIS.contains(only) {
        let cases = cases()?;
        let (text, kept) = judged(&cases);
        print!("{text}");
        met &= kept;
        plot(&cases, &crate::workspace_root().join(PLOT))?;
        eprintln!("the plot is in {PLOT}");
    }
    Ok(met)
}

/// `portreeve reach --json` where the rules and the listeners stand, beside `nft`.
fn command(portreeve: &Path, rounds: Rounds) -> Result<bool> {
    eprintln!("{COMMAND}");
    let lab = Lab::new("bench-reach")?;
    let host = lab.host("large").start()?;
    host.ip("link add eth0 type veth peer name peer0\naddress add 192.0.2.1/24 dev eth0\nlink set eth0 up\nlink set peer0 up\n\
             route add default via 192.0.2.254")?;
    host.run(Command::new("nft").args(["-f", "-"]).input(rules()))?.success()?;
    let holder = host.spawn(Command::actor("many-listeners --count 100 --port-base 1000")?)?;
    holder.ready(PATIENCE)?;
    let program = portreeve.to_string_lossy().into_owned();
    let contenders = [
        Contender {
            name: "portreeve reach --json".to_owned(),
            command: [program.as_str(), "reach", "--json"].map(str::to_owned).to_vec(),
            accepted: &[0, 3],
        },
        Contender::peer(NFT),
    ];
    let outcomes = race(&Place::Namespace(host.netns_path()), &contenders, rounds)?;
    let about = "Sockets, owners, rules, addresses and routes are read, and who can reach each listener is computed. `nft` only prints.";
    let (text, met) = report::section(COMMAND, about, &outcomes, &[Goal::Memory { megabytes: 500 }]);
    print!("{text}");
    Ok(met)
}

/// The rules of the case `large` of `crates/firewall/benches/reach.rs`, in the language of `nft`.
fn rules() -> String {
    let mut text = String::from("table inet t {\nset s { type ipv4_addr; flags interval; elements = { ");
    for n in 0..100_000_u32 {
        let low = 0x3000_0000 + n * 0x500;
        let dotted = |address: u32| std::net::Ipv4Addr::from(address).to_string();
        let comma = if n == 0 { "" } else { ", " };
        let _ = write!(text, "{comma}{}-{}", dotted(low), dotted(low + 0x100 + n % 0x300));
    }
    text.push_str(
        " }\n}\nchain input {\ntype filter hook input priority filter; policy drop;\nip saddr @s drop\n\
         ct state established,related accept\n",
    );
    for n in 0..10_000_u32 {
        let [a, b, c, _] = n.wrapping_mul(2_654_435_761).to_be_bytes();
        let port = if n % 2 == 0 { String::new() } else { format!("tcp dport {} ", 1000 + n % 200 * 5) };
        let _ = writeln!(text, "ip saddr {}.{a}.{b}.{c} {port}accept", 11 + n % 80);
    }
    text + "}\n}\n"
}

/// One line of `crates/firewall/benches/reach.rs`.
#[derive(Debug, Clone, Deserialize)]
struct Case {
    name: String,
    rules: u32,
    seconds: f64,
    peak_kilobytes: Option<u64>,
    too_complex: u64,
}

fn cases() -> Result<Vec<Case>> {
    let mut all = Vec::new();
    for name in ["allow list", "per-host rules", "Docker chains", "large", "difference"] {
        eprintln!("{ANALYSIS}: {name}");
        let output = process::read(
            cargo()
                .args(["bench", "--quiet", "--package", "portreeve-firewall", "--bench", "reach", "--"])
                .arg(name),
        )?;
        for line in output.lines() {
            all.push(serde_json::from_str(line).with_context(|| format!("unreadable benchmark: {line}"))?);
        }
    }
    Ok(all)
}

fn judged(cases: &[Case]) -> (String, bool) {
    let mut text = format!(
        "## {ANALYSIS}\n\n100 listeners, every source, by every interface and from the host itself, replies included; `large` has the set of \
         100,000 intervals in front; `difference` compares two rulesets that differ in one rule.\n\n\
         | rules | number | seconds | peak memory of the process |\n|---|---:|---:|---:|\n"
    );
    for case in cases {
        let memory = case
            .peak_kilobytes
            .map_or_else(|| "-".to_owned(), |peak| format!("{} MB", peak * 1024 / 1_000_000));
        let _ = writeln!(text, "| {} | {} | {:.3} | {memory} |", case.name, case.rules, case.seconds);
    }
    text.push_str("\n| goal | measured | |\n|---|---:|---|\n");
    let mut met = true;
    let mut goal = |promise: &str, measured: String, kept: bool| {
        met &= kept;
        let _ = writeln!(text, "| {promise} | {measured} | {} |", if kept { "met" } else { "**missed**" });
    };
    for (name, promise, limit) in [
        ("large", "10,000 rules, 100,000 intervals, 100 listeners under 2 s", 2.0),
        ("difference", "difference of two 10,000-rule rulesets under 5 s", 5.0),
    ] {
        let found = cases.iter().find(|case| case.name == name);
        let seconds = found.map_or(f64::INFINITY, |case| case.seconds);
        goal(promise, format!("{seconds:.2} s"), seconds < limit);
        let peak = found.and_then(|case| case.peak_kilobytes).unwrap_or(u64::MAX / 2048);
        goal(
            &format!("{name}: peak memory under 500 MB"),
            format!("{} MB", peak * 1024 / 1_000_000),
            peak * 1024 < 500_000_000,
        );
    }
    for name in ["allow list", "per-host rules", "Docker chains"] {
        let at = |rules| cases.iter().find(|case| case.name == name && case.rules == rules);
        let (Some(small), Some(large)) = (at(100), at(10_000)) else { continue };
        let growth = large.seconds / small.seconds;
        // n log n from 100 to 10,000 rules.
        let most = 100.0 * 2.0;
        goal(
            &format!("{name}: 10,000 rules cost at most {most:.0} x what 100 cost (n log n)"),
            format!("{growth:.1} x"),
            growth <= most,
        );
    }
    let complex: u64 = cases.iter().map(|case| case.too_complex).sum();
    goal("nothing too complex", complex.to_string(), complex == 0);
    (text + "\n", met)
}

/// Seconds against rules, both on logarithmic axes.
fn plot(cases: &[Case], path: &Path) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let fault = |error: &dyn std::fmt::Display| anyhow!("the plot cannot be drawn: {error}");
    let area = SVGBackend::new(path, (720, 440)).into_drawing_area();
    area.fill(&WHITE).map_err(|error| fault(&error))?;
    let seconds = |most: bool| {
        let all = cases.iter().map(|case| case.seconds);
        if most { all.fold(0.01, f64::max) * 2.0 } else { all.fold(1.0, f64::min) / 2.0 }
    };
    let mut chart = ChartBuilder::on(&area)
        .caption("100 listeners: time against number of rules", ("sans-serif", 18))
        .margin(14)
        .x_label_area_size(44)
        .y_label_area_size(70)
        .build_cartesian_2d((80.0..12_500.0).log_scale(), (seconds(false)..seconds(true)).log_scale())
        .map_err(|error| fault(&error))?;
    chart
        .configure_mesh()
        .x_desc("rules")
        .y_desc("seconds")
        .x_label_formatter(&|rules| format!("{rules:.0}"))
        .y_label_formatter(&|seconds| format!("{seconds:.3}"))
        .draw()
        .map_err(|error| fault(&error))?;
    let styles = [(BLUE, "allow list"), (RED, "per-host rules"), (GREEN, "Docker chains")];
    for (colour, name) in styles {
        let points: Vec<(f64, f64)> = cases
            .iter()
            .filter(|case| case.name == name)
            .map(|case| (f64::from(case.rules), case.seconds))
            .collect();
        chart
            .draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)).point_size(4))
            .map_err(|error| fault(&error))?
            .label(name)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 20, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK)
        .position(SeriesLabelPosition::UpperLeft)
        .draw()
        .map_err(|error| fault(&error))?;
    area.present().map_err(|error| fault(&error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Case, judged};

    fn case(name: &str, rules: u32, seconds: f64) -> Case {
        Case { name: name.to_owned(), rules, seconds, peak_kilobytes: Some(100_000), too_complex: 0 }
    }

    #[test]
    fn a_goal_that_is_missed_says_so() {
        let cases = [
            case("large", 10_000, 1.5),
            case("difference", 10_000, 4.0),
            case("allow list", 100, 0.01),
            case("allow list", 10_000, 1.0),
        ];
        let (text, met) = judged(&cases);
        assert!(met, "{text}");
        let (text, met) = judged(&[case("large", 10_000, 2.5), case("difference", 10_000, 4.0)]);
        assert!(!met && text.contains("| 2.50 s | **missed** |"), "{text}");
        let steep = [case("allow list", 100, 0.01), case("allow list", 10_000, 3.0)];
        assert!(!judged(&steep).1);
    }
}
