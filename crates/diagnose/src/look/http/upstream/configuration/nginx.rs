//! nginx: `upstream`, `proxy_pass` and the other `*_pass`, `include`, as far as it can be told for which server and location.

use std::collections::HashMap;

use super::files::{Files, folder_of, joined};
use super::{Asked, Configured};
use crate::facts::http::UpstreamAddress;

/// Blocks in blocks, and files in files, are followed so deep.
const DEEPEST: usize = 24;

/// One directive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Directive {
    words: Vec<String>,
    file: String,
    line: usize,
    block: Vec<Directive>,
}

impl Directive {
    fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    fn value(&self) -> &str {
        self.words.get(1).map_or("", String::as_str)
    }

    fn text(&self) -> String {
        format!("{};", self.words.join(" "))
    }
}

/// The upstreams that the configuration at `path` names.
pub(super) fn upstreams(files: &Files, path: &str, asked: &Asked) -> Vec<Configured> {
    let mut left = 200;
    let tree = load(files, path, folder_of(path), &mut left, 0);
    let mut found = Vec::new();
    for part in tree.iter().filter(|directive| matches!(directive.name(), "http" | "stream")) {
        let groups: HashMap<&str, &Directive> = part
            .block
            .iter()
            .filter(|directive| directive.name() == "upstream")
            .map(|group| (group.value(), group))
            .collect();
        let servers: Vec<&Directive> =
            part.block.iter().filter(|directive| directive.name() == "server").collect();
        let chosen = chosen(&servers, asked);
        for server in &servers {
            let is_chosen = chosen.is_some_and(|chosen| std::ptr::eq(chosen, *server));
            let location = if is_chosen { location(&server.block, &asked.path) } else { None };
            let mut walk = Walk { groups: &groups, variables: HashMap::new(), found: &mut found };
            walk.server(server, is_chosen, location);
        }
    }
    found
}

/// Reads a file and what it includes; a relative path is relative to the folder of the first.
fn load(files: &Files, path: &str, folder: &str, left: &mut usize, depth: usize) -> Vec<Directive> {
    if depth > DEEPEST || *left == 0 {
        return Vec::new();
    }
    *left -= 1;
    let Some(text) = files.text(path) else { return Vec::new() };
    let directives = parse(&text, path);
    expand(directives, files, folder, left, depth)
}

fn expand(
    directives: Vec<Directive>,
    files: &Files,
    folder: &str,
    left: &mut usize,
    depth: usize,
) -> Vec<Directive> {
    let mut expanded = Vec::new();
    for mut directive in directives {
        if directive.name() == "include" {
            for path in files.matching(&joined(folder, directive.value())) {
                expanded.extend(load(files, &path, folder, left, depth + 1));
            }
            continue;
        }
        directive.block = expand(std::mem::take(&mut directive.block), files, folder, left, depth + 1);
        expanded.push(directive);
    }
    expanded
}

/// The directives of a text. A block that is not closed ends with the text.
fn parse(text: &str, file: &str) -> Vec<Directive> {
    let mut open: Vec<Vec<Directive>> = vec![Vec::new()];
    let mut heads: Vec<Directive> = Vec::new();
    let fresh = || Directive { file: file.to_owned(), ..Directive::default() };
    let mut current = fresh();
    for (token, line) in tokens(text) {
        match token {
            Token::Word(word) => {
                if current.words.is_empty() {
                    current.line = line;
                }
                current.words.push(word);
            }
            Token::End => {
                let done = std::mem::replace(&mut current, fresh());
                if let Some(list) = open.last_mut().filter(|_| !done.words.is_empty()) {
                    list.push(done);
                }
            }
            Token::Open if open.len() <= DEEPEST => {
                heads.push(std::mem::replace(&mut current, fresh()));
                open.push(Vec::new());
            }
            Token::Close if open.len() > 1 => close(&mut open, &mut heads),
            Token::Open | Token::Close => current = fresh(),
        }
    }
    while open.len() > 1 {
        close(&mut open, &mut heads);
    }
    open.pop().unwrap_or_default()
}

fn close(open: &mut Vec<Vec<Directive>>, heads: &mut Vec<Directive>) {
    if let (Some(block), Some(mut head)) = (open.pop(), heads.pop())
        && let Some(list) = open.last_mut()
    {
        head.block = block;
        list.push(head);
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    End,
    Open,
    Close,
}

/// Words, quoted or not, and the signs between them, each with its line.
fn tokens(text: &str) -> Vec<(Token, usize)> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().peekable();
    let mut line = 1;
    while let Some(character) = characters.next() {
        match character {
            '\n' => line += 1,
            ';' => tokens.push((Token::End, line)),
            '{' => tokens.push((Token::Open, line)),
            '}' => tokens.push((Token::Close, line)),
            '#' => while characters.next_if(|next| *next != '\n').is_some() {},
            '"' | '\'' => {
                let begun = line;
                let mut word = String::new();
                while let Some(next) = characters.next() {
                    line += usize::from(next == '\n');
                    match next {
                        '\\' => word.extend(characters.next()),
                        end if end == character => break,
                        other => word.push(other),
                    }
                }
                tokens.push((Token::Word(word), begun));
            }
            blank if blank.is_whitespace() => {}
            first => {
                let mut word = String::from(first);
                // A variable in braces is part of a word; a block begins after a blank.
                let mut braces = 0_u32;
                while let Some(next) = characters.next_if(|next| {
                    let ends = next.is_whitespace()
                        || *next == ';'
                        || (*next == '{' && !word.ends_with('$'))
                        || (*next == '}' && braces == 0);
                    !ends
                }) {
                    match next {
                        '{' => braces += 1,
                        '}' => braces = braces.saturating_sub(1),
                        _ => {}
                    }
                    word.push(next);
                }
                tokens.push((Token::Word(word), line));
            }
        }
    }
    tokens
}

/// The server that answers: by the port, then by the name, then the default; none where a pattern may take it.
fn chosen<'a>(servers: &[&'a Directive], asked: &Asked) -> Option<&'a Directive> {
    let listening: Vec<&'a Directive> =
        servers.iter().copied().filter(|server| listens(server, asked)).collect();
    let names = |server: &'a Directive| {
        server
            .block
            .iter()
            .filter(|directive| directive.name() == "server_name")
            .flat_map(|directive| directive.words.iter().skip(1))
    };
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
        let listen = server.block.iter().filter(|directive| directive.name() == "listen");
        listen
            .flat_map(|directive| directive.words.iter().skip(2))
            .any(|word| word == "default_server" || word == "default")
    };
    listening.iter().find(is_default).or(listening.first()).copied()
}

fn listens(server: &Directive, asked: &Asked) -> bool {
    let mut listen = server.block.iter().filter(|directive| directive.name() == "listen").peekable();
    if listen.peek().is_none() {
        return asked.endpoint.port() == 80;
    }
    listen.any(|directive| {
        let written = directive.value();
        let (host, port) = match written.rsplit_once(':') {
            Some((host, port)) if !written.starts_with("unix:") && !port.ends_with(']') => (host, port),
            _ if written.bytes().all(|byte| byte.is_ascii_digit()) => ("*", written),
            _ => (written, "80"),
        };
        let host = host.trim_matches(['[', ']']);
        let any = matches!(host, "*" | "0.0.0.0" | "::");
        let same = any
            || host
                .parse()
                .map_or(host == asked.host, |address: std::net::IpAddr| address == asked.endpoint.ip());
        same && port.parse() == Ok(asked.endpoint.port())
    })
}

/// The location that answers for a path, as far as no pattern decides: exact, else the longest prefix.
fn location<'a>(block: &'a [Directive], path: &str) -> Option<&'a Directive> {
    let locations = || block.iter().filter(|directive| directive.name() == "location");
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
        // A location without a destination of its own leads on inside: an index, `try_files`, a pattern for `.php`.
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
        let configured = |address, at: &Directive, group: Option<&str>| Configured {
            address,
            file: at.file.clone(),
            line: at.line,
            text: at.text(),
            group: group.map(str::to_owned),
            asked,
        };
        if let Some(group) = self.groups.get(name) {
            let servers = group.block.iter().filter(|server| server.name() == "server");
            let up = servers.filter(|server| !server.words.iter().any(|word| word == "down"));
            self.found.extend(up.filter_map(|server| {
                UpstreamAddress::read(server.value(), Some(80))
                    .map(|address| configured(address, server, Some(name)))
            }));
        } else if let Some(address) = UpstreamAddress::read(&written, None) {
            self.found.push(configured(address, directive, None));
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{parse, upstreams};
    use crate::look::http::upstream::configuration::{Asked, Files};

    fn asked(endpoint: &str, host: &str, path: &str) -> Asked {
        Asked { endpoint: endpoint.parse().unwrap(), host: host.into(), path: path.into() }
    }

    fn found(files: &[(&str, &str)], asked: &Asked) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let files = Files::below(folder.path());
        let found = upstreams(&files, "/etc/nginx/nginx.conf", asked);
        found
            .iter()
            .map(|one| {
                format!("{}{} {}:{}", if one.asked { "*" } else { "" }, one.address, one.file, one.line)
            })
            .collect()
    }

    const MAIN: &str = "events {}\nhttp {\n  upstream app { server 127.0.0.1:8001; server 127.0.0.1:8002 down; server unix:/run/app.sock; }\n  include sites/*.conf;\n}\n";

    #[test]
    fn the_server_and_the_location_that_answer() {
        let site = "server {\n listen 443 ssl default_server;\n server_name _;\n location / { proxy_pass http://127.0.0.1:9000; }\n}\n\
            server {\n listen 443 ssl;\n server_name example.com *.example.com;\n location / { proxy_pass http://app; } # all\n location /api/ { proxy_pass http://127.0.0.1:8100/; }\n}\n";
        let files = [("etc/nginx/nginx.conf", MAIN), ("etc/nginx/sites/a.conf", site)];
        assert_eq!(
            found(&files, &asked("192.0.2.1:443", "www.example.com", "/")),
            [
                "127.0.0.1:9000 /etc/nginx/sites/a.conf:4",
                "*127.0.0.1:8001 /etc/nginx/nginx.conf:3",
                "*unix:/run/app.sock /etc/nginx/nginx.conf:3",
                "127.0.0.1:8100 /etc/nginx/sites/a.conf:10",
            ]
        );
        let api = found(&files, &asked("192.0.2.1:443", "example.com", "/api/x"));
        assert!(api.contains(&"*127.0.0.1:8100 /etc/nginx/sites/a.conf:10".to_owned()), "{api:?}");
        assert!(api.iter().filter(|one| one.starts_with('*')).count() == 1);
        let other = found(&files, &asked("192.0.2.1:443", "192.0.2.1", "/"));
        assert!(other[0].starts_with("*127.0.0.1:9000"), "{other:?}");
        assert!(
            !found(&files, &asked("192.0.2.1:80", "example.com", "/")).iter().any(|one| one.starts_with('*'))
        );
    }

    #[test]
    fn scripts_are_reached_by_way_of_an_index_and_variables_by_their_values() {
        let php = "http { server { listen 80; set $up 127.0.0.1; root /srv; index index.php;\n location / { try_files $uri /index.php; }\n \
            location ~ \\.php$ { fastcgi_pass unix:/run/php/fpm.sock; }\n location /x { if ($a = \"}\") { proxy_pass http://$up:81; } proxy_pass http://${up}2:1; } } }";
        assert_eq!(
            found(&[("etc/nginx/nginx.conf", php)], &asked("192.0.2.1:80", "x", "/")),
            ["*unix:/run/php/fpm.sock /etc/nginx/nginx.conf:3", "127.0.0.1:81 /etc/nginx/nginx.conf:4"]
        );
    }

    #[test]
    fn a_stream_is_followed_too() {
        let stream = "stream { server { listen 10.0.0.1:443; proxy_pass 10.0.0.5:8443; } server { listen 443; proxy_pass 10.0.0.6:443; } }";
        assert_eq!(
            found(&[("etc/nginx/nginx.conf", stream)], &asked("10.0.0.1:443", "", "/")),
            ["*10.0.0.5:8443 /etc/nginx/nginx.conf:1", "10.0.0.6:443 /etc/nginx/nginx.conf:1"]
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z${}\"'#;\\\\ \n]{0,200}") {
            let _ = parse(&text, "x");
        }
    }
}
