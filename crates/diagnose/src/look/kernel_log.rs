//! What the kernel said: its ring buffer, or where that may not be read the files and the journal that it is copied to; and the log
//! of the audit daemon.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use portreeve_firewall::read::Programs;
use portreeve_linux::system::System;

use super::service::{lines_of, log_at};
use super::tree::Tree;
use crate::facts::service::LogLine;

/// So many records are read at most: a ring buffer of a megabyte has fewer.
const MOST: usize = 20_000;
/// Reading does not take longer.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Lines and where they can be read again.
#[derive(Clone, Debug, Default)]
pub(crate) struct KernelLog {
    /// Oldest first within each source.
    pub(crate) lines: Vec<Said>,
    /// What could not be read.
    pub(crate) unread: Vec<String>,
}

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) line: LogLine,
    /// A command that shows it.
    pub(crate) command: &'static str,
}

/// Reads what is kept of the kernel's words.
pub(crate) fn look() -> KernelLog {
    read(&Tree::default())
}

fn read(tree: &Tree) -> KernelLog {
    let mut log = KernelLog::default();
    match ring_buffer() {
        Ok(lines) => log.add(lines, "dmesg --ctime"),
        Err(why) => {
            let files = [
                ("/var/log/kern.log", "tail -n 200 /var/log/kern.log"),
                ("/var/log/messages", "tail -n 200 /var/log/messages"),
                ("/var/log/syslog", "tail -n 200 /var/log/syslog"),
            ];
            match files.into_iter().find_map(|(path, command)| Some((log_at(&tree.at(path))?.lines, command)))
            {
                Some((lines, command)) => log.add(lines, command),
                None => match journal() {
                    Some(lines) => log.add(lines, "journalctl --dmesg"),
                    None => log.unread.push(format!("the kernel's log: {why}")),
                },
            }
        }
    }
    if let Some(audit) = log_at(&tree.at("/var/log/audit/audit.log")) {
        log.add(audit.lines, "ausearch --message AVC,USER_AVC,APPARMOR_DENIED --start recent");
    }
    log
}

impl KernelLog {
    fn add(&mut self, lines: Vec<LogLine>, command: &'static str) {
        self.lines.extend(lines.into_iter().map(|line| Said { line, command }));
    }
}

/// `/dev/kmsg`: one record for each read (`Documentation/ABI/testing/dev-kmsg`).
fn ring_buffer() -> Result<Vec<LogLine>, String> {
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open("/dev/kmsg")
        .map_err(|error| format!("/dev/kmsg: {error}"))?;
    let system = System::read();
    let deadline = Instant::now() + PATIENCE;
    let mut lines = Vec::new();
    let mut record = vec![0_u8; 8 * 1024];
    while lines.len() < MOST && Instant::now() < deadline {
        match file.read(&mut record) {
            Ok(0) => break,
            Ok(length) => lines.extend(record.get(..length).and_then(|record| of_record(record, &system))),
            // Overwritten before it could be read: the next one is given.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(format!("/dev/kmsg: {error}")),
        }
    }
    Ok(lines)
}

/// `6,339,5140900,-;text`, followed by lines of a dictionary that begin with a blank.
fn of_record(record: &[u8], system: &System) -> Option<LogLine> {
    let text = String::from_utf8_lossy(record);
    let (head, rest) = text.split_once(';')?;
    let micros: u64 = head.split(',').nth(2)?.parse().ok()?;
    let at = system.booted_at.checked_add(Duration::from_micros(micros));
    Some(LogLine {
        at: at.and_then(|at| Timestamp::try_from(at).ok()),
        text: rest.lines().next().unwrap_or_default().chars().take(1_000).collect(),
    })
}

fn journal() -> Option<Vec<LogLine>> {
    let programs = Programs { patience: PATIENCE, ..Programs::default() };
    let asked = ["--dmesg", "--lines=400", "--no-pager", "--quiet", "--output=short-iso"];
    programs
        .text_of("journalctl", &asked)
        .ok()
        .map(|text| lines_of(text.as_bytes()))
        .filter(|lines| !lines.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_the_ring_buffer() {
        let system = System { booted_at: std::time::SystemTime::UNIX_EPOCH, ..System::read() };
        let line =
            of_record(b"4,812,5140900,-;Out of memory: Killed process 77 (java)\n SUBSYSTEM=x\n", &system)
                .unwrap();
        assert_eq!(line.text, "Out of memory: Killed process 77 (java)");
        assert_eq!(line.at.unwrap().as_microsecond(), 5_140_900);
        assert_eq!(of_record(b"garbage", &system), None);
    }
}
