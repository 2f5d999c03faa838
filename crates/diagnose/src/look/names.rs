//! Gathering for `facts::names`: files, name servers, the system's own look-up.

mod ask;
mod files;
mod question;
mod serving;
mod system;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread;

use super::Budget;
use crate::facts::{NameFacts, SystemAnswer};
use crate::target::{Probe, Question};

pub(crate) use serving::look as serving;

/// Looks the name up, in the hosts file and at the name servers.
pub(crate) fn look(asked: &Question, budget: Budget) -> Option<NameFacts> {
    let name = asked.target.name.as_ref()?;
    let mut facts = NameFacts {
        name: name.clone(),
        invalid: question::trouble(name),
        hosts: files::hosts(name),
        order: files::order(),
        resolver: files::resolver(),
        ..NameFacts::default()
    };
    facts.candidates = facts.resolver.candidates(name);
    facts.candidates.retain(|candidate| question::trouble(candidate).is_none());
    if asked.probe == Probe::Allowed && facts.invalid.is_none() {
        let other_sources = facts.order.others().next().is_some();
        let (replies, system) = thread::scope(|scope| {
            let system = other_sources.then(|| scope.spawn(|| system::look_up(name, budget.wait())));
            let replies = ask::all(&servers(&facts), &facts.candidates, budget);
            let system = system.and_then(|thread| thread.join().ok());
            (replies, system)
        });
        facts.asked = true;
        facts.replies = replies;
        facts.system = system;
    }
    facts.addresses = addresses(&facts);
    Some(facts)
}

/// Who is asked: without a line `nameserver` a server on this host is (man 5 resolv.conf).
fn servers(facts: &NameFacts) -> Vec<SocketAddr> {
    if facts.resolver.servers.is_empty() {
        return vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 53))];
    }
    facts.resolver.servers.clone()
}

/// The addresses that a client on this host would use: the first source that has any. Those that only later name servers give follow,
/// since other clients get them.
fn addresses(facts: &NameFacts) -> Vec<(IpAddr, &'static str)> {
    let mut hosts = facts.addresses_in_hosts_file();
    let records = facts.addresses_in_records();
    // A host that has its own name under 127.0.1.1, as installers write it: others come by the records, and those are asked about.
    if !records.is_empty() && hosts.iter().all(IpAddr::is_loopback) {
        hosts.clear();
    }
    let system = match &facts.system {
        Some(SystemAnswer::Addresses(addresses)) => addresses.as_slice(),
        _ => &[],
    };
    let of = |addresses: &[IpAddr], origin| addresses.iter().map(move |address| (*address, origin)).collect();
    let sources: [Vec<(IpAddr, &'static str)>; 3] = if facts.order.files_first() {
        [of(&hosts, "hosts-file"), of(&records, "record"), of(system, "name-service")]
    } else {
        [of(&records, "record"), of(&hosts, "hosts-file"), of(system, "name-service")]
    };
    let mut addresses = sources.into_iter().find(|source| !source.is_empty()).unwrap_or_default();
    let mut seen = Vec::new();
    addresses.retain(|(address, _)| {
        let new = !seen.contains(address);
        seen.push(*address);
        new
    });
    addresses
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::facts::{HostsEntry, RecordType, Reply, ReplyOutcome, Response, SourceOrder};

    fn reply(server: &str, addresses: &[&str]) -> Reply {
        Reply {
            server: server.parse().unwrap(),
            question: "a.example".into(),
            record: RecordType::A,
            outcome: ReplyOutcome::Answered(Response {
                addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
                ..Response::default()
            }),
            took: Duration::ZERO,
        }
    }

    fn facts(hosts: &[&str], replies: Vec<Reply>) -> NameFacts {
        let entry =
            |address: &&str| HostsEntry { line: 1, address: address.parse().unwrap(), text: String::new() };
        NameFacts {
            name: "a.example".into(),
            candidates: vec!["a.example".into()],
            hosts: hosts.iter().map(entry).collect(),
            order: SourceOrder { text: None, sources: vec!["files".into(), "dns".into()] },
            replies,
            ..NameFacts::default()
        }
    }

    fn told(facts: &NameFacts) -> Vec<String> {
        addresses(facts).iter().map(|(address, origin)| format!("{address} {origin}")).collect()
    }

    #[test]
    fn the_hosts_file_comes_first_unless_it_is_only_the_loopback_of_an_installer() {
        let replies = vec![reply("192.0.2.53:53", &["198.51.100.1"])];
        assert_eq!(told(&facts(&["10.0.0.1"], replies.clone())), ["10.0.0.1 hosts-file"]);
        assert_eq!(told(&facts(&["127.0.1.1"], replies.clone())), ["198.51.100.1 record"]);
        assert_eq!(told(&facts(&["127.0.1.1"], Vec::new())), ["127.0.1.1 hosts-file"]);
        let mut later = facts(&["10.0.0.1"], replies);
        later.order.sources.reverse();
        assert_eq!(told(&later), ["198.51.100.1 record"]);
    }

    #[test]
    fn addresses_of_all_servers_are_judged() {
        let replies = vec![
            reply("192.0.2.53:53", &["198.51.100.1"]),
            reply("192.0.2.54:53", &["198.51.100.2", "198.51.100.1"]),
        ];
        assert_eq!(told(&facts(&[], replies)), ["198.51.100.1 record", "198.51.100.2 record"]);
    }
}
