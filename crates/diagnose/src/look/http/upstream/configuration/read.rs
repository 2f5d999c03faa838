//! Which software it is, by its name and command line, and where its configuration is.

use super::files::joined;
use super::{Asked, Configured, Files, apache, caddy, haproxy, nginx};

/// A configuration that was read.
#[derive(Debug, Default)]
pub(in super::super) struct Read {
    /// Its main file; none where the software is not known.
    pub(in super::super) file: Option<String>,
    /// The upstreams it names.
    pub(in super::super) upstreams: Vec<Configured>,
}

/// Reads the configuration of a process, by its name, its command line and its working directory.
pub(in super::super) fn read(
    files: &Files,
    name: &str,
    command_line: &[String],
    folder: &str,
    asked: &Asked,
) -> Read {
    // nginx writes its whole command line into one argument: `nginx: master process /usr/sbin/nginx -c /etc/x`.
    let whole = command_line.join(" ");
    let words: Vec<&str> = whole.split_whitespace().collect();
    let option = |names: &[&str]| option(&words, names);
    let exists =
        |paths: &[&str]| paths.iter().find(|path| files.text(path).is_some()).map(|path| (*path).to_owned());
    let program = name.to_ascii_lowercase();
    if program.starts_with("nginx") || program.starts_with("openresty") || program.starts_with("angie") {
        let prefix = option(&["-p"]);
        let file = match (option(&["-c"]), &prefix) {
            (Some(file), Some(prefix)) => Some(joined(&joined(folder, prefix), &file)),
            (Some(file), None) if file.starts_with('/') => Some(file),
            (Some(file), None) => exists(&[
                &joined("/etc/nginx", &file),
                &joined("/usr/share/nginx", &file),
                &joined(folder, &file),
            ]),
            (None, Some(prefix)) => exists(&[
                &joined(&joined(folder, prefix), "conf/nginx.conf"),
                &joined(&joined(folder, prefix), "nginx.conf"),
            ]),
            (None, None) => exists(&[
                "/etc/nginx/nginx.conf",
                "/usr/local/nginx/conf/nginx.conf",
                "/usr/local/etc/nginx/nginx.conf",
                "/usr/local/openresty/nginx/conf/nginx.conf",
                "/etc/angie/angie.conf",
            ]),
        };
        return with(file, |file| nginx::upstreams(files, file, asked));
    }
    if program.starts_with("haproxy") {
        let folder = option(&["-C"]).unwrap_or_else(|| folder.to_owned());
        let named: Vec<String> = words
            .windows(2)
            .filter(|pair| pair.first() == Some(&"-f"))
            .filter_map(|pair| pair.get(1))
            .map(|file| joined(&folder, file))
            .collect();
        let paths = if named.is_empty() {
            exists(&["/etc/haproxy/haproxy.cfg", "/usr/local/etc/haproxy/haproxy.cfg"]).into_iter().collect()
        } else {
            named
        };
        return with(paths.first().cloned(), |_| haproxy::upstreams(files, &paths, asked));
    }
    if program.starts_with("apache") || program.starts_with("httpd") {
        let root = option(&["-d"]);
        let file = match option(&["-f"]) {
            Some(file) => Some(joined(root.as_deref().unwrap_or(folder), &file)),
            None => exists(&[
                "/etc/apache2/apache2.conf",
                "/etc/httpd/conf/httpd.conf",
                "/usr/local/apache2/conf/httpd.conf",
                "/etc/apache2/httpd.conf",
            ]),
        };
        // Where the main file is in a folder `conf`, paths are relative to the folder above.
        let above = file.as_ref().and_then(|file| file.strip_suffix("/conf/httpd.conf").map(str::to_owned));
        let root = root.or(above);
        return with(file, |file| apache::upstreams(files, file, root.as_deref(), asked));
    }
    if program.starts_with("caddy") {
        let file = match option(&["--config", "-config"]) {
            Some(file) => Some(joined(folder, &file)),
            None => exists(&[&joined(folder, "Caddyfile"), "/etc/caddy/Caddyfile", "/etc/caddy/caddy.json"]),
        };
        return with(file, |file| caddy::upstreams(files, file, asked));
    }
    Read::default()
}

fn with(file: Option<String>, upstreams: impl FnOnce(&str) -> Vec<Configured>) -> Read {
    let Some(file) = file else { return Read::default() };
    let upstreams = upstreams(&file);
    Read { file: Some(file), upstreams }
}

/// The value of an option: `-c FILE`, `-cFILE`, `--config=FILE`.
fn option(words: &[&str], names: &[&str]) -> Option<String> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        for name in names {
            let Some(rest) = word.strip_prefix(name) else { continue };
            let value = match rest {
                "" => words.next().copied(),
                _ if name.starts_with("--") => rest.strip_prefix('='),
                _ => Some(rest),
            };
            if let Some(value) = value {
                return Some(value.to_owned());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::option;

    #[test]
    fn options_in_each_form() {
        let words: Vec<&str> =
            "nginx: master process nginx -c /a/b.conf -p/x --config=/c".split(' ').collect();
        assert_eq!(option(&words, &["-c"]).as_deref(), Some("/a/b.conf"));
        assert_eq!(option(&words, &["-p"]).as_deref(), Some("/x"));
        assert_eq!(option(&words, &["--config"]).as_deref(), Some("/c"));
        assert_eq!(option(&words, &["-z"]), None);
    }
}
