//! Snapshot files: everything that the simulator needs of a host, to be questioned elsewhere without root.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::firewall::Firewall;

/// Name and version of the format.
pub const SCHEMA: &str = "portreeve.firewall-snapshot/1";

/// The file: the schema's name, then the members of [`Firewall`].
#[derive(Serialize)]
struct Written<'a> {
    schema: &'static str,
    firewall: &'a Firewall,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(rename = "schema")]
    _schema: String,
    firewall: Firewall,
}

/// What is looked at before the rest is believed.
#[derive(Deserialize)]
struct Head {
    schema: Option<String>,
}

/// Why a text is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It ends in the middle.
    #[error("the snapshot ends in the middle (line {line}): it was cut short")]
    Truncated {
        /// From 1.
        line: usize,
    },
    /// It is no JSON, or JSON of something else.
    #[error("this is no snapshot of a firewall: {0}")]
    Other(String),
    /// It was written by another version.
    #[error("the snapshot has the format {found}, and this version reads {SCHEMA}")]
    Version {
        /// What it says it is.
        found: String,
    },
    /// Something in it is not as this version writes it.
    #[error("the snapshot is damaged or was written by a newer version: {0}")]
    Malformed(String),
}

/// The text of a snapshot file.
///
/// # Errors
/// What serialising says; in practice none.
pub fn to_text(firewall: &Firewall) -> serde_json::Result<String> {
    let mut text = serde_json::to_string(&Written { schema: SCHEMA, firewall })?;
    text.push('\n');
    Ok(text)
}

/// Reads the text of a snapshot file.
///
/// # Errors
/// [`SnapshotError`].
pub fn from_text(text: &str) -> Result<Firewall, SnapshotError> {
    let head: Head = serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => SnapshotError::Truncated { line: error.line() },
        _ => SnapshotError::Other(error.to_string()),
    })?;
    match head.schema.as_deref() {
        Some(SCHEMA) => {}
        Some(found) if found.starts_with("portreeve.firewall-snapshot/") => {
            return Err(SnapshotError::Version { found: found.to_owned() });
        }
        Some(found) => return Err(SnapshotError::Other(format!("it says that it is {found}"))),
        None => return Err(SnapshotError::Other("it has no member `schema`".to_owned())),
    }
    let stored: Stored =
        serde_json::from_str(text).map_err(|error| SnapshotError::Malformed(error.to_string()))?;
    Ok(stored.firewall)
}

/// Writes a snapshot for its owner only, since rules tell an attacker much; an existing file is replaced as a whole or not at all.
///
/// # Errors
/// What the file system says.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|known| !known.is_file()) {
        // A pipe or a terminal cannot be replaced.
        return OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes());
    }
    let beside = beside(path);
    let written = write_new(&beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // Nothing half-written stays behind; where there is nothing, nothing is removed.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A name in the same folder, so that it can be renamed.
fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use jiff::Timestamp;
    use portreeve_model::Host;

    use super::{SnapshotError, from_text, to_text, write};
    use crate::ir::{Backend, Version};
    use crate::network::Network;
    use crate::read::{Firewall, NftListing, XtablesSave};

    fn firewall() -> Firewall {
        Firewall {
            host: Host {
                name: "web1".to_owned(),
                kernel: "6.1.0".to_owned(),
                taken_at: Timestamp::UNIX_EPOCH,
                privileged: true,
                preloaded: Vec::new(),
            },
            nft: Some(NftListing { json: "{\"nftables\": []}".to_owned(), supplement: String::new() }),
            outlines: Vec::new(),
            xtables: vec![XtablesSave {
                backend: Backend::IptablesLegacy,
                version: Version::V6,
                text: "*filter\nCOMMIT\n".to_owned(),
            }],
            ipsets: None,
            names: BTreeMap::from([("/etc/iproute2/rt_marks".to_owned(), "1 one\n".to_owned())]),
            network: Network::described([("eth0", "192.0.2.10".parse().unwrap(), 24)], []),
            doors: None,
            limits: Vec::new(),
            unseen: Vec::new(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = to_text(&firewall()).unwrap();
        assert!(text.starts_with("{\"schema\":\"portreeve.firewall-snapshot/1\","));
        assert_eq!(from_text(&text).unwrap(), firewall());
    }

    #[test]
    fn what_is_no_whole_snapshot_of_this_version_is_refused() {
        let text = to_text(&firewall()).unwrap();
        for end in [1, 20, text.len() / 2, text.len() - 2] {
            assert!(matches!(from_text(&text[..end]), Err(SnapshotError::Truncated { .. })), "{end}");
        }
        let newer = text.replace("snapshot/1", "snapshot/2");
        let error = from_text(&newer).unwrap_err().to_string();
        assert_eq!(
            error,
            "the snapshot has the format portreeve.firewall-snapshot/2, and this version reads portreeve.firewall-snapshot/1"
        );
        for (from, to) in [("\"ipsets\"", "\"ebtables\""), ("\"limits\":[]", "\"limits\":7")] {
            let error = from_text(&text.replacen(from, to, 1)).unwrap_err();
            assert!(matches!(error, SnapshotError::Malformed(_)), "{error}");
        }
        for other in ["[]", "{}", "{\"schema\":\"portreeve.reach/1\"}", "table inet t {}", ""] {
            assert!(from_text(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_is_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web1.firewall");
        fs::write(&path, "old").unwrap();
        write(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else stays");
        assert!(write(&folder.path().join("none/x"), "new").is_err());
    }
}
