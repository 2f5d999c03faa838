//! Reading files of configuration: bounded, below a root of its own.

use std::fs;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A larger file is no configuration that a person wrote.
const LARGEST: u64 = 1 << 20;
/// So many files match one pattern at most.
const MOST: usize = 400;

/// A tree of files: this machine's, a process's, or a test's.
#[derive(Clone, Debug)]
pub(in crate::look) struct Tree {
    root: PathBuf,
}

impl Default for Tree {
    fn default() -> Self {
        Self { root: PathBuf::from("/") }
    }
}

/// The text of a file, and how long ago it was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::look) struct Text {
    pub(in crate::look) text: String,
    pub(in crate::look) changed: Option<Duration>,
}

impl Tree {
    /// The tree below a directory.
    pub(in crate::look) fn below(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The tree that a process sees.
    pub(in crate::look) fn of_process(pid: u32) -> Self {
        Self::below(format!("/proc/{pid}/root"))
    }

    /// Where a path of the tree is.
    pub(in crate::look) fn at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Whether there is such a file.
    pub(in crate::look) fn has(&self, path: &str) -> bool {
        self.at(path).is_file()
    }

    /// How long ago a file was changed.
    pub(in crate::look) fn age(&self, path: &str) -> Option<Duration> {
        let changed = fs::metadata(self.at(path)).and_then(|metadata| metadata.modified()).ok()?;
        Some(SystemTime::now().duration_since(changed).unwrap_or_default())
    }

    /// Reads a regular file without waiting for anything.
    pub(in crate::look) fn read(&self, path: &str) -> Option<Text> {
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        let flags = i32::try_from(flags.bits()).ok()?;
        let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(self.at(path)).ok()?;
        let metadata =
            file.metadata().ok().filter(|metadata| metadata.is_file() && metadata.len() <= LARGEST)?;
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes).ok()?;
        let changed = metadata.modified().ok();
        Some(Text {
            text: String::from_utf8_lossy(&bytes).into_owned(),
            changed: changed.map(|time| SystemTime::now().duration_since(time).unwrap_or_default()),
        })
    }

    /// The paths that match a pattern with `*` and `?` in its components, in order; a path without them, if it exists.
    pub(in crate::look) fn matching(&self, pattern: &str) -> Vec<String> {
        let mut found = vec![String::new()];
        for component in pattern.split('/').filter(|component| !component.is_empty()) {
            let mut next = Vec::new();
            for path in found {
                if component.contains(['*', '?']) {
                    next.extend(
                        self.names(&path)
                            .into_iter()
                            .filter(|name| fits(component, name))
                            .map(|name| format!("{path}/{name}")),
                    );
                } else {
                    next.push(format!("{path}/{component}"));
                }
            }
            next.truncate(MOST);
            found = next;
        }
        found.retain(|path| self.has(path));
        found
    }

    /// The names in a directory, in order.
    pub(in crate::look) fn names(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(Path::new(&self.at(path))).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort_unstable();
        names
    }
}

/// Whether a name fits a pattern with `*` and `?`.
fn fits(pattern: &str, name: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => name.is_empty(),
        Some('*') => {
            let after = rest.as_str();
            // One star after the other says nothing new.
            if after.starts_with('*') {
                return fits(after, name);
            }
            (0..=name.len()).filter_map(|at| name.get(at..)).any(|tail| fits(after, tail))
        }
        Some(wanted) => {
            let mut letters = name.chars();
            letters.next().is_some_and(|letter| wanted == '?' || wanted == letter)
                && fits(rest.as_str(), letters.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(
            fits("*.conf", "a.conf")
                && fits("php*-fpm.log", "php8.2-fpm.log")
                && fits("a?c", "abc")
                && fits("*", "")
        );
        assert!(!fits("*.conf", "a.conf~") && !fits("a?c", "ac"));
    }

    #[test]
    fn files_are_found_below_the_root() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("etc/x/15/main")).unwrap();
        for file in ["etc/x/15/main/a.conf", "etc/x/b.conf", "etc/x/c.conf~"] {
            fs::write(folder.path().join(file), "x").unwrap();
        }
        let tree = Tree::below(folder.path());
        assert_eq!(tree.matching("/etc/x/*.conf"), ["/etc/x/b.conf"]);
        assert_eq!(tree.matching("/etc/x/*/*/a.conf"), ["/etc/x/15/main/a.conf"]);
        assert_eq!(tree.matching("/etc/none"), Vec::<String>::new());
        assert_eq!(tree.read("/etc/x/b.conf").unwrap().text, "x");
        assert_eq!(tree.read("/etc/x"), None);
    }
}
