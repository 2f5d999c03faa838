//! What the answers say: no such name, no address, aliases that lead nowhere, addresses that nobody can use.

use std::net::IpAddr;

use super::{is_special, known_otherwise, with_replies};
use crate::facts::{NameFacts, Reply};
use crate::layers::{FaultDraft, Judgement};

/// Judges the answers of the servers that gave a definite one.
pub(super) fn judge(names: &NameFacts, judgement: &mut Judgement) {
    let definite: Vec<&Reply> = names.replies.iter().filter(|reply| reply.is_definite()).collect();
    if definite.is_empty() {
        return;
    }
    if definite.iter().all(|reply| reply.addresses().is_empty()) {
        nothing(names, &definite, judgement);
    }
    unusable(names, judgement);
}

/// No server gives an address.
fn nothing(names: &NameFacts, definite: &[&Reply], judgement: &mut Judgement) {
    // Servers that fail may be those that know it.
    let own: Vec<&Reply> =
        definite.iter().copied().filter(|reply| Some(&reply.question) == as_written(names)).collect();
    let own = if own.is_empty() { definite.to_vec() } else { own };
    let alias = own
        .iter()
        .find_map(|reply| Some((reply, reply.response()?)))
        .filter(|(_, response)| !response.aliases.is_empty());
    let looped = own.iter().any(|reply| reply.response().is_some_and(|response| response.alias_loop));
    let servers: Vec<String> = {
        let mut servers: Vec<String> = own.iter().map(|reply| reply.server.ip().to_string()).collect();
        servers.dedup();
        servers
    };
    let by = servers.join(", ");
    let name = &names.name;
    let (code, statement, remedy) = if looped {
        let chain = alias.map(|(_, response)| response.aliases.join(" -> ")).unwrap_or_default();
        (
            "alias-loop",
            format!(
                "The aliases of {name} lead back to one another ({name} -> {chain}): no address is ever reached"
            ),
            format!("let one of them have an address instead of a CNAME: dig +trace {name}"),
        )
    } else if let Some((reply, response)) = alias {
        let last = response.aliases.last().map_or("", String::as_str);
        let what = if reply.denies() { "does not exist (NXDOMAIN)" } else { "has no address" };
        (
            "dangling-alias",
            format!("{name} is an alias for {last}, which {what}"),
            format!("make {last} again, or let the CNAME of {name} name what replaced it"),
        )
    } else if own.iter().all(|reply| reply.denies()) {
        (
            "no-such-name",
            format!(
                "{name} does not exist: {by} {} NXDOMAIN",
                if servers.len() == 1 { "says" } else { "say" }
            ),
            format!(
                "look for a slip of the pen, or make the record in the zone: {name}. A ADDRESS; after that, wait for the negative cache (SOA minimum) to expire"
            ),
        )
    } else {
        (
            "no-address",
            format!(
                "{name} exists and has neither an A nor an AAAA record: {by} {} NOERROR without addresses",
                if servers.len() == 1 { "says" } else { "say" }
            ),
            format!("add an A or AAAA record for {name}, or ask for the name that has one (www.{name}?)"),
        )
    };
    if known_otherwise(names) {
        if !is_special(name) {
            judgement
                .note("only-in-hosts-file", format!("{statement}; only this host knows it ({})", how(names)));
        }
        return;
    }
    let mut fault = with_replies(FaultDraft::all(code, statement), &own);
    if let Some(order) = names.order.text.as_ref().filter(|_| names.order.others().next().is_some()) {
        fault = fault.seen("file", order.clone(), format!("getent ahosts {name}"));
    }
    if names.candidates.len() > 1 {
        fault = fault.seen(
            "file",
            format!("asked in turn: {}", names.candidates.join(", ")),
            "grep -E '^(search|domain|options)' /etc/resolv.conf",
        );
    }
    judgement.add(fault.fix(remedy));
}

/// The candidate that is the name itself.
fn as_written(names: &NameFacts) -> Option<&String> {
    let name = names.name.strip_suffix('.').unwrap_or(&names.name);
    names.candidates.iter().find(|candidate| *candidate == name)
}

fn how(names: &NameFacts) -> String {
    match names.hosts.first() {
        Some(entry) => format!("/etc/hosts, line {}", entry.line),
        None => "its name service".to_owned(),
    }
}

/// Addresses that mean whoever asks, or nobody.
fn unusable(names: &NameFacts, judgement: &mut Judgement) {
    if is_special(&names.name) {
        return;
    }
    let records = names.addresses_in_records();
    let own: Vec<IpAddr> =
        records.iter().copied().filter(|address| address.is_loopback() || address.is_unspecified()).collect();
    if own.is_empty() {
        return;
    }
    let shown: Vec<String> = own.iter().map(ToString::to_string).collect();
    let replies: Vec<&Reply> = names
        .replies
        .iter()
        .filter(|reply| reply.addresses().iter().any(|address| own.contains(address)))
        .collect();
    let sinkhole = own.iter().any(IpAddr::is_unspecified);
    let statement = format!(
        "The record of {} is {}: {}",
        names.name,
        shown.join(", "),
        if sinkhole {
            "no host has that address, and filters that block names answer so"
        } else {
            "every client that follows it asks itself"
        }
    );
    if names.hosts_file_decides() {
        judgement.note("loopback-record", statement);
        return;
    }
    let fault = if own.len() == records.len() {
        FaultDraft::all("loopback-record", statement)
    } else {
        FaultDraft::some("loopback-record", statement)
    };
    let fault = with_replies(fault, &replies);
    judgement.add(if sinkhole {
        fault.fix("take the name off the block list of the name server (Pi-hole, AdGuard, dnsmasq address=/.../0.0.0.0, an RPZ), or ask another server")
    } else {
        fault.fix(format!("let the record of {} name the address that clients reach", names.name))
    });
}
