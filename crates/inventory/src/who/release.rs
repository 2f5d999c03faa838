//! How the owner of a socket is asked to let go of it.

use portreeve_model::{Container, Listener, Process, Runtime, Unit};

use super::case::Case;

/// Steps for a listener in the asked namespace.
pub(super) fn listener(listener: &Listener, case: &Case<'_>) -> Vec<String> {
    let owner = &listener.owner;
    let container = |id| case.views.snapshot.container(id);
    if let Some(forward) = &owner.forwards_to {
        // The forwarder's own unit is the container runtime's: stopping that would stop every container.
        return match forward.container.as_ref().and_then(container) {
            Some(container) => stop_container(container),
            None => vec![format!(
                "find the container that publishes it: docker ps --filter publish={0}, or podman ps --filter publish={0}",
                listener.port
            )],
        };
    }
    if let Some(container) = owner.container.as_ref().and_then(container) {
        return stop_container(container);
    }
    if let Some(activation) = &owner.activates
        && activation.socket_unit.ends_with(".socket")
    {
        let socket = &activation.socket_unit;
        let mut steps = vec![format!("close the port until the next boot: systemctl stop {socket}")];
        steps.push(format!("close it for good: systemctl disable --now {socket}"));
        steps.extend(activation.starts.as_ref().filter(|starts| starts.ends_with(".service")).map(
            |service| {
                format!(
                    "stopping {service} alone does not free the port: the next connection starts it again"
                )
            },
        ));
        return steps;
    }
    let process = owner.holders.iter().find_map(|holder| case.process(holder.pid));
    match (&owner.unit, process) {
        (Some(unit), _) if stops_as_unit(unit) => stop_unit(unit),
        (_, Some(process)) => stop_process(process),
        (_, None) => Vec::new(),
    }
}

/// Steps for a process that holds the port without listening.
pub(super) fn of_process(process: &Process, case: &Case<'_>) -> Vec<String> {
    if let Some(container) = process.container.as_ref().and_then(|id| case.views.snapshot.container(id)) {
        return stop_container(container);
    }
    match &process.unit {
        Some(unit) if stops_as_unit(unit) => stop_unit(unit),
        _ => stop_process(process),
    }
}

fn stop_container(container: &Container) -> Vec<String> {
    let label = container.label();
    if let Some(pod) = &container.pod {
        return vec![match (&pod.namespace, &pod.name) {
            (Some(namespace), Some(name)) => format!(
                "it belongs to a pod, which its controller would start again; ask for the controller: kubectl --namespace {namespace} describe pod {name}"
            ),
            _ => format!(
                "it belongs to pod {}, which its controller would start again; ask for the controller: kubectl get pods --all-namespaces -o wide",
                pod.uid
            ),
        }];
    }
    vec![match container.runtime {
        Runtime::Docker => {
            format!("stop the container: docker stop {label}; or publish another port of the host (-p)")
        }
        Runtime::Podman => {
            format!("stop the container: podman stop {label}; or publish another port of the host (-p)")
        }
        Runtime::Lxc => format!("stop the container: lxc-stop --name {label}"),
        Runtime::SystemdNspawn => format!("stop the container: machinectl poweroff {label}"),
        Runtime::CriO => format!("stop the container with what started it; to look: crictl inspect {label}"),
        Runtime::Containerd => format!(
            "stop the container with what started it; to look: nerdctl inspect {label}, or ctr containers info {label}"
        ),
        Runtime::Unknown => format!("stop container {label} with the tool that started it"),
    }]
}

/// A service is stopped as one. A scope holds what a person or a runtime started, and is not theirs to stop.
fn stops_as_unit(unit: &Unit) -> bool {
    unit.name.ends_with(".service") || unit.name.ends_with(".socket")
}

fn stop_unit(unit: &Unit) -> Vec<String> {
    let manager = match unit.user_instance {
        Some(uid) => format!("systemctl --user --machine={uid}@"),
        None => "systemctl".to_owned(),
    };
    vec![
        format!("stop it until the next boot: {manager} stop {}", unit.name),
        format!("stop it for good: {manager} disable --now {}", unit.name),
    ]
}

fn stop_process(process: &Process) -> Vec<String> {
    let pid = process.id.pid;
    let origin = match process.parents.iter().find(|parent| parent.pid != 1) {
        Some(parent) => format!("its parent is {}({})", parent.name, parent.pid),
        None => "its parent is PID 1".to_owned(),
    };
    vec![
        format!(
            "end {}({pid}) by the means it was started with ({origin}), or what started it may start it again",
            process.name
        ),
        format!(
            "if it has none, look at what else it does (ls -l /proc/{pid}/fd), then ask it to finish: kill {pid}"
        ),
    ]
}
