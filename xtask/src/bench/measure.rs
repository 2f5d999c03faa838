//! One run of one program: wall time and peak memory.
//!
//! A process of its own (`cargo xtask measure`) starts the program and waits for it, so that the kernel's account of
//! its children is the account of exactly that program. Peak memory below the measuring process's own size (a few MiB)
//! cannot be told apart from it, because Linux counts memory from before `exec`.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

/// Arguments of the hidden `measure` command.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where standard output goes
    #[arg(long, default_value = "/dev/null")]
    output: PathBuf,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// What one run cost.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// From before the start to after the end, in nanoseconds.
    wall_ns: u64,
    /// Processor time of the program and its own children, in microseconds.
    cpu_us: u64,
    /// Peak resident memory in KiB.
    pub(crate) peak_kib: u64,
    /// Exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
}

impl Sample {
    pub(crate) fn wall(&self) -> Duration {
        Duration::from_nanos(self.wall_ns)
    }

    pub(crate) fn cpu(&self) -> Duration {
        Duration::from_micros(self.cpu_us)
    }
}

/// Where a program runs.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// In the network namespace of this process.
    Here,
    /// In the network namespace that this path names.
    Namespace(PathBuf),
}

/// Runs `command` once in `place`; entering the namespace is not part of the time.
pub(crate) fn sample(place: &Place, command: &[String], output: &Path) -> Result<Sample> {
    let own = std::env::current_exe().context("cannot find this program")?;
    let mut start = match place {
        Place::Here => Command::new(own),
        Place::Namespace(path) => {
            let mut nsenter = Command::new("nsenter");
            let mut option = OsString::from("--net=");
            option.push(path);
            nsenter.arg(option).arg("--").arg(own);
            nsenter
        }
    };
    start.arg("measure").arg("--output").arg(output).arg("--").args(command);
    let text = crate::process::read(&mut start)?;
    serde_json::from_str(&text).with_context(|| format!("unreadable measurement of {command:?}: {text}"))
}

/// The `measure` command: runs the program with output to a file and prints the [`Sample`] as JSON.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let Some((program, arguments)) = args.command.split_first() else { bail!("no program given") };
    let output =
        File::create(&args.output).with_context(|| format!("cannot write {}", args.output.display()))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(output).stderr(Stdio::null());

    let started = Instant::now();
    let status = command.status().with_context(|| format!("cannot start {}", program.display()))?;
    let wall = started.elapsed();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("getrusage")?;

    let cpu = [usage.user_time(), usage.system_time()]
        .iter()
        .map(|time| time.tv_sec().saturating_mul(1_000_000).saturating_add(time.tv_usec()))
        .sum::<i64>();
    let sample = Sample {
        wall_ns: u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX),
        cpu_us: u64::try_from(cpu).unwrap_or(0),
        peak_kib: u64::try_from(usage.max_rss()).unwrap_or(0),
        code: status.code(),
    };
    println!("{}", serde_json::to_string(&sample)?);
    Ok(ExitCode::SUCCESS)
}
