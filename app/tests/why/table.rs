//! All scenarios, some at a time.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use portreeve_lab::scenario::{Programs, Scenario, Story, all};

use crate::case::{Case, name};
use crate::{coverage, matrix};

/// Names, or parts of names, of the scenarios to run, separated by commas.
const ONLY: &str = "PORTREEVE_WHY";
/// At once: they mostly wait. More would make the answers late on two cores.
const SIDE_BY_SIDE: usize = 4;

#[test]
fn every_cause_is_named() {
    let only = env::var(ONLY).ok();
    let scenarios: Vec<Scenario> = files()
        .iter()
        .filter(|path| only.as_deref().is_none_or(|only| is_chosen(&name(path), only)))
        .map(|path| Scenario::load(path).unwrap_or_else(|error| panic!("{error}")))
        .collect();
    for scenario in &scenarios {
        assert!(scenario.expected().is_some(), "{}: no `[why]` table", scenario.path().display());
    }
    let begun = Instant::now();
    let story = if only.is_some() { Story::Wanted } else { Story::Unwanted };
    let cases = run(scenarios, story);
    println!("{}\n", matrix::render(&cases));
    report(&cases, begun.elapsed());
    if only.is_some() {
        for case in &cases {
            println!("\n=== {}\n{}\n--- told\n{}", case.name, case.answer, case.story);
        }
    }
    let wrong: Vec<&str> =
        cases.iter().filter(|case| !case.wrong.is_empty()).map(|case| case.name.as_str()).collect();
    assert!(wrong.is_empty(), "{} of {} scenarios: {wrong:?}", wrong.len(), cases.len());
    let gaps = if only.is_some() { Vec::new() } else { coverage::gaps(&cases) };
    assert!(gaps.is_empty(), "{}", gaps.join("\n"));
}

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lab/scenarios/why");
    all(directory).unwrap_or_else(|error| panic!("{error}"))
}

fn is_chosen(name: &str, only: &str) -> bool {
    only.split(',').any(|part| !part.is_empty() && name.contains(part))
}

/// Runs them, one daemon of Docker at a time, and in the order of their names again.
fn run(scenarios: Vec<Scenario>, story: Story) -> Vec<Case> {
    let programs = Programs { portreeve: PathBuf::from(env!("CARGO_BIN_EXE_portreeve")) };
    let (docker, others): (Vec<_>, Vec<_>) = scenarios.into_iter().partition(Scenario::needs_docker);
    let (docker, others) = (queue(docker), queue(others));
    let done = Mutex::new(Vec::new());
    let work = |queues: &[&Mutex<Vec<Scenario>>]| {
        for queue in queues {
            // The lock is not held while a scenario runs.
            while let Some(scenario) = { queue.lock().unwrap().pop() } {
                let case = Case::run(&scenario, &programs, story);
                println!("{}", case.line());
                done.lock().unwrap().push(case);
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| work(&[&docker, &others]));
        (1..SIDE_BY_SIDE).for_each(|_| {
            scope.spawn(|| work(&[&others]));
        });
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by(|a, b| a.name.cmp(&b.name));
    done
}

fn queue(mut scenarios: Vec<Scenario>) -> Mutex<Vec<Scenario>> {
    scenarios.reverse();
    Mutex::new(scenarios)
}

fn report(cases: &[Case], whole: Duration) {
    for case in cases.iter().filter(|case| !case.wrong.is_empty()) {
        println!("--- {} (expected {})", case.name, case.expected);
        case.wrong.iter().for_each(|wrong| println!("  not met: {wrong}"));
        println!("{}\n", case.answer);
    }
    let slowest = |what: &str, healthy: bool| {
        let times = cases.iter().filter(|case| (case.expected == "healthy") == healthy).map(|case| case.took);
        println!("slowest of the {what}: {:.1} s", times.max().unwrap_or_default().as_secs_f64());
    };
    slowest("healthy", true);
    slowest("others", false);
    println!("{} scenarios in {:.0} s", cases.len(), whole.as_secs_f64());
}
