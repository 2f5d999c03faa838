//! What to do about a port, gentlest first. Never a signal as the first resort: whoever started a process starts it
//! again, and a unit or a container has its own way of stopping.

use portreeve_linux::Errno;
use portreeve_linux::probe::Occupancy;
use portreeve_model::who::{Answer, Reason, ReasonKind, Verdict};
use portreeve_model::{Listener, NamespaceName, NoHolder};

use super::case::{Case, is_waiting, shares_ports};
use super::{Disguise, HiddenProcess, release};

/// Steps in the order to try them, none twice.
pub(super) fn advise(answer: &Answer, case: &Case<'_>) -> Vec<String> {
    let mut advice: Vec<String> = Vec::new();
    // What hides may be an intruder: that comes before any thought of stopping something.
    let (alarms, others): (Vec<&Reason>, Vec<&Reason>) =
        answer.reasons.iter().partition(|reason| is_alarm(reason.kind));
    advice.extend(alarms.iter().flat_map(|reason| for_reason(reason.kind, answer, case)));
    let here = |listener: &&Listener| listener.namespace == case.query.namespace;
    advice
        .extend(answer.listeners.iter().filter(here).flat_map(|listener| release::listener(listener, case)));
    for count in answer.others.iter().filter(|count| !case.is_open(count.example.protocol)) {
        let process = count.example.holders.first().and_then(|holder| case.process(holder.pid));
        advice.extend(process.into_iter().flat_map(|process| release::of_process(process, case)));
    }
    advice.extend(others.iter().flat_map(|reason| for_reason(reason.kind, answer, case)));
    if advice.is_empty() {
        advice.extend(in_general(answer, case));
    }
    let mut seen: Vec<String> = Vec::new();
    advice.retain(|step| {
        let new = !seen.contains(step);
        if new {
            seen.push(step.clone());
        }
        new
    });
    advice
}

fn is_alarm(kind: ReasonKind) -> bool {
    matches!(kind, ReasonKind::HiddenProcess | ReasonKind::ViewsDisagree)
}

fn in_general(answer: &Answer, case: &Case<'_>) -> Vec<String> {
    match answer.verdict {
        Verdict::Free => free(case),
        Verdict::Inconclusive if case.views.snapshot.host.privileged => {
            vec!["look from outside the container or sandbox that this runs in".to_owned()]
        }
        Verdict::Inconclusive => vec![format!(
            "run it as root, for what was not visible may hold the port: sudo portreeve who {}",
            case.query.port
        )],
        Verdict::Held | Verdict::Taken => vec!["look at the evidence above, then decide".to_owned()],
    }
}

/// Free for whoever may bind it.
fn free(case: &Case<'_>) -> Vec<String> {
    let port = case.query.port;
    let forbidden =
        case.views.probes.iter().any(|probe| probe.occupancy == Occupancy::Unknown(Errno::ACCESS));
    if !forbidden {
        return vec![format!("nothing has to be done: a program can bind port {port}")];
    }
    let limit = case.views.unprivileged_start.filter(|start| port < *start);
    let why = limit.map_or_else(String::new, |start| {
        format!(", for it is below {start} (net.ipv4.ip_unprivileged_port_start)")
    });
    vec![format!(
        "nothing holds port {port}, but this user may not bind it{why}: a server needs root, or CAP_NET_BIND_SERVICE (setcap cap_net_bind_service=+ep FILE, or AmbientCapabilities= in its unit)"
    )]
}

fn for_reason(kind: ReasonKind, answer: &Answer, case: &Case<'_>) -> Vec<String> {
    let port = case.query.port;
    match kind {
        ReasonKind::NoPermission if case.views.snapshot.host.privileged => vec![
            "look from outside the container or sandbox that this runs in: not even root may look into every process from here".to_owned(),
        ],
        ReasonKind::NoPermission => vec![format!("see the holder: sudo portreeve who {port}")],
        ReasonKind::KernelSocket => kernel_socket(case),
        ReasonKind::TimeWait => vec![
            "start the server all the same: one that sets SO_REUSEADDR before bind(), as most do, gets the port at once".to_owned(),
            "otherwise wait: the last of them is gone within a minute".to_owned(),
        ],
        ReasonKind::Orphans => vec![
            "wait: the kernel ends them by itself (net.ipv4.tcp_fin_timeout, net.ipv4.tcp_orphan_retries)".to_owned(),
            format!("if that takes too long: ss --kill --tcp state all sport = :{port} (a kernel with CONFIG_INET_DIAG_DESTROY)"),
        ],
        ReasonKind::BoundOnly => vec![
            "find out why it does not listen: a start that hangs or failed half-way looks like this, see its log".to_owned(),
        ],
        ReasonKind::Connections => vec![format!(
            "if a server needs this port at every start, reserve it: sysctl -w net.ipv4.ip_local_reserved_ports={}",
            reserved_with(case, port)
        )],
        ReasonKind::Reserved if answer.verdict == Verdict::Free => vec![
            "nothing has to be done: a server that asks for the port gets it, and outgoing connections stay away from it".to_owned(),
        ],
        ReasonKind::HiddenProcess => hidden_process(case),
        ReasonKind::ViewsDisagree => vec![
            "do not trust the tools of this machine: a rootkit that edits what they read looks like this".to_owned(),
            "compare from outside: scan the port from another machine, and look at the disk from a rescue system".to_owned(),
        ],
        ReasonKind::DescriptorInFlight => {
            vec!["look at the process that is to receive it, for it may hang: cat /proc/PID/stack, strace -p PID".replace("PID", &receiver(case))]
        }
        ReasonKind::OtherNamespace if case.here.is_empty() => elsewhere(answer, case),
        ReasonKind::Reserved
        | ReasonKind::OtherNamespace
        | ReasonKind::SocketActivation
        | ReasonKind::ReusePortGroup => Vec::new(),
    }
}

fn reserved_with(case: &Case<'_>, port: u16) -> String {
    match &case.views.reserved_ports {
        Some(ports) if !ports.is_empty() => format!("{ports},{port}"),
        _ => port.to_string(),
    }
}

fn receiver(case: &Case<'_>) -> String {
    case.views.processes.parked.first().map_or_else(|| "PID".to_owned(), |parked| parked.pid.to_string())
}

fn kernel_socket(case: &Case<'_>) -> Vec<String> {
    let known = |protocol| case.here.iter().any(|socket| shares_ports(socket.protocol, protocol));
    let mut steps: Vec<String> = case
        .views
        .kernel_users
        .iter()
        .filter(|user| known(user.protocol) || case.here.is_empty())
        .map(|user| user.release.clone())
        .collect();
    let is_unknown = case.unheld().any(|socket| {
        socket.no_holder != Some(NoHolder::Permission)
            && !case.views.kernel_users.iter().any(|user| shares_ports(user.protocol, socket.protocol))
    });
    if is_unknown {
        steps.push(
            "find the kernel service: rpcinfo -p, ip -details link, lsmod, cat /proc/fs/nfsd/portlist"
                .to_owned(),
        );
    }
    steps
}

fn hidden_process(case: &Case<'_>) -> Vec<String> {
    let Some(process) = case.views.processes.hidden.first() else { return Vec::new() };
    let HiddenProcess { pid, disguise, .. } = process;
    let mut steps = Vec::new();
    if let Disguise::Mount { point, .. } = disguise {
        steps.push(format!(
            "look beneath the mount, without changing anything outside: unshare --mount sh -c 'umount {point}; ls -l /proc/{pid}/exe /proc/{pid}/fd'"
        ));
    }
    steps.push(
        "unless you know who hides it and why, treat the machine as compromised: leave the process alone for now, it is evidence".to_owned(),
    );
    steps.push(
        "look from outside: a memory image, the disk on another machine, packets at the switch".to_owned(),
    );
    steps
}

/// The port is open in other namespaces only.
fn elsewhere(answer: &Answer, case: &Case<'_>) -> Vec<String> {
    let port = case.query.port;
    let mut steps = vec![format!(
        "to use port {port} here, nothing has to be done: every network namespace has its own ports"
    )];
    let Some(socket) = case.elsewhere.iter().find(|socket| is_waiting(socket)) else { return steps };
    let namespace = case.views.snapshot.namespace(socket.namespace).map(|namespace| &namespace.name);
    let holder = socket.holders.first().map(|holder| holder.pid);
    let enter = match (namespace, holder) {
        (Some(NamespaceName::Named(name)), _) => Some(format!("ip netns exec {name}")),
        (_, Some(pid)) => Some(format!("nsenter --net --target {pid}")),
        (_, None) => None,
    };
    steps.extend(
        enter.map(|enter| {
            format!("to reach what is there, go in: {enter} COMMAND, such as: {enter} ss -tlnp")
        }),
    );
    let in_container = answer.listeners.iter().any(|listener| listener.owner.container.is_some());
    if in_container {
        steps.push(format!(
            "to reach it from here or from outside, publish the port of the container: -p {port}:{port} for docker and podman"
        ));
    }
    steps
}
