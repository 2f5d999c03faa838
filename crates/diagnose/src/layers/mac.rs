//! The layer `mac`: `SELinux` and `AppArmor`.

use portreeve_wire::audit::Module;

use super::{Code, FaultDraft, Judgement};
use crate::case::Case;
use crate::facts::{Refusal, SeLinux};

/// What can be wrong.
pub(super) const CODES: &[Code] = &[
    Code {
        slug: "selinux-port-type",
        meaning: "SELinux does not let the program bind the port: the port's type is not one of those that the program's domain may bind.",
    },
    Code {
        slug: "selinux-denied",
        meaning: "SELinux refuses something to the program that serves, or is to serve, the port.",
    },
    Code {
        slug: "apparmor-denied",
        meaning: "AppArmor refuses something to the program that serves, or is to serve, the port.",
    },
];

/// Older refusals are of another time.
const OLD: i64 = 7 * 86_400;

/// Judges the facts.
pub(super) fn judge(case: &Case) -> Judgement {
    if !case.is_inside() {
        let mut judgement = Judgement::fine("");
        judgement.unseen(
            "the access control of another host is not seen from here",
            Some("run portreeve why on that host"),
        );
        return judgement;
    }
    let facts = &case.mac;
    if !facts.is_on() {
        return Judgement::not_applicable("neither SELinux nor AppArmor is in force");
    }
    let mut judgement = Judgement::fine(in_force(case));
    if let Some(refusal) = refused_bind(case).or_else(|| refused_start(case)) {
        judgement.add(fault(case, refusal));
    } else if let Some(refusal) = refused_now(case) {
        judgement.add(fault(case, refusal));
    } else if let Some(refusal) = of_holder(case).next_back() {
        judgement.note(
            code(refusal),
            format!("{} was refused {}: {}", refusal.command, what(refusal), refusal.line.trim()),
        );
    }
    for unread in &facts.unread {
        judgement.unseen(format!("what was refused could not be read: {unread}"), Some("run it as root"));
    }
    judgement
}

fn in_force(case: &Case) -> String {
    let mode = match case.mac.selinux {
        Some(SeLinux::Enforcing) => Some("SELinux enforces its policy"),
        Some(SeLinux::Permissive) => Some("SELinux is permissive"),
        None => None,
    };
    let apparmor = case.mac.apparmor.then_some("AppArmor has profiles loaded");
    let parts: Vec<&str> = mode.into_iter().chain(apparmor).collect();
    format!("{}, and nothing was refused that concerns the port", parts.join(", "))
}

/// The program that is to serve the port may not bind it, and does not hold it now.
fn refused_bind(case: &Case) -> Option<&Refusal> {
    let target = case.question.target.port;
    let holds = |refusal: &Refusal| {
        case.service.holders.iter().any(|holder| *holder.process.name == *refusal.command)
    };
    effective(case).rev().find(|one| {
        one.port == Some(target) && matches!(one.operation.as_str(), "name_bind" | "bind") && !holds(one)
    })
}

/// Nothing listens, and the program that is to was refused something.
fn refused_start(case: &Case) -> Option<&Refusal> {
    if !case.service.listeners.is_empty() {
        return None;
    }
    effective(case).rev().find(|refusal| {
        case.service.candidates.iter().any(|candidate| {
            candidate.name == refusal.command
                || candidate
                    .software
                    .is_some_and(|software| software.programs.contains(&refusal.command.as_str()))
        })
    })
}

/// Refused to a holder while the port was tried.
fn refused_now(case: &Case) -> Option<&Refusal> {
    // Audit times have milliseconds, and the clock of the ring buffer differs from the wall's by some.
    let begun = case.service.looked_at?.as_second() - 1;
    of_holder(case).rev().find(|one| one.at.is_some_and(|at| at.as_second() >= begun))
}

fn of_holder(case: &Case) -> impl DoubleEndedIterator<Item = &Refusal> {
    effective(case).filter(|refusal| {
        case.service.holders.iter().any(|holder| {
            let begun = holder.process.started_at.map(jiff::Timestamp::as_second);
            refusal.pid == Some(holder.pid())
                && refusal.at.is_none_or(|at| begun.is_none_or(|begun| at.as_second() >= begun))
        })
    })
}

/// What was refused, not only written down, and not long ago.
fn effective(case: &Case) -> impl DoubleEndedIterator<Item = &Refusal> {
    let oldest = case.host.taken_at.as_second() - OLD;
    let enforcing = case.mac.selinux == Some(SeLinux::Enforcing);
    case.mac.denials.iter().filter(move |one| {
        let counts = one.module == Module::AppArmor || enforcing;
        one.enforced && counts && one.at.is_none_or(|at| at.as_second() >= oldest)
    })
}

/// Whether something that is to serve the port was kept from starting: then that nothing listens is no more than what that looks like.
pub(super) fn keeps_from_starting(case: &Case) -> bool {
    case.is_inside() && case.mac.is_on() && (refused_bind(case).is_some() || refused_start(case).is_some())
}

fn code(refusal: &Refusal) -> &'static str {
    match (refusal.module, refusal.operation.as_str()) {
        (Module::SeLinux, "name_bind") => "selinux-port-type",
        (Module::SeLinux, _) => "selinux-denied",
        (Module::AppArmor, _) => "apparmor-denied",
    }
}

/// `to bind port 8443`, `to open /srv/site.key`.
fn what(refusal: &Refusal) -> String {
    match (refusal.operation.as_str(), refusal.port) {
        ("name_bind" | "bind", Some(port)) => format!("to bind port {port}"),
        ("name_connect" | "connect", Some(port)) => format!("to connect to port {port}"),
        (operation, _) if refusal.module == Module::AppArmor && !refusal.object.is_empty() => {
            format!("to {operation} {}", refusal.object)
        }
        (operation, _) => format!("to {operation} ({})", refusal.class),
    }
}

fn fault(case: &Case, refusal: &Refusal) -> FaultDraft {
    let who =
        refusal.pid.map_or_else(|| refusal.command.clone(), |pid| format!("{} (pid {pid})", refusal.command));
    let module = match refusal.module {
        Module::SeLinux => "SELinux",
        Module::AppArmor => "AppArmor",
    };
    let statement = match code(refusal) {
        "selinux-port-type" => format!(
            "SELinux does not let {who} bind port {}: the port is of type {}, which the domain {} may not bind",
            refusal.port.unwrap_or(case.question.target.port),
            part(&refusal.object),
            part(&refusal.subject)
        ),
        _ => format!(
            "{module} does not let {who} {} (as {})",
            what(refusal).trim_start_matches("to "),
            subject(refusal)
        ),
    };
    let mut fault = FaultDraft::all(code(refusal), statement).seen(
        "log",
        refusal.line.trim(),
        refusal.command_line.clone(),
    );
    for (pid, label) in case.mac.labels.iter().take(2) {
        fault = fault.seen(
            "process",
            format!("pid {pid} runs as {label}"),
            format!("cat /proc/{pid}/attr/current"),
        );
    }
    let protocol = case.question.target.protocol;
    match (refusal.module, refusal.operation.as_str(), refusal.port) {
        (Module::SeLinux, "name_bind", Some(port)) => fault
            .seen(
                "policy",
                format!("port {port} is of type {}", part(&refusal.object)),
                format!("semanage port --list | grep -w {port}"),
            )
            .fix(format!(
                "semanage port --add --type {} --proto {protocol} {port}",
                port_type(&refusal.subject)
            ))
            .fix(format!("then start {} again", refusal.command)),
        (Module::SeLinux, "name_connect", Some(_)) if part(&refusal.subject) == "httpd_t" => {
            fault.fix("setsebool -P httpd_can_network_connect 1")
        }
        (Module::SeLinux, ..) => fault
            .fix("see what would allow it: ausearch --message AVC --start recent | audit2why")
            .fix("a file with a wrong label is the usual cause: restorecon -Rv the folder of it"),
        (Module::AppArmor, ..) => fault
            .fix(format!(
                "allow it in the profile {} (aa-logprof helps), then: systemctl reload apparmor",
                refusal.subject
            ))
            .fix(format!("to see whether that is all: aa-complain {}", refusal.subject)),
    }
}

fn subject(refusal: &Refusal) -> String {
    match refusal.module {
        Module::SeLinux => format!("domain {}", part(&refusal.subject)),
        Module::AppArmor => format!("profile {}", refusal.subject),
    }
}

/// The type in a context: `httpd_t` of `system_u:system_r:httpd_t:s0`.
fn part(context: &str) -> &str {
    context.split(':').nth(2).unwrap_or(context)
}

/// The type of ports that a domain may usually bind.
fn port_type(context: &str) -> &'static str {
    match part(context) {
        "httpd_t" | "haproxy_t" => "http_port_t",
        "sshd_t" => "ssh_port_t",
        "named_t" | "dnsmasq_t" => "dns_port_t",
        "mysqld_t" => "mysqld_port_t",
        "postgresql_t" => "postgresql_port_t",
        "redis_t" => "redis_port_t",
        "squid_t" => "squid_port_t",
        _ => "TYPE_port_t",
    }
}

#[cfg(test)]
mod tests;
