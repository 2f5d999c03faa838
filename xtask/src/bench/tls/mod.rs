//! `portreeve tls` beside `SSLyze`, sslscan and testssl.sh: one server with 30 suites, 40 servers, 200 servers.
//!
//! The servers are one nginx in a network namespace of its own, which counts the connections that each program makes
//! (`stub_status`).

mod auditors;
mod load;
mod table;

use std::path::Path;

use anyhow::Result;
use portreeve_lab::{Lab, peers};

use super::race::Rounds;
use super::{binary, machine};
use crate::process::{self, cargo};
use auditors::{Auditor, measure};
use load::Load;
use table::{Limit, Table};

const ONE: &str = "One server with 30 suites";
const FORTY: &str = "40 servers";
const MANY: &str = "200 servers at once";

/// Runs what contains `only` in its title; whether every goal was met.
pub(crate) fn run(named: Option<&Path>, rounds: Rounds, only: &str) -> Result<bool> {
    let portreeve = binary::portreeve(named)?.to_string_lossy().into_owned();
    let python = peers::python()?.to_string_lossy().into_owned();
    process::run(cargo().args(["build", "--quiet", "--package", "portreeve-lab", "--bins"]))?;
    print!("{}", preface(&portreeve, &python, rounds));

    let lab = Lab::new("bench-tls")?;
    let load = Load::start(&lab)?;
    let mut met = true;
    for (title, compare) in [(ONE, one as fn(&_, &_, &_, _) -> _), (FORTY, forty), (MANY, many)] {
        if title.contains(only) {
            eprintln!("{title}");
            let table: Table = compare(&load, &portreeve, &python, rounds)?;
            print!("{}", table.render());
            met &= table.is_met();
        }
    }
    Ok(met)
}

/// Time and connections of each for the same server.
fn one(load: &Load, portreeve: &str, python: &str, rounds: Rounds) -> Result<Table> {
    let auditors = [
        Auditor::portreeve(portreeve, "127.0.0.1 --sni www.example.test"),
        Auditor::sslyze(python, "127.0.0.1:443 --sni www.example.test"),
        Auditor::sslscan("--sni-name=www.example.test 127.0.0.1"),
        Auditor::testssl("127.0.0.1:443"),
    ];
    let outcomes = measure(load, &auditors, rounds)?;
    Ok(Table::new(
        ONE,
        "nginx with RSA, TLS 1.2 with 27 suites and TLS 1.3 with 3. Each program asks what it asks without further options; testssl.sh runs \
         once.",
        1,
        outcomes,
        &[
            Limit::Connections { at_most: 60 },
            Limit::Time { peer: "sslscan", at_most: 1.0 },
            Limit::FewerConnections { peer: "sslyze", times: 8 },
        ],
    ))
}

/// Hosts a second.
fn forty(load: &Load, portreeve: &str, python: &str, rounds: Rounds) -> Result<Table> {
    const HOSTS: u32 = 40;
    let list = load.list(HOSTS)?;
    let auditors = [
        Auditor::portreeve(portreeve, &format!("-f {list}")),
        Auditor::sslyze(python, &format!("--targets_in {list}")),
        Auditor::sslscan(&format!("--targets={list}")),
    ];
    let outcomes = measure(load, &auditors, rounds)?;
    Ok(Table::new(
        FORTY,
        "The same nginx, asked by 40 addresses out of a list. testssl.sh would take most of an hour.",
        HOSTS,
        outcomes,
        &[Limit::Time { peer: "sslyze", at_most: 1.0 / 8.0 }],
    ))
}

/// Memory.
fn many(load: &Load, portreeve: &str, _: &str, rounds: Rounds) -> Result<Table> {
    const HOSTS: u32 = 200;
    let list = load.list(HOSTS)?;
    let auditors = [Auditor::portreeve(portreeve, &format!("-f {list} --parallel {HOSTS}"))];
    let outcomes = measure(load, &auditors, rounds)?;
    let about = "200 addresses of the same nginx, all audited at once.";
    Ok(Table::new(MANY, about, HOSTS, outcomes, &[Limit::Memory { megabytes: 100 }]))
}

/// Title, machine and method.
fn preface(portreeve: &str, python: &str, rounds: Rounds) -> String {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let programs = [
        ("portreeve", words(&format!("{portreeve} --version"))),
        ("SSLyze", words(&format!("{python} -W ignore -m pip show sslyze"))),
        ("sslscan", words("sslscan --no-colour --version")),
        ("testssl.sh", words("dpkg-query --show testssl.sh")),
        ("nginx", words("nginx -v")),
    ];
    format!(
        "# TLS audits: benchmarks\n\n\
         Made by `cargo xtask bench tls`.\n\n{}\n\
         Every program runs {} time(s) for warming up and {} times measured, in turns with the others, as root, with standard output to \
         /dev/null, in one network namespace with the server. Connections are those that nginx accepted (`stub_status`), of the median run. \
         Peak memory is the largest of all runs of the largest process.\n\n",
        machine::describe(&programs),
        rounds.warm_up,
        rounds.measured,
    )
}
