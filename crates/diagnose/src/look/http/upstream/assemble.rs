//! Upstreams put together from what logs, sockets and configuration tell of them.

use std::net::SocketAddr;

use super::configured::Configured;
use super::log_lines::{self, Notice};
use super::sockets::Waiting;
use crate::facts::http::{Condition, LogLine, Source, Upstream, UpstreamAddress};

/// All that is told, each upstream once, the best known first.
pub(super) fn upstreams(lines: &[LogLine], waiting: &[Waiting], configured: &[Configured]) -> Vec<Upstream> {
    let mut found: Vec<Upstream> = Vec::new();
    // What was written meanwhile says more than what was written before.
    for line in lines.iter().filter(|line| line.during).chain(lines.iter().filter(|line| !line.during)) {
        let Some(Notice { problem, upstream: Some(address) }) = log_lines::notice(&line.text) else {
            continue;
        };
        for address in members(&address, configured) {
            let upstream = entry(&mut found, address);
            upstream.problem.get_or_insert(problem);
            let is_first = !upstream.sources.iter().any(|source| matches!(source, Source::Log(_)));
            if is_first {
                upstream.sources.push(Source::Log(line.clone()));
            }
        }
    }
    for one in waiting {
        let upstream = entry(&mut found, one.address.clone());
        let source = Source::Socket {
            pid: one.pid,
            state: one.state.clone(),
            local: one.local.clone(),
            unsent: one.unsent,
        };
        if !upstream.sources.iter().any(|source| matches!(source, Source::Socket { .. })) {
            upstream.sources.push(source);
        }
    }
    // Those that answer for what was asked first.
    for one in configured.iter().filter(|one| one.asked).chain(configured.iter().filter(|one| !one.asked)) {
        let source = Source::Configuration {
            file: one.file.clone(),
            line: one.line,
            text: one.text.clone(),
            asked: one.asked,
        };
        let upstream = entry(&mut found, one.address.clone());
        if !upstream.sources.iter().any(|source| matches!(source, Source::Configuration { .. })) {
            upstream.sources.push(source);
        }
    }
    found
}

/// Joins those that turned out to be the same: a name and its address.
pub(super) fn joined(upstreams: Vec<Upstream>) -> Vec<Upstream> {
    let mut joined: Vec<Upstream> = Vec::new();
    for upstream in upstreams {
        let known = joined.iter_mut().find(|known| shares(known, &upstream));
        match known {
            Some(known) => {
                known.sources.extend(upstream.sources);
                known.problem = known.problem.or(upstream.problem);
            }
            None => joined.push(upstream),
        }
    }
    joined
}

fn shares(one: &Upstream, other: &Upstream) -> bool {
    let same = |address: &SocketAddr| other.condition.addresses.contains(address);
    one.condition.addresses.iter().any(same)
}

/// The members of a group that a log names by its name; otherwise the address itself.
fn members(address: &UpstreamAddress, configured: &[Configured]) -> Vec<UpstreamAddress> {
    let UpstreamAddress::Tcp { host, .. } = address else { return vec![address.clone()] };
    let of_group = configured.iter().filter(|one| one.group.as_deref() == Some(host));
    let members: Vec<UpstreamAddress> = of_group.map(|one| one.address.clone()).collect();
    if members.is_empty() { vec![address.clone()] } else { members }
}

fn entry(found: &mut Vec<Upstream>, address: UpstreamAddress) -> &mut Upstream {
    let at = found.iter().position(|known| is_same(&known.address, &address)).unwrap_or_else(|| {
        found.push(Upstream { address, sources: Vec::new(), problem: None, condition: Condition::default() });
        found.len() - 1
    });
    // The place was found, or has just been made.
    #[expect(clippy::indexing_slicing, reason = "`at` is the place of an entry of `found`")]
    &mut found[at]
}

/// Whether two addresses are the same whatever they are written like.
fn is_same(one: &UpstreamAddress, other: &UpstreamAddress) -> bool {
    match (one, other) {
        (
            UpstreamAddress::Tcp { host, port },
            UpstreamAddress::Tcp { host: other_host, port: other_port },
        ) => {
            let loopback = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "::1");
            let same_port = port == other_port || *port == 0 || *other_port == 0;
            same_port && (host.eq_ignore_ascii_case(other_host) || (loopback(host) && loopback(other_host)))
        }
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::upstreams;
    use crate::facts::http::{LogLine, Problem, UpstreamAddress};
    use crate::look::http::upstream::configured::Configured;

    fn configured(port: u16, group: Option<&str>) -> Configured {
        Configured {
            address: UpstreamAddress::Tcp { host: "localhost".into(), port },
            file: "/etc/nginx/nginx.conf".into(),
            line: 3,
            text: "server localhost;".into(),
            group: group.map(str::to_owned),
            asked: true,
        }
    }

    #[test]
    fn a_log_line_and_a_configuration_are_joined() {
        let line = LogLine { file: "/var/log/nginx/error.log".into(), text: "connect() failed (111: Connection refused) while connecting to upstream, upstream: \"http://127.0.0.1:8080/\"".into(), during: true };
        let found = upstreams(&[line], &[], &[configured(8080, None), configured(8081, None)]);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].problem, found[0].sources.len()), (Some(Problem::Refused), 2));
        assert!(found[0].is_witnessed() && !found[1].is_witnessed());
    }

    #[test]
    fn a_group_is_its_members() {
        let line = LogLine {
            file: "x".into(),
            text: "no live upstreams while connecting to upstream, upstream: \"http://app/\"".into(),
            during: true,
        };
        let found = upstreams(
            &[line],
            &[],
            &[configured(1, Some("app")), configured(2, Some("app")), configured(3, None)],
        );
        assert_eq!(
            found.iter().map(|one| one.problem).collect::<Vec<_>>(),
            [Some(Problem::NoneLeft), Some(Problem::NoneLeft), None]
        );
    }
}
