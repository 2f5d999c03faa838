//! User names from `/etc/passwd`. Directory services are not asked: that could send packets.

use std::sync::Arc;

use portreeve_wire::proc::passwd_entries;
use rustc_hash::FxHashMap;

/// uid to name, and the home directories.
#[derive(Debug, Default)]
pub(crate) struct Users {
    names: FxHashMap<u32, Arc<str>>,
    homes: Vec<(u32, String)>,
}

impl Users {
    /// Reads `/etc/passwd`; where it cannot be read, users stay numbers.
    pub(crate) fn read() -> Self {
        let text = std::fs::read("/etc/passwd").unwrap_or_default();
        let mut users = Self::default();
        for entry in passwd_entries(&text).flatten() {
            // The first of several entries with one uid wins, as with getpwuid(3).
            users.names.entry(entry.uid).or_insert_with(|| Arc::from(String::from_utf8_lossy(entry.name)));
            users.homes.push((entry.uid, String::from_utf8_lossy(entry.home).into_owned()));
        }
        users
    }

    /// The name of a user.
    pub(crate) fn name(&self, uid: u32) -> Option<Arc<str>> {
        self.names.get(&uid).cloned()
    }

    /// Whether a user has this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.values().any(|other| **other == *name)
    }

    /// Users with their home directories.
    pub(crate) fn homes(&self) -> impl Iterator<Item = (u32, &str)> {
        self.homes.iter().map(|(uid, home)| (*uid, home.as_str()))
    }
}
