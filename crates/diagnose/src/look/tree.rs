//! A tree of files as a process sees it: below its own root, bounded, never waited for.

mod pattern;

use std::fs;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use self::pattern::{fits, is_pattern};

/// So much of a file is read, up to the end of a line.
const LONGEST: u64 = 1 << 20;
/// So many files match one pattern at most.
const MOST: usize = 400;

/// A tree of files: this machine's, a process's, or a test's.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    root: PathBuf,
}

impl Default for Tree {
    fn default() -> Self {
        Self { root: PathBuf::from("/") }
    }
}

impl Tree {
    /// The tree below a directory.
    pub(super) fn below(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The tree that a process sees.
    pub(super) fn of_process(pid: u32) -> Self {
        Self::below(format!("/proc/{pid}/root"))
    }

    /// Where a path of the tree is. It does not lead out of the root.
    pub(super) fn at(&self, path: &str) -> PathBuf {
        let mut place = self.root.clone();
        let mut depth = 0_usize;
        for part in Path::new(path).components() {
            match part {
                Component::Normal(name) => {
                    place.push(name);
                    depth += 1;
                }
                Component::ParentDir if depth > 0 => {
                    place.pop();
                    depth -= 1;
                }
                _ => {}
            }
        }
        place
    }

    /// Whether there is such a file.
    pub(super) fn has(&self, path: &str) -> bool {
        self.at(path).is_file()
    }

    /// How long ago a file was changed.
    pub(super) fn age(&self, path: &str) -> Option<Duration> {
        let changed = fs::metadata(self.at(path)).and_then(|metadata| metadata.modified()).ok()?;
        Some(SystemTime::now().duration_since(changed).unwrap_or_default())
    }

    /// The text of a regular file, read without waiting for anything.
    pub(super) fn read(&self, path: &str) -> Option<String> {
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        let flags = i32::try_from(flags.bits()).ok()?;
        let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(self.at(path)).ok()?;
        file.metadata().ok().filter(fs::Metadata::is_file)?;
        let mut bytes = Vec::new();
        file.take(LONGEST + 1).read_to_end(&mut bytes).ok()?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
            // Half a line may say the opposite of the whole.
            let end = bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
            bytes.truncate(end);
        }
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The files that a pattern with `*`, `?` and `[...]` in its components stands for, in order. A folder
    /// stands for the files in it.
    pub(super) fn matching(&self, pattern: &str) -> Vec<String> {
        let mut found = vec![String::new()];
        for component in pattern.split('/').filter(|component| !component.is_empty()) {
            let mut next = Vec::new();
            for path in found {
                if is_pattern(component) {
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
        let mut files = Vec::new();
        for path in found {
            if self.at(&path).is_dir() {
                files.extend(self.names(&path).into_iter().map(|name| format!("{path}/{name}")));
            } else {
                files.push(path);
            }
        }
        files.retain(|path| self.has(path));
        files.truncate(MOST);
        files
    }

    /// The names in a directory, in order.
    pub(super) fn names(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.at(path)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort_unstable();
        names
    }
}

/// A tree's files, written for a test.
#[cfg(test)]
pub(super) fn written(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_below_the_root() {
        let folder = written(&[("etc/x/15/main/a.conf", "x"), ("etc/x/b.conf", "x"), ("etc/x/c.conf~", "x")]);
        let tree = Tree::below(folder.path());
        assert_eq!(tree.matching("/etc/x/*.conf"), ["/etc/x/b.conf"]);
        assert_eq!(tree.matching("/etc/x/*/*/a.conf"), ["/etc/x/15/main/a.conf"]);
        assert_eq!(tree.matching("/etc/none"), Vec::<String>::new());
        assert_eq!(tree.read("/etc/x/b.conf").unwrap(), "x");
        assert_eq!(tree.read("/etc/x"), None);
    }

    #[test]
    fn patterns_stand_for_files_in_order() {
        let paths = ["etc/a.d/20.conf", "etc/a.d/10.conf", "etc/a.d/x.bak", "etc/b.d/30.conf"];
        let folder = written(&paths.map(|path| (path, "x")));
        let tree = Tree::below(folder.path());
        assert_eq!(
            tree.matching("/etc/*.d/*.conf"),
            ["/etc/a.d/10.conf", "/etc/a.d/20.conf", "/etc/b.d/30.conf"]
        );
        assert_eq!(tree.matching("/etc/b.d"), ["/etc/b.d/30.conf"]);
        assert_eq!(tree.read("/etc/../../etc/b.d/30.conf").as_deref(), Some("x"));
        assert_eq!(tree.read("/etc/none"), None);
    }

    #[test]
    fn a_long_file_is_read_up_to_a_whole_line() {
        let folder = written(&[("long", &"listen 80;\n".repeat(100_000))]);
        let text = Tree::below(folder.path()).read("/long").unwrap();
        assert!(text.len() > 1_000_000 && text.ends_with("\nlisten 80;"));
    }

    #[test]
    fn a_pipe_that_nobody_writes_to_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        assert_eq!(Tree::below(folder.path()).read("/pipe"), None);
    }
}
