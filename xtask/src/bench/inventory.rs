//! The socket inventory against ss, lsof and netstat: an idle machine, many sockets in few processes, many processes.
//!
//! The loads live in a network namespace of their own, so that the peers, which look at one namespace, have the same
//! sockets before them; Portreeve looks at every namespace of the machine, which is part of its price.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use portreeve_lab::{Command, Host, Lab, Process};

use super::goal::Goal;
use super::machine;
use super::measure::Place;
use super::race::{Contender, Rounds, race};
use super::report;
use crate::process::{self, cargo};

/// Exit codes of Portreeve that mean that it looked: clean, findings, something unseen.
const LOOKED: &[i32] = &[0, 1, 3];

/// How long a load may take until it stands.
const PATIENCE: Duration = Duration::from_secs(120);

/// One table of the report.
struct Workload {
    title: &'static str,
    about: &'static str,
    load: Load,
    /// Arguments of `portreeve`.
    ours: &'static str,
    /// Command lines of the others.
    peers: &'static [&'static str],
    goals: Vec<Goal>,
}

/// What stands in the namespace while the programs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    /// The machine as it is, in its own namespace.
    Idle,
    /// 120,020 TCP sockets (20 listeners, both ends of 60,000 connections) in 20 processes.
    ManySockets,
    /// 10,000 TCP listeners in 1,000 processes.
    ManyProcesses,
}

fn workloads() -> Vec<Workload> {
    let ratio = |peer, at_most| Goal::Ratio { peer, at_most };
    vec![
        Workload {
            title: "Start-up",
            about: "The program alone, on the machine as it is.",
            load: Load::Idle,
            ours: "--version",
            peers: &["ss -V"],
            goals: vec![Goal::Wall(Duration::from_millis(10))],
        },
        Workload {
            title: "Overview of an idle machine",
            about: "What `portreeve` without arguments costs beside what one would type otherwise.",
            load: Load::Idle,
            ours: "",
            peers: &["ss -tulnp", "lsof -nP -i", "netstat -tulnp"],
            goals: vec![Goal::Wall(Duration::from_millis(100))],
        },
        Workload {
            title: "120,000 TCP sockets, all with owners",
            about: "20 processes, each with a listener and both ends of 3,000 loopback connections.",
            load: Load::ManySockets,
            ours: "sockets -tanp --json",
            peers: &["ss -tanp", "lsof -nP -iTCP", "ss -tan", "netstat -tanp"],
            goals: vec![
                ratio("ss -tanp", 0.1),
                ratio("lsof -nP -iTCP", 0.25),
                ratio("ss -tan", 2.5),
                Goal::Memory { megabytes: 150 },
            ],
        },
        Workload {
            title: "120,000 TCP sockets, the listeners with owners",
            about: "The same load; only the 20 listeners are asked for.",
            load: Load::ManySockets,
            ours: "sockets -tlnp",
            peers: &["ss -tlnp", "lsof -nP -iTCP -sTCP:LISTEN", "netstat -tlnp"],
            goals: vec![ratio("ss -tlnp", 0.2)],
        },
        Workload {
            title: "10,000 listeners in 1,000 processes",
            about: "Ten TCP listeners in each process.",
            load: Load::ManyProcesses,
            ours: "sockets -tulnp",
            peers: &["ss -tulnp", "lsof -nP -i", "netstat -tulnp"],
            goals: vec![ratio("ss -tulnp", 0.5)],
        },
    ]
}

/// Runs the workloads whose title contains `only`; whether every goal was met.
pub(crate) fn run(binary: Option<&Path>, rounds: Rounds, only: &str) -> Result<bool> {
    let portreeve = super::binary::portreeve(binary)?;
    // The programs that hold the load; their own speed is not measured.
    process::run(cargo().args(["build", "--quiet", "--package", "portreeve-lab", "--bins"]))?;
    print!("{}", preface(&portreeve, rounds));

    let lab = Lab::new("bench")?;
    let mut all_met = true;
    let mut standing: Option<(Load, Host, Vec<Process>)> = None;
    for workload in workloads().into_iter().filter(|workload| workload.title.contains(only)) {
        eprintln!("{}", workload.title);
        if standing.as_ref().is_some_and(|(load, ..)| *load != workload.load) {
            standing = None;
        }
        if standing.is_none() && workload.load != Load::Idle {
            let host = lab.host(&format!("{:?}", workload.load).to_lowercase()).start()?;
            let processes = put_up(workload.load, &host)?;
            standing = Some((workload.load, host, processes));
        }
        let place = standing.as_ref().map_or(Place::Here, |(_, host, _)| Place::Namespace(host.netns_path()));
        let contenders: Vec<Contender> = std::iter::once(ours(&portreeve, workload.ours))
            .chain(workload.peers.iter().map(|line| Contender::peer(line)))
            .collect();
        let outcomes = race(&place, &contenders, rounds)?;
        let (text, met) = report::section(workload.title, workload.about, &outcomes, &workload.goals);
        print!("{text}");
        all_met &= met;
    }
    Ok(all_met)
}

/// Starts the load in `host` and returns once every process says that it stands.
fn put_up(load: Load, host: &Host) -> Result<Vec<Process>> {
    let lines: Vec<String> = match load {
        Load::Idle => Vec::new(),
        Load::ManySockets => (0..20)
            .map(|n| format!("many-connections --connections 3000 --port-base {}", 10_000 + n))
            .collect(),
        Load::ManyProcesses => {
            (0..1000).map(|n| format!("many-listeners --count 10 --port-base {}", 10_000 + 10 * n)).collect()
        }
    };
    let commands = lines.iter().map(|line| Command::actor(line)).collect::<Result<Vec<_>, _>>()?;
    let processes = host.spawn_many(commands)?;
    for process in &processes {
        process.ready(PATIENCE)?;
    }
    eprintln!("  {} processes stand", processes.len());
    Ok(processes)
}

fn ours(portreeve: &Path, arguments: &str) -> Contender {
    let program = portreeve.to_string_lossy().into_owned();
    Contender {
        name: format!("portreeve {arguments}").trim_end().to_owned(),
        command: std::iter::once(program).chain(arguments.split_whitespace().map(str::to_owned)).collect(),
        accepted: LOOKED,
    }
}

/// Title, machine and method.
fn preface(portreeve: &Path, rounds: Rounds) -> String {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let programs = [
        ("portreeve", vec![portreeve.to_string_lossy().into_owned(), "--version".to_owned()]),
        ("ss", words("ss -V")),
        ("lsof", words("lsof -v")),
        ("netstat", words("netstat --version")),
    ];
    format!(
        "# Socket inventory: benchmarks\n\n\
         Made by `cargo xtask bench inventory`.\n\n{}\n\
         Every program runs {} time(s) for warming up and {} times measured, in turns with the others, as root, with \
         standard output to /dev/null. Columns \"output\" count what the last warm-up run wrote. Ratios and goals use \
         medians. Peak memory is the largest of all runs; a few MB of it are the measuring process's.\n\n",
        machine::describe(&programs),
        rounds.warm_up,
        rounds.measured,
    )
}
