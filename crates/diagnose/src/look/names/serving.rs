//! Whether this host is meant to serve the name: its own host name, the configuration of the server that holds the port.

use std::collections::BTreeSet;

use portreeve_linux::system::System;

use crate::facts::service::Holder;
use crate::facts::{NameFacts, ServedHere, ServiceFacts};
use crate::look::service::Tree;

/// Files that are read of one server.
const MOST: usize = 96;
/// Words before other files of a configuration.
const INCLUDES: [&str; 4] = ["include", "Include", "IncludeOptional", "import"];

/// Adds to the facts why the holders of the port are taken to serve the name.
pub(crate) fn look(facts: &mut NameFacts, service: &ServiceFacts) {
    let name = facts.name.strip_suffix('.').unwrap_or(&facts.name).to_ascii_lowercase();
    if service.listeners.is_empty() {
        return;
    }
    if System::read().name.eq_ignore_ascii_case(&name) {
        facts.served_here.push(ServedHere {
            text: format!("this host's own name is {name}"),
            reproduce: "hostname".to_owned(),
        });
    }
    for holder in service.roots() {
        facts.served_here.extend(configured(holder, &name));
    }
}

/// The first line of the holder's configuration that has the name.
fn configured(holder: &Holder, name: &str) -> Option<ServedHere> {
    let software = holder.software?;
    let tree = Tree::of_process(holder.pid());
    // Some servers write a title of their own over it, in one piece: `nginx: master process nginx -c FILE`.
    let words: Vec<&str> =
        holder.process.command_line.iter().flat_map(|word| word.split_whitespace()).collect();
    let named =
        words.iter().zip(words.iter().skip(1)).filter(|(option, _)| software.file_options.contains(option));
    let mut patterns: Vec<String> = named.map(|(_, file)| (*file).to_owned()).collect();
    if patterns.is_empty() {
        patterns = software.configuration.iter().map(|pattern| (*pattern).to_owned()).collect();
    }
    let mut seen = BTreeSet::new();
    while let Some(pattern) = patterns.pop() {
        for file in tree.matching(&pattern) {
            if seen.len() >= MOST || !seen.insert(file.clone()) {
                continue;
            }
            let Some(text) = tree.read(&file) else { continue };
            for (line, number) in text.text.lines().zip(1..) {
                let line = line.trim();
                if line.starts_with('#') {
                    continue;
                }
                if says(line, name) {
                    return Some(ServedHere {
                        text: format!("{file}:{number}: {line}"),
                        reproduce: format!("grep -n {name} {file}"),
                    });
                }
                patterns.extend(included(line, &file));
            }
        }
    }
    None
}

/// Whether a line has the name as a word of its own, or a wildcard of its domain.
fn says(line: &str, name: &str) -> bool {
    let wildcard = name.split_once('.').map(|(_, domain)| format!("*.{domain}"));
    line.split(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | '"' | '\'' | '{' | '(' | ')')).any(
        |word| {
            let word = word.rsplit("://").next().unwrap_or(word);
            let host = word.split([':', '/']).next().unwrap_or(word);
            host.eq_ignore_ascii_case(name)
                || wildcard.as_deref().is_some_and(|wildcard| host.eq_ignore_ascii_case(wildcard))
        },
    )
}

/// The file or files that a line includes, from the folder of the file where it says no other.
fn included(line: &str, file: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    words.next().filter(|word| INCLUDES.contains(word))?;
    let path = words.next()?.trim_end_matches(';').trim_matches(['"', '\'']);
    if path.starts_with('/') {
        return Some(path.to_owned());
    }
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    Some(format!("{folder}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_a_word_of_its_own() {
        for line in [
            "server_name www.example.test shop.example.test;",
            "ServerAlias shop.example.test",
            "https://shop.example.test:8443 {",
            "acl shop hdr(host) -i shop.example.test",
            "server_name *.example.test;",
        ] {
            assert!(says(line, "shop.example.test"), "{line}");
        }
        for line in
            ["server_name workshop.example.test;", "server_name shop.example.test.other;", "root /shop;"]
        {
            assert!(!says(line, "shop.example.test"), "{line}");
        }
    }

    #[test]
    fn files_are_included_from_the_folder_of_the_file() {
        assert_eq!(
            included("include sites/*;", "/etc/nginx/nginx.conf").as_deref(),
            Some("/etc/nginx/sites/*")
        );
        assert_eq!(included("IncludeOptional /etc/x.conf", "/a").as_deref(), Some("/etc/x.conf"));
        assert_eq!(included("listen 443;", "/a"), None);
    }
}
