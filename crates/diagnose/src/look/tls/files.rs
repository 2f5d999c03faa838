//! Certificates that the configuration of the listening servers names, on this host.
//!
//! A file that can not be read is left out; what is named is evidence where it is found, and nothing is
//! concluded from its absence.

use portreeve_tls::Certificate;

use crate::facts::service::{Holder, Language};
use crate::facts::{ConfiguredCertificate, ServiceFacts};
use crate::look::configuration::{self, Directive, Mains, every, joined, working_directory};
use crate::look::tree::Tree;

/// Words before the path of a certificate: nginx, Apache, lighttpd, Postfix, Dovecot, `HAProxy`, Caddy,
/// stunnel, Exim.
const WORDS: [&str; 11] = [
    "ssl_certificate",
    "SSLCertificateFile",
    "ssl.pemfile",
    "smtpd_tls_cert_file",
    "smtpd_tls_chain_files",
    "ssl_cert",
    "ssl_server_cert_file",
    "crt",
    "tls",
    "cert",
    "tls_certificate",
];
/// Words before the names of a site.
const SITES: [&str; 3] = ["server_name", "ServerName", "ServerAlias"];
/// More certificates are no configuration that a person wrote.
const CERTIFICATES: usize = 64;

/// The certificates that the holders' configurations and command lines name.
pub(super) fn look(service: &ServiceFacts) -> Vec<ConfiguredCertificate> {
    let mut found = Vec::new();
    for holder in service.roots() {
        of_command_line(holder, &mut found);
        let tree = Tree::of_process(holder.pid());
        let mains = Mains::of_process(holder.software, &holder.process, &tree);
        let language = holder.software.map_or(Language::None, |software| software.language);
        of_directives(&configuration::read(language, &mains, &tree).directives, &tree, &mut found);
    }
    found
}

/// What options name: `-cert FILE`, `--tls-cert-file FILE`, `-crt FILE`.
fn of_command_line(holder: &Holder, found: &mut Vec<ConfiguredCertificate>) {
    // Some servers write a title of their own over it, in one piece.
    let words: Vec<&str> =
        holder.process.command_line.iter().flat_map(|word| word.split_whitespace()).collect();
    let folder = working_directory(holder.pid());
    let tree = Tree::of_process(holder.pid());
    for (option, path) in words.iter().zip(words.iter().skip(1)) {
        if option.contains("cert") || *option == "-crt" {
            add(None, &joined(&folder, path), &tree, found);
        }
    }
}

fn of_directives(directives: &[Directive], tree: &Tree, found: &mut Vec<ConfiguredCertificate>) {
    let every = every(directives);
    for directive in &every {
        for (word, value) in directive.words.iter().zip(directive.values()) {
            if is_one_of(word, &WORDS) && value.contains('/') {
                let first = found.len();
                add(Some(directive), &directive.path(value), tree, found);
                for one in found.iter_mut().skip(first) {
                    one.sites = sites(&every, directive);
                }
            }
        }
    }
}

/// The names of sites in the file of a directive.
fn sites(every: &[&Directive], of: &Directive) -> Vec<String> {
    let beside = every.iter().filter(|one| one.file == of.file && is_one_of(one.name(), &SITES));
    let names = beside.flat_map(|one| one.values());
    names.filter(|name| name.contains('.') && !name.starts_with(['~', '.'])).cloned().collect()
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|one| word.eq_ignore_ascii_case(one))
}

/// A file with certificates, or a folder of such files (`HAProxy`).
fn add(directive: Option<&Directive>, path: &str, tree: &Tree, found: &mut Vec<ConfiguredCertificate>) {
    for path in tree.matching(path) {
        if found.len() >= CERTIFICATES {
            return;
        }
        let chain = tree.read(&path).map(|text| Certificate::read_all(text.as_bytes())).unwrap_or_default();
        if !chain.is_empty() {
            found.push(ConfiguredCertificate {
                file: directive.map(|directive| directive.file.to_string()),
                line: directive.map_or(0, |directive| directive.line),
                path,
                chain,
                sites: Vec::new(),
            });
        }
    }
}
