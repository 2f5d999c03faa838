//! Nothing listens: the most telling reason for it.

use std::time::Duration;

use portreeve_inventory::containers::ContainerState;
use portreeve_model::who::{Answer, Reason, ReasonKind};
use portreeve_model::{Listener, NamespaceName};

use super::super::{FaultDraft, Judgement};
use super::held::{published, times, with_events};
use super::wording::{
    addresses, here, is_explained, list, meant, owner, port, processes, sockets, span, start, told,
    with_evidence, without_time,
};
use crate::case::Case;
use crate::facts::Trial;
use crate::facts::service::{BindError, Bystander, Candidate, Ground, Publisher, UnitFacts};

/// A process of this age may still be on its way to listen.
const STARTING: Duration = Duration::from_secs(60);
/// Ended and started again so often by its manager, it does not stay.
const RESTARTS: u64 = 2;

/// One reason for which nothing listens, if it applies.
type Rule = fn(&Case) -> Option<FaultDraft>;

/// The reasons, the most telling first.
const RULES: [Rule; 14] = [
    crash_loop,
    unit_failed,
    socket_unit,
    container,
    bound_only,
    running,
    start_failed,
    named_namespace,
    stopped_lately,
    container_namespace,
    stopped,
    other_protocol,
    kernel,
    nothing,
];

pub(super) fn judge(case: &Case) -> Judgement {
    if let Some(judgement) = served_otherwise(case) {
        return judgement;
    }
    let mut judgement = Judgement::fine("");
    if let Some(fault) = RULES.iter().find_map(|rule| rule(case)) {
        judgement.add(if is_explained(case) { fault.symptom() } else { fault });
    }
    judgement
}

/// Rules send the port on, or something answers that no list of sockets shows.
fn served_otherwise(case: &Case) -> Option<Judgement> {
    let sent_on = case.endpoints.iter().find_map(|endpoint| case.path.translated(endpoint.address));
    if let Some(to) = sent_on {
        let mut judgement = Judgement::fine(format!("rules send {} on to {to}", port(case)));
        for publisher in &case.service.publishers {
            if let Some(fault) = published(case, publisher) {
                judgement.add(fault);
            }
        }
        return Some(judgement);
    }
    let answered =
        case.here().any(|endpoint| case.trials.of(endpoint.address).is_some_and(Trial::is_answered));
    answered.then(|| {
        let mut judgement = Judgement::fine(format!("{} is answered", port(case))).tried();
        judgement.unseen(
            format!(
                "something answers on {}, and no socket of this network namespace is bound to it: a transparent proxy, or a program that steers sockets",
                port(case)
            ),
            Some("bpftool prog list; nft list ruleset | grep tproxy"),
        );
        judgement
    })
}

fn crash_loop(case: &Case) -> Option<FaultDraft> {
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

fn unit_failed(case: &Case) -> Option<FaultDraft> {
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

fn socket_unit(case: &Case) -> Option<FaultDraft> {
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

fn container(case: &Case) -> Option<FaultDraft> {
    let stopped = |publisher: &&Publisher| publisher.container.state != ContainerState::Running;
    let mut publishers: Vec<&Publisher> = case.service.publishers.iter().filter(stopped).collect();
    // The one that ran last is the one that is missed.
    publishers.sort_by(|a, b| b.container.finished_at.cmp(&a.container.finished_at));
    let publisher = publishers.first()?;
    let container = &publisher.container;
    if container.state == ContainerState::Paused {
        return published(case, publisher);
    }
    let name = container.container.label();
    let code = container.exit_code.unwrap_or_default();
    let how = match container.state {
        ContainerState::Restarting => {
            format!(
                "ends with code {code} and is started again, {} so far",
                times(usize::try_from(container.restarts).unwrap_or(usize::MAX))
            )
        }
        ContainerState::Created => "was made and never started".to_owned(),
        _ if container.oom_killed => "was ended by the kernel for want of memory".to_owned(),
        _ => format!("has ended with code {code}"),
    };
    let statement =
        format!("nothing listens on {}: the container {name}, which publishes it, {how}", port(case));
    let finished = container.finished_at.as_deref().map_or_else(String::new, |at| format!(", ended at {at}"));
    let mut fault = here(case, "container-stopped", statement).seen(
        "container",
        format!(
            "{name}: {}, exit code {code}{finished}, restart policy {}",
            container.state.name(),
            container.restart_policy
        ),
        format!("docker ps --all --filter publish={}", case.question.target.port),
    );
    if let Some(error) = &container.error {
        fault = fault.seen("container", error, format!("docker inspect -f '{{{{.State.Error}}}}' {name}"));
    }
    let log =
        container.log.as_ref().and_then(|path| case.service.logs.iter().find(|log| log.open_at == *path));
    for line in log.into_iter().flat_map(|log| log.lines.iter().rev().take(3).rev()) {
        fault = fault.seen("log", line.text.trim(), format!("docker logs --tail 20 {name}"));
    }
    fault = fault
        .fix(format!("docker start {name}"))
        .fix(format!("read why it ended: docker logs --tail 50 {name}"));
    if container.restart_policy == "no" {
        fault = fault
            .fix(format!("so that it starts again by itself: docker update --restart unless-stopped {name}"));
    }
    Some(fault)
}

fn reason(case: &Case, kinds: &[ReasonKind]) -> Option<Reason> {
    let answer: &Answer = case.service.answer.as_ref()?;
    answer.reasons.iter().find(|reason| kinds.contains(&reason.kind)).cloned()
}

fn bound_only(case: &Case) -> Option<FaultDraft> {
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
fn running(case: &Case) -> Option<FaultDraft> {
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
fn remedy(candidate: &Candidate) -> Vec<String> {
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
fn start_failed(case: &Case) -> Option<FaultDraft> {
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

fn stopped_lately(case: &Case) -> Option<FaultDraft> {
    of_stopped(case, Candidate::was_in_use)
}

fn stopped(case: &Case) -> Option<FaultDraft> {
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

/// In the network namespace of the host, or in one that somebody gave a name.
fn named_namespace(case: &Case) -> Option<FaultDraft> {
    let named = |listener: &&Listener| {
        listener.owner.container.is_none()
            && matches!(namespace(case, listener), Some(NamespaceName::Named(_) | NamespaceName::Host))
    };
    case.service.elsewhere.iter().find(named).map(|listener| elsewhere(case, listener))
}

/// In a container. That the port is open in a namespace without a name, which any sandbox may have, says nothing about this one.
fn container_namespace(case: &Case) -> Option<FaultDraft> {
    let contained = |listener: &&Listener| listener.owner.container.is_some();
    case.service.elsewhere.iter().find(contained).map(|listener| elsewhere(case, listener))
}

fn namespace<'a>(case: &'a Case, listener: &Listener) -> Option<&'a NamespaceName> {
    case.service.namespaces.iter().find(|one| one.id == listener.namespace).map(|one| &one.name)
}

fn elsewhere(case: &Case, listener: &Listener) -> FaultDraft {
    let namespace = namespace(case, listener);
    let name = namespace.map_or_else(|| listener.namespace.to_string(), ToString::to_string);
    let enter = if let Some(NamespaceName::Named(name)) = namespace {
        format!("ip netns exec {name}")
    } else {
        let pid = listener.owner.holders.first().map(|holder| holder.pid.to_string());
        format!("nsenter --net --target {}", pid.as_deref().unwrap_or("PID"))
    };
    let statement = format!(
        "nothing listens on {} in this network namespace; {} listens on {} in the network namespace {name}",
        port(case),
        owner(listener),
        addresses(listener)
    );
    let number = case.question.target.port;
    let mut fault = here(case, "other-namespace", statement)
        .seen(
            "socket",
            format!("{} listens on {} in {name}", owner(listener), addresses(listener)),
            format!("{enter} {}", sockets(case)),
        )
        .seen("socket", format!("no socket listens on {} here", port(case)), sockets(case));
    fault = if listener.owner.container.is_some() {
        fault.fix(format!("publish the port of the container: docker run -p {number}:{number} ..."))
    } else {
        fault.fix("start the service in this network namespace")
    };
    fault.fix(format!("or ask where it is: {enter} portreeve why {number}"))
}

fn other_protocol(case: &Case) -> Option<FaultDraft> {
    let listener = case.service.other_protocol.first()?;
    let asked = port(case);
    let found = format!("{}/{}", listener.port, listener.protocol);
    let statement = format!("nothing listens on {asked}; {} serves {found} only", owner(listener));
    let other = if case.is_tcp() { "-lunp" } else { "-ltnp" };
    Some(
        here(case, "other-protocol", statement)
            .seen(
                "socket",
                format!("{} has {} open for {}", owner(listener), addresses(listener), listener.protocol),
                format!("ss {other} 'sport = :{}'", listener.port),
            )
            .seen("socket", format!("no socket listens on {asked}"), sockets(case))
            .fix(format!("if {found} was meant: portreeve why {found}"))
            .fix(format!("otherwise let {} serve {asked}, too", owner(listener))),
    )
}

/// The kernel, something hidden, or something in flight has the port.
fn kernel(case: &Case) -> Option<FaultDraft> {
    let kinds = [
        ReasonKind::KernelSocket,
        ReasonKind::DescriptorInFlight,
        ReasonKind::HiddenProcess,
        ReasonKind::ViewsDisagree,
    ];
    let reason = reason(case, &kinds)?;
    let mut fault = here(case, "not-listening", reason.statement.clone());
    for line in &reason.evidence {
        fault = fault.seen("socket", line, format!("portreeve who {}", case.question.target.port));
    }
    Some(fault.fix(format!("look closer: portreeve who {}", case.question.target.port)))
}

#[expect(clippy::unnecessary_wraps, reason = "the last of the rules, which always applies")]
fn nothing(case: &Case) -> Option<FaultDraft> {
    let near = near(case);
    let besides = if near.is_empty() { String::new() } else { format!("; {}", list(&near)) };
    let statement = format!("nothing listens on {}{besides}", port(case));
    let mut fault = here(case, "nothing-listens", statement).seen(
        "socket",
        format!("no socket listens on {}", port(case)),
        sockets(case),
    );
    let listeners = &case.service.nearby;
    let all: Vec<String> =
        listeners.iter().take(8).map(|one| format!("{}/{} {}", one.port, one.protocol, owner(one))).collect();
    if !all.is_empty() {
        let more = listeners.len().saturating_sub(all.len());
        let more = if more == 0 { String::new() } else { format!(", and {more} more") };
        fault = fault.seen("socket", format!("what listens here: {}{more}", all.join(", ")), "ss -tulnp");
    }
    if let Some(listener) = case.service.elsewhere.first() {
        let name =
            namespace(case, listener).map_or_else(|| listener.namespace.to_string(), ToString::to_string);
        fault = fault.seen(
            "socket",
            format!(
                "{} listens on {} in another network namespace: {name}",
                owner(listener),
                addresses(listener)
            ),
            format!("portreeve who {}", case.question.target.port),
        );
    }
    for candidate in case.service.candidates.iter().take(2) {
        fault = with_evidence(fault, candidate);
    }
    let number = case.question.target.port;
    Some(fault.fix(if near.is_empty() {
        "start the service that is to serve it; if it does run, look at which port its configuration names"
            .to_owned()
    } else {
        format!("let it listen on {number}, too, or use the port that it has")
    }))
}

/// Web servers on other ports, where the web was asked for.
fn near(case: &Case) -> Vec<String> {
    use portreeve_model::why::Application;

    let web = [80, 443, 8080, 8443, 8000, 3000];
    if !matches!(case.question.target.application, Application::Http | Application::Https | Application::Quic)
    {
        return Vec::new();
    }
    let close = |listener: &&Listener| {
        let known = listener
            .owner
            .holders
            .first()
            .and_then(|holder| crate::facts::service::Software::of_program(&holder.name));
        web.contains(&listener.port)
            || known.is_some_and(|software| {
                matches!(software.name, "nginx" | "Apache" | "HAProxy" | "Caddy" | "lighttpd")
            })
    };
    case.service
        .nearby
        .iter()
        .filter(close)
        .take(3)
        .map(|listener| format!("{} listens on {}", owner(listener), addresses(listener)))
        .collect()
}
