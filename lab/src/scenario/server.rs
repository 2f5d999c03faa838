//! The server of TLS of a scenario, as those who audit it get it.

use crate::Host;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A server that stands while it is audited.
pub struct Server<'stage> {
    /// Where it runs, and where it is audited from: it listens on loopback.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// What the client calls it.
    pub server_name: String,
    /// PEM file of the authorities that the client trusts.
    pub trust: PathBuf,
    /// A directory for files.
    pub scratch: &'stage Path,
    /// Further arguments of other auditors, by name.
    pub peers: &'stage BTreeMap<String, Vec<String>>,
    /// Verdicts of single checks, by id.
    pub expect: &'stage BTreeMap<String, String>,
}
