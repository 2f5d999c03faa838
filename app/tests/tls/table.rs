//! All servers, some at a time.

use portreeve_lab::scenario::{Programs, Scenario, all};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;
use std::{env, thread};

use crate::case::Case;
use crate::differences::Difference;
use crate::explained::Explained;

/// Names, or parts of names, of the servers to audit, separated by commas.
const ONLY: &str = "PORTREEVE_TLS";
/// At once: two cores bear no more without anybody's being late.
const SIDE_BY_SIDE: usize = 4;
/// So many servers are promised.
const LEAST: usize = 25;

#[test]
fn all_auditors_agree() {
    let only = env::var(ONLY).ok();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lab/scenarios/tls");
    let files = all(directory).unwrap_or_else(|error| panic!("{error}"));
    let chosen: Vec<PathBuf> = files
        .into_iter()
        .filter(|file| only.as_deref().is_none_or(|only| is_chosen(&name(file), only)))
        .collect();
    let begun = Instant::now();
    let explained = Explained::load();
    let cases = run(&chosen, &explained);
    println!("{} servers in {:.0} s", cases.len(), begun.elapsed().as_secs_f64());
    if only.is_some() {
        for case in &cases {
            println!("\n=== {}\n{}", case.name, case.said);
        }
    }

    let differences: Vec<Difference> = cases.iter().flat_map(|case| case.differences.clone()).collect();
    let (unexplained, idle) = explained.judge(&differences);
    let mut wrong: Vec<String> = unexplained.iter().map(|one| one.line()).collect();
    wrong.extend(cases.iter().flat_map(|case| case.wrong.iter().map(|one| format!("{}: {one}", case.name))));
    if only.is_none() {
        wrong.extend(idle.iter().map(|entry| format!("explained, and does not occur: {}", entry.line())));
        if cases.len() < LEAST {
            wrong.push(format!("{} servers, and {LEAST} are promised", cases.len()));
        }
    }
    println!("{} differences, {} of them without explanation", differences.len(), unexplained.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn is_chosen(name: &str, only: &str) -> bool {
    only.split(',').any(|part| !part.is_empty() && name.contains(part))
}

/// Runs them, and puts them in the order of their names again.
fn run(files: &[PathBuf], explained: &Explained) -> Vec<Case> {
    let programs = Programs { portreeve: PathBuf::from(env!("CARGO_BIN_EXE_portreeve")) };
    let load = |file: &PathBuf| Scenario::load(file).unwrap_or_else(|error| panic!("{error}"));
    let queue: Mutex<Vec<(String, Scenario)>> =
        Mutex::new(files.iter().rev().map(|file| (name(file), load(file))).collect());
    let done: Mutex<BTreeMap<String, Case>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                // The lock is not held while a server is audited.
                while let Some((name, scenario)) = { queue.lock().unwrap().pop() } {
                    let case = Case::run(&scenario, &name, &programs, explained);
                    println!("{}", case.line());
                    done.lock().unwrap().insert(name, case);
                }
            });
        }
    });
    done.into_inner().unwrap().into_values().collect()
}
