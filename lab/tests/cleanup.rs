//! Nothing is left behind: not after a panic, not after SIGKILL of the test, not by a program that detaches.

#![expect(clippy::expect_used, reason = "a fixture that fails ends the test, and says where")]

use portreeve_lab::{Command, Lab};
use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

const PATIENCE: Duration = Duration::from_secs(30);

/// What a lab made, by which its traces can be looked for.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Traces {
    scratch: String,
    names: Vec<String>,
    inodes: Vec<u64>,
    pids: Vec<u32>,
}

/// A lab with both kinds of host, a link, a plain process, a nested one, and a session that has detached.
fn busy_lab() -> (Lab, Vec<portreeve_lab::Process>, Traces) {
    let lab = Lab::new("cleanup").expect("a lab");
    let a = lab.host("a").named().start().expect("a host");
    let b = lab.host("b").start().expect("a host");
    lab.link(("a", "eth0", ["192.0.2.1/24"]), ("b", "eth0", ["192.0.2.2/24"])).expect("a link");
    let processes = vec![
        a.spawn(["sleep", "1000"]).expect("it starts"),
        b.spawn(Command::new("sleep").arg("1000").pid_namespace().user("nobody")).expect("it starts"),
    ];
    let detached = b.run(Command::shell("setsid sleep 1000 >/dev/null 2>&1 & echo $!")).expect("it runs");
    let mut pids: Vec<u32> = processes.iter().map(portreeve_lab::Process::pid).collect();
    pids.push(detached.stdout.trim().parse().expect("a pid"));
    pids.extend([a.holder_pid(), b.holder_pid()]);
    let traces = Traces {
        scratch: lab.scratch().display().to_string(),
        names: vec![a.netns_name().expect("it is named").to_owned()],
        inodes: vec![a.netns_inode(), b.netns_inode()],
        pids,
    };
    (lab, processes, traces)
}

impl Traces {
    fn assert_present(&self) {
        assert_eq!(self.remaining().len(), self.names.len() + self.inodes.len() + self.pids.len() + 1);
    }

    /// What is still there, in words.
    fn remaining(&self) -> Vec<String> {
        let named = self.names.iter().map(|name| format!("/run/netns/{name}"));
        let paths = named.chain([self.scratch.clone()]).filter(|path| Path::new(path).exists());
        let alive = |pid: &&u32| {
            fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
        };
        let pids = self.pids.iter().filter(alive).map(|pid| format!("process {pid}"));
        let used = |inode: &&u64| {
            let link = format!("net:[{inode}]");
            let processes = fs::read_dir("/proc").expect("/proc is there").flatten();
            let mut namespaces =
                processes.filter_map(|entry| fs::read_link(entry.path().join("ns/net")).ok());
            namespaces.any(|namespace| namespace.to_string_lossy() == link)
        };
        let inodes = self.inodes.iter().filter(used).map(|inode| format!("namespace {inode}"));
        paths.chain(pids).chain(inodes).collect()
    }

    /// The removal after SIGKILL is the work of the holders, which nobody can wait for.
    fn assert_gone_soon(&self) {
        let begun = Instant::now();
        while !self.remaining().is_empty() {
            assert!(begun.elapsed() < PATIENCE, "left behind: {:?}", self.remaining());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn an_orderly_end_leaves_nothing() {
    let (lab, processes, traces) = busy_lab();
    traces.assert_present();
    drop(processes);
    drop(lab);
    assert_eq!(traces.remaining(), Vec::<String>::new());
}

#[test]
fn a_lab_dropped_before_its_processes_leaves_nothing() {
    let (lab, processes, traces) = busy_lab();
    drop(lab);
    assert_eq!(traces.remaining(), Vec::<String>::new());
    drop(processes);
}

#[test]
fn a_panic_leaves_nothing() {
    let mut traces = None;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let (_lab, _processes, made) = busy_lab();
        made.assert_present();
        traces = Some(made);
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    assert_eq!(traces.expect("the lab was made").remaining(), Vec::<String>::new());
}

/// Not a test of its own: the owner that the next test kills.
#[test]
#[ignore = "started by sigkill_of_the_owner_leaves_nothing"]
fn owner_to_be_killed() {
    if env::var_os("PORTREEVE_LAB_OWNER").is_none() {
        return;
    }
    let (_lab, _processes, traces) = busy_lab();
    println!("\ntraces {}", serde_json::to_string(&traces).expect("it serializes"));
    loop {
        thread::park();
    }
}

#[test]
fn sigkill_of_the_owner_leaves_nothing() {
    let mut owner = std::process::Command::new(env::current_exe().expect("it runs"))
        .args(["--exact", "owner_to_be_killed", "--ignored", "--nocapture"])
        .env("PORTREEVE_LAB_OWNER", "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(owner.stdout.take().expect("a pipe")).lines();
    let line = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("traces ").map(str::to_owned));
    let traces: Traces = serde_json::from_str(&line.expect("it made its lab")).expect("JSON");
    traces.assert_present();
    owner.kill().expect("it can be killed");
    owner.wait().expect("it can be reaped");
    traces.assert_gone_soon();
}

#[test]
fn a_new_lab_removes_what_dead_runs_left() {
    // Above the largest pid that the kernel gives (`PID_MAX_LIMIT`), so that its owner is surely dead.
    let name = format!("prlab-4194305-1-{}-stale-a", std::process::id());
    let foreign = format!("not-of-a-lab-{}", std::process::id());
    let ip = |verb: &str, name: &str| {
        let status = std::process::Command::new("ip").args(["netns", verb, name]).status();
        assert!(status.expect("ip is installed").success());
    };
    ip("add", &name);
    ip("add", &foreign);
    let lab = Lab::new("reaper").expect("a lab");
    let exists = |name: &str| Path::new("/run/netns").join(name).exists();
    let (stale, kept) = (exists(&name), exists(&foreign));
    ip("del", &foreign);
    drop(lab);
    assert!(!stale, "a dead run's namespace is removed");
    assert!(kept, "a foreign namespace is not");
}
