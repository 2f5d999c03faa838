//! The main files of a configuration: those that a command line names, or the usual ones.

use std::fs;

use portreeve_model::Process;

use super::directive::joined;
use crate::facts::service::{Language, Software};
use crate::look::tree::Tree;

/// Options that name a configuration, where it is not known which the program has.
const OPTIONS: [&str; 4] = ["--config", "-config", "-c", "-f"];

/// Where a configuration begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::look) struct Mains {
    /// Its main files; a pattern stands for many.
    pub(in crate::look) files: Vec<String>,
    /// Apache's `-d`.
    pub(in crate::look) root: Option<String>,
    /// What Apache's `-D` defines.
    pub(in crate::look) defined: Vec<String>,
}

impl Mains {
    /// The usual files of the software.
    pub(in crate::look) fn usual(software: &Software) -> Self {
        let files = software.configuration.iter().map(|file| (*file).to_owned()).collect();
        Self { files, ..Self::default() }
    }

    /// What a command line names, of a process that was started in `folder`; no files where it names none.
    pub(in crate::look) fn told(
        software: Option<&Software>,
        command_line: &[String],
        folder: &str,
        tree: &Tree,
    ) -> Self {
        // nginx and others write their whole command line into one word:
        // `nginx: master process nginx -c /etc/x`.
        let words: Vec<&str> = command_line.iter().flat_map(|word| word.split_whitespace()).collect();
        let Some(software) = software.filter(|software| !software.file_options.is_empty()) else {
            // These may mean anything else: `postgres -c port=5433`.
            let files = values(&words, &OPTIONS).into_iter().map(|file| joined(folder, &file));
            return Self { files: files.filter(|file| tree.has(file)).collect(), ..Self::default() };
        };
        let named = values(&words, software.file_options);
        match software.language {
            Language::Nginx => Self { files: nginx(named, &words, folder, tree), ..Self::default() },
            Language::Apache => {
                let root = first(&words, "-d");
                let from = root.as_deref().unwrap_or(folder);
                Self {
                    files: named.iter().map(|file| joined(from, file)).collect(),
                    defined: values(&words, &["-D"]),
                    root,
                }
            }
            Language::Haproxy => {
                let folder = first(&words, "-C").unwrap_or_else(|| folder.to_owned());
                Self { files: named.iter().map(|file| joined(&folder, file)).collect(), ..Self::default() }
            }
            _ => Self { files: named.iter().map(|file| joined(folder, file)).collect(), ..Self::default() },
        }
    }

    /// Those of a running process: what its command line names, or else the usual ones. Where a program has
    /// one main file, the first of them that is there.
    pub(in crate::look) fn of_process(software: Option<&Software>, process: &Process, tree: &Tree) -> Self {
        let folder = working_directory(process.id.pid);
        let mut mains = Self::told(software, &process.command_line, &folder, tree);
        if let Some(software) = software.filter(|_| mains.files.is_empty()) {
            mains.files = Self::usual(software).files;
            match software.language {
                Language::Nginx | Language::Apache | Language::Caddy => {
                    if software.language == Language::Caddy {
                        mains.files.insert(0, joined(&folder, "Caddyfile"));
                    }
                    mains.files.retain(|file| tree.has(file));
                    mains.files.truncate(1);
                }
                Language::Haproxy | Language::Keyed(_) | Language::None => {}
            }
        }
        mains
    }
}

/// Where a process was started, or has gone to.
pub(in crate::look) fn working_directory(pid: u32) -> String {
    fs::read_link(format!("/proc/{pid}/cwd"))
        .map_or_else(|_| "/".to_owned(), |path| path.to_string_lossy().into_owned())
}

/// nginx takes paths from its prefix: `-p`, or one that it was built with.
fn nginx(named: Vec<String>, words: &[&str], folder: &str, tree: &Tree) -> Vec<String> {
    let prefix = first(words, "-p").map(|prefix| joined(folder, &prefix));
    // One that is not there stays what it was told: the usual one is not in its place.
    let first_of = |paths: Vec<String>| {
        paths.iter().find(|path| tree.has(path)).or(paths.first()).cloned().unwrap_or_default()
    };
    match (named.into_iter().next(), prefix) {
        (Some(file), Some(prefix)) => vec![joined(&prefix, &file)],
        (Some(file), None) => {
            let folders = ["/etc/nginx", "/usr/share/nginx", folder];
            vec![first_of(folders.iter().map(|folder| joined(folder, &file)).collect())]
        }
        (None, Some(prefix)) => {
            vec![first_of(
                ["conf/nginx.conf", "nginx.conf"].iter().map(|file| joined(&prefix, file)).collect(),
            )]
        }
        (None, None) => Vec::new(),
    }
}

fn first(words: &[&str], option: &str) -> Option<String> {
    values(words, &[option]).into_iter().next()
}

/// The values of options: `-c FILE`, `-cFILE`, `--config=FILE`.
fn values(words: &[&str], options: &[&str]) -> Vec<String> {
    let mut values = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let named = options.iter().find_map(|option| Some((option, word.strip_prefix(option)?)));
        let value = match named {
            Some((_, "")) => words.next().copied(),
            Some((option, rest)) if option.starts_with("--") => rest.strip_prefix('='),
            Some((_, rest)) => Some(rest.strip_prefix('=').unwrap_or(rest)),
            None => None,
        };
        values.extend(value.map(str::to_owned));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::tree::written;

    fn told(program: &str, line: &str, tree: &Tree) -> Mains {
        Mains::told(Software::of_program(program), &[line.to_owned()], "/srv", tree)
    }

    #[test]
    fn options_in_each_form() {
        let words: Vec<&str> =
            "nginx: master process nginx -c /a/b.conf -p/x --config=/c".split(' ').collect();
        assert_eq!(first(&words, "-c").as_deref(), Some("/a/b.conf"));
        assert_eq!(first(&words, "-p").as_deref(), Some("/x"));
        assert_eq!(first(&words, "--config").as_deref(), Some("/c"));
        assert_eq!(first(&words, "-z"), None);
        assert_eq!(values(&words, &OPTIONS), ["/a/b.conf", "/c"]);
    }

    #[test]
    fn files_that_a_command_line_names() {
        let root = written(&[("etc/nginx/own.conf", ""), ("opt/conf/nginx.conf", ""), ("srv/x.yaml", "")]);
        let tree = Tree::below(root.path());
        for (program, line, expected) in [
            ("nginx", "nginx -c own.conf", vec!["/etc/nginx/own.conf"]),
            ("nginx", "nginx -p /opt", vec!["/opt/conf/nginx.conf"]),
            ("nginx", "nginx -p /opt -c a", vec!["/opt/a"]),
            ("nginx", "nginx -g daemon", vec![]),
            ("nginx", "nginx -c none.conf", vec!["/etc/nginx/none.conf"]),
            ("nginx", "nginx: master process nginx -c /a", vec!["/a"]),
            ("haproxy", "haproxy -f a.cfg -f /b -D", vec!["/srv/a.cfg", "/b"]),
            ("haproxy", "haproxy -C /c -f a.cfg", vec!["/c/a.cfg"]),
            ("httpd", "httpd -d /r -f conf/a -DSSL -D X", vec!["/r/conf/a"]),
            ("caddy", "caddy run --config=/c", vec!["/c"]),
            ("postgres", "postgres -c port=5433 -c x.yaml", vec!["/srv/x.yaml"]),
            ("unknown", "unknown -c /none -config x.yaml", vec!["/srv/x.yaml"]),
        ] {
            assert_eq!(told(program, line, &tree).files, expected, "{line}");
        }
        assert_eq!(told("httpd", "httpd -d /r -DSSL -D X", &tree).defined, ["SSL", "X"]);
    }
}
