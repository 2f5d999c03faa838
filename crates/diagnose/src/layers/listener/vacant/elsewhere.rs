//! The port is served elsewhere, or was: in a container, in another network namespace, over another protocol.

use portreeve_inventory::containers::ContainerState;
use portreeve_model::{Listener, NamespaceName};

use crate::case::Case;
use crate::facts::service::Publisher;
use crate::layers::FaultDraft;
use crate::layers::listener::held::{published, times};
use crate::layers::listener::wording::{addresses, here, owner, port, sockets};

pub(super) fn container(case: &Case) -> Option<FaultDraft> {
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

/// In the network namespace of the host, or in one that somebody gave a name.
pub(super) fn named_namespace(case: &Case) -> Option<FaultDraft> {
    let named = |listener: &&Listener| {
        listener.owner.container.is_none()
            && matches!(namespace(case, listener), Some(NamespaceName::Named(_) | NamespaceName::Host))
    };
    case.service.elsewhere.iter().find(named).map(|listener| elsewhere(case, listener))
}

/// In a container. That the port is open in a namespace without a name, which any sandbox may have, says
/// nothing about this one.
pub(super) fn container_namespace(case: &Case) -> Option<FaultDraft> {
    let contained = |listener: &&Listener| listener.owner.container.is_some();
    case.service.elsewhere.iter().find(contained).map(|listener| elsewhere(case, listener))
}

pub(super) fn namespace<'a>(case: &'a Case, listener: &Listener) -> Option<&'a NamespaceName> {
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

pub(super) fn other_protocol(case: &Case) -> Option<FaultDraft> {
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
