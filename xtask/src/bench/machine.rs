//! On what a benchmark ran: a number without its machine is no measurement.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};

/// The description as a Markdown list. What cannot be read is said to be unknown.
pub(crate) fn describe(programs: &[(&str, Vec<String>)]) -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let os = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or_else(|_| "unknown".to_owned(), |n| n.to_string());
    let mut text = format!(
        "- date: {}\n- kernel: Linux {}\n- system: {}\n- processor: {}, {cores} cores used\n- memory: {}\n",
        jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC"),
        or_unknown(release.trim()),
        or_unknown(value(&os, "PRETTY_NAME", '=').trim_matches('"')),
        or_unknown(value(&cpuinfo, "model name", ':')),
        memory(&meminfo),
    );
    for (name, command) in programs {
        let _ = writeln!(text, "- {name}: {}", version(command));
    }
    text
}

/// The first value of `key` in lines of the form `key<separator>value`; empty when there is none.
fn value<'text>(text: &'text str, key: &str, separator: char) -> &'text str {
    text.lines()
        .filter_map(|line| line.split_once(separator))
        .find(|(name, _)| name.trim() == key)
        .map_or("", |(_, value)| value.trim())
}

fn memory(meminfo: &str) -> String {
    let kib: Option<u64> = value(meminfo, "MemTotal", ':').split(' ').next().and_then(|n| n.parse().ok());
    kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{} GiB", kib.div_ceil(1024 * 1024)))
}

/// The first line of what the command prints that has a digit in it.
fn version(command: &[String]) -> String {
    let Some((program, arguments)) = command.split_first() else { return "unknown".to_owned() };
    let Ok(output) = Command::new(program).args(arguments).stdin(Stdio::null()).output() else {
        return "unknown".to_owned();
    };
    // lsof and netstat print their versions on standard error or exit unsuccessfully.
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).join("\n");
    let mut lines = text.lines().map(str::trim);
    let numbered = |line: &&str| line.contains(|c: char| c.is_ascii_digit()) && !line.contains("://");
    or_unknown(lines.find(numbered).unwrap_or_default()).to_owned()
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_and_missing_ones_are_unknown() {
        assert_eq!(value("model name\t: Fast One\nmodel name\t: Other\n", "model name", ':'), "Fast One");
        assert_eq!(memory("MemTotal:       24682976 kB\n"), "24 GiB");
        assert_eq!(memory(""), "unknown");
        assert_eq!(or_unknown(value("", "x", ':')), "unknown");
    }

    #[test]
    fn a_missing_program_has_an_unknown_version() {
        assert_eq!(version(&[]), "unknown");
        assert_eq!(version(&["/nonexistent/program".to_owned()]), "unknown");
    }
}
