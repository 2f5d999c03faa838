//! How findings name things, so that one thing has one name in every finding.

use std::fmt::Write as _;

use portreeve_model::{
    BoundAddress, Endpoint, Executable, Holder, IpCoverage, Listener, NoHolder, Process, Reach, Socket,
    Subject,
};

use super::Scene;

/// `127.0.0.1:80`, `[::]:80`, with `%eth0` for a socket bound to a device.
pub(super) fn address(bound: &BoundAddress, port: u16) -> String {
    let mut text = Endpoint::Inet { address: bound.address, port }.to_string();
    if let Some(interface) = &bound.interface {
        match &interface.name {
            Some(name) => _ = write!(text, "%{name}"),
            None => _ = write!(text, "%if{}", interface.index),
        }
    }
    text
}

/// Every address of a listener, with the protocol in front.
pub(super) fn addresses(listener: &Listener) -> String {
    let shown: Vec<String> = listener.addresses.iter().map(|bound| address(bound, listener.port)).collect();
    format!("{} {}", listener.protocol, shown.join(", "))
}

/// One line of evidence: where a listener is bound and how far that reaches.
pub(super) fn bind_evidence(scene: &Scene<'_>, listener: &Listener) -> String {
    let mut line = format!("bound to {}", addresses(listener));
    if listener.addresses.iter().any(|bound| bound.covers == IpCoverage::DualStack) {
        line.push_str(" (IPv4 and IPv6)");
    }
    match scene.foreign_namespace(listener.namespace) {
        Some(name) if listener.reach == Reach::ContainerInternal => _ = write!(line, ", inside {name}"),
        _ => _ = write!(line, ": {}", listener.reach.heading()),
    }
    line
}

/// The holders as a line of evidence: `held by redis-server (pid 812)`, or why there is none.
pub(super) fn held_by(scene: &Scene<'_>, listener: &Listener) -> String {
    let owner = owner(scene, listener);
    if listener.owner.holders.is_empty() { owner } else { format!("held by {owner}") }
}

/// Who holds a listener: `redis-server (pid 812), redis.service, user redis`.
pub(super) fn owner(scene: &Scene<'_>, listener: &Listener) -> String {
    let owner = &listener.owner;
    let Some(first) = owner.holders.first() else {
        return owner.no_holder.map_or("an unknown owner", NoHolder::phrase).to_owned();
    };
    let mut pids: Vec<u32> = owner.holders.iter().map(|holder| holder.pid).collect();
    pids.sort_unstable();
    pids.dedup();
    let mut text = format!("{} ({})", first.name, pid_list(&pids));
    if let Some(activation) = &owner.activates {
        _ = write!(text, ", for {}", activation.socket_unit);
    } else if let Some(unit) = &owner.unit {
        _ = write!(text, ", {}", unit.name);
    }
    if let Some(id) = &owner.container {
        _ = write!(text, ", container {}", scene.container(id).map_or(&**id, |container| container.label()));
    }
    if !owner.users.is_empty() {
        let word = if owner.users.len() == 1 { "user" } else { "users" };
        _ = write!(text, ", {word} {}", owner.users.join(", "));
    }
    text
}

/// `pid 7`, `pids 7, 8, 9 and 4 more`.
pub(super) fn pid_list(pids: &[u32]) -> String {
    const SHOWN: usize = 5;
    if let [one] = pids {
        return format!("pid {one}");
    }
    let shown: Vec<String> = pids.iter().take(SHOWN).map(u32::to_string).collect();
    match pids.len().saturating_sub(SHOWN) {
        0 => format!("pids {}", shown.join(", ")),
        more => format!("pids {} and {more} more", shown.join(", ")),
    }
}

/// `nginx (pid 7)`.
pub(super) fn process(process: &Process) -> String {
    format!("{} (pid {})", process.name, process.id.pid)
}

/// What is known of a process, one fact a line.
pub(super) fn process_evidence(scene: &Scene<'_>, process: &Process) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = format!("pid {}, name {}", process.id.pid, process.name);
    if let Some(user) = &process.user {
        _ = write!(line, ", user {user}");
    } else if let Some(uid) = process.uid {
        _ = write!(line, ", uid {uid}");
    }
    if let Some(started) = process.started_at {
        _ = write!(line, ", started {}", started.strftime("%Y-%m-%d %H:%M:%SZ"));
    }
    lines.push(line);
    if let Some(executable) = &process.executable {
        lines.push(executable_evidence(executable));
    }
    if !process.command_line.is_empty() {
        lines.push(format!("command line: {}", command_line(process)));
    }
    if let Some(id) = &process.container {
        lines.push(format!("container {}", scene.container(id).map_or(&**id, |it| it.label())));
    } else if let Some(unit) = &process.unit {
        lines.push(format!("unit {}", unit.name));
    }
    if !process.parents.is_empty() {
        let chain: Vec<String> =
            process.parents.iter().map(|parent| format!("{} ({})", parent.name, parent.pid)).collect();
        lines.push(format!("started by {}", chain.join(" <- ")));
    }
    let held: Vec<String> = scene.held_by(process.id.pid).take(4).map(addresses).collect();
    if !held.is_empty() {
        lines.push(format!("listens on {}", held.join("; ")));
    }
    lines
}

fn executable_evidence(executable: &Executable) -> String {
    let state = match executable {
        Executable { memfd: true, .. } => " (memory only)",
        Executable { deleted: true, .. } => " (deleted)",
        _ => "",
    };
    format!("executable {}{state}", executable.path)
}

/// The command line on one line, control characters escaped, cut where it grows long.
fn command_line(process: &Process) -> String {
    const LIMIT: usize = 200;
    let joined = process.command_line.join(" ");
    let mut shown: String = joined.chars().take(LIMIT).flat_map(printable).collect();
    if joined.chars().nth(LIMIT).is_some() {
        shown.push_str("...");
    }
    shown
}

fn printable(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_default());
    let plain = (!c.is_control()).then_some(c);
    escaped.into_iter().flatten().chain(plain)
}

/// The subject for each address of a listener.
pub(super) fn listener_subjects(listener: &Listener) -> Vec<Subject> {
    let of = |bound: &BoundAddress| Subject::Listener {
        protocol: listener.protocol,
        address: address(bound, listener.port),
        namespace: listener.namespace,
    };
    listener.addresses.iter().map(of).collect()
}

/// The subject for a process.
pub(super) fn process_subject(process: &Process) -> Subject {
    Subject::Process { pid: process.id.pid, name: process.name.to_string() }
}

/// The subjects for the holders of a socket.
pub(super) fn holder_subjects(socket: &Socket) -> Vec<Subject> {
    let of = |holder: &Holder| Subject::Process { pid: holder.pid, name: holder.name.to_string() };
    socket.holders.iter().map(of).collect()
}
