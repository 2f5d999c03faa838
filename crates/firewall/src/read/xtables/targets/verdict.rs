//! Targets that end a packet's way: standard verdicts, `REJECT`, `NFQUEUE`.

use crate::ir::{RejectKind, Statement, Verdict, Version};

use super::super::grammar::Extension;

/// `ACCEPT`, `DROP`, `RETURN`, `QUEUE`.
pub(super) fn standard(name: &str) -> Option<Verdict> {
    Some(match name {
        "ACCEPT" => Verdict::Accept,
        "DROP" => Verdict::Drop,
        "RETURN" => Verdict::Return,
        "QUEUE" => Verdict::Queue { bypass: false, text: "QUEUE".to_owned() },
        _ => return None,
    })
}

/// `REJECT` (`net/ipv4/netfilter/ipt_REJECT.c`, `net/ipv6/netfilter/ip6t_REJECT.c`); without an option the port is unreachable.
pub(super) fn reject(extension: &Extension, version: Version) -> Option<Vec<Statement>> {
    let kind = match (extension.choices.as_slice(), version) {
        ([], Version::V4) => RejectKind::Icmp(3),
        ([], Version::V6) => RejectKind::Icmp6(4),
        ([choice], version) if !choice.negated => with(choice.value()?, version)?,
        _ => return None,
    };
    Some(vec![Statement::Reject(kind)])
}

/// Kinds by name (`iptables/extensions/libipt_REJECT.c`, `libip6t_REJECT.c`).
fn with(name: &str, version: Version) -> Option<RejectKind> {
    Some(match (version, name) {
        (_, "tcp-reset" | "tcp-rst") => RejectKind::TcpReset,
        (Version::V4, "icmp-net-unreachable" | "net-unreach") => RejectKind::Icmp(0),
        (Version::V4, "icmp-host-unreachable" | "host-unreach") => RejectKind::Icmp(1),
        (Version::V4, "icmp-proto-unreachable" | "proto-unreach") => RejectKind::Icmp(2),
        (Version::V4, "icmp-port-unreachable" | "port-unreach") => RejectKind::Icmp(3),
        (Version::V4, "icmp-net-prohibited" | "net-prohib") => RejectKind::Icmp(9),
        (Version::V4, "icmp-host-prohibited" | "host-prohib") => RejectKind::Icmp(10),
        (Version::V4, "icmp-admin-prohibited" | "admin-prohib") => RejectKind::Icmp(13),
        (Version::V6, "icmp6-no-route" | "no-route") => RejectKind::Icmp6(0),
        (Version::V6, "icmp6-adm-prohibited" | "adm-prohibited") => RejectKind::Icmp6(1),
        (Version::V6, "icmp6-addr-unreachable" | "addr-unreach") => RejectKind::Icmp6(3),
        (Version::V6, "icmp6-port-unreachable" | "port-unreach") => RejectKind::Icmp6(4),
        (Version::V6, "icmp6-policy-fail" | "policy-fail") => RejectKind::Icmp6(5),
        (Version::V6, "icmp6-reject-route" | "reject-route") => RejectKind::Icmp6(6),
        _ => return None,
    })
}

/// `NFQUEUE` (`net/netfilter/xt_NFQUEUE.c`).
pub(super) fn nfqueue(extension: &Extension) -> Option<Vec<Statement>> {
    let known = ["--queue-num", "--queue-balance", "--queue-bypass", "--queue-cpu-fanout"];
    let bypass = extension.has("--queue-bypass");
    let text = extension.text("-j");
    extension.only(&known).then(|| vec![Statement::Verdict(Verdict::Queue { bypass, text })])
}
