//! `unix-listen`: a Unix stream listener.

use super::hold;
use super::sockets::unix_address;
use clap::Args;
use serde_json::json;
use std::io;
use std::os::unix::net::UnixListener;

/// Listens on a path, or on an abstract name when it begins with `@`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Path or `@name`.
    path: String,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let address = unix_address(&self.path)?;
        let _listener = UnixListener::bind_addr(&address)?;
        hold::ready("unix-listen", json!({ "path": self.path }))?;
        hold::until_stdin_closes()
    }
}
