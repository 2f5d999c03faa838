//! `socket/packet-sniffer`: who reads frames below the IP layer.

use portreeve_model::{Endpoint, Finding, NoHolder, Protocol, Severity, Socket};

use super::holder::{close_evidence, enter, groups, holder_label, main_holder, subjects, unknown_fix};
use super::programs::{CAPTURE_TOOLS, LINK_DAEMONS, known_program};
use crate::findings::Scene;

/// `ETH_P_ALL` of `linux/if_ether.h`: every frame.
const EVERY_FRAME: u16 = 3;

/// `AF_PACKET` sockets, one finding for each holder.
pub(in crate::findings) fn packet_sniffer(scene: &Scene<'_>) -> Vec<Finding> {
    groups(scene.snapshot, Protocol::Packet).values().filter_map(|sockets| sniffer(scene, sockets)).collect()
}

fn sniffer(scene: &Scene<'_>, sockets: &[&Socket]) -> Option<Finding> {
    let first = *sockets.first()?;
    // A socket of protocol 0 takes no frames: it was made for sending (man 7 packet).
    let ethertypes: Vec<u16> =
        sockets.iter().filter_map(|socket| ethertype(socket)).filter(|ethertype| *ethertype != 0).collect();
    if ethertypes.is_empty() {
        return None;
    }
    let every_frame = ethertypes.contains(&EVERY_FRAME);
    let process = main_holder(scene, sockets);
    let who = holder_label(first, process);
    let program = process.and_then(known_program);
    let link_daemon = program
        .and_then(|name| LINK_DAEMONS.iter().find(|(daemon, _)| *daemon == name))
        .map(|(_, protocol)| *protocol);
    let capture_tool = program.filter(|name| CAPTURE_TOOLS.contains(name));
    let (severity, title, fix) = if let Some(protocol) = link_daemon {
        (
            Severity::Info,
            format!("{who} has a packet socket, as it needs for {protocol}"),
            vec!["Nothing, if this machine is meant to run it.".to_owned()],
        )
    } else if capture_tool.is_some() {
        (
            Severity::Info,
            format!("{who} is capturing traffic"),
            vec!["Nothing, if you or a colleague started the capture; else find out who did.".to_owned()],
        )
    } else if every_frame {
        let severity = match (process, first.no_holder) {
            (None, Some(NoHolder::Permission) | None) => Severity::Medium,
            _ => Severity::High,
        };
        (severity, format!("{who} reads every frame on {}", interfaces(sockets)), unknown_fix(process))
    } else {
        (
            Severity::Low,
            format!("{who} reads frames on {} below the IP layer", interfaces(sockets)),
            unknown_fix(process),
        )
    };
    let mut evidence: Vec<String> = sockets.iter().map(|socket| packet_evidence(socket)).collect();
    evidence.sort();
    evidence.dedup();
    close_evidence(scene, first, process, &mut evidence);
    Some(Finding {
        id: "socket/packet-sniffer".to_owned(),
        severity,
        title,
        reason: "A packet socket sees frames before the firewall does, those of other programs and, in \
                 promiscuous mode, of other machines. Passwords in clear text can be read from it, and backdoors \
                 wait on it for a secret packet without an open port."
            .to_owned(),
        evidence,
        fix,
        reproduce: enter(scene, first).map(|enter| format!("{enter}ss -0lnp")),
        subjects: subjects(sockets, packet_subject),
    })
}

fn packet_evidence(socket: &Socket) -> String {
    let takes = match ethertype(socket) {
        Some(EVERY_FRAME) => "every frame (ETH_P_ALL)".to_owned(),
        Some(0) => "nothing, sends only".to_owned(),
        Some(other) => format!("ethertype 0x{other:04x}{}", ethertype_name(other)),
        None => "an unknown ethertype".to_owned(),
    };
    format!("packet socket on {}: {takes}", interface(socket))
}

fn ethertype_name(ethertype: u16) -> &'static str {
    match ethertype {
        0x0004 => " (802.2)",
        0x0800 => " (IPv4)",
        0x0806 => " (ARP)",
        0x86dd => " (IPv6)",
        0x888e => " (EAPOL)",
        0x8863 | 0x8864 => " (PPPoE)",
        0x88cc => " (LLDP)",
        0x88f7 => " (PTP)",
        0x8809 => " (LACP)",
        _ => "",
    }
}

fn packet_subject(socket: &Socket) -> String {
    match ethertype(socket) {
        Some(EVERY_FRAME) | None => interface(socket),
        Some(other) => format!("{} ethertype 0x{other:04x}", interface(socket)),
    }
}

fn ethertype(socket: &Socket) -> Option<u16> {
    match socket.local {
        Endpoint::Link { ethertype } => Some(ethertype),
        _ => None,
    }
}

fn interface(socket: &Socket) -> String {
    match &socket.interface {
        Some(interface) => match &interface.name {
            Some(name) => name.to_string(),
            None => format!("interface {}", interface.index),
        },
        None => "every interface".to_owned(),
    }
}

fn interfaces(sockets: &[&Socket]) -> String {
    let mut names: Vec<String> = sockets.iter().map(|socket| interface(socket)).collect();
    names.sort();
    names.dedup();
    names.join(", ")
}
