//! The program under test, run in a host of the lab, and the exit code that it must have.

use std::fs;
use std::time::Duration;

use portreeve_lab::{Command, Host, Lab, Output, Process};
use serde_json::Value;

/// How long an actor may take to set itself up on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The program with the words of `line`, split at white space.
pub(crate) fn portreeve(line: &str) -> Command {
    Command::new(env!("CARGO_BIN_EXE_portreeve")).args(line.split_whitespace())
}

/// Runs the program in `host` and takes its one JSON document. Fails unless the exit code is one that a look has.
pub(crate) fn document(host: &Host, line: &str) -> Value {
    let output = host.run(portreeve(line).arg("--json")).unwrap();
    let document = output.json().unwrap_or_else(|error| panic!("{line}: {error}\n{}", output.stderr));
    assert!(matches!(output.code(), Some(0 | 1 | 3 | 4)), "{line}: {:?}\n{}", output.status, output.stderr);
    document
}

/// The rows of a listing, after a check of its exit code: 3 exactly where owners are asked for and the descriptors
/// of some process, which is PID 1 on a confined machine, cannot be read even by root.
pub(crate) fn listing(host: &Host, line: &str) -> String {
    listing_of(host, &line.split_whitespace().collect::<Vec<_>>())
}

/// The same for arguments that hold blanks.
pub(crate) fn listing_of(host: &Host, arguments: &[&str]) -> String {
    let output = host.run(portreeve("").args(arguments)).unwrap();
    let owners = arguments.iter().any(|word| asks_for_owners(word));
    assert_eq!(output.code(), Some(look_code(owners)), "{arguments:?}\n{}", output.stderr);
    output.stdout
}

fn asks_for_owners(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.contains('p')
}

/// The exit code of a look that finds nothing wrong.
pub(crate) fn look_code(owners: bool) -> i32 {
    if owners && !sees_first_process() { 3 } else { 0 }
}

/// Whether this machine lets root look into PID 1. Some confine it, and the answer is then incomplete, rightly.
pub(crate) fn sees_first_process() -> bool {
    let Ok(descriptors) = fs::read_dir("/proc/1/fd") else { return false };
    descriptors.flatten().all(|descriptor| fs::read_link(descriptor.path()).is_ok())
}

/// Starts an actor and waits until it is set up.
pub(crate) fn actor(host: &Host, line: &str) -> (Process, Value) {
    let process = host.spawn(Command::actor(line).unwrap()).unwrap();
    let ready = process.ready(PATIENCE).unwrap();
    (process, ready)
}

/// A lab with one anonymous host.
pub(crate) fn one_host(name: &str) -> (Lab, Host) {
    let lab = Lab::new(name).unwrap();
    let host = lab.host("a").start().unwrap();
    (lab, host)
}

/// The elements of the array at `key`.
pub(crate) fn list<'a>(document: &'a Value, key: &str) -> &'a [Value] {
    document[key].as_array().unwrap_or_else(|| panic!("no array `{key}` in {document}"))
}

/// Output of a run that must not have failed inside the program.
pub(crate) fn assert_sane(output: &Output) {
    assert!(matches!(output.code(), Some(0 | 1 | 3)), "{:?}\n{}", output.status, output.stderr);
    for sign in ["panicked", "internal error"] {
        assert!(!output.stderr.contains(sign), "{}", output.stderr);
    }
}
