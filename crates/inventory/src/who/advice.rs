//! What to do about a taken port, gentlest first. Never a signal as the first resort: whoever started the process
//! starts it again, and a unit or a container has its own way of stopping.

use portreeve_model::who::{Answer, ReasonKind, Verdict};
use portreeve_model::{Listener, Process, Runtime, Unit};

use super::Views;

/// Steps in the order to try them.
pub(super) fn advise(answer: &Answer, views: &Views) -> Vec<String> {
    let mut advice: Vec<String> =
        answer.listeners.iter().flat_map(|listener| release(listener, views)).collect();
    for reason in &answer.reasons {
        advice.extend(for_reason(reason.kind, answer.port, views));
    }
    if answer.listeners.is_empty() {
        for count in &answer.others {
            let process = count.example.holders.first().and_then(|holder| views.snapshot.process(holder.pid));
            advice.extend(process.map(stop_process));
        }
    }
    let mut seen: Vec<String> = Vec::new();
    advice.retain(|step| {
        let new = !seen.contains(step);
        if new {
            seen.push(step.clone());
        }
        new
    });
    if advice.is_empty() {
        advice.push(match answer.verdict {
            Verdict::Free => format!("port {} can be used: nothing holds it", answer.port),
            Verdict::Inconclusive => "run it as root: what was not visible may hold the port".to_owned(),
            Verdict::Held | Verdict::Taken => "look at the evidence above, then decide".to_owned(),
        });
    }
    advice
}

/// How the owner of a listener is asked to let go of it.
fn release(listener: &Listener, views: &Views) -> Vec<String> {
    let mut steps = Vec::new();
    let owner = &listener.owner;
    let forwarded = owner.forwards_to.as_ref().and_then(|forward| forward.container.as_ref());
    if let Some(container) =
        forwarded.or(owner.container.as_ref()).and_then(|id| views.snapshot.container(id))
    {
        steps.extend(stop_container(container));
        return steps;
    }
    if let Some(activation) = &owner.activates
        && activation.socket_unit.ends_with(".socket")
    {
        steps.push(format!("close it for good: systemctl disable --now {}", activation.socket_unit));
        return steps;
    }
    if let Some(unit) = owner.unit.as_ref().filter(|unit| stops_as_unit(unit)) {
        let manager = match unit.user_instance {
            Some(uid) => format!("systemctl --user --machine={uid}@"),
            None => "systemctl".to_owned(),
        };
        steps.push(format!("stop it until the next start: {manager} stop {}", unit.name));
        steps.push(format!("stop it for good: {manager} disable --now {}", unit.name));
        return steps;
    }
    let process = owner.holders.iter().find_map(|holder| views.snapshot.process(holder.pid));
    steps.extend(process.map(stop_process));
    steps
}

fn stop_container(container: &portreeve_model::Container) -> Option<String> {
    let label = container.label();
    Some(match container.runtime {
        Runtime::Docker => format!("stop the container: docker stop {label}"),
        Runtime::Podman => format!("stop the container: podman stop {label}"),
        Runtime::Lxc => format!("stop the container: lxc-stop --name {label}"),
        Runtime::SystemdNspawn => format!("stop the container: machinectl poweroff {label}"),
        Runtime::CriO | Runtime::Containerd if container.pod.is_some() => {
            let pod = container.pod.as_ref()?;
            match (&pod.namespace, &pod.name) {
                (Some(namespace), Some(name)) => {
                    format!(
                        "it belongs to a pod; ask its controller: kubectl --namespace {namespace} describe pod {name}"
                    )
                }
                _ => format!("it belongs to pod {}; ask Kubernetes for its controller", pod.uid),
            }
        }
        Runtime::CriO | Runtime::Containerd | Runtime::Unknown => {
            format!("stop container {label} with the tool that started it")
        }
    })
}

/// A service is stopped as one. A scope holds what a person or a runtime started, and is not theirs to stop.
fn stops_as_unit(unit: &Unit) -> bool {
    unit.name.ends_with(".service") || unit.name.ends_with(".socket")
}

fn stop_process(process: &Process) -> String {
    let pid = process.id.pid;
    match process.parents.iter().find(|parent| parent.pid != 1) {
        Some(parent) => format!(
            "end it the way it was started (its parent is {}({})); if that is not possible: kill {pid}, which asks it to finish",
            parent.name, parent.pid
        ),
        None => format!("ask it to finish: kill {pid} (SIGTERM), after a look at what else it does"),
    }
}

fn for_reason(kind: ReasonKind, port: u16, views: &Views) -> Vec<String> {
    match kind {
        ReasonKind::NoPermission if views.snapshot.host.privileged => {
            vec!["look from outside the sandbox or container that this runs in: from here even root may not see the owner".to_owned()]
        }
        ReasonKind::NoPermission => vec![format!("see the owner: sudo portreeve who {port}")],
        ReasonKind::KernelSocket => {
            let mut steps: Vec<String> = views.kernel_users.iter().map(|user| user.release.clone()).collect();
            if steps.is_empty() {
                steps.push("find the kernel service: look at lsmod, /proc/fs/nfsd/portlist, ip -details link show type vxlan".to_owned());
            }
            steps
        }
        ReasonKind::TimeWait => vec![
            "a server takes the port over at once when it sets SO_REUSEADDR before bind(); most do".to_owned(),
            "otherwise wait: the longest is over in a minute".to_owned(),
        ],
        ReasonKind::Orphans => vec![
            "wait: the kernel ends them by itself (net.ipv4.tcp_fin_timeout, tcp_orphan_retries)".to_owned(),
            format!("or end them now: ss --kill state all sport = :{port} (needs CONFIG_INET_DIAG_DESTROY)"),
        ],
        ReasonKind::BoundOnly => {
            vec!["ask the program why it bound the port without listening: a start that hangs or failed half-way looks so".to_owned()]
        }
        ReasonKind::Connections => vec![format!(
            "keep it out of automatic choice for a server that needs it: add {port} to net.ipv4.ip_local_reserved_ports"
        )],
        ReasonKind::Reserved => {
            vec!["nothing to do for a server that binds the port; reservation only keeps outgoing connections away".to_owned()]
        }
        ReasonKind::HiddenProcess => vec![
            "treat the machine as compromised until the hiding is explained: do not kill the process yet, it is evidence".to_owned(),
            "look at it from outside: a memory image, the disk on another machine, packets at the switch".to_owned(),
        ],
        ReasonKind::ViewsDisagree => vec![
            "run it again: a socket may have come or gone between the views".to_owned(),
            "if it stays so, suspect a rootkit and look at the machine from outside".to_owned(),
        ],
        ReasonKind::DescriptorInFlight => {
            vec!["look at the process that is to receive it: it may hang".to_owned()]
        }
        ReasonKind::OtherNamespace | ReasonKind::SocketActivation | ReasonKind::ReusePortGroup => Vec::new(),
    }
}
