//! Whether those who are asked agree: name servers with each other, and the hosts file with them.

use std::net::{IpAddr, SocketAddr};

use super::with_replies;
use crate::case::Case;
use crate::facts::{NameFacts, Reply};
use crate::layers::{FaultDraft, Judgement};

/// Compares the sources.
pub(super) fn judge(case: &Case, names: &NameFacts, judgement: &mut Judgement) {
    let answered: Vec<(SocketAddr, Vec<IpAddr>)> = names
        .servers()
        .into_iter()
        .filter(|server| names.replies.iter().any(|reply| reply.server == *server && reply.is_definite()))
        .map(|server| (server, sorted(names.addresses_by(server))))
        .collect();
    denied_by_some(case, names, &answered, judgement);
    different(case, names, &answered, judgement);
    hosts_file(case, names, judgement);
}

fn sorted(mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// One server has addresses, another says that there are none: whoever asks that one first, believes it.
fn denied_by_some(
    case: &Case,
    names: &NameFacts,
    answered: &[(SocketAddr, Vec<IpAddr>)],
    judgement: &mut Judgement,
) {
    let (without, with): (Vec<_>, Vec<_>) = answered.iter().partition(|(_, addresses)| addresses.is_empty());
    let (Some((denying, _)), Some((knowing, _))) = (without.first(), with.first()) else { return };
    let place = |server: &SocketAddr| names.servers().iter().position(|one| one == server);
    let statement = format!(
        "The name servers of this host disagree about {}: {} knows no address, {} does",
        names.name,
        denying.ip(),
        knowing.ip()
    );
    if names.hosts_file_decides() {
        judgement.note("servers-disagree", statement);
        return;
    }
    // A definite answer ends the look-up: the next server is not asked.
    let fault = if place(denying) < place(knowing) && !case.is_inside() {
        FaultDraft::all("servers-disagree", format!("{statement}; the first is asked first and believed"))
    } else {
        FaultDraft::some("servers-disagree", statement)
    };
    judgement.add(mended(names, fault));
}

/// Several servers have different addresses. Pools and networks of caches answer so by intention: wrong is what does not work, or is
/// not this host.
fn different(
    case: &Case,
    names: &NameFacts,
    answered: &[(SocketAddr, Vec<IpAddr>)],
    judgement: &mut Judgement,
) {
    let sets: Vec<&(SocketAddr, Vec<IpAddr>)> =
        answered.iter().filter(|(_, addresses)| !addresses.is_empty()).collect();
    let Some((first, rest)) = sets.split_first() else { return };
    let Some(second) = rest.iter().find(|(_, addresses)| *addresses != first.1) else { return };
    let statement = format!(
        "The name servers of this host give different addresses for {}: {} says {}, {} says {}",
        names.name,
        first.0.ip(),
        shown(&first.1),
        second.0.ip(),
        shown(&second.1)
    );
    let works = |address: &IpAddr| {
        let endpoint = case.endpoints.iter().find(|endpoint| endpoint.address.ip() == *address)?;
        Some(case.trials.of(endpoint.address)?.is_answered())
    };
    let here = |address: &IpAddr| case.path.interface_of(*address).is_some();
    let only_in = |one: &[IpAddr], other: &[IpAddr]| -> Vec<IpAddr> {
        one.iter().copied().filter(|address| !other.contains(address)).collect()
    };
    let (own, others) = (only_in(&first.1, &second.1), only_in(&second.1, &first.1));
    let bad = |set: &[IpAddr]| {
        if case.is_inside() {
            !set.iter().any(here)
        } else {
            set.iter().all(|address| works(address) == Some(false))
        }
    };
    let any_good = |set: &[IpAddr]| {
        if case.is_inside() {
            set.iter().any(here)
        } else {
            set.iter().any(|address| works(address) == Some(true))
        }
    };
    let disjoint = own.len() == first.1.len() && others.len() == second.1.len();
    let wrong = if disjoint && bad(&first.1) && any_good(&second.1) {
        Some((first.0, "the first is asked first"))
    } else if disjoint && bad(&second.1) && any_good(&first.1) {
        Some((second.0, "those who ask the second get the wrong ones"))
    } else {
        None
    };
    match wrong {
        None => judgement.note("servers-disagree", statement),
        Some((server, consequence)) => {
            let fault = FaultDraft::some(
                "servers-disagree",
                format!("{statement}; the answer of {} is wrong, and {consequence}", server.ip()),
            );
            judgement.add(mended(names, fault));
        }
    }
}

fn mended(names: &NameFacts, fault: FaultDraft) -> FaultDraft {
    let replies: Vec<&Reply> = names.replies.iter().filter(|reply| reply.is_definite()).collect();
    with_replies(fault, &replies)
        .fix("empty the cache of the one that is behind (rndc flush, unbound-control flush, resolvectl flush-caches), or wait until its records expire")
        .fix("name only servers in /etc/resolv.conf that know the same zones: it is no list of fall-backs for different ones")
}

/// What clients on this host are told by the hosts file alone.
fn hosts_file(case: &Case, names: &NameFacts, judgement: &mut Judgement) {
    let (hosts, records) = (sorted(names.addresses_in_hosts_file()), sorted(names.addresses_in_records()));
    let Some(entry) = names.hosts.first() else { return };
    if !names.hosts_file_decides()
        || records.is_empty()
        || hosts.iter().any(|address| records.contains(address))
    {
        return;
    }
    let statement = format!(
        "/etc/hosts (line {}) gives {} for {}, and the records give {}: this host asks another one than everybody else",
        entry.line,
        shown(&hosts),
        names.name,
        shown(&records)
    );
    // Many write an inner address there by intention; it is wrong where it does not work.
    let trials: Vec<bool> = case
        .endpoints
        .iter()
        .filter_map(|endpoint| Some(case.trials.of(endpoint.address)?.is_answered()))
        .collect();
    if case.is_inside() || trials.is_empty() || trials.contains(&true) {
        judgement.note("hosts-file-differs", statement);
        return;
    }
    let replies: Vec<&Reply> = names.replies.iter().filter(|reply| !reply.addresses().is_empty()).collect();
    judgement.add(
        with_replies(
            FaultDraft::all("hosts-file-differs", statement).seen(
                "file",
                format!("/etc/hosts:{}: {}", entry.line, entry.text),
                format!("grep -n {} /etc/hosts", names.name),
            ),
            &replies,
        )
        .fix(format!("take line {} out of /etc/hosts, or write there what the records say", entry.line)),
    );
}

fn shown(addresses: &[IpAddr]) -> String {
    let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    shown.join(", ")
}
