//! Certificates that the configuration of the listening servers names, on this host.
//!
//! Read as text: what a line names as a certificate, in the words of the usual servers. A file that can not be read is left out; it
//! is evidence where it is found, and nothing is concluded from its absence.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use portreeve_tls::Certificate;

use crate::facts::service::Holder;
use crate::facts::{ConfiguredCertificate, ServiceFacts};

/// Words before the path of a certificate: nginx, Apache, lighttpd, Postfix, Dovecot, `HAProxy`, Caddy, stunnel, Exim.
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
/// Words before other files, with a star in them at times.
const INCLUDES: [&str; 4] = ["include", "Include", "IncludeOptional", "import"];
/// Where configuration is, by the name of the program.
const PLACES: [(&str, &[&str]); 9] = [
    ("nginx", &["/etc/nginx/nginx.conf"]),
    ("apache2", &["/etc/apache2/sites-enabled/*", "/etc/apache2/apache2.conf"]),
    ("httpd", &["/etc/httpd/conf.d/*", "/etc/httpd/conf/httpd.conf"]),
    ("haproxy", &["/etc/haproxy/haproxy.cfg"]),
    ("caddy", &["/etc/caddy/Caddyfile"]),
    ("lighttpd", &["/etc/lighttpd/lighttpd.conf", "/etc/lighttpd/conf-enabled/*"]),
    ("dovecot", &["/etc/dovecot/dovecot.conf", "/etc/dovecot/conf.d/*"]),
    ("master", &["/etc/postfix/main.cf"]),
    ("stunnel4", &["/etc/stunnel/*"]),
];
/// Bounds: what is larger or more is no configuration that a person wrote.
const FILES: usize = 96;
const BYTES: u64 = 512 << 10;
const CERTIFICATES: usize = 64;

/// The certificates that the holders' configurations and command lines name.
pub(super) fn look(service: &ServiceFacts) -> Vec<ConfiguredCertificate> {
    let mut found = Vec::new();
    for holder in service.roots() {
        let mut reader = Reader::of(holder, &mut found);
        reader.command_line(&holder.process.command_line);
        let name = holder.process.name.to_string();
        for (program, places) in PLACES {
            if name.starts_with(program) {
                for place in places {
                    reader.pattern(place, Path::new("/"));
                }
            }
        }
    }
    found
}

/// Reads the files of one process, as that process sees them.
struct Reader<'a> {
    root: PathBuf,
    folder: PathBuf,
    seen: BTreeSet<PathBuf>,
    found: &'a mut Vec<ConfiguredCertificate>,
}

impl<'a> Reader<'a> {
    fn of(holder: &Holder, found: &'a mut Vec<ConfiguredCertificate>) -> Self {
        let process = PathBuf::from(format!("/proc/{}", holder.pid()));
        let folder = fs::read_link(process.join("cwd")).unwrap_or_else(|_| PathBuf::from("/"));
        Self { root: process.join("root"), folder, seen: BTreeSet::new(), found }
    }

    /// What a command line names: a configuration behind `-c` or `-f`, and certificates.
    fn command_line(&mut self, arguments: &[String]) {
        // nginx writes its command line into its title: `nginx: master process nginx -c FILE`.
        let words: Vec<String> =
            arguments.iter().flat_map(|argument| argument.split_whitespace().map(str::to_owned)).collect();
        let mut before = "";
        for word in &words {
            if matches!(before, "-c" | "-f" | "--config" | "-config") {
                let folder = self.folder.clone();
                self.pattern(word, &folder);
            } else if before.contains("cert") || before == "-crt" {
                let folder = self.folder.clone();
                self.certificate(None, 0, word, &folder, &[]);
            }
            before = word;
        }
    }

    /// A file, or files of a folder by a star in the last part.
    fn pattern(&mut self, pattern: &str, folder: &Path) {
        let path = folder.join(pattern);
        let Some((parent, name)) = path.parent().zip(path.file_name()) else { return };
        let name = name.to_string_lossy();
        let Some((head, tail)) = name.split_once('*') else {
            self.file(&path);
            return;
        };
        let Ok(entries) = fs::read_dir(self.inside(parent)) else { return };
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        for name in names.iter().filter(|name| name.starts_with(head) && name.ends_with(tail)) {
            self.file(&parent.join(name));
        }
    }

    fn file(&mut self, path: &Path) {
        if self.seen.len() >= FILES || !self.seen.insert(path.to_owned()) {
            return;
        }
        let Some(text) = self.read(path) else { return };
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        let mut sites: Vec<String> = Vec::new();
        let first = self.found.len();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_start();
            if line.starts_with('#') {
                continue;
            }
            let words: Vec<&str> = line
                .split(|c: char| c.is_whitespace() || matches!(c, ';' | '=' | '"' | '<' | ','))
                .filter(|word| !word.is_empty())
                .collect();
            self.line(&words, path, index + 1, &folder, &mut sites);
        }
        for one in self.found.iter_mut().skip(first) {
            one.sites.clone_from(&sites);
        }
    }

    fn line(&mut self, words: &[&str], path: &Path, line: usize, folder: &Path, sites: &mut Vec<String>) {
        let Some((first, rest)) = words.split_first() else { return };
        if INCLUDES.contains(first) {
            for pattern in rest {
                self.pattern(pattern, folder);
            }
        } else if SITES.contains(first) {
            let is_name = |word: &&&str| word.contains('.') && !word.starts_with(['~', '.']);
            sites.extend(rest.iter().filter(is_name).map(|word| (*word).to_owned()));
        }
        for pair in words.windows(2) {
            if let [word, value] = pair
                && WORDS.contains(word)
                && value.contains('/')
            {
                self.certificate(Some(path), line, value, folder, &[]);
            }
        }
    }

    /// A file with certificates, or a folder of such files (`HAProxy`).
    fn certificate(&mut self, file: Option<&Path>, line: usize, path: &str, folder: &Path, sites: &[String]) {
        let path = folder.join(path);
        let files = match fs::read_dir(self.inside(&path)) {
            Ok(entries) => entries.flatten().map(|entry| path.join(entry.file_name())).collect(),
            Err(_) => vec![path],
        };
        for path in files {
            if self.found.len() >= CERTIFICATES {
                return;
            }
            let Some(text) = self.read(&path) else { continue };
            let chain = Certificate::read_all(text.as_bytes());
            if chain.is_empty() {
                continue;
            }
            self.found.push(ConfiguredCertificate {
                file: file.map(|file| file.display().to_string()),
                line,
                path: path.display().to_string(),
                chain,
                sites: sites.to_vec(),
            });
        }
    }

    fn read(&self, path: &Path) -> Option<String> {
        let inside = self.inside(path);
        let data = fs::metadata(&inside).ok()?;
        if !data.is_file() || data.len() > BYTES {
            return None;
        }
        fs::read(inside).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A path of the process, seen from here.
    fn inside(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }
}
