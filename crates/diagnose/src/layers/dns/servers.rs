//! The name servers: whether they are configured, answer, and succeed.

use std::net::SocketAddr;
use std::time::Duration;

use super::{known_otherwise, with_replies};
use crate::case::Case;
use crate::facts::{NameFacts, Reply};
use crate::layers::{FaultDraft, Judgement};

/// A wait that is noticed.
const NOTICED: Duration = Duration::from_secs(1);

/// Judges the servers.
pub(super) fn judge(case: &Case, names: &NameFacts, judgement: &mut Judgement) {
    let servers = names.servers();
    let silent: Vec<SocketAddr> =
        servers.iter().copied().filter(|server| of(names, *server).all(Reply::is_unanswered)).collect();
    if silent.len() == servers.len() {
        nobody(names, judgement);
        return;
    }
    let failing: Vec<SocketAddr> = servers
        .iter()
        .copied()
        .filter(|server| !silent.contains(server) && of(names, *server).all(|reply| !reply.is_definite()))
        .collect();
    if failing.len() + silent.len() == servers.len() {
        failure(names, judgement);
        return;
    }
    some(case, names, &silent, &failing, judgement);
    one_type(names, judgement);
    truncated(names, judgement);
}

fn of(names: &NameFacts, server: SocketAddr) -> impl Iterator<Item = &Reply> {
    names.replies.iter().filter(move |reply| reply.server == server)
}

/// No server says anything.
fn nobody(names: &NameFacts, judgement: &mut Judgement) {
    let configured = !names.resolver.servers.is_empty();
    let replies: Vec<&Reply> = names.replies.iter().collect();
    let servers: Vec<String> = names.servers().iter().map(|server| server.ip().to_string()).collect();
    let (code, statement) = if configured {
        let closed =
            replies.iter().all(|reply| matches!(reply.outcome, crate::facts::ReplyOutcome::Unreachable(_)));
        let how = if closed { "can be reached" } else { "answers" };
        (
            "servers-silent",
            format!(
                "No name server of this host {how} ({}): {} cannot be looked up",
                servers.join(", "),
                names.name
            ),
        )
    } else {
        let why = match (&names.resolver.error, names.resolver.malformed.as_slice()) {
            (Some(error), _) => format!("/etc/resolv.conf cannot be read ({error})"),
            (None, [first, ..]) => format!("/etc/resolv.conf names `{first}`, which is no address"),
            (None, []) => "/etc/resolv.conf names no name server".to_owned(),
        };
        (
            "no-servers-configured",
            format!("{why}, and none answers on this host: {} cannot be looked up", names.name),
        )
    };
    if known_otherwise(names) {
        judgement.note(code, format!("{statement}; this host knows the name otherwise"));
        return;
    }
    let mut fault = with_replies(FaultDraft::all(code, statement), &replies).seen(
        "file",
        format!("nameserver {}", servers.join(", nameserver ")),
        "cat /etc/resolv.conf",
    );
    fault = if configured {
        fault
            .fix(format!("look whether the way to it is open (portreeve why {}:53/udp), and whether it runs", servers.first().map_or("SERVER", String::as_str)))
            .fix("or name a server that answers: nameserver 192.0.2.53 in /etc/resolv.conf (resolvectl dns, nmcli: whoever writes that file)")
    } else {
        fault.fix("name a server in /etc/resolv.conf (nameserver 192.0.2.53), or start what writes that file: systemd-resolved, NetworkManager, resolvconf")
    };
    judgement.add(fault);
}

/// Every server that answers fails.
fn failure(names: &NameFacts, judgement: &mut Judgement) {
    let answered: Vec<&Reply> = names.replies.iter().filter(|reply| reply.response().is_some()).collect();
    let bogus = answered.iter().any(|reply| reply.response().is_some_and(|response| response.bogus));
    let has = |code: u16| {
        answered.iter().any(|reply| reply.response().is_some_and(|response| response.code == code))
    };
    let codes: Vec<String> = {
        let mut codes: Vec<String> =
            answered.iter().filter_map(|reply| Some(reply.response()?.code_name())).collect();
        codes.dedup();
        codes
    };
    let server = answered.first().map(|reply| reply.server.ip().to_string()).unwrap_or_default();
    let name = &names.name;
    let (code, statement, remedy) = if bogus {
        (
            "dnssec-bogus",
            format!(
                "The name server {server} refuses its answer for {name}: the signatures of the zone are wrong (SERVFAIL, and an answer without validation)"
            ),
            format!(
                "sign the zone anew or mend its DS record at the parent: delv {name}; the clock of the resolver may be wrong, too: timedatectl"
            ),
        )
    } else if has(2) {
        (
            "server-failure",
            format!("The name server {server} fails to look {name} up (SERVFAIL)"),
            format!(
                "look why at that server (its log, its way to the authoritative servers): dig +trace {name}"
            ),
        )
    } else {
        (
            "refused",
            format!("The name server {server} does not answer for {name}: {}", codes.join(", ")),
            format!(
                "let it answer this host (BIND: allow-query, allow-recursion; unbound: access-control; dnsmasq: server= for {name}), or name another in /etc/resolv.conf"
            ),
        )
    };
    if known_otherwise(names) {
        judgement.note(code, format!("{statement}; this host knows the name otherwise"));
        return;
    }
    judgement.add(with_replies(FaultDraft::all(code, statement), &answered).fix(remedy));
}

/// Some servers answer, and others do not or fail.
fn some(
    case: &Case,
    names: &NameFacts,
    silent: &[SocketAddr],
    failing: &[SocketAddr],
    judgement: &mut Judgement,
) {
    let servers = names.servers();
    let good = servers.iter().position(|server| !silent.contains(server) && !failing.contains(server));
    for (code, bad) in [("some-servers-silent", silent), ("some-servers-fail", failing)] {
        if bad.is_empty() {
            continue;
        }
        let shown: Vec<String> = bad.iter().map(|server| server.ip().to_string()).collect();
        let what = if code == "some-servers-silent" { "does not answer" } else { "fails" };
        let statement = format!(
            "The name server {} {what}; {} of {} do",
            shown.join(", "),
            servers.len() - silent.len() - failing.len(),
            servers.len()
        );
        let position = |server: &SocketAddr| servers.iter().position(|one| one == server);
        let before = bad.iter().any(|server| position(server) < good);
        let replies: Vec<&Reply> = names.replies.iter().filter(|reply| bad.contains(&reply.server)).collect();
        // Those that are asked later keep nobody waiting, nor does one that refuses at once; nor does what this host asks keep those
        // who come to it.
        let slow = replies.iter().any(|reply| reply.took >= NOTICED);
        if !before || !slow || case.is_inside() || known_otherwise(names) || code == "some-servers-fail" {
            judgement.note(code, statement);
            continue;
        }
        let delay = names.resolver.timeout;
        judgement.add(
            with_replies(
                FaultDraft::some(
                    code,
                    format!("{statement}: whoever asks it first waits {delay} s for every name"),
                ),
                &replies,
            )
            .seen(
                "file",
                format!("nameserver {}; timeout {delay} s", shown.join(", ")),
                "cat /etc/resolv.conf",
            )
            .fix(format!(
                "start or reach {} again (portreeve why {}:53/udp), or take it out of /etc/resolv.conf",
                shown.join(", "),
                shown.first().map_or("SERVER", String::as_str)
            ))
            .fix("until then: options timeout:1 attempts:2 in /etc/resolv.conf"),
        );
    }
}

/// A and AAAA differ: middleboxes and broken servers drop what they do not know.
fn one_type(names: &NameFacts, judgement: &mut Judgement) {
    for server in names.servers() {
        let (bad, good): (Vec<&Reply>, Vec<&Reply>) =
            of(names, server).partition(|reply| !reply.is_definite());
        let has_addresses = good.iter().any(|reply| !reply.addresses().is_empty());
        let other = |reply: &&Reply| {
            good.iter().any(|one| one.question == reply.question && one.record != reply.record)
        };
        let Some(reply) = bad.iter().find(|reply| other(reply)).filter(|_| has_addresses) else { continue };
        let record = reply.record;
        let statement = format!(
            "The name server {} does not answer {record} questions for {}, though it answers the others",
            server.ip(),
            reply.question
        );
        // A refusal at once keeps the usual resolver from nothing; a wait keeps everybody waiting.
        if !reply.is_unanswered() || reply.took < NOTICED {
            judgement.note("one-type-fails", format!("{statement} ({})", reply.told()));
            return;
        }
        judgement.add(
            with_replies(FaultDraft::some("one-type-fails", format!("{statement}: clients wait for it")), &[reply])
                .fix(format!("let the server (or the firewall before it) answer {record}, if only with no records"))
                .fix("until then, where that version of IP is not used: options no-aaaa (glibc 2.36) in /etc/resolv.conf"),
        );
        return;
    }
}

fn truncated(names: &NameFacts, judgement: &mut Judgement) {
    let cut = names.replies.iter().find_map(|reply| Some((reply, reply.response()?.tcp_error.as_ref()?)));
    let Some((reply, error)) = cut else { return };
    let server = reply.server.ip();
    let statement = format!(
        "The answer of {server} for {} does not fit a datagram, and cannot be had over TCP: {error}",
        reply.question
    );
    let fault = if reply.addresses().is_empty() {
        FaultDraft::all("truncated-answer", statement)
    } else {
        FaultDraft::some("truncated-answer", statement)
    };
    judgement.add(
        with_replies(fault, &[reply])
            .seen(
                "record",
                format!("TCP port 53 of {server}: {error}"),
                format!("dig +tcp @{server} {} {}", reply.question, reply.record),
            )
            .fix(format!(
                "let TCP port 53 of {server} through (RFC 7766 requires it), or make the answer smaller"
            )),
    );
}
