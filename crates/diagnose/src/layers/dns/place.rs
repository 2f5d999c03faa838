//! Whether the records lead to the host that serves the name.

use std::net::{IpAddr, SocketAddr};

use portreeve_model::Reach;

use super::{is_special, with_replies};
use crate::case::Case;
use crate::facts::{NameFacts, Reply, ServedHere};
use crate::layers::{FaultDraft, Judgement};

/// Judges where the addresses lead.
pub(super) fn judge(case: &Case, names: &NameFacts, judgement: &mut Judgement) {
    let addresses: Vec<IpAddr> = names
        .addresses
        .iter()
        .map(|(address, _)| *address)
        .filter(|address| !address.is_loopback())
        .collect();
    if addresses.is_empty() || is_special(&names.name) {
        return;
    }
    let (here, elsewhere): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|address| case.path.interface_of(**address).is_some());
    if here.is_empty() {
        all_elsewhere(case, names, &elsewhere, judgement);
    }
    versions(case, names, &here, &elsewhere, judgement);
}

/// Nothing leads here. That is a fault only where this host is to serve the name.
fn all_elsewhere(case: &Case, names: &NameFacts, elsewhere: &[IpAddr], judgement: &mut Judgement) {
    let Some(listener) = case.service.listeners.first() else { return };
    let answered = |address: &IpAddr| {
        case.trials.trials.iter().any(|trial| trial.endpoint.ip() == *address && trial.is_answered())
    };
    let works = elsewhere.iter().any(answered);
    let own = own_addresses(case);
    let holder = listener
        .owner
        .holders
        .first()
        .map_or_else(|| "something".to_owned(), |holder| format!("{} (pid {})", holder.name, holder.pid));
    let statement = format!(
        "{} leads to {}, not to this host ({}), where {holder} listens on port {}",
        names.name,
        shown(elsewhere),
        shown(&own),
        listener.port
    );
    let translated = elsewhere.iter().any(|address| Reach::of_address(*address) == Reach::Public)
        && !own.iter().any(|address| Reach::of_address(*address) == Reach::Public);
    let reasons = reasons(case, names);
    let evidence = !reasons.is_empty();
    if translated {
        if evidence || works {
            judgement.note(
                "behind-nat",
                format!(
                    "{statement}; this host has private addresses only, and that one may be translated to it"
                ),
            );
        }
        if evidence && !works && !case.trials.trials.is_empty() {
            judgement.unknown(
                format!("whether {} is translated to this host cannot be seen from here", shown(elsewhere)),
                Some("try it from outside the network; ask here for the port alone: portreeve why 443"),
            );
        }
        return;
    }
    if !evidence && (works || case.trials.trials.is_empty()) {
        return;
    }
    let concerned: Vec<SocketAddr> = Vec::new();
    let mut fault = FaultDraft::at("points-elsewhere", statement, concerned, 0);
    if !evidence {
        // It may be another host's business altogether, which is down.
        fault = fault.symptom();
    }
    let replies: Vec<&Reply> = names.replies.iter().filter(|reply| !reply.addresses().is_empty()).collect();
    fault = with_replies(fault, &replies);
    if let Some(entry) = names.hosts.first().filter(|_| names.hosts_file_decides()) {
        fault = fault.seen(
            "file",
            format!("/etc/hosts:{}: {}", entry.line, entry.text),
            format!("grep -n {} /etc/hosts", names.name),
        );
    }
    fault = fault.seen("address", format!("this host has {}", shown(&own)), "ip -br address");
    for reason in reasons {
        fault = fault.seen("configuration", reason.text, reason.reproduce);
    }
    judgement.add(
        fault.fix(format!("let the record of {} name this host: {}", names.name, shown(&own))).fix(format!(
            "or serve {} on the host that has {}",
            names.name,
            shown(elsewhere)
        )),
    );
}

/// Why this host is taken to serve the name: what its files say, and a certificate that its server is configured with.
fn reasons(case: &Case, names: &NameFacts) -> Vec<ServedHere> {
    let certificates = case.tls.configured.iter().filter_map(|one| {
        let leaf = one.chain.first().filter(|leaf| leaf.is_for(&names.name))?;
        Some(ServedHere {
            text: format!("{one}: a certificate for {}", leaf.names_in_short()),
            reproduce: format!("openssl x509 -noout -ext subjectAltName -in {}", one.path),
        })
    });
    names.served_here.iter().cloned().chain(certificates).collect()
}

/// Addresses of this host that others use.
fn own_addresses(case: &Case) -> Vec<IpAddr> {
    let addresses = case.path.network.addresses.iter().map(|one| one.address);
    let wide = |address: &IpAddr| matches!(Reach::of_address(*address), Reach::Private | Reach::Public);
    addresses.filter(wide).take(4).collect()
}

/// One IP version leads to the service, the other does not.
fn versions(
    case: &Case,
    names: &NameFacts,
    here: &[IpAddr],
    elsewhere: &[IpAddr],
    judgement: &mut Judgement,
) {
    if here.is_empty() {
        return other_version_silent(case, names, elsewhere, judgement);
    }
    let strangers: Vec<IpAddr> = elsewhere
        .iter()
        .copied()
        .filter(|address| !here.iter().any(|own| own.is_ipv4() == address.is_ipv4()))
        .collect();
    if strangers.is_empty() {
        return;
    }
    let (record, family) =
        if strangers.iter().any(IpAddr::is_ipv6) { ("AAAA", "IPv6") } else { ("A", "IPv4") };
    let translated = !strangers.iter().any(IpAddr::is_ipv6)
        && strangers.iter().any(|address| Reach::of_address(*address) == Reach::Public)
        && !own_addresses(case).iter().any(|own| own.is_ipv4() && Reach::of_address(*own) == Reach::Public);
    let statement = format!(
        "The {record} record of {} is {}, which is not this host ({} is): clients of {family} come to another one",
        names.name,
        shown(&strangers),
        shown(here)
    );
    let tried: Vec<bool> = strangers
        .iter()
        .filter_map(|address| case.trials.trials.iter().find(|trial| trial.endpoint.ip() == *address))
        .map(crate::facts::Trial::is_answered)
        .collect();
    if translated || tried.contains(&true) {
        judgement.note("family-mismatch", statement);
        return;
    }
    judgement.add(
        mismatch(names, statement, &strangers, concerned(case, &strangers))
            .fix(format!("let the {record} record of {} name this host, or take it out", names.name)),
    );
}

/// From outside: all addresses of one version work, none of the other do.
fn other_version_silent(case: &Case, names: &NameFacts, addresses: &[IpAddr], judgement: &mut Judgement) {
    let outcome = |v6: bool| -> Vec<bool> {
        let trials = case.trials.trials.iter();
        trials
            .filter(|trial| trial.endpoint.is_ipv6() == v6 && addresses.contains(&trial.endpoint.ip()))
            .map(crate::facts::Trial::is_answered)
            .collect()
    };
    for (v6, bad_name, good_name, record) in [(true, "IPv6", "IPv4", "AAAA"), (false, "IPv4", "IPv6", "A")] {
        let (bad, good) = (outcome(v6), outcome(!v6));
        if bad.is_empty() || bad.contains(&true) || good.is_empty() || good.contains(&false) {
            continue;
        }
        // What keeps this host itself from speaking that version is no matter of the records.
        let own_trouble =
            case.trials.trials.iter().filter(|trial| trial.endpoint.is_ipv6() == v6).all(|trial| {
                matches!(
                    trial.outcome,
                    crate::facts::Outcome::NoRoute
                        | crate::facts::Outcome::NoPorts
                        | crate::facts::Outcome::Prohibited(_)
                )
            });
        if own_trouble {
            continue;
        }
        let dead: Vec<IpAddr> = addresses.iter().copied().filter(|address| address.is_ipv6() == v6).collect();
        let statement = format!(
            "{} does not answer over {bad_name} ({record} {}), and does over {good_name}",
            names.name,
            shown(&dead)
        );
        // What keeps the packets is another layer's to say: this is how it looks from the name.
        judgement.add(
            mismatch(names, statement, &dead, concerned(case, &dead))
                .symptom()
                .fix(format!("let the service answer over {bad_name}, or take the {record} record out")),
        );
    }
}

fn concerned(case: &Case, addresses: &[IpAddr]) -> Vec<SocketAddr> {
    let endpoints = case.endpoints.iter().map(|endpoint| endpoint.address);
    endpoints.filter(|endpoint| addresses.contains(&endpoint.ip())).collect()
}

fn mismatch(
    names: &NameFacts,
    statement: String,
    strangers: &[IpAddr],
    concerned: Vec<SocketAddr>,
) -> FaultDraft {
    let replies: Vec<&Reply> = names
        .replies
        .iter()
        .filter(|reply| reply.addresses().iter().any(|address| strangers.contains(address)))
        .collect();
    with_replies(FaultDraft::some("family-mismatch", statement).of(concerned), &replies)
}

fn shown(addresses: &[IpAddr]) -> String {
    let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    shown.join(", ")
}
