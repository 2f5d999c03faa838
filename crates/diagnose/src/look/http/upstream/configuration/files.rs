//! Files of a configuration as the proxy sees them: below its own root, relative to its own folder.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// A file of a configuration is no longer than this.
const LONGEST: u64 = 1024 * 1024;
/// So many files of one configuration are read.
const MOST: usize = 256;

/// Where files are found.
#[derive(Clone, Debug)]
pub(in super::super) struct Files {
    root: PathBuf,
}

impl Files {
    /// Those that a process sees.
    pub(in super::super) fn of_process(pid: u32) -> Self {
        Self { root: PathBuf::from(format!("/proc/{pid}/root")) }
    }

    /// Those below a folder.
    #[cfg(test)]
    pub(super) fn below(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The text of a file; none where it cannot be read.
    pub(in super::super) fn text(&self, path: &str) -> Option<String> {
        let file = File::open(self.place(path)).ok()?;
        if !file.metadata().ok()?.is_file() {
            return None;
        }
        let mut bytes = Vec::new();
        file.take(LONGEST).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The files that a pattern with `*`, `?` and `[...]` stands for, in order; a folder stands for the files in it.
    pub(super) fn matching(&self, pattern: &str) -> Vec<String> {
        let mut found = vec![String::new()];
        for part in pattern.split('/').filter(|part| !part.is_empty()) {
            let mut next = Vec::new();
            for folder in &found {
                if part.contains(['*', '?', '[']) {
                    next.extend(
                        self.names(folder)
                            .into_iter()
                            .filter(|name| matches(part, name))
                            .map(|name| format!("{folder}/{name}")),
                    );
                } else {
                    next.push(format!("{folder}/{part}"));
                }
            }
            found = next;
            found.truncate(MOST);
        }
        let mut files = Vec::new();
        for path in found {
            if self.place(&path).is_dir() {
                files.extend(self.names(&path).into_iter().map(|name| format!("{path}/{name}")));
            } else {
                files.push(path);
            }
        }
        files.truncate(MOST);
        files
    }

    /// The path of a file for this program.
    pub(in super::super) fn place(&self, path: &str) -> PathBuf {
        let mut place = self.root.clone();
        let mut depth = 0_usize;
        for part in Path::new(path).components() {
            match part {
                Component::Normal(name) => {
                    place.push(name);
                    depth += 1;
                }
                // Never out of the root.
                Component::ParentDir if depth > 0 => {
                    place.pop();
                    depth -= 1;
                }
                _ => {}
            }
        }
        place
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.place(folder)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort_unstable();
        names
    }
}

/// `path`, which may be relative to `folder`.
pub(super) fn joined(folder: &str, path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", folder.trim_end_matches('/')) }
}

/// The folder of a path.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a name is one that the pattern stands for.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    matches_from(&pattern, &name)
}

fn matches_from(pattern: &[char], name: &[char]) -> bool {
    match pattern {
        [] => name.is_empty(),
        ['*', rest @ ..] => {
            (0..=name.len()).any(|skipped| matches_from(rest, name.get(skipped..).unwrap_or_default()))
        }
        ['?', rest @ ..] => name.split_first().is_some_and(|(_, after)| matches_from(rest, after)),
        ['[', rest @ ..] => {
            let Some(close) = rest.iter().position(|character| *character == ']') else { return false };
            let (set, rest) = rest.split_at(close);
            let Some((first, after)) = name.split_first() else { return false };
            in_set(set, *first) && matches_from(rest.get(1..).unwrap_or_default(), after)
        }
        [literal, rest @ ..] => {
            name.split_first().is_some_and(|(first, after)| first == literal && matches_from(rest, after))
        }
    }
}

fn in_set(set: &[char], character: char) -> bool {
    let (negated, set) = match set {
        ['!' | '^', rest @ ..] => (true, rest),
        set => (false, set),
    };
    let mut found = false;
    let mut rest = set;
    loop {
        rest = match rest {
            [] => break,
            [low, '-', high, after @ ..] => {
                found |= (*low..=*high).contains(&character);
                after
            }
            [one, after @ ..] => {
                found |= *one == character;
                after
            }
        };
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::{Files, matches};

    #[test]
    fn patterns_stand_for_files_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["etc/a.d/20.conf", "etc/a.d/10.conf", "etc/a.d/x.bak", "etc/b.d/30.conf"] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let files = Files::below(folder.path());
        assert_eq!(
            files.matching("/etc/*.d/*.conf"),
            ["/etc/a.d/10.conf", "/etc/a.d/20.conf", "/etc/b.d/30.conf"]
        );
        assert_eq!(files.matching("/etc/b.d"), ["/etc/b.d/30.conf"]);
        assert_eq!(files.text("/etc/../../etc/b.d/30.conf").as_deref(), Some("x"));
        assert_eq!(files.text("/etc/none"), None);
    }

    #[test]
    fn a_name_matches_or_not() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("a?c", "abc", true),
            ("[0-9]*.conf", "1x.conf", true),
            ("[!a]b", "ab", false),
            ("*.conf", "x.conf~", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
