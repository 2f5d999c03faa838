//! Several programs doing the same work, taken in turns, so that a busy moment of the machine hits all of them.

use std::time::Duration;

use anyhow::{Result, bail};

use super::measure::{self, Place, Sample};

/// One program in a race.
#[derive(Debug, Clone)]
pub(crate) struct Contender {
    /// How the table names it; goals refer to it by this.
    pub(crate) name: String,
    /// Program and arguments.
    pub(crate) command: Vec<String>,
    /// Exit codes that mean that it did its work.
    pub(crate) accepted: &'static [i32],
}

impl Contender {
    /// A contender named like the command line `line`, started from the search path.
    pub(crate) fn peer(line: &str) -> Self {
        // lsof exits with 1 when one of its selections matched nothing; the other peers with 0.
        let accepted: &[i32] = if line.starts_with("lsof") { &[0, 1] } else { &[0] };
        Self { name: line.to_owned(), command: line.split(' ').map(str::to_owned).collect(), accepted }
    }
}

/// How often each program runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rounds {
    /// Runs before measuring; the last one's output is counted.
    pub(crate) warm_up: usize,
    /// Measured runs.
    pub(crate) measured: usize,
}

/// What a program's runs cost, over the measured rounds.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) median: Duration,
    pub(crate) fastest: Duration,
    pub(crate) slowest: Duration,
    /// Median of processor time, user and system together.
    pub(crate) cpu: Duration,
    /// Largest peak resident memory of any run, in KiB.
    pub(crate) peak_kib: u64,
    /// Bytes of output in the last warm-up run: shows that the programs did comparable work.
    pub(crate) output_bytes: u64,
    /// Lines of output in the same run.
    pub(crate) output_lines: usize,
}

impl Outcome {
    /// Peak resident memory in millions of bytes, rounded up.
    pub(crate) fn peak_megabytes(&self) -> u64 {
        (self.peak_kib * 1024).div_ceil(1_000_000)
    }
}

/// Runs all contenders in turns and sums up; a run with an unexpected exit code ends the race.
pub(crate) fn race(place: &Place, contenders: &[Contender], rounds: Rounds) -> Result<Vec<Outcome>> {
    let file = std::env::temp_dir().join(format!("portreeve-bench-{}", std::process::id()));
    let mut printed = vec![(0, 0); contenders.len()];
    let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); contenders.len()];
    for round in 0..rounds.warm_up {
        for (contender, printed) in contenders.iter().zip(&mut printed) {
            eprintln!("  warm-up {}: {}", round + 1, contender.name);
            let outcome = run_once(place, contender, &file).and_then(|_| Ok(std::fs::read(&file)?));
            let _ = std::fs::remove_file(&file);
            let output = outcome?;
            *printed = (output.len() as u64, output.split(|byte| *byte == b'\n').count().saturating_sub(1));
        }
    }
    for round in 0..rounds.measured {
        for (contender, samples) in contenders.iter().zip(&mut samples) {
            let sample = run_once(place, contender, std::path::Path::new("/dev/null"))?;
            eprintln!(
                "  round {}: {} {:.1} ms",
                round + 1,
                contender.name,
                sample.wall().as_secs_f64() * 1e3
            );
            samples.push(sample);
        }
    }
    Ok(contenders
        .iter()
        .zip(samples)
        .zip(printed)
        .map(|((contender, samples), printed)| sum_up(&contender.name, &samples, printed))
        .collect())
}

fn run_once(place: &Place, contender: &Contender, output: &std::path::Path) -> Result<Sample> {
    let sample = measure::sample(place, &contender.command, output)?;
    match sample.code {
        Some(code) if contender.accepted.contains(&code) => Ok(sample),
        Some(code) => bail!("`{}` ended with exit code {code}", contender.name),
        None => bail!("`{}` was ended by a signal", contender.name),
    }
}

fn sum_up(name: &str, samples: &[Sample], (output_bytes, output_lines): (u64, usize)) -> Outcome {
    let walls: Vec<Duration> = samples.iter().map(Sample::wall).collect();
    Outcome {
        name: name.to_owned(),
        median: median(walls.clone()),
        fastest: walls.iter().min().copied().unwrap_or_default(),
        slowest: walls.iter().max().copied().unwrap_or_default(),
        cpu: median(samples.iter().map(Sample::cpu).collect()),
        peak_kib: samples.iter().map(|sample| sample.peak_kib).max().unwrap_or(0),
        output_bytes,
        output_lines,
    }
}

/// The middle value; of an even number, the mean of the two middle ones; zero of none.
fn median(mut values: Vec<Duration>) -> Duration {
    values.sort();
    let upper = values.get(values.len() / 2).copied().unwrap_or_default();
    if values.len() % 2 == 1 || values.is_empty() {
        return upper;
    }
    let lower = values.get(values.len() / 2 - 1).copied().unwrap_or_default();
    (lower + upper) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        let of =
            |values: &[u64]| median(values.iter().copied().map(Duration::from_millis).collect()).as_millis();
        assert_eq!(of(&[]), 0);
        assert_eq!(of(&[7]), 7);
        assert_eq!(of(&[9, 1]), 5);
        assert_eq!(of(&[30, 10, 20]), 20);
        assert_eq!(of(&[4, 1, 3, 2]).to_string(), "2");
    }
}
