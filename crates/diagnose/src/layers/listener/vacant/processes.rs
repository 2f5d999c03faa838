//! The software that is to serve the port: its processes do not listen, or there are none.

use std::time::Duration;

use portreeve_model::who::ReasonKind;

use super::reason;
use crate::case::Case;
use crate::facts::service::{BindError, Bystander, Candidate, Ground};
use crate::layers::FaultDraft;
use crate::layers::listener::wording::{
    here, list, meant, port, processes, sockets, span, start, with_evidence, without_time,
};

/// A process of this age may still be on its way to listen.
const STARTING: Duration = Duration::from_secs(60);

pub(super) fn bound_only(case: &Case) -> Option<FaultDraft> {
    let reason = reason(case, &[ReasonKind::BoundOnly])?;
    let mut fault = here(case, "bound-only", reason.statement.clone());
    let number = case.question.target.port;
    for line in &reason.evidence {
        fault = fault.seen("socket", line, format!("ss -tanp 'sport = :{number}' state unconnected"));
    }
    let holder = case.service.sockets.iter().find_map(|socket| socket.holders.first());
    if let Some(holder) = holder {
        fault = fault.seen(
            "process",
            format!("{} (pid {})", holder.name, holder.pid),
            format!("ps -fp {}; cat /proc/{}/stack", holder.pid, holder.pid),
        );
        fault = fault.fix(format!(
            "find out what {} waits for before it calls listen(): strace -p {}",
            holder.name, holder.pid
        ));
    }
    Some(fault.fix("restart the service, and look at its log"))
}

/// Its process is there, and does not listen on the port.
pub(super) fn running(case: &Case) -> Option<FaultDraft> {
    let candidate = case.service.candidates.iter().find(|one| !one.processes.is_empty())?;
    let youngest = candidate.processes.iter().map(|process| process.age).min()?;
    let oldest = candidate.processes.iter().map(|process| process.age).max()?;
    let who = processes(&candidate.processes);
    let changed = match candidate.ground() {
        Some(Ground::Configured(named)) => named.changed.map(|changed| (named, changed)),
        _ => None,
    };
    let refused = candidate.bind_failure();
    if let Some((named, changed)) = changed
        && changed < youngest
        && refused.is_none()
    {
        let statement = format!(
            "{who} does not listen on {}: {}, which names it, was changed {} ago, and {} has read its configuration {} ago",
            port(case),
            named.file,
            span(changed),
            candidate.name,
            span(youngest)
        );
        let fault = with_evidence(here(case, "not-reloaded", statement), candidate);
        let fault = processes_of(fault, candidate);
        return Some(reload(fault, candidate));
    }
    if oldest < STARTING && refused.is_none() {
        let statement = format!(
            "{who} was started {} ago and does not listen on {} yet; it {}",
            span(oldest),
            port(case),
            meant(candidate)
        );
        let fault = processes_of(with_evidence(here(case, "starting", statement), candidate), candidate);
        return Some(
            fault
                .fix(format!("wait, and ask again: portreeve why {}", case.question.target.text))
                .fix("if it stays so: look at its log for what it waits for (a database, a name, a lock)"),
        );
    }
    let why = refused.map_or_else(String::new, |one| format!(": {}", without_time(&one.line.text)));
    let statement = format!("{who} {} and does not listen on {}{why}", meant(candidate), port(case));
    let mut fault = processes_of(with_evidence(here(case, "not-listening", statement), candidate), candidate);
    for step in remedy(candidate) {
        fault = fault.fix(step);
    }
    Some(if refused.is_some() {
        reload(fault, candidate)
    } else {
        fault.fix(format!("restart {}, and look at its log", candidate.name))
    })
}

fn processes_of(mut fault: FaultDraft, candidate: &Candidate) -> FaultDraft {
    for Bystander { pid, command_line, age, listens_on, .. } in candidate.processes.iter().take(2) {
        let ports = if listens_on.is_empty() { "no port".to_owned() } else { list(listens_on) };
        fault = fault.seen(
            "process",
            format!("pid {pid}, started {} ago, listens on {ports}: {command_line}", span(*age)),
            format!("ps -o pid,lstart,args -p {pid}"),
        );
    }
    fault
}

fn reload(fault: FaultDraft, candidate: &Candidate) -> FaultDraft {
    let check = candidate
        .software
        .and_then(|software| software.check)
        .map_or_else(String::new, |check| format!("{check} && "));
    match &candidate.unit {
        Some(unit) => fault.fix(format!("{check}systemctl reload-or-restart {}", unit.name)),
        None => match candidate.processes.first() {
            Some(first) => {
                fault.fix(format!("{check}kill -HUP {} (or restart {})", first.pid, candidate.name))
            }
            None => fault.fix(format!("{check}service {} reload", candidate.name)),
        },
    }
}

/// What to do about the reason for which the port could not be bound.
pub(super) fn remedy(candidate: &Candidate) -> Vec<String> {
    let Some(complaint) = candidate.bind_failure() else { return Vec::new() };
    let address = match candidate.ground() {
        Some(Ground::Configured(named)) => named.address,
        _ => None,
    };
    match complaint.bind {
        Some(BindError::NoAddress) => vec![format!(
            "give this host the address {} (ip address show), correct it in the configuration, or allow it ahead of time: sysctl -w net.ipv4.ip_nonlocal_bind=1",
            address.map_or_else(|| "that it binds".to_owned(), |address| address.to_string())
        )],
        Some(BindError::Denied) => vec![
            "a port below net.ipv4.ip_unprivileged_port_start needs root or CAP_NET_BIND_SERVICE (AmbientCapabilities= in its unit); SELinux and AppArmor can refuse it, too".to_owned(),
        ],
        _ => Vec::new(),
    }
}

/// It does not run, and its log says why.
pub(super) fn start_failed(case: &Case) -> Option<FaultDraft> {
    let (candidate, line) =
        case.service.candidates.iter().filter(|one| one.processes.is_empty() && one.installed).find_map(
            |one| {
                let last = one
                    .complaints
                    .iter()
                    .rev()
                    .find(|complaint| complaint.bind.is_some() || is_fatal(&complaint.line.text))?;
                Some((one, without_time(&last.line.text)))
            },
        )?;
    let statement = format!(
        "nothing listens on {}: {} {} and does not run, and its last start failed: {line}",
        port(case),
        candidate.name,
        meant(candidate)
    );
    let mut fault = with_evidence(here(case, "start-failed", statement), candidate);
    for step in remedy(candidate) {
        fault = fault.fix(step);
    }
    for step in start(candidate) {
        fault = fault.fix(step);
    }
    Some(fault)
}

/// Whether a line speaks of the end of a program, not of a request.
fn is_fatal(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    [
        "[emerg]",
        ":emerg]",
        "[alert]",
        "fatal",
        "panic",
        "no listening sockets available",
        "configuration failed",
        "cannot open shared object",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

pub(super) fn stopped_lately(case: &Case) -> Option<FaultDraft> {
    of_stopped(case, Candidate::was_in_use)
}

pub(super) fn stopped(case: &Case) -> Option<FaultDraft> {
    of_stopped(case, |_| true)
}

fn of_stopped(case: &Case, counts: fn(&Candidate) -> bool) -> Option<FaultDraft> {
    let is_down =
        |one: &&Candidate| one.processes.is_empty() && one.installed && one.software.is_some() && counts(one);
    let candidate = case.service.candidates.iter().find(is_down)?;
    let statement = format!(
        "nothing listens on {}: {} {} and does not run",
        port(case),
        candidate.name,
        meant(candidate)
    );
    let mut fault = with_evidence(here(case, "software-stopped", statement), candidate).seen(
        "socket",
        format!("no socket listens on {}", port(case)),
        sockets(case),
    );
    for step in start(candidate) {
        fault = fault.fix(step);
    }
    Some(fault)
}
