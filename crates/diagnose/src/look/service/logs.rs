//! Log files: those that a process has open, their ends, and what was written since.

mod time;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::facts::service::{Holder, LogFile, LogLine};

pub(in crate::look) use time::time_of;

/// Of each file, so many bytes at its end are read.
const TAIL: u64 = 64 * 1024;
/// So many lines of them are kept.
const MOST_LINES: usize = 400;
/// A longer line is cut.
const LONGEST_LINE: usize = 1_000;
/// So many descriptors of one process are looked at.
const MOST_DESCRIPTORS: usize = 4_096;
/// So many log files are read for one target.
const MOST_FILES: usize = 12;
/// `O_APPEND` in the `flags` of `/proc/PID/fdinfo` (`include/uapi/asm-generic/fcntl.h`).
const APPEND: u32 = 0o2000;

/// The log files that the holders have open, each once, with their ends.
pub(super) fn open_logs<'a>(holders: impl IntoIterator<Item = &'a Holder>) -> Vec<LogFile> {
    let mut known: Vec<(u64, u64)> = Vec::new();
    let mut logs = Vec::new();
    for holder in holders {
        for (link, path) in candidates(holder.pid()) {
            if logs.len() >= MOST_FILES {
                return logs;
            }
            let Ok((file, identity)) = open(&path) else { continue };
            if known.contains(&identity) {
                continue;
            }
            known.push(identity);
            logs.extend(ending(file, &link, &path, Some(holder.pid())));
        }
    }
    logs
}

/// The end of the log file at a path.
pub(in crate::look) fn at_path(path: &Path) -> Option<LogFile> {
    let (file, _) = open(path).ok()?;
    ending(file, &path.to_string_lossy(), path, None)
}

/// What was written to the file since it was looked at.
pub(in crate::look) fn written_since(log: &LogFile) -> Vec<LogLine> {
    let read = || -> io::Result<Vec<u8>> {
        let (mut file, _) = open(&log.open_at)?;
        let length = file.metadata()?.len();
        // A shorter file was cut off (`copytruncate`): all of it is new.
        let from = if length < log.length { 0 } else { log.length };
        file.seek(SeekFrom::Start(from.max(length.saturating_sub(TAIL))))?;
        let mut bytes = Vec::new();
        file.take(TAIL).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map(|bytes| lines_of(&bytes)).unwrap_or_default()
}

/// Lines of log text, the last ones.
pub(in crate::look) fn lines_of(bytes: &[u8]) -> Vec<LogLine> {
    let lines: Vec<&[u8]> = bytes
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii_end)
        // What is not text is no log.
        .filter(|line| !line.is_empty() && !line.contains(&0))
        .collect();
    let first = lines.len().saturating_sub(MOST_LINES);
    lines.get(first..).unwrap_or_default().iter().map(|line| line_of(line)).collect()
}

fn line_of(bytes: &[u8]) -> LogLine {
    let cut = bytes.get(..LONGEST_LINE).unwrap_or(bytes);
    if bytes.starts_with(b"{\"log\":")
        && let Some(line) = of_docker(bytes)
    {
        return line;
    }
    let text = String::from_utf8_lossy(cut).into_owned();
    LogLine { at: time_of(&text), text }
}

/// Docker's driver `json-file`: `{"log":"text\n","stream":"stderr","time":"2026-11-21T20:00:00.123456789Z"}`.
fn of_docker(bytes: &[u8]) -> Option<LogLine> {
    let record: Value = serde_json::from_slice(bytes).ok()?;
    let text: String = record.get("log")?.as_str()?.trim_end().chars().take(LONGEST_LINE).collect();
    let at = record.get("time").and_then(Value::as_str).and_then(|time| time.parse().ok());
    Some(LogLine { at: at.or_else(|| time_of(&text)), text })
}

fn ending(mut file: File, name: &str, path: &Path, writer: Option<u32>) -> Option<LogFile> {
    let length = file.metadata().ok()?.len();
    let from = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    let whole = if from == 0 {
        bytes.as_slice()
    } else {
        // The first line was cut.
        bytes.iter().position(|byte| *byte == b'\n').and_then(|at| bytes.get(at..)).unwrap_or_default()
    };
    Some(LogFile { path: name.to_owned(), writer, open_at: path.to_owned(), length, lines: lines_of(whole) })
}

/// Opens a regular file for reading, without waiting for anything, with its device and inode.
fn open(path: &Path) -> io::Result<(File, (u64, u64))> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let identity = (metadata.dev(), metadata.ino());
    Ok((file, identity))
}

/// Descriptors of a process that may be logs: regular files that it appends to, or that are called so. Each with the path that its
/// writer knows and the one through which it is read.
fn candidates(pid: u32) -> Vec<(String, PathBuf)> {
    let folder = format!("/proc/{pid}/fd");
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut found = Vec::new();
    for entry in entries.take(MOST_DESCRIPTORS) {
        // Links are read, not followed: a socket or a dead file server is not waited for.
        let Ok(link) = fs::read_link(entry.path()) else { continue };
        let link = link.to_string_lossy().into_owned();
        let name = link.strip_suffix(" (deleted)").unwrap_or(&link);
        let elsewhere = ["/dev/", "/proc/", "/sys/", "/memfd:"].iter().any(|folder| name.starts_with(folder));
        if !name.starts_with('/') || elsewhere {
            continue;
        }
        let called_so = [".log", "_log"].iter().any(|end| name.ends_with(end));
        if called_so || is_appended_to(pid, &entry.file_name().to_string_lossy()) {
            found.push((link, entry.path()));
        }
    }
    found
}

fn is_appended_to(pid: u32, descriptor: &str) -> bool {
    let text = fs::read_to_string(format!("/proc/{pid}/fdinfo/{descriptor}")).unwrap_or_default();
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).is_some_and(|flags| flags & APPEND != 0)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_end_of_a_file_and_what_is_written_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("error.log");
        let mut file = OpenOptions::new().append(true).create(true).open(&path).unwrap();
        for number in 0..5_000 {
            writeln!(
                file,
                "2026/11/22 06:02:58 [error] 7#7: *{number} a line that is neither long nor short"
            )
            .unwrap();
        }
        let own = std::process::id();
        let log = open_logs_of(own).into_iter().find(|log| log.path.ends_with("error.log")).unwrap();
        assert_eq!((log.writer, log.lines.len()), (Some(own), MOST_LINES));
        assert!(log.lines.last().unwrap().text.contains("*4999 "));
        assert!(log.lines[0].at.is_some());
        assert!(written_since(&log).is_empty());
        writeln!(file, "and one more").unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(written_since(&log), [LogLine { at: None, text: "and one more".into() }]);
    }

    fn open_logs_of(pid: u32) -> Vec<LogFile> {
        let open = |(link, path): (String, PathBuf)| ending(open(&path).unwrap().0, &link, &path, Some(pid));
        candidates(pid).into_iter().filter_map(open).collect()
    }

    #[test]
    fn lines_of_containers_are_unwrapped() {
        let text = br#"{"log":"nginx: [emerg] host not found in upstream \"app\"\n","stream":"stderr","time":"2026-11-21T20:00:00.5Z"}"#;
        let lines = lines_of(text);
        assert_eq!(lines[0].text, "nginx: [emerg] host not found in upstream \"app\"");
        assert_eq!(lines[0].at.unwrap().to_string(), "2026-11-21T20:00:00.5Z");
        assert_eq!(lines_of(b"\0\0\x01binary\n\n"), []);
    }
}
