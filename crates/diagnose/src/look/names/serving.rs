//! Whether this host is meant to serve the name: its own host name, the configuration of the server that holds the port.

use portreeve_linux::system::System;

use crate::facts::service::Holder;
use crate::facts::{NameFacts, ServedHere, ServiceFacts};
use crate::look::configuration::{self, Mains, every};
use crate::look::tree::Tree;

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
    let mains = Mains::of_process(Some(software), &holder.process, &tree);
    let directives = configuration::read(software.language, &mains, &tree).directives;
    every(&directives).into_iter().find(|one| says(&one.text, name)).map(|one| ServedHere {
        text: format!("{}:{}: {}", one.file, one.line, one.text),
        reproduce: format!("grep -n {name} {}", one.file),
    })
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
}
