//! Drives the fuzz targets on a stable toolchain: mutates the recorded seeds, each round from its own number.
//!
//! ```text
//! drive [--seconds N] [--rounds N] [--seed N] [TARGET...]
//! ```
//!
//! Without targets: all of them. On a failure it prints the target and the number of the round, which alone
//! reproduces it: `drive --rounds 1 --seed NUMBER TARGET`.

use std::fmt::Write as _;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portreeve_fuzz::mutate::{Random, mutated};
use portreeve_fuzz::{TARGETS, Target};

fn main() -> ExitCode {
    match Plan::from_arguments(std::env::args().skip(1)) {
        Ok(plan) if plan.drive_all() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("{problem}\nusage: drive [--seconds N] [--rounds N] [--seed N] [TARGET...]");
            ExitCode::from(2)
        }
    }
}

struct Plan {
    targets: Vec<Target>,
    seconds: u64,
    rounds: u64,
    seed: u64,
}

impl Plan {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut plan = Self { targets: Vec::new(), seconds: 10, rounds: u64::MAX, seed: 1 };
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let text = arguments.next().ok_or(format!("{argument} needs a number"))?;
                text.parse::<u64>().map_err(|_| format!("{argument} needs a number, not {text}"))
            };
            match argument.as_str() {
                "--seconds" => plan.seconds = number()?,
                "--rounds" => plan.rounds = number()?,
                "--seed" => plan.seed = number()?,
                name => {
                    let target = TARGETS.iter().find(|(target, _)| *target == name);
                    plan.targets.push(*target.ok_or(format!("no target {name}"))?);
                }
            }
        }
        if plan.targets.is_empty() {
            plan.targets = TARGETS.to_vec();
        }
        Ok(plan)
    }

    /// Whether all targets passed, one at a time on each core.
    fn drive_all(&self) -> bool {
        let left = Mutex::new(self.targets.iter());
        let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
        let worker = || {
            let mut passed = true;
            while let Some(target) = next() {
                passed &= self.drive(target);
            }
            passed
        };
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        thread::scope(|scope| {
            let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
            // A worker that panicked has driven nothing to its end.
            workers.into_iter().all(|worker| worker.join().unwrap_or(false))
        })
    }

    /// Whether all rounds passed.
    fn drive(&self, (name, target): &Target) -> bool {
        let seeds = match seeds(name) {
            Ok(seeds) => seeds,
            Err(error) => {
                eprintln!("{name}: seeds cannot be read: {error}");
                return false;
            }
        };
        for seed in &seeds {
            if catch_unwind(AssertUnwindSafe(|| target(seed))).is_err() {
                eprintln!("{name}: FAILED on an unchanged seed: {}", hexadecimal(seed));
                return false;
            }
        }
        let end = Instant::now() + Duration::from_secs(self.seconds);
        let mut round = 0;
        // Looking at the clock costs more than a round.
        while round < self.rounds && (round % 256 != 0 || Instant::now() < end) {
            let number = self.seed.wrapping_add(round);
            let data = mutated(&seeds, &mut Random::new(number));
            if catch_unwind(AssertUnwindSafe(|| target(&data))).is_err() {
                eprintln!("{name}: FAILED, reproduce with: drive --rounds 1 --seed {number} {name}");
                eprintln!("{name}: input {}", hexadecimal(&data));
                return false;
            }
            round += 1;
        }
        println!("{name}: {round} rounds from {} seeds, none failed", seeds.len());
        true
    }
}

/// In order of their names, so that a number means the same everywhere.
fn seeds(target: &str) -> std::io::Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    let mut paths =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    paths.iter().map(std::fs::read).collect()
}

fn hexadecimal(data: &[u8]) -> String {
    data.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}
