//! Apache: `ProxyPass`, `BalancerMember`, `RewriteRule` with `[P]`, `SetHandler "proxy:..."`, by virtual host
//! and path.

use std::collections::HashMap;

use super::{Asked, Configured};
use crate::facts::http::UpstreamAddress;
use crate::look::configuration::Directive;

/// A virtual host while it is read.
#[derive(Debug, Default)]
struct Host {
    takes_port: bool,
    named: bool,
    found: Vec<Configured>,
}

/// The sections that a directive stands in.
#[derive(Clone, Copy, Debug, Default)]
struct Within<'a> {
    /// The place of the virtual host.
    host: Option<usize>,
    location: Option<&'a str>,
    balancer: Option<&'a str>,
}

/// The upstreams that the directives name.
pub(super) fn upstreams(directives: &[Directive], asked: &Asked) -> Vec<Configured> {
    let main = Host { takes_port: true, ..Host::default() };
    let mut walk = Walk { asked, main, hosts: Vec::new(), balancers: HashMap::new() };
    walk.block(directives, Within::default());
    decide(walk.hosts, walk.main, &walk.balancers)
}

/// A walk through all sections.
struct Walk<'a> {
    asked: &'a Asked,
    main: Host,
    hosts: Vec<Host>,
    balancers: HashMap<String, Vec<Configured>>,
}

impl Walk<'_> {
    fn block<'a>(&mut self, directives: &'a [Directive], within: Within<'a>) {
        for directive in directives {
            self.directive(directive, within);
        }
    }

    fn directive<'a>(&mut self, directive: &'a Directive, within: Within<'a>) {
        match directive.name() {
            "<virtualhost" => {
                let takes_port = directive.values().iter().any(|address| takes(address, self.asked));
                let host = Some(self.hosts.len());
                self.hosts.push(Host { takes_port, ..Host::default() });
                self.block(&directive.block, Within { host, ..within });
            }
            "<location" => {
                self.block(&directive.block, Within { location: Some(directive.value()), ..within });
            }
            "<proxy" => {
                let name = directive.value().strip_prefix("balancer://");
                let balancer = name.map(|name| name.trim_end_matches('/'));
                self.block(&directive.block, Within { balancer, ..within });
            }
            "balancermember" => {
                let at = usize::from(within.balancer.is_none());
                let of = within.balancer.or_else(|| directive.value().strip_prefix("balancer://"));
                if let (Some(of), Some(member)) = (of, configured(directive.word(1 + at), directive, true)) {
                    self.balancers.entry(of.to_owned()).or_default().push(member);
                }
            }
            "servername" | "serveralias" => {
                let asked = self.asked;
                let known = |name: &String| covers(name.split(':').next().unwrap_or(name), &asked.host);
                if let Some(host) = within.host.and_then(|host| self.hosts.get_mut(host)) {
                    host.named |= directive.values().iter().any(known);
                }
            }
            section if section.starts_with('<') => self.block(&directive.block, within),
            _ => {
                let found = destination(directive, within.location, self.asked);
                let host = within.host.and_then(|host| self.hosts.get_mut(host)).unwrap_or(&mut self.main);
                host.found.extend(found);
            }
        }
    }
}

/// Marks what is of the host that answers, and puts the members of balancers in their place.
fn decide(hosts: Vec<Host>, main: Host, balancers: &HashMap<String, Vec<Configured>>) -> Vec<Configured> {
    let answers = hosts
        .iter()
        .position(|host| host.takes_port && host.named)
        .or_else(|| hosts.iter().position(|host| host.takes_port));
    let mut found = Vec::new();
    let all =
        std::iter::once((None, main)).chain(hosts.into_iter().enumerate().map(|(at, host)| (Some(at), host)));
    for (at, host) in all {
        // What stands outside of all hosts holds for those that say nothing else.
        let is_it = at == answers || at.is_none();
        for mut one in host.found {
            one.asked &= is_it;
            let members = one.group.as_ref().and_then(|group| balancers.get(group));
            match members {
                Some(members) => found.extend(members.iter().map(|member| Configured {
                    asked: one.asked,
                    group: one.group.clone(),
                    ..member.clone()
                })),
                None if one.group.is_some() => {}
                None => found.push(one),
            }
        }
    }
    found
}

/// Where a directive sends requests.
fn destination(line: &Directive, location: Option<&str>, asked: &Asked) -> Option<Configured> {
    let under = |prefix: &str| asked.path.starts_with(prefix);
    let (written, is_asked) = match line.name() {
        // Within a location it has no path of its own.
        "proxypass" => match (location, line.word(1), line.word(2)) {
            (Some(location), url, _) if url.contains(':') => (url, under(location)),
            (_, path, url) => (url, under(path)),
        },
        "proxypassmatch" => (
            line.words
                .iter()
                .skip(1)
                .find(|word| word.contains("://") || word.starts_with("unix:"))?
                .as_str(),
            true,
        ),
        "sethandler" => (line.word(1).strip_prefix("proxy:")?, location.is_none_or(under)),
        "rewriterule"
            if line
                .words
                .iter()
                .skip(3)
                .any(|flags| flags.trim_matches(['[', ']']).split(',').any(|flag| flag == "P")) =>
        {
            (line.word(2), true)
        }
        _ => return None,
    };
    configured(written, line, is_asked)
}

fn configured(written: &str, line: &Directive, asked: bool) -> Option<Configured> {
    let (address, group) = match written.strip_prefix("balancer://") {
        Some(rest) => {
            let name = rest.split('/').next().unwrap_or(rest);
            // Its members take its place.
            (UpstreamAddress::Tcp { host: name.to_owned(), port: 0 }, Some(name.to_owned()))
        }
        None => (UpstreamAddress::read(written, None)?, None),
    };
    Some(Configured { group, ..Configured::at(line, address, asked) })
}

/// Whether `*:443`, `_default_:80`, `10.0.0.1:*` is for the endpoint.
fn takes(address: &str, asked: &Asked) -> bool {
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (address, "*"),
    };
    // `*`, `_default_` and names are any address.
    let bound = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().ok();
    let fits = bound.is_none_or(|bound| bound.is_unspecified() || bound == asked.endpoint.ip());
    fits && (port == "*" || port.parse() == Ok(asked.endpoint.port()))
}

fn covers(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(rest) => host.to_ascii_lowercase().ends_with(&rest.to_ascii_lowercase()),
        None => pattern.eq_ignore_ascii_case(host),
    }
}
