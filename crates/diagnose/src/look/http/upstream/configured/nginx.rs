//! nginx: `upstream`, `proxy_pass` and the other `*_pass`, as far as it can be told for which server and
//! location.

use std::collections::HashMap;

use super::{Asked, Configured};
use crate::facts::http::UpstreamAddress;
use crate::look::configuration::{Directive, listened};

/// Blocks in blocks are followed so deep.
const DEEPEST: usize = 24;

/// The upstreams that the directives name.
pub(super) fn upstreams(directives: &[Directive], asked: &Asked) -> Vec<Configured> {
    let mut found = Vec::new();
    for part in directives.iter().filter(|directive| matches!(directive.name(), "http" | "stream")) {
        let groups: HashMap<&str, &Directive> =
            part.named("upstream").map(|group| (group.value(), group)).collect();
        let servers: Vec<&Directive> = part.named("server").collect();
        let chosen = chosen(&servers, asked);
        for server in &servers {
            let is_chosen = chosen.is_some_and(|chosen| std::ptr::eq(chosen, *server));
            let location = if is_chosen { location(server, &asked.path) } else { None };
            let mut walk = Walk { groups: &groups, variables: HashMap::new(), found: &mut found };
            walk.server(server, is_chosen, location);
        }
    }
    found
}

/// The server that answers: by the port, then by the name, then the default; none where a pattern may take
/// it.
fn chosen<'a>(servers: &[&'a Directive], asked: &Asked) -> Option<&'a Directive> {
    let listening: Vec<&'a Directive> =
        servers.iter().copied().filter(|server| listens(server, asked)).collect();
    let names = |server: &'a Directive| server.named("server_name").flat_map(Directive::values);
    let host = asked.host.to_ascii_lowercase();
    let exact = listening.iter().find(|server| names(server).any(|name| name.eq_ignore_ascii_case(&host)));
    let wildcard = || {
        let fits = |name: &String| {
            let name = name.to_ascii_lowercase();
            match (name.strip_prefix("*."), name.strip_prefix('.'), name.strip_suffix(".*")) {
                (Some(parent), ..) => host.strip_suffix(parent).is_some_and(|first| first.ends_with('.')),
                (None, Some(parent), _) => {
                    host == parent || host.strip_suffix(parent).is_some_and(|first| first.ends_with('.'))
                }
                (None, None, Some(first)) => {
                    host.strip_prefix(first).is_some_and(|rest| rest.starts_with('.'))
                }
                _ => false,
            }
        };
        listening.iter().find(|server| names(server).any(fits))
    };
    if let Some(server) = exact.or_else(wildcard) {
        return Some(server);
    }
    if listening.iter().any(|server| names(server).any(|name| name.starts_with('~'))) {
        return None;
    }
    let is_default = |server: &&&Directive| {
        server
            .named("listen")
            .flat_map(|directive| directive.words.iter().skip(2))
            .any(|word| word == "default_server" || word == "default")
    };
    listening.iter().find(is_default).or(listening.first()).copied()
}

fn listens(server: &Directive, asked: &Asked) -> bool {
    let mut listen = server.named("listen").peekable();
    if listen.peek().is_none() {
        return asked.endpoint.port() == 80;
    }
    listen.filter_map(|directive| listened(directive.value())).any(|(address, port)| {
        port == asked.endpoint.port() && address.is_none_or(|address| address == asked.endpoint.ip())
    })
}

/// The location that answers for a path, as far as no pattern decides: exact, else the longest prefix.
fn location<'a>(server: &'a Directive, path: &str) -> Option<&'a Directive> {
    let locations = || server.named("location");
    let exact = locations().find(|one| {
        one.words.get(1).is_some_and(|sign| sign == "=")
            && one.words.get(2).is_some_and(|exact| exact == path)
    });
    let prefix = |one: &&'a Directive| match one.words.get(1..) {
        Some([sign, prefix]) if sign == "^~" => path.starts_with(prefix.as_str()).then_some(prefix.len()),
        Some([prefix]) if !prefix.starts_with(['@', '~', '=']) => {
            path.starts_with(prefix.as_str()).then_some(prefix.len())
        }
        _ => None,
    };
    exact.or_else(|| locations().filter(|one| prefix(one).is_some()).max_by_key(|one| prefix(one)))
}

/// A walk through one server.
struct Walk<'a> {
    groups: &'a HashMap<&'a str, &'a Directive>,
    variables: HashMap<String, String>,
    found: &'a mut Vec<Configured>,
}

impl Walk<'_> {
    /// `location` is the one that answers, in the server that answers.
    fn server(&mut self, server: &Directive, is_chosen: bool, location: Option<&Directive>) {
        // A location without a destination of its own leads on inside: an index, `try_files`, a pattern for
        // `.php`.
        let leads_on = location.is_none_or(|location| !has_pass(&location.block));
        self.block(
            &server.block,
            &|inner: &Directive| {
                let is_it = location.is_some_and(|location| std::ptr::eq(location, inner));
                let by_pattern = inner.value().starts_with(['~', '@']);
                is_chosen && (is_it || (leads_on && by_pattern))
            },
            is_chosen && leads_on,
            0,
        );
    }

    fn block(
        &mut self,
        block: &[Directive],
        is_asked: &dyn Fn(&Directive) -> bool,
        asked: bool,
        depth: usize,
    ) {
        if depth > DEEPEST {
            return;
        }
        for directive in block.iter().filter(|directive| directive.name() == "set") {
            if let [_, name, value] = directive.words.as_slice() {
                self.variables.insert(name.clone(), value.clone());
            }
        }
        for directive in block {
            if is_pass(directive) {
                self.pass(directive, asked);
            } else if directive.name() == "location" {
                let inner = is_asked(directive);
                self.block(&directive.block, &|_: &Directive| inner, inner, depth + 1);
            } else if !directive.block.is_empty() {
                self.block(&directive.block, is_asked, asked, depth + 1);
            }
        }
    }

    fn pass(&mut self, directive: &Directive, asked: bool) {
        let written = self.substituted(directive.value());
        let bare = written.split_once("://").map_or(written.as_str(), |(_, rest)| rest);
        let name = bare.split(['/', '?']).next().unwrap_or_default();
        if let Some(group) = self.groups.get(name) {
            let up = group.named("server").filter(|server| !server.words.iter().any(|word| word == "down"));
            self.found.extend(up.filter_map(|server| {
                let address = UpstreamAddress::read(server.value(), Some(80))?;
                Some(Configured { group: Some(name.to_owned()), ..Configured::at(server, address, asked) })
            }));
        } else if let Some(address) = UpstreamAddress::read(&written, None) {
            self.found.push(Configured::at(directive, address, asked));
        }
    }

    fn substituted(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let mut names: Vec<&String> = self.variables.keys().collect();
        // The longest first: `$backend_port` begins with `$backend`.
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        for name in names {
            if let Some(value) = self.variables.get(name) {
                text = text.replace(name.as_str(), value);
            }
        }
        text
    }
}

fn is_pass(directive: &Directive) -> bool {
    matches!(
        directive.name(),
        "proxy_pass" | "fastcgi_pass" | "uwsgi_pass" | "scgi_pass" | "grpc_pass" | "memcached_pass"
    )
}

fn has_pass(block: &[Directive]) -> bool {
    block
        .iter()
        .any(|directive| is_pass(directive) || (directive.name() != "location" && has_pass(&directive.block)))
}
