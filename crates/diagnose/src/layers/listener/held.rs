//! Something listens: whether it is the right one, stays, and leads somewhere.

use portreeve_inventory::containers::ContainerState;
use portreeve_model::Listener;

use super::super::{FaultDraft, Judgement};
use super::wording::{addresses, here, list, meant, owner, port, sockets, span};
use crate::case::Case;
use crate::facts::service::{BindError, Candidate, Change, Complaint, Ground, Holder, Inside, Publisher};

/// A start that failed so long ago at most counts as what somebody is after.
const RECENT: i64 = 15 * 60;

pub(super) fn judge(case: &Case) -> Judgement {
    let service = &case.service;
    let told: Vec<String> =
        service.listeners.iter().map(|one| format!("{} listens on {}", owner(one), addresses(one))).collect();
    let mut judgement = Judgement::fine(list(&told));
    if let Some(fault) = restarting(case) {
        judgement.add(fault);
    }
    for listener in &service.listeners {
        if let Some(fault) = activated(case, listener) {
            judgement.add(fault);
        }
    }
    for publisher in &service.publishers {
        if let Some(fault) = published(case, publisher) {
            judgement.add(fault);
        }
    }
    conflicts(case, &mut judgement);
    judgement
}

/// Everybody who held it at first has ended.
fn restarting(case: &Case) -> Option<FaultDraft> {
    let watch = &case.service.watch;
    let roots = case.service.roots();
    let gone = |holder: &&Holder| {
        watch.events.iter().any(|event| event.change == Change::Went && event.pid == holder.pid())
    };
    let first = roots.first().filter(|_| roots.iter().all(gone))?;
    let age = first.age.map_or_else(String::new, |age| format!(", started {} before,", span(age)));
    let again = watch.comings();
    let (code, statement) = if again > 0 || watch.goings() > roots.len() {
        (
            "crash-loop",
            format!(
                "{} held {}{age} ended while it was looked at, and was started again: it ended {} within {:.1} s",
                first.label(),
                port(case),
                times(watch.goings()),
                watch.span.as_secs_f64()
            ),
        )
    } else {
        (
            "ended-meanwhile",
            format!(
                "{} held {}{age} ended while it was looked at, and nothing listens any more",
                first.label(),
                port(case)
            ),
        )
    };
    let mut fault = here(case, code, statement.replacen(" held ", ", which held ", 1));
    fault = with_events(fault, case);
    for log in &case.service.logs {
        for line in log.lines.iter().rev().take(2).rev() {
            fault = fault.seen("log", line.text.trim(), log.command());
        }
    }
    Some(match &first.process.unit {
        Some(unit) => fault.fix(format!("find out why it ends: journalctl --unit={} --lines=50", unit.name)),
        None => fault.fix("find out why it ends: look at its log, or start it by hand in the foreground"),
    })
}

/// With what came and went as evidence.
pub(super) fn with_events(mut fault: FaultDraft, case: &Case) -> FaultDraft {
    for event in case.service.watch.events.iter().take(6) {
        let word = match event.change {
            Change::Came => "came",
            Change::Went => "went",
        };
        fault = fault.seen(
            "process",
            format!("after {:.1} s pid {} {word}: {}", event.after.as_secs_f64(), event.pid, event.command),
            sockets(case),
        );
    }
    fault
}

pub(super) fn times(number: usize) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

/// The socket is kept for a service that cannot be started.
fn activated(case: &Case, listener: &Listener) -> Option<FaultDraft> {
    let activation = listener.owner.activates.as_ref()?;
    let socket = &activation.socket_unit;
    let unit = case.service.socket_units.iter().find(|(unit, _)| *unit.name == **socket);
    if let Some((_, Some(service))) = unit
        && service.has_failed()
    {
        let statement = format!(
            "{} is kept open by {socket} for {}, which has failed ({})",
            port(case),
            service.name,
            service.result
        );
        let mut fault = here(case, "socket-activated-failing", statement).seen(
            "unit",
            format!("{}: {} ({}), result {}", service.name, service.active, service.sub, service.result),
            format!("systemctl status {}", service.name),
        );
        for line in service.journal.iter().rev().take(3).rev() {
            fault = fault.seen("log", line.text.trim(), service.journal_command());
        }
        return Some(fault.fix(format!("find out why: {}", service.journal_command())).fix(format!(
            "then: systemctl reset-failed {} && systemctl start {}",
            service.name, service.name
        )));
    }
    // An activator of its own tells the command that it starts.
    let starts = activation.starts.as_deref()?;
    let program = starts.split_whitespace().next().filter(|program| program.starts_with('/'))?;
    case.service.missing_programs.iter().any(|missing| missing == program).then(|| {
        here(
            case,
            "socket-activated-failing",
            format!(
                "{} keeps {} open for {program}, and there is no such program",
                owner(listener),
                port(case)
            ),
        )
        .seen("file", format!("{program} does not exist"), format!("ls -l {program}"))
        .fix(format!("install {program}, or correct its path in what starts {socket}"))
    })
}

/// A container that publishes the port, and runs.
pub(super) fn published(case: &Case, publisher: &Publisher) -> Option<FaultDraft> {
    let container = &publisher.container;
    let name = container.container.label();
    if container.state == ContainerState::Paused {
        let fault = here(
            case,
            "container-stopped",
            format!(
                "the container {name}, which publishes {}, is paused: its processes are frozen",
                port(case)
            ),
        );
        return Some(
            fault
                .seen(
                    "container",
                    format!("{name}: paused"),
                    format!("docker inspect -f '{{{{.State.Status}}}}' {name}"),
                )
                .fix(format!("docker unpause {name}")),
        );
    }
    let inside = publisher.inside.as_ref().filter(|_| container.state == ContainerState::Running)?;
    if inside.is_reachable() {
        return None;
    }
    Some(without_target(case, publisher, inside))
}

fn without_target(case: &Case, publisher: &Publisher, inside: &Inside) -> FaultDraft {
    let container = &publisher.container;
    let name = container.container.label();
    let inner = container.container_port;
    let pid = container.container.pid.map_or_else(|| "PID".to_owned(), |pid| pid.to_string());
    let why = if inside.addresses.is_empty() {
        "nothing listens on that port".to_owned()
    } else {
        let bound: Vec<String> = inside.addresses.iter().map(ToString::to_string).collect();
        format!("what listens there takes connections of the container itself only ({})", list(&bound))
    };
    let besides = if inside.others.is_empty() || !inside.addresses.is_empty() {
        String::new()
    } else {
        format!(" ({} does)", list(&inside.others))
    };
    let statement =
        format!("{} is forwarded to port {inner} of the container {name}, where {why}{besides}", port(case));
    let mut fault = here(case, "forwarder-without-target", statement);
    if let Some(holder) = case.service.holders.iter().find(|holder| holder.forwards_to.is_some()) {
        fault =
            fault.seen("process", holder.process.command_line.join(" "), format!("ps -fp {}", holder.pid()));
    }
    let listed = if inside.others.is_empty() && inside.addresses.is_empty() {
        "nothing listens in the container".to_owned()
    } else {
        let bound =
            inside.addresses.iter().map(|address| std::net::SocketAddr::new(*address, inner).to_string());
        format!(
            "in the container: {}",
            bound.chain(inside.others.iter().cloned()).collect::<Vec<_>>().join(", ")
        )
    };
    fault = fault.seen("socket", listed, format!("nsenter --net --target {pid} ss -ltnp"));
    fault = fault.fix(if inside.addresses.is_empty() {
        format!(
            "publish the port that the service in the container uses (-p {}:PORT), or let the service use {inner}: docker logs {name}",
            case.question.target.port
        )
    } else {
        format!("let the service in the container listen on 0.0.0.0:{inner} instead of the loopback address")
    });
    fault
}

/// Others that were to have the port.
fn conflicts(case: &Case, judgement: &mut Judgement) {
    let Some(holder) = case.service.roots().first().copied() else { return };
    for candidate in &case.service.candidates {
        match failure(candidate, holder) {
            Some(complaint) if is_fault(case, candidate, complaint) => {
                judgement.add(conflict(case, candidate, complaint, holder));
            }
            Some(complaint) => judgement.note(
                "port-conflict",
                format!(
                    "{} could not bind {}, which {} holds: {}",
                    candidate.name,
                    port(case),
                    holder.label(),
                    complaint.line.text.trim()
                ),
            ),
            None if is_displaced(case, candidate) => judgement.note(
                "held-by-other",
                format!(
                    "{} {} and does not run; {} holds it",
                    candidate.name,
                    meant(candidate),
                    holder.label()
                ),
            ),
            None => {}
        }
    }
    for publisher in &case.service.publishers {
        let container = &publisher.container;
        let error = container.error.as_deref().unwrap_or_default();
        let runs = container.state == ContainerState::Running;
        if !runs && (error.contains("in use") || error.contains("already allocated")) {
            judgement.add(
                here(
                    case,
                    "port-conflict",
                    format!(
                        "the container {} could not be started, for {} holds {}",
                        container.container.label(),
                        holder.label(),
                        port(case)
                    ),
                )
                .seen(
                    "container",
                    error,
                    format!("docker inspect -f '{{{{.State.Error}}}}' {}", container.container.label()),
                )
                .seen("socket", listening(case), sockets(case))
                .fix(format!("end {} or publish another port of the host (-p)", holder.label()))
                .fix(format!("then: docker start {}", container.container.label())),
            );
        }
    }
}

/// The last thing that the candidate said of the port is that it was taken, and it was by who holds it now.
fn failure<'a>(candidate: &'a Candidate, holder: &Holder) -> Option<&'a Complaint> {
    let complaint = candidate.bind_failure().filter(|one| one.bind == Some(BindError::InUse))?;
    let (Some(at), Some(age)) = (complaint.line.at, holder.age) else { return Some(complaint) };
    let begun = jiff::Timestamp::now().checked_sub(jiff::SignedDuration::try_from(age).ok()?).ok()?;
    // Log times have whole seconds.
    (at.as_second() + 1 >= begun.as_second()).then_some(complaint)
}

/// Whether somebody is kept out by it: the holder is not configured for the port, the unit counts as failed, or the start was lately.
fn is_fault(case: &Case, candidate: &Candidate, complaint: &Complaint) -> bool {
    let lately =
        complaint.line.at.is_some_and(|at| jiff::Timestamp::now().as_second() - at.as_second() < RECENT);
    let configured = matches!(candidate.ground(), Some(Ground::Configured(_) | Ground::Unit(_)));
    let usual = case
        .service
        .roots()
        .iter()
        .any(|root| root.software.is_some_and(|software| !software.configuration.is_empty()));
    lately || (configured && !usual)
}

fn conflict(case: &Case, candidate: &Candidate, complaint: &Complaint, holder: &Holder) -> FaultDraft {
    let statement = format!(
        "{} {} and could not bind {}, because {} holds it",
        candidate.name,
        meant(candidate),
        port(case),
        holder.label()
    );
    let mut fault = here(case, "port-conflict", statement).seen(
        "log",
        complaint.line.text.trim(),
        complaint.command.clone(),
    );
    fault = fault.seen("socket", listening(case), sockets(case));
    fault = fault.seen("process", holder.process.command_line.join(" "), format!("ps -fp {}", holder.pid()));
    if let Some(Ground::Configured(named)) = candidate.ground() {
        fault = fault.seen(
            "configuration",
            format!("{}:{}: {}", named.file, named.line, named.text),
            format!("sed -n {}p {}", named.line, named.file),
        );
    }
    let advice = case.service.answer.as_ref().and_then(|answer| answer.advice.first().cloned());
    fault = fault.fix(format!(
        "end {}: {}",
        holder.label(),
        advice.unwrap_or_else(|| format!("kill {}", holder.pid()))
    ));
    for step in super::wording::start(candidate) {
        fault = fault.fix(format!("then: {step}"));
    }
    fault.fix(format!("or let one of the two use another port: {}", candidate.name))
}

/// Configured for the port, installed, not running, while the holder is no software with a configuration of its own.
fn is_displaced(case: &Case, candidate: &Candidate) -> bool {
    let known = |holder: &Holder| holder.software.is_some_and(|software| !software.configuration.is_empty());
    let forwarded = case.service.holders.iter().any(|holder| holder.forwards_to.is_some());
    matches!(candidate.ground(), Some(Ground::Configured(_)))
        && candidate.installed
        && candidate.processes.is_empty()
        && !forwarded
        && !case.service.roots().into_iter().any(known)
}

fn listening(case: &Case) -> String {
    let told: Vec<String> = case
        .service
        .listeners
        .iter()
        .map(|one| format!("{} listens on {}", owner(one), addresses(one)))
        .collect();
    list(&told)
}
