//! Apache: `Listen`, `Include`, `ErrorLog`, `PidFile`, inside `<IfModule>` only where the module is loaded.

use std::collections::HashMap;

use super::{Configuration, Tree, endpoint};
use crate::facts::service::{Named, Transport};

/// So many files of one configuration are read.
const MOST: usize = 500;

/// Reads a main file and what it includes.
pub(super) fn read(file: &str, tree: &Tree, into: &mut Configuration) {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let variables = variables(&format!("{folder}/envvars"), tree);
    let mut reader = Reader { tree, into, root: folder, modules: Vec::new(), variables, left: MOST };
    reader.read(file, 8);
}

struct Reader<'a> {
    tree: &'a Tree,
    into: &'a mut Configuration,
    /// `ServerRoot`, to which other paths are relative.
    root: String,
    /// Loaded so far: `ssl_module`.
    modules: Vec<String>,
    variables: HashMap<String, String>,
    left: usize,
}

impl Reader<'_> {
    fn read(&mut self, file: &str, depth: usize) {
        if depth == 0 || self.left == 0 {
            return;
        }
        self.left -= 1;
        let Some(text) = self.tree.read(file) else { return };
        // One for each open section that depends on something: whether it counts.
        let mut sections: Vec<bool> = Vec::new();
        for (number, line) in text.text.lines().enumerate() {
            let line = self.expanded(line.trim());
            let mut words = line.split_whitespace().map(|word| word.trim_matches('"'));
            let Some(key) = words.next().filter(|key| !key.starts_with('#')).map(str::to_ascii_lowercase)
            else {
                continue;
            };
            let value = words.next().unwrap_or_default().to_owned();
            match key.as_str() {
                "<ifmodule" => sections.push(self.is_loaded(value.trim_end_matches('>'))),
                // What is defined on the command line is not known here: Debian defines nothing.
                "<ifdefine" => sections.push(value.starts_with('!')),
                "</ifmodule>" | "</ifdefine>" => drop(sections.pop()),
                _ if sections.contains(&false) => {}
                "serverroot" => self.root.clone_from(&value),
                "loadmodule" => self.modules.push(value),
                "include" | "includeoptional" => {
                    let pattern = self.absolute(&value);
                    // A folder stands for all files in it.
                    let mut included = self.tree.matching(&pattern);
                    if included.is_empty() {
                        included = self.tree.matching(&format!("{}/*", pattern.trim_end_matches('/')));
                    }
                    for one in included {
                        self.read(&one, depth - 1);
                    }
                }
                "listen" => {
                    let Some((address, port)) = endpoint(&value) else { continue };
                    self.into.named.push(Named {
                        address,
                        port,
                        transport: Transport::Tcp,
                        file: file.to_owned(),
                        line: number + 1,
                        text: line.clone(),
                        changed: text.changed,
                    });
                }
                "errorlog" if !value.starts_with(['|']) && !value.starts_with("syslog") => {
                    let log = self.absolute(&value);
                    self.into.logs.push(log);
                }
                "pidfile" => {
                    let file = self.absolute(&value);
                    self.into.pid_files.push(file);
                }
                _ => {}
            }
        }
    }

    fn absolute(&self, path: &str) -> String {
        if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.root) }
    }

    /// `ssl_module`, or by its file: `mod_ssl.c`; with `!` the other way round.
    fn is_loaded(&self, module: &str) -> bool {
        let (module, wanted) = module.strip_prefix('!').map_or((module, true), |module| (module, false));
        let by_file = module.strip_prefix("mod_").and_then(|name| name.strip_suffix(".c"));
        let name = by_file.map_or_else(|| module.to_owned(), |name| format!("{name}_module"));
        self.modules.contains(&name) == wanted
    }

    /// With `${NAME}` replaced.
    fn expanded(&self, line: &str) -> String {
        let mut line = line.to_owned();
        for (name, value) in &self.variables {
            line = line.replace(&format!("${{{name}}}"), value);
        }
        line
    }
}

/// `export APACHE_LOG_DIR=/var/log/apache2$SUFFIX` of Debian's `envvars`; the suffix is empty for the only instance.
fn variables(file: &str, tree: &Tree) -> HashMap<String, String> {
    let text = tree.read(file).map(|text| text.text).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("export ")?.split_once('='))
        .map(|(name, value)| {
            (name.to_owned(), value.replace("$SUFFIX", "").trim_matches(['"', '\'']).to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn sections_of_modules_that_are_not_loaded_do_not_count() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("etc/apache2");
        fs::create_dir_all(folder.join("mods-enabled")).unwrap();
        fs::write(folder.join("envvars"), "export APACHE_LOG_DIR=/var/log/apache2$SUFFIX\n").unwrap();
        fs::write(
            folder.join("apache2.conf"),
            "ErrorLog ${APACHE_LOG_DIR}/error.log\nIncludeOptional mods-enabled/*.load\nInclude ports.conf\n",
        )
        .unwrap();
        let ports = "# Listen 1\nListen 80\n<IfModule ssl_module>\n\tListen 443\n</IfModule>\n<IfModule mod_gnutls.c>\n\tListen 8443\n</IfModule>\nListen [::1]:8080 https\n";
        fs::write(folder.join("ports.conf"), ports).unwrap();
        let ports = |root: &std::path::Path| {
            let mut found = Configuration::default();
            read("/etc/apache2/apache2.conf", &Tree::below(root), &mut found);
            assert_eq!(found.logs, ["/var/log/apache2/error.log"]);
            found.named.iter().map(|named| (named.port, named.line)).collect::<Vec<_>>()
        };
        assert_eq!(ports(root.path()), [(80, 2), (8080, 9)]);
        fs::write(
            folder.join("mods-enabled/ssl.load"),
            "LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\n",
        )
        .unwrap();
        assert_eq!(ports(root.path()), [(80, 2), (443, 4), (8080, 9)]);
    }
}
