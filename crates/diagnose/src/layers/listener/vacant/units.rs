//! The unit that is to serve the port fails, or ends again and again.

use super::processes::remedy;
use crate::case::Case;
use crate::facts::service::{Candidate, UnitFacts};
use crate::layers::FaultDraft;
use crate::layers::listener::held::{times, with_events};
use crate::layers::listener::wording::{here, port, told, with_evidence, without_time};

/// Ended and started again so often by its manager, it does not stay.
const RESTARTS: u64 = 2;

pub(super) fn crash_loop(case: &Case) -> Option<FaultDraft> {
    let watch = &case.service.watch;
    if watch.goings() >= 2 || (watch.goings() >= 1 && watch.comings() >= 1) {
        let event = watch.events.first()?;
        let statement = format!(
            "nothing stays to listen on {}: `{}` was started {} and ended {} within {:.1} s",
            port(case),
            event.command,
            times(watch.comings().max(1)),
            times(watch.goings()),
            watch.span.as_secs_f64()
        );
        let mut fault = with_events(here(case, "crash-loop", statement), case);
        for candidate in case.service.candidates.iter().filter(|one| !one.complaints.is_empty()).take(1) {
            fault = with_evidence(fault, candidate);
        }
        return Some(
            fault.fix("find out why it ends: look at its log, or start it by hand in the foreground"),
        );
    }
    let restarting = |candidate: &&Candidate| {
        candidate.unit.as_ref().is_some_and(|unit| {
            unit.is_restarting() || unit.restarts >= Some(RESTARTS) && unit.active != "active"
        })
    };
    let candidate = case.service.candidates.iter().find(restarting)?;
    let unit = candidate.unit.as_ref()?;
    let statement = format!(
        "nothing stays to listen on {}: {} ends and is started again, {} so far ({})",
        port(case),
        unit.name,
        times(usize::try_from(unit.restarts.unwrap_or(1)).unwrap_or(usize::MAX)),
        ending(unit)
    );
    Some(
        with_evidence(here(case, "crash-loop", statement), candidate)
            .fix(format!("find out why it ends: {}", unit.journal_command())),
    )
}

pub(super) fn unit_failed(case: &Case) -> Option<FaultDraft> {
    let failed = |candidate: &&Candidate| candidate.unit.as_ref().is_some_and(UnitFacts::has_failed);
    let candidate = case.service.candidates.iter().find(failed)?;
    let unit = candidate.unit.as_ref()?;
    let said =
        told(candidate).last().map_or_else(String::new, |one| format!(": {}", without_time(&one.line.text)));
    let statement = format!(
        "nothing listens on {}, because {} has failed ({}){said}",
        port(case),
        unit.name,
        ending(unit)
    );
    let mut fault = with_evidence(here(case, "unit-failed", statement), candidate);
    fault = fault.fix(format!("read why: {}", unit.journal_command()));
    for step in remedy(candidate) {
        fault = fault.fix(step);
    }
    let check = candidate.software.and_then(|software| software.check);
    let check = check.map_or_else(String::new, |check| format!("{check} && "));
    Some(fault.fix(format!("then: {check}systemctl restart {}", unit.name)))
}

/// `exit-code, exit status 1`.
fn ending(unit: &UnitFacts) -> String {
    match unit.exit_status.filter(|status| *status != 0) {
        Some(status) => format!("{}, exit status {status}", unit.result),
        None => unit.result.clone(),
    }
}

pub(super) fn socket_unit(case: &Case) -> Option<FaultDraft> {
    let (socket, service) = case.service.socket_units.iter().find(|(socket, _)| socket.has_failed())?;
    let behind = service.as_ref();
    let statement = format!(
        "nothing listens on {}, because {} has failed ({}){}",
        port(case),
        socket.name,
        socket.result,
        behind.map_or_else(String::new, |service| format!(
            ": {} is {} ({})",
            service.name, service.active, service.result
        ))
    );
    let mut fault = here(case, "socket-activated-failing", statement).seen(
        "unit",
        format!("{}: {} ({}), result {}", socket.name, socket.active, socket.sub, socket.result),
        format!("systemctl status {}", socket.name),
    );
    for unit in behind.into_iter().chain([socket]) {
        for line in unit.journal.iter().rev().take(3).rev() {
            fault = fault.seen("log", line.text.trim(), unit.journal_command());
        }
    }
    let first = behind.unwrap_or(socket);
    Some(fault.fix(format!("read why: {}", first.journal_command())).fix(format!(
        "then: systemctl reset-failed {} {} && systemctl start {}",
        socket.name, first.name, socket.name
    )))
}
