//! The layer `dns`: whether the name leads to addresses, to the right ones, and whether all who are asked agree.

mod agreement;
mod answers;
mod place;
mod servers;
#[cfg(test)]
mod tests;

use super::{Code, FaultDraft, Judgement};
use crate::case::Case;
use crate::facts::{NameFacts, SystemAnswer};

/// What can be wrong.
pub(super) const CODES: &[Code] = &[
    Code {
        slug: "invalid-name",
        meaning: "The name cannot be looked up: a label or the whole is too long, or a label is empty.",
    },
    Code { slug: "no-such-name", meaning: "Name servers say that the name does not exist (NXDOMAIN)." },
    Code { slug: "no-address", meaning: "The name exists and has no A or AAAA record." },
    Code {
        slug: "dangling-alias",
        meaning: "The name is an alias (CNAME) for a name that does not exist or has no address.",
    },
    Code { slug: "alias-loop", meaning: "The aliases (CNAME) of the name lead back to one another." },
    Code { slug: "server-failure", meaning: "Name servers fail to find out (SERVFAIL)." },
    Code {
        slug: "dnssec-bogus",
        meaning: "A validating name server refuses the answer because its signatures are wrong; without validation it gives one.",
    },
    Code { slug: "refused", meaning: "Name servers refuse to answer (REFUSED, NOTIMP, FORMERR)." },
    Code { slug: "servers-silent", meaning: "No name server answers." },
    Code {
        slug: "some-servers-silent",
        meaning: "A name server that is asked before one that answers does not answer, so that every look-up is slow.",
    },
    Code {
        slug: "some-servers-fail",
        meaning: "Some of the name servers fail or refuse; clients that ask them first go on to the next.",
    },
    Code {
        slug: "one-type-fails",
        meaning: "Questions for one type of record (A or AAAA) get no answer or are refused, while the other is answered.",
    },
    Code {
        slug: "truncated-answer",
        meaning: "The answer does not fit a datagram, and cannot be had over TCP.",
    },
    Code {
        slug: "no-servers-configured",
        meaning: "/etc/resolv.conf names no name server, and none answers on this host.",
    },
    Code {
        slug: "servers-disagree",
        meaning: "The name servers of this host give different answers, of which not all are right.",
    },
    Code { slug: "hosts-file-differs", meaning: "/etc/hosts gives another address than the records do." },
    Code {
        slug: "points-elsewhere",
        meaning: "The records name another host than the one that serves the name.",
    },
    Code {
        slug: "behind-nat",
        meaning: "The records name a public address that this host, which has private ones, may be reached by through translation.",
    },
    Code {
        slug: "family-mismatch",
        meaning: "The addresses of one IP version lead to the service, those of the other do not.",
    },
    Code {
        slug: "loopback-record",
        meaning: "A record is a loopback or unspecified address: every client asks itself.",
    },
    Code { slug: "only-in-hosts-file", meaning: "The name is known by /etc/hosts of this host alone." },
];

/// Judges the facts.
pub(super) fn judge(case: &Case) -> Judgement {
    let Some(names) = &case.names else { return Judgement::not_applicable("no name to look up") };
    let mut judgement = Judgement::fine(statement(names));
    if names.asked {
        judgement = judgement.tried();
    }
    if let Some(trouble) = &names.invalid {
        judgement.add(invalid(names, trouble));
        return judgement;
    }
    if names.asked {
        servers::judge(case, names, &mut judgement);
        answers::judge(names, &mut judgement);
        agreement::judge(case, names, &mut judgement);
    } else if names.addresses.is_empty() {
        judgement.unknown(
            "name servers were not asked (--no-probe), and /etc/hosts does not have the name",
            Some("run it without --no-probe"),
        );
    } else {
        judgement.unseen(
            "name servers were not asked (--no-probe): what others are told is not known",
            Some("run it without --no-probe"),
        );
    }
    place::judge(case, names, &mut judgement);
    judgement
}

/// `shop.example: 192.0.2.10, 2001:db8::10 (record)`.
fn statement(names: &NameFacts) -> String {
    let mut origins: Vec<&str> = names.addresses.iter().map(|(_, origin)| *origin).collect();
    origins.dedup();
    let addresses: Vec<String> = names.addresses.iter().map(|(address, _)| address.to_string()).collect();
    if addresses.is_empty() {
        return format!("{}: no address", names.name);
    }
    let origins: Vec<&str> = origins
        .into_iter()
        .map(|origin| match origin {
            "hosts-file" => "/etc/hosts",
            "name-service" => "the system's name service",
            _ => "records",
        })
        .collect();
    format!("{}: {} ({})", names.name, addresses.join(", "), origins.join(", "))
}

fn invalid(names: &NameFacts, trouble: &str) -> FaultDraft {
    FaultDraft::all("invalid-name", format!("{} cannot be looked up: {trouble}", names.name))
        .seen("name", format!("{} has {} bytes", names.name, names.name.len()), format!("dig {}", names.name))
        .fix("labels have 1 to 63 bytes and names at most 253 (RFC 1035): write the name that was meant")
}

/// Whether this host has addresses for the name from somewhere else than records.
fn known_otherwise(names: &NameFacts) -> bool {
    !names.hosts.is_empty() || matches!(&names.system, Some(SystemAnswer::Addresses(_)))
}

/// Names that are not looked up in the public tree (RFC 6761, RFC 6762, RFC 8375).
fn is_special(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    ["localhost", "local", "home.arpa"]
        .iter()
        .any(|domain| name == *domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
}

/// All replies, each with its command.
fn with_replies(mut fault: FaultDraft, replies: &[&crate::facts::Reply]) -> FaultDraft {
    /// More lines tell nothing new.
    const MOST: usize = 8;
    for reply in replies.iter().take(MOST) {
        fault = fault.seen("record", reply.told(), reply.reproduce());
    }
    fault
}
