//! Apache: one directive a line, `\` before the next; sections in `<...>`; `Include`, `ServerRoot`, `Define`
//! and Debian's `envvars`; `<IfModule>` and `<IfDefine>` only where what they ask for is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::block::{Blocks, Origin};
use super::directive::{Directive, folder_of, joined};
use super::loader::Files;
use super::mains::Mains;
use super::words::words;
use crate::look::tree::Tree;

/// Reads a main file and what it includes.
pub(super) fn load(file: &str, mains: &Mains, tree: &Tree) -> Vec<Directive> {
    let folder = folder_of(file);
    // Where the main file is in a folder `conf`, paths are relative to the folder above.
    let root = mains.root.as_deref().or_else(|| file.strip_suffix("/conf/httpd.conf")).unwrap_or(folder);
    let mut loader = Loader {
        files: Files::of(tree),
        root: Arc::from(root),
        modules: BTreeSet::new(),
        variables: variables(&tree.read(&format!("{folder}/envvars")).unwrap_or_default()),
        defined: mains.defined.iter().cloned().collect(),
    };
    loader.load(file, 0)
}

/// What is known at a place of the configuration: what stands before it decides what it means.
struct Loader<'a> {
    files: Files<'a>,
    /// `ServerRoot`.
    root: Arc<str>,
    /// Loaded so far: `ssl_module`.
    modules: BTreeSet<String>,
    variables: BTreeMap<String, String>,
    /// What `Define` and the command line define.
    defined: BTreeSet<String>,
}

impl Loader<'_> {
    fn load(&mut self, path: &str, depth: usize) -> Vec<Directive> {
        let Some(text) = self.files.text(path, depth) else { return Vec::new() };
        let directives = parse(&text, &Origin { file: Arc::from(path), folder: Arc::clone(&self.root) });
        let mut read = Vec::new();
        self.read(directives, depth, &mut read);
        read
    }

    fn read(&mut self, directives: Vec<Directive>, depth: usize, into: &mut Vec<Directive>) {
        for mut directive in directives {
            for text in directive.words.iter_mut().chain([&mut directive.text]) {
                *text = self.expanded(text);
            }
            directive.folder = Arc::clone(&self.root);
            let value = directive.value();
            match directive.name() {
                "include" | "includeoptional" if value.is_empty() => continue,
                "include" | "includeoptional" => {
                    for path in self.files.tree.matching(&directive.path(value)) {
                        into.extend(self.load(&path, depth + 1));
                    }
                    continue;
                }
                "<ifmodule" => {
                    if self.is_loaded(value) {
                        self.read(directive.block, depth, into);
                    }
                    continue;
                }
                "<ifdefine" => {
                    let (name, wanted) = negated(value);
                    if self.defined.contains(name) == wanted {
                        self.read(directive.block, depth, into);
                    }
                    continue;
                }
                "serverroot" => self.root = Arc::from(joined(&self.root, value)),
                "loadmodule" => drop(self.modules.insert(value.to_owned())),
                "define" => {
                    self.variables.insert(value.to_owned(), directive.word(2).to_owned());
                    self.defined.insert(value.to_owned());
                }
                "undefine" => drop(self.defined.remove(value)),
                _ => {}
            }
            let mut block = Vec::new();
            self.read(std::mem::take(&mut directive.block), depth, &mut block);
            directive.block = block;
            into.push(directive);
        }
    }

    /// `ssl_module`, or by its file: `mod_ssl.c`; with `!` the other way round.
    fn is_loaded(&self, module: &str) -> bool {
        let (module, wanted) = negated(module);
        let by_file = module.strip_prefix("mod_").and_then(|name| name.strip_suffix(".c"));
        let name = by_file.map_or_else(|| module.to_owned(), |name| format!("{name}_module"));
        self.modules.contains(&name) == wanted
    }

    /// With `${NAME}` replaced.
    fn expanded(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if text.contains("${") {
            for (name, value) in &self.variables {
                text = text.replace(&format!("${{{name}}}"), value);
            }
        }
        text
    }
}

fn negated(word: &str) -> (&str, bool) {
    word.strip_prefix('!').map_or((word, true), |word| (word, false))
}

/// `export APACHE_LOG_DIR=/var/log/apache2$SUFFIX` of Debian's `envvars`; the suffix is empty for the only
/// instance.
fn variables(envvars: &str) -> BTreeMap<String, String> {
    envvars
        .lines()
        .filter_map(|line| line.trim().strip_prefix("export ")?.split_once('='))
        .map(|(name, value)| {
            (name.to_owned(), value.replace("$SUFFIX", "").trim_matches(['"', '\'']).to_owned())
        })
        .collect()
}

/// The directives of a text.
pub(super) fn parse(text: &str, origin: &Origin) -> Vec<Directive> {
    let mut blocks = Blocks::default();
    let mut number = 0;
    let mut lines = text.lines();
    while let Some(first) = lines.next() {
        number += 1;
        let begun = number;
        let mut whole = first.to_owned();
        while whole.ends_with('\\') {
            whole.pop();
            number += 1;
            whole.push_str(lines.next().unwrap_or_default());
        }
        let mut words = line_words(&whole);
        let text = words.join(" ");
        let Some(name) = words.first_mut() else { continue };
        name.make_ascii_lowercase();
        if name.starts_with("</") {
            blocks.close();
        } else if name.starts_with('<') {
            blocks.open(origin.directive(words, format!("{text}>"), begun));
        } else {
            blocks.push(origin.directive(words, text, begun));
        }
    }
    blocks.finish()
}

/// Words of a line; `<VirtualHost *:80>` becomes `<VirtualHost`, `*:80`.
fn line_words(line: &str) -> Vec<String> {
    let line = line.trim();
    if line.starts_with('#') {
        return Vec::new();
    }
    words(if line.starts_with('<') { line.trim_end_matches('>') } else { line }, ['"', '\''], None)
}

#[cfg(test)]
mod tests {
    use super::super::tests::origin;
    use super::*;
    use crate::look::tree::written;

    #[test]
    fn lines_quotes_and_sections() {
        let text = "# no\nListen \\\n  80\n<VirtualHost *:80>\n ErrorLog \"a \\\"b\\\" c\"\n</VirtualHost>\nUser www\n";
        let directives = parse(text, &origin());
        let told: Vec<_> =
            super::super::every(&directives).iter().map(|one| (one.line, one.words.join("|"))).collect();
        let expected =
            [(2, "listen|80"), (4, "<virtualhost|*:80"), (5, "errorlog|a \"b\" c"), (7, "user|www")];
        assert_eq!(told, expected.map(|(line, words)| (line, words.to_owned())));
        assert_eq!((directives.len(), directives[1].text.as_str()), (3, "<VirtualHost *:80>"));
    }

    #[test]
    fn what_stands_before_decides() {
        let root = written(&[
            ("etc/apache2/envvars", "export APACHE_LOG_DIR=/var/log/apache2$SUFFIX\n"),
            (
                "etc/apache2/apache2.conf",
                "ErrorLog ${APACHE_LOG_DIR}/error.log\nDefine SITES sites\n<IfDefine SITES>\nInclude ${SITES}\n</IfDefine>\n\
                 <IfDefine SSL>\nListen 1\n</IfDefine>\n<IfDefine !SSL>\nListen 2\n</IfDefine>\nServerRoot /srv\nInclude more.conf\n",
            ),
            (
                "etc/apache2/sites/a",
                "<IfModule !mod_ssl.c>\nListen 3\n</IfModule>\nLoadModule ssl_module x\n",
            ),
            (
                "etc/apache2/sites/b",
                "<VirtualHost *:4>\n<IfModule ssl_module>\nListen 4\n</IfModule>\n</VirtualHost>\n",
            ),
            ("srv/more.conf", "Listen 5\nPidFile run/pid\n"),
        ]);
        let told = |mains: &Mains| {
            let directives = load("/etc/apache2/apache2.conf", mains, &Tree::below(root.path()));
            let every = super::super::every(&directives);
            assert_eq!(every[0].value(), "/var/log/apache2/error.log");
            let last = every.last().unwrap();
            assert_eq!(last.path(last.value()), "/srv/run/pid");
            let ports = every.iter().filter(|one| one.name() == "listen");
            ports.map(|one| one.value().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(told(&Mains::default()), ["3", "4", "2", "5"]);
        assert_eq!(told(&Mains { defined: vec!["SSL".into()], ..Mains::default() }), ["3", "4", "1", "5"]);
    }
}
