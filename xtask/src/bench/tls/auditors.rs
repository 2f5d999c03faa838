//! The programs, and what their runs cost.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use super::load::Load;
use crate::bench::measure::{Place, Sample, sample};
use crate::bench::race::Rounds;

/// A program that audits servers.
pub(super) struct Auditor {
    name: &'static str,
    command: Vec<String>,
    exit: Exit,
    runs: Runs,
}

/// What its exit code has to be.
enum Exit {
    /// One of these.
    OneOf(&'static [i32]),
    /// It counts what it found.
    Count,
}

/// How often it runs.
#[derive(PartialEq)]
enum Runs {
    /// In each round.
    EachRound,
    /// Once in all, because it takes a minute.
    Once,
}

/// What a program's runs came to.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) name: &'static str,
    pub(super) line: String,
    pub(super) median: Duration,
    pub(super) fastest: Duration,
    pub(super) slowest: Duration,
    pub(super) cpu: Duration,
    pub(super) connections: u64,
    pub(super) peak_kib: u64,
}

impl Auditor {
    pub(super) fn portreeve(program: &str, arguments: &str) -> Self {
        let command = words(&format!("{program} tls {arguments}"));
        Self { name: "portreeve", command, exit: Exit::OneOf(&[0, 1, 3]), runs: Runs::EachRound }
    }

    /// It exits with 1 where a server is not as Mozilla advises.
    pub(super) fn sslyze(python: &str, arguments: &str) -> Self {
        let command = words(&format!("{python} -W ignore -m sslyze {arguments}"));
        Self { name: "sslyze", command, exit: Exit::OneOf(&[0, 1]), runs: Runs::EachRound }
    }

    pub(super) fn sslscan(arguments: &str) -> Self {
        let command = words(&format!("sslscan {arguments}"));
        Self { name: "sslscan", command, exit: Exit::OneOf(&[0]), runs: Runs::EachRound }
    }

    pub(super) fn testssl(arguments: &str) -> Self {
        let command = words(&format!("testssl --quiet --color 0 --warnings batch --nodns none {arguments}"));
        Self { name: "testssl.sh", command, exit: Exit::Count, runs: Runs::Once }
    }

    /// The program as one would type it.
    fn line(&self) -> String {
        let shown = |word: &String| match Path::new(word).file_name() {
            Some(file) if word.starts_with('/') => file.to_string_lossy().into_owned(),
            _ => word.clone(),
        };
        let words: Vec<String> = self.command.iter().map(shown).collect();
        words.join(" ").replace("python -W ignore -m ", "")
    }

    fn run(&self, load: &Load) -> Result<(Sample, u64)> {
        let before = load.connections()?;
        let sample = sample(&Place::Namespace(load.netns()), &self.command, Path::new("/dev/null"))?;
        let connections = load.connections()? - before;
        match (&self.exit, sample.code) {
            (Exit::OneOf(codes), Some(code)) if codes.contains(&code) => {}
            (Exit::Count, Some(_)) => {}
            (_, code) => bail!("`{}` ended with {code:?}", self.line()),
        }
        if connections == 0 {
            bail!("`{}` made no connection", self.line());
        }
        eprintln!("  {}: {:.2} s, {connections} connections", self.name, sample.wall().as_secs_f64());
        Ok((sample, connections))
    }
}

/// Runs all in turns.
pub(super) fn measure(load: &Load, auditors: &[Auditor], rounds: Rounds) -> Result<Vec<Outcome>> {
    for _ in 0..rounds.warm_up {
        for auditor in auditors.iter().filter(|auditor| auditor.runs == Runs::EachRound) {
            auditor.run(load)?;
        }
    }
    let mut runs: Vec<Vec<(Sample, u64)>> = vec![Vec::new(); auditors.len()];
    for round in 0..rounds.measured {
        for (auditor, runs) in auditors.iter().zip(&mut runs) {
            if round == 0 || auditor.runs == Runs::EachRound {
                runs.push(auditor.run(load)?);
            }
        }
    }
    Ok(auditors.iter().zip(runs).map(|(auditor, runs)| sum_up(auditor, &runs)).collect())
}

fn sum_up(auditor: &Auditor, runs: &[(Sample, u64)]) -> Outcome {
    let walls = sorted(runs.iter().map(|(sample, _)| sample.wall()));
    Outcome {
        name: auditor.name,
        line: auditor.line(),
        median: middle(&walls),
        fastest: walls.first().copied().unwrap_or_default(),
        slowest: walls.last().copied().unwrap_or_default(),
        cpu: middle(&sorted(runs.iter().map(|(sample, _)| sample.cpu()))),
        connections: middle(&sorted(runs.iter().map(|(_, connections)| *connections))),
        peak_kib: runs.iter().map(|(sample, _)| sample.peak_kib).max().unwrap_or(0),
    }
}

fn sorted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort();
    values
}

/// The middle value; of an even number, the upper of the two.
fn middle<T: Copy + Default>(sorted: &[T]) -> T {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}
