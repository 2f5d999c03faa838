//! Reading one state file that somebody else wrote, perhaps with ill will.
//!
//! Owns the guards: regular files only, no waiting on a FIFO, a size limit. Refuses to know what the file means.
//! Users can write their own rootless state, and this program may read it as root.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::Value;

/// Far above any real state file (the largest, with long environments, are some hundred KiB).
const LIMIT: u64 = 16 << 20;

/// Why a file told nothing.
#[derive(Debug)]
pub(super) enum ReadFailure {
    /// No such file: usually simply another runtime's container.
    Absent,
    /// The kernel refused.
    Denied(io::Error),
    /// Not a regular file, too large, or not JSON at the given place.
    Malformed(String),
    /// Any other error.
    Failed(io::Error),
}

impl From<io::Error> for ReadFailure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Absent,
            io::ErrorKind::PermissionDenied => Self::Denied(error),
            _ => Self::Failed(error),
        }
    }
}

/// The contents of a file of text or JSON.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, ReadFailure> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file: File = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(ReadFailure::Malformed("not a regular file".into()));
    }
    if metadata.len() > LIMIT {
        return Err(ReadFailure::Malformed(format!(
            "{} bytes are too many for a state file",
            metadata.len()
        )));
    }
    let mut bytes = Vec::new();
    file.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The contents of a JSON file, with unknown fields kept and nothing required.
pub(super) fn read_json(path: &Path) -> Result<Value, ReadFailure> {
    parse_json(&read(path)?)
}

/// Only the position is told: an error's own words may quote the contents, which may be secret.
pub(super) fn parse_json(bytes: &[u8]) -> Result<Value, ReadFailure> {
    serde_json::from_slice(bytes).map_err(|error| {
        ReadFailure::Malformed(format!("malformed JSON at line {} column {}", error.line(), error.column()))
    })
}

/// Names in a directory, in order.
pub(super) fn names_in(directory: &Path) -> Result<Vec<String>, ReadFailure> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        names.extend(entry?.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

/// Whether an id that came from elsewhere can stand in a path without leading out of its directory.
pub(super) fn is_file_name(id: &str) -> bool {
    !matches!(id, "" | "." | "..") && !id.contains(['/', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_read() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(read(directory.path()), Err(ReadFailure::Malformed(_))));
        assert!(matches!(read(&directory.path().join("none")), Err(ReadFailure::Absent)));
        assert!(matches!(read(Path::new("/dev/zero")), Err(ReadFailure::Malformed(_))));
        let fifo = directory.path().join("fifo");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert!(matches!(read(&fifo), Err(ReadFailure::Malformed(_))));
    }

    #[test]
    fn errors_tell_the_place_and_never_the_contents() {
        let Err(ReadFailure::Malformed(detail)) = parse_json(b"{\"a\": 1,\n \"secret\"}") else { panic!() };
        assert_eq!(detail, "malformed JSON at line 2 column 10");
        let deep = "[".repeat(100_000);
        assert!(matches!(parse_json(deep.as_bytes()), Err(ReadFailure::Malformed(_))));
    }

    #[test]
    fn ids_cannot_lead_out_of_a_directory() {
        for id in ["", ".", "..", "../x", "a/b", "a\0b"] {
            assert!(!is_file_name(id), "{id:?}");
        }
        assert!(is_file_name("..x") && is_file_name("web 1"));
    }
}
