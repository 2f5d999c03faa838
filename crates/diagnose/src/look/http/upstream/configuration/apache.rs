//! Apache: `ProxyPass`, `BalancerMember`, `RewriteRule` with `[P]`, `SetHandler "proxy:..."`, by virtual host and path.

use std::collections::HashMap;

use super::files::{Files, folder_of, joined};
use super::{Asked, Configured};
use crate::facts::http::UpstreamAddress;

/// Files in files are followed so deep.
const DEEPEST: usize = 12;

/// One line with its place.
#[derive(Clone, Debug)]
struct Line {
    words: Vec<String>,
    file: String,
    number: usize,
}

impl Line {
    fn name(&self) -> String {
        self.words.first().map(|word| word.to_ascii_lowercase()).unwrap_or_default()
    }

    fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }
}

/// The upstreams that the configuration at `path` names; `root` is where relative paths begin.
pub(super) fn upstreams(files: &Files, path: &str, root: Option<&str>, asked: &Asked) -> Vec<Configured> {
    let root = root.unwrap_or_else(|| folder_of(path)).to_owned();
    let mut lines = Vec::new();
    load(files, path, &root, &mut lines, 0);
    let variables: HashMap<String, String> = lines
        .iter()
        .filter(|line| line.name() == "define")
        .map(|line| (line.word(1).to_owned(), line.word(2).to_owned()))
        .collect();
    for line in &mut lines {
        for word in &mut line.words {
            for (name, value) in &variables {
                *word = word.replace(&format!("${{{name}}}"), value);
            }
        }
    }
    walk(&lines, asked)
}

fn load(files: &Files, path: &str, root: &str, into: &mut Vec<Line>, depth: usize) {
    let Some(text) = files.text(path).filter(|_| depth <= DEEPEST && into.len() < 100_000) else { return };
    let mut number = 0;
    let mut lines = text.lines();
    while let Some(first) = lines.next() {
        number += 1;
        let at = number;
        let mut whole = first.to_owned();
        while whole.ends_with('\\') {
            whole.pop();
            number += 1;
            whole.push_str(lines.next().unwrap_or_default());
        }
        let words = words(&whole);
        let line = Line { words, file: path.to_owned(), number: at };
        match line.name().as_str() {
            "" => {}
            "include" | "includeoptional" => {
                let root = into
                    .iter()
                    .rev()
                    .find(|line| line.name() == "serverroot")
                    .map_or(root, |line| line.word(1))
                    .to_owned();
                for path in files.matching(&joined(&root, line.word(1))) {
                    load(files, &path, &root, into, depth + 1);
                }
            }
            _ => into.push(line),
        }
    }
}

/// Words of a line, quoted or not; `<VirtualHost *:80>` becomes `<virtualhost`, `*:80`.
fn words(line: &str) -> Vec<String> {
    let line = line.trim();
    if line.starts_with('#') {
        return Vec::new();
    }
    let line = if line.starts_with('<') { line.trim_end_matches('>') } else { line };
    let mut words = Vec::new();
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            blank if blank.is_whitespace() => {}
            '"' | '\'' => {
                let mut word = String::new();
                while let Some(next) = characters.next_if(|next| *next != character) {
                    word.push(next);
                }
                characters.next();
                words.push(word);
            }
            first => {
                let mut word = String::from(first);
                while let Some(next) = characters.next_if(|next| !next.is_whitespace()) {
                    word.push(next);
                }
                words.push(word);
            }
        }
    }
    words
}

/// A virtual host while it is read.
#[derive(Debug, Default)]
struct Host {
    takes_port: bool,
    named: bool,
    found: Vec<Configured>,
}

fn walk(lines: &[Line], asked: &Asked) -> Vec<Configured> {
    let mut balancers: HashMap<String, Vec<Configured>> = HashMap::new();
    let mut main = Host { takes_port: true, ..Host::default() };
    let mut hosts: Vec<Host> = Vec::new();
    let mut host: Option<Host> = None;
    let mut paths: Vec<String> = Vec::new();
    let mut balancer: Option<String> = None;
    for line in lines {
        match line.name().as_str() {
            "<virtualhost" => {
                let takes_port = line.words.iter().skip(1).any(|address| takes(address, asked));
                host = Some(Host { takes_port, ..Host::default() });
            }
            "</virtualhost" => hosts.extend(host.take()),
            "<location" => paths.push(line.word(1).to_owned()),
            "</location" => drop(paths.pop()),
            "<proxy" => {
                balancer = line
                    .word(1)
                    .strip_prefix("balancer://")
                    .map(|name| name.trim_end_matches('/').to_owned());
            }
            "</proxy" => balancer = None,
            "balancermember" => {
                let at = usize::from(balancer.is_none());
                let of =
                    balancer.clone().or_else(|| line.word(1).strip_prefix("balancer://").map(str::to_owned));
                if let (Some(of), Some(member)) = (of, configured(line.word(1 + at), line, true)) {
                    balancers.entry(of).or_default().push(member);
                }
            }
            "servername" | "serveralias" => {
                let known = |name: &str| covers(name.split(':').next().unwrap_or(name), &asked.host);
                if let Some(host) = &mut host {
                    host.named |= line.words.iter().skip(1).any(|name| known(name));
                }
            }
            name => {
                let into = host.as_mut().unwrap_or(&mut main);
                into.found.extend(destination(name, line, paths.last().map(String::as_str), asked));
            }
        }
    }
    hosts.extend(host);
    decide(hosts, main, &balancers)
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
fn destination(name: &str, line: &Line, location: Option<&str>, asked: &Asked) -> Option<Configured> {
    let under = |prefix: &str| asked.path.starts_with(prefix);
    let (written, is_asked) = match name {
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

fn configured(written: &str, line: &Line, asked: bool) -> Option<Configured> {
    let (address, group) = match written.strip_prefix("balancer://") {
        Some(rest) => {
            let name = rest.split('/').next().unwrap_or(rest);
            // Its members take its place.
            (UpstreamAddress::Tcp { host: name.to_owned(), port: 0 }, Some(name.to_owned()))
        }
        None => (UpstreamAddress::read(written, None)?, None),
    };
    Some(Configured {
        address,
        file: line.file.clone(),
        line: line.number,
        text: line.words.join(" "),
        group,
        asked,
    })
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

#[cfg(test)]
mod tests {
    use super::upstreams;
    use crate::look::http::upstream::configuration::{Asked, Files};

    #[test]
    fn the_virtual_host_that_answers() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("etc/apache2/sites-enabled")).unwrap();
        std::fs::write(
            folder.path().join("etc/apache2/apache2.conf"),
            "ServerRoot \"/etc/apache2\"\nDefine APP 127.0.0.1:8001\nIncludeOptional sites-enabled/*.conf\n",
        )
        .unwrap();
        let site = "<VirtualHost *:80>\n ServerName other.test\n ProxyPass / http://10.0.0.1:1/\n</VirtualHost>\n\
            <VirtualHost *:80>\n ServerName example.com\n ServerAlias *.example.com\n ProxyPass /static !\n ProxyPass /api balancer://pool/\n ProxyPass / \\\n  http://${APP}/\n\
             <FilesMatch \"\\.php$\">\n  SetHandler \"proxy:unix:/run/php/fpm.sock|fcgi://localhost/\"\n </FilesMatch>\n\
             <Proxy balancer://pool>\n  BalancerMember http://10.0.0.2:2\n </Proxy>\n RewriteRule ^/ws ws://127.0.0.1:3/ [P,L]\n</VirtualHost>\n";
        std::fs::write(folder.path().join("etc/apache2/sites-enabled/a.conf"), site).unwrap();
        let asked = Asked {
            endpoint: "192.0.2.1:80".parse().unwrap(),
            host: "www.example.com".into(),
            path: "/".into(),
        };
        let found = upstreams(&Files::below(folder.path()), "/etc/apache2/apache2.conf", None, &asked);
        let found: Vec<String> = found
            .iter()
            .map(|one| format!("{}{} {}", if one.asked { "*" } else { "" }, one.address, one.line))
            .collect();
        assert_eq!(
            found,
            [
                "10.0.0.1:1 3",
                "10.0.0.2:2 16",
                "*127.0.0.1:8001 10",
                "*unix:/run/php/fpm.sock 13",
                "*127.0.0.1:3 18"
            ]
        );
    }
}
