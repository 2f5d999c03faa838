//! `HAProxy`: `server` lines of the backends that a frontend on the port uses.

use std::collections::HashSet;

use super::files::Files;
use super::{Asked, Configured};
use crate::facts::http::UpstreamAddress;

/// One section: `frontend web`, `backend app`, `listen all`.
#[derive(Debug, Default)]
struct Section<'a> {
    kind: &'a str,
    name: &'a str,
    /// Line number, words.
    lines: Vec<(usize, Vec<&'a str>)>,
    file: &'a str,
}

/// The upstreams that the files name.
pub(super) fn upstreams(files: &Files, paths: &[String], asked: &Asked) -> Vec<Configured> {
    let texts: Vec<(String, String)> = paths
        .iter()
        .flat_map(|path| files.matching(path))
        .filter_map(|path| files.text(&path).map(|text| (path, text)))
        .collect();
    let sections: Vec<Section<'_>> = texts.iter().flat_map(|(path, text)| sections(text, path)).collect();
    let defaults = sections
        .iter()
        .filter(|section| section.kind == "defaults")
        .find_map(|section| default_backend(section));
    let asking = sections
        .iter()
        .filter(|section| matches!(section.kind, "frontend" | "listen") && binds(section, asked));
    let used: HashSet<&str> = asking.flat_map(|section| used(section, defaults)).collect();
    sections
        .iter()
        .filter(|section| matches!(section.kind, "backend" | "listen"))
        .flat_map(|section| {
            let is_asked = used.contains(section.name) || (section.kind == "listen" && binds(section, asked));
            servers(section, is_asked)
        })
        .collect()
}

fn sections<'a>(text: &'a str, file: &'a str) -> Vec<Section<'a>> {
    const KINDS: [&str; 12] = [
        "global",
        "defaults",
        "frontend",
        "backend",
        "listen",
        "peers",
        "resolvers",
        "userlist",
        "mailers",
        "cache",
        "program",
        "ring",
    ];
    let mut sections: Vec<Section<'a>> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
        let Some(first) = words.first() else { continue };
        if KINDS.contains(first) {
            let name = words.get(1).copied().unwrap_or_default();
            sections.push(Section { kind: first, name, lines: Vec::new(), file });
        } else if let Some(section) = sections.last_mut() {
            section.lines.push((number + 1, words));
        }
    }
    sections
}

/// Whether it listens on the port: `bind *:443 ssl`, `bind 10.0.0.1:80,:8080`, `bind :::443`, `bind ipv4@:80-90`.
fn binds(section: &Section<'_>, asked: &Asked) -> bool {
    let port = asked.endpoint.port();
    let binds = section.lines.iter().filter(|(_, words)| words.first() == Some(&"bind"));
    binds.filter_map(|(_, words)| words.get(1)).flat_map(|addresses| addresses.split(',')).any(|address| {
        let Some((host, ports)) = address.rsplit_once(':') else { return false };
        let host = host.rsplit('@').next().unwrap_or(host).trim_matches(['[', ']']);
        let fits = match ports.split_once('-') {
            Some((low, high)) => {
                low.parse().is_ok_and(|low: u16| low <= port)
                    && high.parse().is_ok_and(|high: u16| port <= high)
            }
            None => ports.parse() == Ok(port),
        };
        let elsewhere = host
            .parse()
            .is_ok_and(|bound: std::net::IpAddr| !bound.is_unspecified() && bound != asked.endpoint.ip());
        fits && !elsewhere
    })
}

/// The backends that a frontend may send to.
fn used<'a>(section: &Section<'a>, defaults: Option<&'a str>) -> Vec<&'a str> {
    let chosen = section.lines.iter().filter(|(_, words)| words.first() == Some(&"use_backend"));
    let mut used: Vec<&'a str> = chosen.filter_map(|(_, words)| words.get(1).copied()).collect();
    used.extend(default_backend(section).or(defaults));
    used
}

fn default_backend<'a>(section: &Section<'a>) -> Option<&'a str> {
    let line = section.lines.iter().find(|(_, words)| words.first() == Some(&"default_backend"))?;
    line.1.get(1).copied()
}

fn servers(section: &Section<'_>, asked: bool) -> Vec<Configured> {
    let servers = section.lines.iter().filter(|(_, words)| matches!(words.first(), Some(&"server")));
    let up = servers.filter(|(_, words)| !words.contains(&"disabled"));
    up.filter_map(|(line, words)| {
        let written = words.get(2)?;
        let bare = ["ipv4@", "ipv6@", "tcp@", "tcp4@", "tcp6@", "quic4@"]
            .iter()
            .find_map(|prefix| written.strip_prefix(prefix))
            .unwrap_or(written);
        // Without a port, the port of the connection that came in.
        let address = UpstreamAddress::read(bare, None)?;
        Some(Configured {
            address,
            file: section.file.to_owned(),
            line: *line,
            text: words.join(" "),
            group: Some(section.name.to_owned()),
            asked,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::upstreams;
    use crate::look::http::upstream::configuration::{Asked, Files};

    #[test]
    fn the_backends_of_the_frontend_on_the_port() {
        let folder = tempfile::tempdir().unwrap();
        let text = "global\n daemon\ndefaults\n mode http\nfrontend web\n bind *:80,*:443 ssl crt /x\n use_backend api if { path_beg /api }\n default_backend app\n\
            frontend other\n bind 10.0.0.9:443\n default_backend other\nbackend app\n server a 127.0.0.1:8001 check\n server b 127.0.0.1:8002 disabled\n server c unix@/run/c.sock\n\
            backend api\n server a ipv4@10.0.0.5:81\nbackend other\n server o 10.0.0.7:80 # spare\nlisten all\n bind :8080\n server x [::1]:9\n";
        std::fs::write(folder.path().join("haproxy.cfg"), text).unwrap();
        let asked = Asked { endpoint: "192.0.2.1:443".parse().unwrap(), host: "x".into(), path: "/".into() };
        let found = upstreams(&Files::below(folder.path()), &["/haproxy.cfg".into()], &asked);
        let found: Vec<String> = found
            .iter()
            .map(|one| format!("{}{} {}", if one.asked { "*" } else { "" }, one.address, one.line))
            .collect();
        assert_eq!(
            found,
            ["*127.0.0.1:8001 13", "*unix:/run/c.sock 15", "*10.0.0.5:81 17", "10.0.0.7:80 19", "[::1]:9 22"]
        );
    }
}
