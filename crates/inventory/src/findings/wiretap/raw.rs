//! `socket/raw`: who receives whole IP packets.

use portreeve_model::{Finding, Protocol, Severity, Socket};

use super::holder::{close_evidence, enter, groups, holder_label, main_holder, subjects, unknown_fix};
use super::programs::{LINK_DAEMONS, RAW_USERS, known_program};
use crate::findings::Scene;

/// `IPPROTO_RAW` of `linux/in.h`: a socket that only sends.
const SEND_ONLY: u16 = 255;

/// Raw IP sockets of programs that are not known to need one.
pub(in crate::findings) fn raw_socket(scene: &Scene<'_>) -> Vec<Finding> {
    groups(scene.snapshot, Protocol::Raw).values().filter_map(|sockets| raw(scene, sockets)).collect()
}

fn raw(scene: &Scene<'_>, sockets: &[&Socket]) -> Option<Finding> {
    let first = *sockets.first()?;
    let process = main_holder(scene, sockets);
    let known =
        |name: &str| RAW_USERS.contains(&name) || LINK_DAEMONS.iter().any(|(daemon, _)| *daemon == name);
    if process.and_then(known_program).is_some_and(known) {
        return None;
    }
    let receives = sockets.iter().any(|socket| socket.local.port() != Some(SEND_ONLY));
    let who = holder_label(first, process);
    let mut evidence: Vec<String> = sockets
        .iter()
        .map(|socket| {
            let number = socket.local.port().unwrap_or_default();
            format!(
                "raw socket for IP protocol {number}{}, bound to {}",
                ip_protocol_name(number),
                local(socket)
            )
        })
        .collect();
    evidence.sort();
    evidence.dedup();
    close_evidence(scene, first, process, &mut evidence);
    Some(Finding {
        id: "socket/raw".to_owned(),
        severity: if receives { Severity::Low } else { Severity::Info },
        title: format!("{who} has a raw IP socket and is not a program known to need one"),
        reason: "A raw socket receives a copy of every packet of its IP protocol, and can send packets with \
                 forged addresses. Tunnels and backdoors inside ICMP use one."
            .to_owned(),
        evidence,
        fix: unknown_fix(process),
        reproduce: enter(scene, first).map(|enter| format!("{enter}ss -wanp")),
        subjects: subjects(sockets, local),
    })
}

fn ip_protocol_name(number: u16) -> &'static str {
    match number {
        1 => " (ICMP)",
        2 => " (IGMP)",
        6 => " (TCP)",
        17 => " (UDP)",
        41 => " (IPv6 in IPv4)",
        47 => " (GRE)",
        50 => " (ESP)",
        51 => " (AH)",
        58 => " (ICMPv6)",
        89 => " (OSPF)",
        103 => " (PIM)",
        112 => " (VRRP)",
        SEND_ONLY => " (sends only)",
        _ => "",
    }
}

fn local(socket: &Socket) -> String {
    socket.local.ip().map_or_else(|| socket.local.to_string(), |ip| ip.to_string())
}
