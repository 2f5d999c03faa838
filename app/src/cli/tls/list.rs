//! Targets from the command line, from files and from standard input.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use portreeve_diagnose::target::Services;

use super::target::{self, Mistake};
use crate::engine::TlsTarget;
use crate::error::CommandError;
use crate::excerpt::Excerpt;

/// More hosts than these are asked in several runs.
const MOST_HOSTS: u64 = 1 << 20;
/// A longer file is no list of hosts.
const MOST_BYTES: u64 = 64 << 20;

/// Targets, each once, in the order in which they were given.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) targets: Vec<TlsTarget>,
    known: BTreeSet<(String, u16)>,
    hosts: u64,
}

impl List {
    /// Adds one of the command line.
    pub(super) fn word(&mut self, text: &str, services: Services<'_>) -> Result<(), CommandError> {
        if text == "-" {
            return self.file(Path::new("-"), services);
        }
        self.read(text, services).map_err(|mistake| {
            let excerpt = Excerpt::of_word(text, mistake.offset);
            told(mistake, excerpt)
        })
    }

    /// Adds those of a file: one a line; what follows a `#` at the beginning or behind a blank is a comment.
    pub(super) fn file(&mut self, path: &Path, services: Services<'_>) -> Result<(), CommandError> {
        let (name, text) = text_of(path)?;
        for (number, line) in text.lines().enumerate() {
            let target = without_comment(line).trim();
            if target.is_empty() {
                continue;
            }
            self.read(target, services).map_err(|mistake| {
                let at = line.find(target).unwrap_or(0) + mistake.offset;
                let excerpt =
                    Excerpt { line: Some((name.clone(), number + 1)), ..Excerpt::of_word(line, at) };
                told(mistake, excerpt)
            })?;
        }
        Ok(())
    }

    fn read(&mut self, text: &str, services: Services<'_>) -> Result<(), Mistake> {
        for target in target::parse(text, services)? {
            // The same host and port by another spelling is another target: its name in the hello may differ.
            if !self.known.insert((format!("{:?}", target.host), target.port)) {
                continue;
            }
            self.hosts = self.hosts.saturating_add(target.hosts());
            if self.hosts > MOST_HOSTS {
                return Err(Mistake {
                    message: format!("with this there are more than {MOST_HOSTS} hosts"),
                    offset: 0,
                    help: "audit them in several runs".to_owned(),
                });
            }
            self.targets.push(target);
        }
        Ok(())
    }
}

fn told(mistake: Mistake, excerpt: Excerpt) -> CommandError {
    let wrong = CommandError::usage(format!("the target is not understood: {}", mistake.message)).at(excerpt);
    if mistake.help.is_empty() { wrong } else { wrong.hint(mistake.help) }
}

fn without_comment(line: &str) -> &str {
    let comment = line.char_indices().find(|(at, c)| {
        *c == '#'
            && line
                .get(..*at)
                .is_some_and(|before| before.is_empty() || before.ends_with(char::is_whitespace))
    });
    comment.map_or(line, |(at, _)| line.get(..at).unwrap_or(line))
}

/// The text of a file with the name that it is spoken of by.
fn text_of(path: &Path) -> Result<(PathBuf, String), CommandError> {
    let stdin = path.as_os_str() == "-";
    let name = if stdin { PathBuf::from("standard input") } else { path.to_owned() };
    let mut bytes = Vec::new();
    let read = if stdin {
        io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
    };
    let cannot = |what: &str| CommandError::usage(format!("{what} {}", name.display()));
    match read {
        Ok(_) if bytes.len() as u64 > MOST_BYTES => {
            Err(cannot("there is more than a list of hosts in").hint("a list has one target a line"))
        }
        Ok(_) => {
            let text = String::from_utf8(bytes)
                .map_err(|_| cannot("there is no text in").hint("a list is UTF-8, one target a line"))?;
            Ok((name, text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(CommandError::usage(format!("there is no file {}", name.display()))
                .hint("-f takes a file with one target a line; - is standard input"))
        }
        Err(error) => Err(cannot("cannot read").caused_by(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use portreeve_inventory::services::port_of;

    use super::{List, without_comment};
    use crate::error::Fault;

    fn services(name: &str, protocol: portreeve_model::Protocol) -> Option<u16> {
        port_of(name, protocol)
    }

    #[test]
    fn a_file_has_one_target_a_line() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("hosts.txt");
        let text = "\u{feff}# ours\n\nexample.com # the site\r\n  https://example.com/#top\n192.0.2.0/30:8443\nexample.com:443\n";
        fs::write(&path, text).unwrap();
        let mut list = List::default();
        list.file(&path, &services).unwrap();
        let texts: Vec<&str> = list.targets.iter().map(|target| &*target.text).collect();
        // The URL and the last line mean what the first has said.
        assert_eq!(texts, ["example.com", "192.0.2.0/30:8443"]);
        fs::write(&path, "example.com\n  exa mple\n").unwrap();
        let error = List::default().file(&path, &services).unwrap_err();
        let excerpt = error.excerpt.unwrap();
        assert_eq!((error.fault, excerpt.line.unwrap().1, excerpt.offset), (Fault::Usage, 2, 5));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("hosts.txt");
        assert_eq!(List::default().file(&path, &services).unwrap_err().fault, Fault::Usage);
        fs::write(&path, [0xff, 0xfe, 0]).unwrap();
        assert_eq!(List::default().file(&path, &services).unwrap_err().fault, Fault::Usage);
        assert_eq!(List::default().file(scratch.path(), &services).unwrap_err().fault, Fault::Usage);
        let mut list = List::default();
        let full = (0..17).try_for_each(|net| list.word(&format!("10.{net}.0.0/16"), &services));
        assert!(full.unwrap_err().message.contains("more than 1048576 hosts"));
    }

    #[test]
    fn a_fragment_is_no_comment() {
        assert_eq!(without_comment("https://a/#b # c"), "https://a/#b ");
        assert_eq!(without_comment("# c"), "");
    }
}
