//! Which files there are: those that were asked for, those of folders, links followed, and what comes through standard input.
//!
//! A named pipe, a socket or a device is named and not opened: it may wait for ever, end never, or do something when it is read.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::mem;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use portreeve_model::{Unseen, UnseenReason, UnseenSubject};

use super::contents::Contents;

/// Folders in folders, and files in all: more is no place for certificates.
const DEPTH: usize = 24;
const FILES: usize = 20_000;
/// The largest file of a folder that is looked into, and of those that were asked for. The bundle of all public authorities has 220 KiB.
const LARGEST: u64 = 2 << 20;
const LARGEST_ASKED: u64 = 32 << 20;

/// Standard input by the name that every program opens, so that commands which are told can be run as they are.
const STANDARD_INPUT: &str = "/dev/stdin";

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Files with certificates or keys, in the order of their paths.
    pub(super) files: Vec<(PathBuf, Contents)>,
    /// Files of folders that hold no certificate.
    pub(super) without_certificate: u32,
    /// What could not be read.
    pub(super) unseen: Vec<Unseen>,
    /// Files of folders that are too large to be looked into.
    large: BTreeSet<PathBuf>,
    folders: HashSet<(u64, u64)>,
    paths: HashSet<PathBuf>,
}

impl Found {
    /// A file or a folder that was asked for, or standard input.
    pub(super) fn look(&mut self, path: &Path) {
        if is_standard_input(path) {
            let path = Path::new(STANDARD_INPUT);
            if !self.paths.contains(path) {
                self.asked(path, at_most(io::stdin().lock(), LARGEST_ASKED));
            }
            return;
        }
        match fs::metadata(path) {
            Err(error) => self.unreadable(path, &error),
            Ok(data) if data.is_dir() => self.folder(path, &data, 0),
            Ok(data) if data.is_file() || is_inherited_pipe(path) => {
                self.asked(path, read(path, LARGEST_ASKED));
            }
            Ok(data) => self.no_file(path, &data),
        }
    }

    /// Tells the large files of folders, of which those were read that were asked for by their names.
    pub(super) fn end(&mut self) {
        let large = mem::take(&mut self.large);
        for path in large {
            if self.paths.contains(&path) {
                continue;
            }
            let detail = format!("{} is larger than 2 MiB: in a folder it is not read.", path.display());
            self.unseen(UnseenReason::Failed, detail);
            if let Some(last) = self.unseen.last_mut() {
                last.remedy = Some(format!("Name it itself: portreeve tls --cert {}", path.display()));
            }
        }
    }

    /// What somebody asked for by its name: without a certificate, it is told.
    fn asked(&mut self, path: &Path, bytes: io::Result<Option<Vec<u8>>>) {
        let bytes = match bytes {
            Err(error) => return self.unreadable(path, &error),
            Ok(None) => {
                let detail = format!("{} is larger than 32 MiB.", path.display());
                return self.unseen(UnseenReason::Malformed, detail);
            }
            Ok(Some(bytes)) => bytes,
        };
        let contents = Contents::read(&bytes);
        if contents.certificates.is_empty() {
            let keys = contents.keys.len() + usize::try_from(contents.locked_keys).unwrap_or_default();
            let beside = match keys {
                _ if bytes.is_empty() => ": it is empty".to_owned(),
                0 => String::new(),
                1 => ": it holds a private key".to_owned(),
                count => format!(": it holds {count} private keys"),
            };
            let detail = format!("{} holds no certificate{beside}.", path.display());
            self.unseen(UnseenReason::Malformed, detail);
        } else if self.paths.insert(path.to_owned()) {
            self.broken(path, &contents);
            self.files.push((path.to_owned(), contents));
        }
    }

    fn no_file(&mut self, path: &Path, data: &Metadata) {
        let kind = data.file_type();
        let what = match () {
            () if kind.is_fifo() => "a named pipe",
            () if kind.is_socket() => "a socket",
            () => "a device",
        };
        self.unseen(
            UnseenReason::Malformed,
            format!("{} is {what}, not a file: it was not read.", path.display()),
        );
        if let Some(last) = self.unseen.last_mut().filter(|_| !kind.is_socket()) {
            last.remedy = Some(format!(
                "What it yields is read from standard input: portreeve tls --cert - < {}",
                path.display()
            ));
        }
    }

    fn folder(&mut self, path: &Path, data: &Metadata, depth: usize) {
        // A link may lead back.
        if depth > DEPTH || !self.folders.insert((data.dev(), data.ino())) {
            return;
        }
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(path, &error),
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if self.paths.len() >= FILES {
                self.unseen(UnseenReason::Failed, format!("More than {FILES} files: the rest was left out."));
                return;
            }
            match fs::metadata(&path) {
                Ok(data) if data.is_dir() => self.folder(&path, &data, depth + 1),
                Ok(data) if data.is_file() => self.file(&path, &data),
                // Sockets, pipes and devices hold no certificates.
                Ok(_) => {}
                Err(error) => self.unreadable(&path, &error),
            }
        }
    }

    fn file(&mut self, path: &Path, data: &Metadata) {
        if data.len() > LARGEST {
            self.large.insert(path.to_owned());
            return;
        }
        if !self.paths.insert(path.to_owned()) {
            return;
        }
        match read(path, LARGEST) {
            Err(error) => self.unreadable(path, &error),
            Ok(bytes) => {
                let contents = Contents::read(&bytes.unwrap_or_default());
                if contents.certificates.is_empty() {
                    self.without_certificate += 1;
                }
                self.broken(path, &contents);
                if !contents.is_empty() {
                    self.files.push((path.to_owned(), contents));
                }
            }
        }
    }

    fn broken(&mut self, path: &Path, contents: &Contents) {
        if contents.broken > 0 {
            let detail = format!("{} has {} blocks that are no valid PEM.", path.display(), contents.broken);
            self.unseen(UnseenReason::Malformed, detail);
        }
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        let reason = match error.kind() {
            io::ErrorKind::PermissionDenied => UnseenReason::Permission,
            _ => UnseenReason::Failed,
        };
        let is_dangling = error.kind() == io::ErrorKind::NotFound && path.is_symlink();
        let detail = if is_dangling {
            format!("{} is a symbolic link that leads nowhere.", path.display())
        } else {
            format!("{} can not be read: {error}.", path.display())
        };
        self.unseen(reason, detail);
        if let Some(last) = self.unseen.last_mut().filter(|one| one.reason == UnseenReason::Permission) {
            last.remedy = Some("Run it as root, or as the user whose files these are.".to_owned());
        }
    }

    fn unseen(&mut self, reason: UnseenReason, detail: String) {
        self.unseen.push(Unseen { subject: UnseenSubject::Files, reason, count: 1, detail, remedy: None });
    }
}

/// `-`, and the names that the system has for the same.
fn is_standard_input(path: &Path) -> bool {
    ["-", STANDARD_INPUT, "/dev/fd/0", "/proc/self/fd/0"].iter().any(|name| path.as_os_str() == *name)
}

/// Whether it is a pipe that this program was started with, as `<(command)` of a shell is: somebody writes to it, or has done so.
fn is_inherited_pipe(path: &Path) -> bool {
    let is_of_a_process = || {
        let folder = path.parent().and_then(|folder| fs::canonicalize(folder).ok());
        folder.is_some_and(|folder| folder.starts_with("/proc"))
    };
    fs::read_link(path).is_ok_and(|leads| leads.to_string_lossy().starts_with("pipe:[")) && is_of_a_process()
}

/// The bytes of a file; none of one that is larger than the limit.
fn read(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    at_most(File::open(path)?, limit)
}

fn at_most(source: impl Read, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    source.take(limit + 1).read_to_end(&mut bytes)?;
    let is_small = u64::try_from(bytes.len()).is_ok_and(|length| length <= limit);
    Ok(is_small.then_some(bytes))
}
