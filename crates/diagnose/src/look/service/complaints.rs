//! Lines of logs that speak of trouble, and what they say of the port.

use crate::facts::service::{BindError, Complaint, LogFile, LogLine};

/// So many lines of one log are shown at most.
const MOST: usize = 6;
/// Trouble is looked for in so many lines at the end of a log: what is further back is of an earlier time.
const RECENT: usize = 60;

/// Words by which programs tell that something is wrong.
const TROUBLE: [&str; 20] = [
    "[emerg]",
    "[alert]",
    "[crit]",
    "[error]",
    ":emerg]",
    ":alert]",
    ":crit]",
    ":error]",
    "[alert]",
    "fatal",
    "panic",
    "error:",
    "error ",
    "failed",
    "failure",
    "cannot ",
    "can't ",
    "unable to",
    "exception",
    "traceback",
];

/// The complaints of a log, oldest first: those about the port, and the last others.
pub(super) fn of_log(log: &LogFile, port: u16) -> Vec<Complaint> {
    of_lines(&log.lines, &log.path, &log.command(), port)
}

/// The complaints among lines.
pub(super) fn of_lines(lines: &[LogLine], log: &str, command: &str, port: u16) -> Vec<Complaint> {
    let recent = lines.get(lines.len().saturating_sub(RECENT)..).unwrap_or_default();
    let mut found: Vec<Complaint> = recent
        .iter()
        .filter_map(|line| {
            let bind = bind_error(&line.text, port);
            let lower = line.text.to_ascii_lowercase();
            (bind.is_some() || TROUBLE.iter().any(|word| lower.contains(word))).then(|| Complaint {
                log: log.to_owned(),
                command: command.to_owned(),
                line: line.clone(),
                bind,
            })
        })
        .collect();
    // Those of the port count most: the last others are only kept beside them.
    let others = found.iter().filter(|one| one.bind.is_none()).count();
    let mut surplus = others.saturating_sub(MOST);
    found.retain(|one| {
        let dropped = one.bind.is_none() && surplus > 0;
        surplus -= usize::from(dropped);
        !dropped
    });
    let first = found.len().saturating_sub(2 * MOST);
    found.split_off(first)
}

/// Why a line says that the port could not be bound; none where it does not speak of that.
pub(super) fn bind_error(text: &str, port: u16) -> Option<BindError> {
    let lower = text.to_ascii_lowercase();
    let in_use =
        lower.contains("in use") || lower.contains("eaddrinuse") || lower.contains("already allocated");
    let no_address = lower.contains("cannot assign requested address")
        || lower.contains("can't assign requested address")
        || lower.contains("eaddrnotavail");
    let denied = lower.contains("permission denied") || lower.contains("eacces");
    let binding = ["bind", "listen", "socket", "port is already"].iter().any(|word| lower.contains(word));
    if !(binding || in_use) || !names_port(text, port) {
        return None;
    }
    if in_use {
        Some(BindError::InUse)
    } else if no_address {
        Some(BindError::NoAddress)
    } else if denied {
        Some(BindError::Denied)
    } else {
        let failed = ["fail", "could not", "cannot", "can't", "unable", "error"]
            .iter()
            .any(|word| lower.contains(word));
        (failed && binding).then_some(BindError::Other)
    }
}

/// Whether the number stands in the text by itself: `:443`, `port 443`, not `1443` and not `443 connections`.
pub(super) fn names_port(text: &str, port: u16) -> bool {
    let number = port.to_string();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(&number)).map(|at| at + from) {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + number.len()..).and_then(|text| text.chars().next());
        let apart = |letter: Option<char>| {
            letter.is_none_or(|letter| !letter.is_ascii_alphanumeric() && letter != '.')
        };
        let introduced = matches!(before, Some(':' | ']' | '=' | '#'))
            || text.get(..at).is_some_and(|text| text.trim_end().to_ascii_lowercase().ends_with("port"));
        // `(98: Address...` and `[443#443]` are an error number and a process.
        let numbered = after == Some('#');
        if apart(after.filter(|letter| *letter != '.')) && apart(before) && introduced && !numbered {
            return true;
        }
        from = at + number.len();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_programs_way_to_say_that_it_could_not_bind() {
        for (text, port, expected) in [
            (
                "2026/11/22 06:02:58 [emerg] 812#812: bind() to 0.0.0.0:443 failed (98: Address already in use)",
                443,
                Some(BindError::InUse),
            ),
            (
                "2026/11/22 06:02:58 [emerg] 812#812: bind() to 10.9.9.9:443 failed (99: Cannot assign requested address)",
                443,
                Some(BindError::NoAddress),
            ),
            (
                "2026/11/22 06:02:58 [emerg] 812#812: bind() to 0.0.0.0:443 failed (13: Permission denied)",
                443,
                Some(BindError::Denied),
            ),
            (
                "(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80",
                80,
                Some(BindError::InUse),
            ),
            (
                "[ALERT]    (812) : Starting frontend web: cannot bind socket (Address already in use) [0.0.0.0:8443]",
                8443,
                Some(BindError::InUse),
            ),
            (
                "dnsmasq: failed to create listening socket for port 53: Address already in use",
                53,
                Some(BindError::InUse),
            ),
            ("error: Bind to port 22 on 0.0.0.0 failed: Address already in use.", 22, Some(BindError::InUse)),
            ("Error: listen EADDRINUSE: address already in use :::3000", 3000, Some(BindError::InUse)),
            ("listen tcp :8080: bind: address already in use", 8080, Some(BindError::InUse)),
            (
                "HINT:  Is another postmaster already running on port 5432? Address already in use",
                5432,
                Some(BindError::InUse),
            ),
            ("Bind for 0.0.0.0:8080 failed: port is already allocated", 8080, Some(BindError::InUse)),
            (
                "Could not create server TCP listening socket *:6379: bind: Address already in use",
                6379,
                Some(BindError::InUse),
            ),
            ("java.net.BindException: Failed to bind to /0.0.0.0:8080", 8080, Some(BindError::Other)),
            ("bind() to 0.0.0.0:8443 failed (98: Address already in use)", 443, None),
            ("GET /443 HTTP/1.1 listen 443 failed in use", 444, None),
            ("connect() to 10.0.0.1:443 failed (111: Connection refused)", 443, None),
        ] {
            assert_eq!(bind_error(text, port), expected, "{text}");
        }
    }

    #[test]
    fn complaints_about_the_port_are_kept_before_others() {
        let line = |text: &str| LogLine { at: None, text: text.to_owned() };
        let mut lines = vec![line("bind() to 0.0.0.0:443 failed (98: Address already in use)")];
        lines.extend((0..20).map(|number| line(&format!("[error] other {number}"))));
        lines.push(line("[notice] all is well"));
        let found = of_lines(&lines, "x", "tail x", 443);
        assert_eq!(found.len(), 1 + MOST);
        assert_eq!(found[0].bind, Some(BindError::InUse));
        assert_eq!(found.last().unwrap().line.text, "[error] other 19");
    }
}
