//! Which ports are listened on in a namespace, as the kernel's `/proc/<pid>/net` tables say.
//!
//! The tables of a process show the namespace that the process is in, so that nothing has to enter it.

use crate::error::{Error, Result};
use std::fs;

/// A transport protocol whose listeners can be awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// A TCP socket in state LISTEN.
    Tcp,
    /// A UDP socket bound to the port and connected to nobody.
    Udp,
}

impl Transport {
    /// Tables to look in, and the state (`st` column; `include/net/tcp_states.h`) that means open:
    /// `TCP_LISTEN` is 10, an unconnected UDP socket is `TCP_CLOSE`, 7.
    const fn tables(self) -> ([&'static str; 2], &'static str) {
        match self {
            Self::Tcp => (["tcp", "tcp6"], "0A"),
            Self::Udp => (["udp", "udp6"], "07"),
        }
    }

    /// The name in scenario files and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// True when `port` is open in the namespace of process `pid`.
pub(crate) fn is_open(pid: u32, transport: Transport, port: u16) -> Result<bool> {
    let (tables, state) = transport.tables();
    for table in tables {
        let path = format!("/proc/{pid}/net/{table}");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            // A kernel without IPv6 has no second table.
            Err(_) if table.ends_with('6') => continue,
            Err(source) => return Err(Error::io(format!("read {path}"))(source)),
        };
        if text.lines().skip(1).any(|line| is_row(line, port, state)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A row reads `sl local_address rem_address st ...`, the address being hexadecimal `ADDRESS:PORT`.
fn is_row(line: &str, port: u16, state: &str) -> bool {
    let mut fields = line.split_whitespace().skip(1);
    let local = fields.next().and_then(|local| local.rsplit_once(':'));
    let local_port = local.and_then(|(_, port)| u16::from_str_radix(port, 16).ok());
    local_port == Some(port) && fields.nth(1) == Some(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTENER: &str =
        "   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1";

    #[test]
    fn reads_port_and_state() {
        assert!(is_row(LISTENER, 8080, "0A"));
        assert!(!is_row(LISTENER, 8081, "0A"));
        assert!(!is_row(LISTENER, 8080, "07"));
        assert!(!is_row("", 0, "0A"));
    }
}
