//! Lines of the holders' logs that speak of limits.

use crate::facts::service::LogLine;
use crate::facts::{LimitComplaint, LimitKind, ServiceFacts};
use crate::look::service::new_log_lines;

/// Trouble is looked for in so many lines at the end of each log.
const RECENT: usize = 100;

/// Words of a line in small letters, and the limit that they speak of.
const WORDS: [(&str, LimitKind); 24] = [
    ("too many open files in system", LimitKind::SystemFiles),
    ("file table overflow", LimitKind::SystemFiles),
    ("too many open files", LimitKind::Descriptors),
    ("no file descriptors available", LimitKind::Descriptors),
    ("process fd limit", LimitKind::Descriptors),
    ("worker_connections are not enough", LimitKind::Connections),
    ("maxrequestworkers", LimitKind::Connections),
    ("scoreboard is full", LimitKind::Connections),
    ("too many clients", LimitKind::Connections),
    ("remaining connection slots", LimitKind::Connections),
    ("too many connections", LimitKind::Connections),
    ("max number of clients reached", LimitKind::Connections),
    ("pm.max_children", LimitKind::Connections),
    ("reached max_children", LimitKind::Connections),
    ("maxstartups throttling", LimitKind::Connections),
    ("limiting connections by zone", LimitKind::Connections),
    ("limiting requests, excess", LimitKind::Connections),
    ("fork: retry: resource temporarily unavailable", LimitKind::Threads),
    ("fork: resource temporarily unavailable", LimitKind::Threads),
    ("unable to create new native thread", LimitKind::Threads),
    ("can't start new thread", LimitKind::Threads),
    ("pthread_create failed", LimitKind::Threads),
    ("cannot allocate memory", LimitKind::Memory),
    ("no space left on device", LimitKind::Disk),
];

/// The lines that were there when the logs were first read.
pub(super) fn read(service: &ServiceFacts) -> Vec<LimitComplaint> {
    let recent =
        |lines: &[LogLine]| lines.get(lines.len().saturating_sub(RECENT)..).unwrap_or_default().to_vec();
    let lines = service
        .logs
        .iter()
        .flat_map(|log| recent(&log.lines).into_iter().map(|line| (log.path.clone(), line)));
    lines.filter_map(|(log, line)| complaint(log, line, false)).collect()
}

/// The lines that were written since.
pub(super) fn new(service: &ServiceFacts) -> Vec<LimitComplaint> {
    new_log_lines(service).into_iter().filter_map(|(log, line)| complaint(log, line, true)).collect()
}

fn complaint(log: String, line: LogLine, now: bool) -> Option<LimitComplaint> {
    let kind = kind(&line.text)?;
    Some(LimitComplaint { kind, line, log, now })
}

fn kind(text: &str) -> Option<LimitKind> {
    let lower = text.to_ascii_lowercase();
    // What a client asked for is no complaint.
    if lower.contains("\" 200 ") || lower.contains("http/1.1\" ") && !lower.contains('[') {
        return None;
    }
    WORDS.iter().find(|(words, _)| lower.contains(words)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_write_at_their_limits() {
        for (text, expected) in [
            (
                "2026/11/22 06:02:58 [crit] 7#7: accept4() failed (24: Too many open files)",
                Some(LimitKind::Descriptors),
            ),
            (
                "2026/11/22 06:02:58 [alert] 7#7: 4 worker_connections are not enough",
                Some(LimitKind::Connections),
            ),
            (
                "[mpm_event:error] [pid 7:tid 1] AH00484: server reached MaxRequestWorkers setting, consider raising it",
                Some(LimitKind::Connections),
            ),
            (
                "2026-11-22 06:02:58.000 UTC [7] FATAL:  sorry, too many clients already",
                Some(LimitKind::Connections),
            ),
            (
                "[pool www] server reached pm.max_children setting (5), consider raising it",
                Some(LimitKind::Connections),
            ),
            ("OSError: [Errno 23] Too many open files in system", Some(LimitKind::SystemFiles)),
            ("java.lang.OutOfMemoryError: unable to create new native thread", Some(LimitKind::Threads)),
            ("10.0.0.1 - - [22/Nov/2026] \"GET /too many open files HTTP/1.1\" 200 5", None),
            ("all is well", None),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }
}
