//! `/proc/net/unix` (`unix_seq_show` in `net/unix/af_unix.c`).

use super::line::{Columns, Lines, Problem};
use crate::sock_diag::SocketType;

/// One Unix socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnixRow<'a> {
    /// It is listening.
    pub listening: bool,
    /// Stream, datagram or sequenced packets.
    pub socket_type: SocketType,
    /// `SS_*`: 1 unconnected, 2 connecting, 3 connected, 4 disconnecting.
    pub state: u8,
    /// Inode.
    pub inode: u64,
    /// The address as printed: a path, or `@` and an abstract name in which NULs are printed as `@` too. May hold
    /// spaces. A line break in it tears the line in two, of which the second is reported as malformed.
    pub path: Option<&'a [u8]>,
}

/// The sockets of the table.
#[must_use]
pub fn unix_rows(table: &[u8]) -> Lines<'_, UnixRow<'_>> {
    Lines::after_header(table, row)
}

fn row(line: &[u8]) -> Result<UnixRow<'_>, Problem> {
    const SO_ACCEPTCON: u32 = 1 << 16;
    let mut columns = Columns::new(line);
    columns.pass(3, "Protocol")?;
    let flags: u32 = columns.hexadecimal("Flags")?;
    Ok(UnixRow {
        listening: flags & SO_ACCEPTCON != 0,
        socket_type: SocketType::from(columns.hexadecimal::<u8>("Type")?),
        state: columns.hexadecimal("St")?,
        inode: columns.decimal("Inode")?,
        // One space, then the path with whatever spaces are its own.
        path: columns.rest().split_first().map(|(_space, path)| path).filter(|path| !path.is_empty()),
    })
}
