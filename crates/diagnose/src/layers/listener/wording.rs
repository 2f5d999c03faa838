//! How listeners, holders and candidates are named in sentences.

use std::net::SocketAddr;
use std::time::Duration;

use portreeve_model::{Listener, Protocol};

use crate::case::Case;
use crate::facts::service::{Bystander, Candidate, Complaint, Ground, Software};
use crate::layers::{FaultDraft, limits, mac};

/// `443/tcp`.
pub(super) fn port(case: &Case) -> String {
    format!("{}/{}", case.question.target.port, case.question.target.protocol)
}

/// The command that shows the sockets of the port.
pub(super) fn sockets(case: &Case) -> String {
    let kind = if case.question.target.protocol == Protocol::Udp { "-lunp" } else { "-ltnp" };
    format!("ss {kind} 'sport = :{}'", case.question.target.port)
}

/// `0.0.0.0:443 and [::]:443`.
pub(super) fn addresses(listener: &Listener) -> String {
    let addresses: Vec<String> = listener
        .addresses
        .iter()
        .map(|bound| SocketAddr::new(bound.address, listener.port).to_string())
        .collect();
    list(&addresses)
}

/// `nginx (pid 812)`, or why nobody can be named.
pub(super) fn owner(listener: &Listener) -> String {
    match listener.owner.holders.iter().min_by_key(|holder| holder.pid) {
        Some(holder) => format!("{} (pid {})", holder.name, holder.pid),
        None => "a process that could not be seen".to_owned(),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// `nginx (pid 812)` or `nginx (pid 812 and 2 others)`.
pub(super) fn processes(processes: &[Bystander]) -> String {
    let Some(first) = processes.first() else { return "no process".to_owned() };
    match processes.len() {
        1 => first.label(),
        2 => format!("{} (pid {} and another)", first.name, first.pid),
        more => format!("{} (pid {} and {} others)", first.name, first.pid, more - 1),
    }
}

/// `is configured for it (/etc/nginx/nginx.conf:3)`.
pub(super) fn meant(candidate: &Candidate) -> String {
    match candidate.ground() {
        Some(Ground::Configured(named)) => format!("is configured for it ({}:{})", named.file, named.line),
        Some(Ground::CommandLine(_)) => "has it in its command line".to_owned(),
        Some(Ground::Unit(_)) => "has it in its unit".to_owned(),
        Some(Ground::Usual(file)) => format!("usually serves it, and {file} does not say otherwise"),
        None => "is meant for it".to_owned(),
    }
}

/// `12 seconds`, `3 minutes`, `5 hours`, `2 days`.
pub(super) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (number, unit) = match seconds {
        0..=119 => (seconds, "second"),
        120..=7_199 => (seconds / 60, "minute"),
        7_200..=172_799 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

/// A fault at the endpoints that this host has.
pub(super) fn here(case: &Case, code: &'static str, statement: String) -> FaultDraft {
    let here: Vec<SocketAddr> = case.here().map(|endpoint| endpoint.address).collect();
    match case.others(&here) {
        0 => FaultDraft::all(code, statement),
        others => FaultDraft::at(code, statement, here, others),
    }
}

/// Whether it is known why nothing listens, and that lies in another layer: the kernel ended the process, or access control kept it
/// from starting.
pub(super) fn is_explained(case: &Case) -> bool {
    limits::kill_of(case).is_some() || limits::container_killed(case) || mac::keeps_from_starting(case)
}

/// With the grounds, the unit, the processes and the last complaints of a candidate as evidence.
pub(super) fn with_evidence(mut fault: FaultDraft, candidate: &Candidate) -> FaultDraft {
    for ground in candidate.grounds.iter().take(3) {
        let (kind, command) = match ground {
            Ground::Configured(named) => ("configuration", format!("sed -n {}p {}", named.line, named.file)),
            Ground::CommandLine(_) => (
                "process",
                candidate.processes.first().map_or_else(String::new, |one| format!("ps -fp {}", one.pid)),
            ),
            Ground::Unit(_) => (
                "unit",
                candidate
                    .unit
                    .as_ref()
                    .map_or_else(String::new, |unit| format!("systemctl cat {}", unit.name)),
            ),
            Ground::Usual(file) => ("configuration", format!("cat {file}")),
        };
        fault = fault.seen(kind, ground.to_string(), command);
    }
    if let Some(unit) = &candidate.unit {
        let exit = unit.exit_status.map_or_else(String::new, |status| format!(", exit status {status}"));
        let restarts = unit
            .restarts
            .filter(|times| *times > 0)
            .map_or_else(String::new, |times| format!(", {times} restarts"));
        fault = fault.seen(
            "unit",
            format!("{}: {} ({}), result {}{exit}{restarts}", unit.name, unit.active, unit.sub, unit.result),
            format!("systemctl status {}", unit.name),
        );
    }
    if let Some((file, pid)) = &candidate.stale_pid_file {
        fault = fault.seen(
            "pid-file",
            format!("{file} holds {pid}, which is no process of it"),
            format!("cat {file}; ps -p {pid}"),
        );
    }
    for complaint in told(candidate) {
        fault = fault.seen("log", complaint.line.text.trim(), complaint.command.clone());
    }
    fault
}

/// The complaints that are shown: those about the port, or else the last three.
pub(super) fn told(candidate: &Candidate) -> Vec<&Complaint> {
    let about: Vec<&Complaint> = candidate.complaints.iter().filter(|one| one.bind.is_some()).collect();
    let chosen = if about.is_empty() { candidate.complaints.iter().collect() } else { about };
    let mut texts: Vec<&str> = Vec::new();
    let mut last: Vec<&Complaint> = Vec::new();
    for one in chosen.into_iter().rev() {
        let text = without_time(&one.line.text);
        if !texts.contains(&text) && last.len() < 3 {
            texts.push(text);
            last.push(one);
        }
    }
    last.reverse();
    last
}

/// A line without its date and time, which differ where nothing else does.
pub(in crate::layers) fn without_time(line: &str) -> &str {
    let mut rest = line.trim();
    while let Some((word, after)) = rest.split_once(' ')
        && word.starts_with(|first: char| first.is_ascii_digit())
        && word.contains([':', '/', '-'])
    {
        rest = after;
    }
    rest
}

/// How it is started again.
pub(in crate::layers) fn start(candidate: &Candidate) -> Vec<String> {
    let mut steps = Vec::new();
    let check = candidate.software.and_then(|software| software.check);
    match (&candidate.unit, check) {
        (Some(unit), Some(check)) => steps.push(format!("{check} && systemctl start {}", unit.name)),
        (Some(unit), None) => steps.push(format!("systemctl start {}", unit.name)),
        (None, Some(check)) => {
            let name = candidate
                .software
                .and_then(Software::unit)
                .map_or_else(|| candidate.name.clone(), |unit| unit.trim_end_matches(".service").to_owned());
            steps.push(format!("{check} && service {name} start"));
        }
        (None, None) => steps.push(format!("start {}", candidate.name)),
    }
    if let Some(unit) = candidate.unit.as_ref().filter(|unit| unit.file_state == "disabled") {
        steps.push(format!("so that it starts at boot: systemctl enable {}", unit.name));
    }
    steps
}
