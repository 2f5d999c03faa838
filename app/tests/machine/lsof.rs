//! `lsof` as an oracle: descriptors of sockets, read from its field output (man 8 lsof, OUTPUT FOR OTHER PROGRAMS).

use portreeve_lab::{Command, Host};

/// A descriptor of a socket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Descriptor {
    pub(crate) pid: u32,
    pub(crate) fd: u32,
    /// `IPv4`, `IPv6`, `raw`, `raw6`, `pack`, `unix`, `sock`...
    pub(crate) kind: String,
    /// `TCP`, `UDP`...
    pub(crate) protocol: String,
    /// The inode, where told.
    pub(crate) inode: String,
    /// `*:7001`, `127.0.0.1:7006->127.0.0.1:51700`...
    pub(crate) name: String,
    /// Of TCP.
    pub(crate) state: String,
}

/// What `lsof -nP` with further options lists in the namespace of `host`.
pub(crate) fn lsof(host: &Host, options: &[&str]) -> Vec<Descriptor> {
    let command = Command::new("lsof").args(["-nP", "-F", "pftPdnT"]).args(options);
    // Its exit code tells whether something was not found, its standard error what it would not enter.
    let output = host.run(command).unwrap();
    let mut found: Vec<Descriptor> = Vec::new();
    let mut pid = 0;
    for line in output.stdout.lines() {
        let (field, value) = line.split_at(1);
        if field == "p" {
            pid = value.parse().unwrap();
        } else if field == "f" {
            // Others are the working directory, mapped files...
            let fd = value.parse().unwrap_or(u32::MAX);
            found.push(Descriptor { pid, fd, ..Descriptor::default() });
        } else if let Some(last) = found.last_mut() {
            match (field, value.strip_prefix("ST=")) {
                ("t", _) => value.clone_into(&mut last.kind),
                ("P", _) => value.clone_into(&mut last.protocol),
                ("d", _) => value.clone_into(&mut last.inode),
                ("n", _) => value.clone_into(&mut last.name),
                ("T", Some(state)) => state.clone_into(&mut last.state),
                _ => {}
            }
        }
    }
    found.retain(|descriptor| descriptor.fd != u32::MAX);
    found
}
