//! nginx: `listen`, `include`, `error_log`, `pid`.

use super::{Configuration, Tree, endpoint};
use crate::facts::service::{Named, Transport};

/// Files that include each other end somewhere.
const DEEPEST: usize = 8;
/// So many files of one configuration are read.
const MOST: usize = 500;

/// Reads a main file and what it includes.
pub(super) fn read(file: &str, tree: &Tree, into: &mut Configuration) {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut left = MOST;
    read_one(file, folder, tree, into, DEEPEST, &mut left);
}

fn read_one(file: &str, folder: &str, tree: &Tree, into: &mut Configuration, depth: usize, left: &mut usize) {
    if depth == 0 || *left == 0 {
        return;
    }
    *left -= 1;
    let Some(text) = tree.read(file) else { return };
    for Statement { words, line } in statements(&text.text) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let absolute =
            |path: &str| if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
        match words.as_slice() {
            ["listen", address, parameters @ ..] => {
                let Some((address, port)) = listened(address) else { continue };
                let datagrams = parameters.iter().any(|word| matches!(*word, "udp" | "quic"));
                into.named.push(Named {
                    address,
                    port,
                    transport: if datagrams { Transport::Udp } else { Transport::Tcp },
                    file: file.to_owned(),
                    line,
                    text: format!("{};", words.join(" ")),
                    changed: text.changed,
                });
            }
            ["include", pattern] => {
                for included in tree.matching(&absolute(pattern)) {
                    read_one(&included, folder, tree, into, depth - 1, left);
                }
            }
            ["error_log", path, ..] if *path != "stderr" && !path.starts_with("syslog:") => {
                into.logs.push(absolute(path));
            }
            ["pid", path] => into.pid_files.push(absolute(path)),
            _ => {}
        }
    }
}

/// `443`, `*:443`, `[::]:443`, and an address alone, which means port 80.
fn listened(text: &str) -> Option<(Option<std::net::IpAddr>, u16)> {
    let alone = text.trim_start_matches('[').trim_end_matches(']');
    match alone.parse::<std::net::IpAddr>() {
        Ok(address) => Some((Some(address).filter(|one| !one.is_unspecified()), 80)),
        Err(_) => endpoint(text),
    }
}

struct Statement {
    words: Vec<String>,
    line: usize,
}

/// The simple statements and the heads of blocks, in order (`ngx_conf_read_token`).
fn statements(text: &str) -> Vec<Statement> {
    let mut found = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut begun = 1;
    let mut line = 1;
    let mut quote = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\n' {
            line += 1;
        }
        if let Some(end) = quote {
            match letter {
                '\\' => word.extend(letters.next()),
                _ if letter == end => quote = None,
                _ => word.push(letter),
            }
            continue;
        }
        match letter {
            '"' | '\'' if word.is_empty() => quote = Some(letter),
            '\\' => word.extend(letters.next()),
            '#' if word.is_empty() => {
                // The line break stays, to be counted.
                while letters.peek().is_some_and(|next| *next != '\n') {
                    letters.next();
                }
            }
            ';' | '{' | '}' => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                if !words.is_empty() {
                    found.push(Statement { words: std::mem::take(&mut words), line: begun });
                }
            }
            _ if letter.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => {
                if words.is_empty() && word.is_empty() {
                    begun = line;
                }
                word.push(letter);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn listen_directives_of_included_files_are_found() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc/nginx/sites-enabled")).unwrap();
        let main = "pid /run/nginx.pid;\nerror_log /var/log/nginx/error.log;\nhttp {\n  include sites-enabled/*;\n}\n";
        let site = "# listen 1;\nserver {\n  listen 443 ssl default_server;\n  listen [::]:443 ssl; listen 443 quic;\n  listen\n    127.0.0.1:8080;\n  add_header X \"a; listen 9;\";\n  listen unix:/run/x;\n  listen 10.0.0.1;\n}\n";
        fs::write(root.path().join("etc/nginx/nginx.conf"), main).unwrap();
        fs::write(root.path().join("etc/nginx/sites-enabled/shop"), site).unwrap();
        let mut found = Configuration::default();
        read("/etc/nginx/nginx.conf", &Tree::below(root.path()), &mut found);
        let told: Vec<_> =
            found.named.iter().map(|one| (one.port, one.transport, one.line, one.text.as_str())).collect();
        assert_eq!(
            told,
            [
                (443, Transport::Tcp, 3, "listen 443 ssl default_server;"),
                (443, Transport::Tcp, 4, "listen [::]:443 ssl;"),
                (443, Transport::Udp, 4, "listen 443 quic;"),
                (8080, Transport::Tcp, 5, "listen 127.0.0.1:8080;"),
                (80, Transport::Tcp, 9, "listen 10.0.0.1;"),
            ]
        );
        assert_eq!(found.named[0].file, "/etc/nginx/sites-enabled/shop");
        assert_eq!(
            (found.logs, found.pid_files),
            (vec!["/var/log/nginx/error.log".into()], vec!["/run/nginx.pid".into()])
        );
    }

    #[test]
    fn a_file_that_includes_itself_ends() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a"), "listen 1; include a; include a;").unwrap();
        let mut found = Configuration::default();
        read("/a", &Tree::below(root.path()), &mut found);
        assert!(found.named.len() <= MOST);
    }
}
