//! `/proc/net/packet` (`packet_seq_show` in `net/packet/af_packet.c`).

use super::line::{Columns, Lines, Problem};
use crate::sock_diag::SocketType;

/// One packet socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PacketRow {
    /// `Raw` or `Datagram`.
    pub socket_type: SocketType,
    /// Ethernet protocol it receives: 0x0003 is all.
    pub protocol: u16,
    /// Interface it is bound to, 0 for all.
    pub interface: u32,
    /// It is receiving.
    pub running: bool,
    /// Bytes received and not yet read, with overhead.
    pub receive_memory: u32,
    /// User.
    pub uid: u32,
    /// Inode.
    pub inode: u64,
}

/// The sockets of the table.
#[must_use]
pub fn packet_rows(table: &[u8]) -> Lines<'_, PacketRow> {
    Lines::after_header(table, row)
}

fn row(line: &[u8]) -> Result<PacketRow, Problem> {
    let mut columns = Columns::new(line);
    columns.pass(2, "RefCnt")?;
    Ok(PacketRow {
        socket_type: SocketType::from(columns.decimal::<u8>("Type")?),
        protocol: columns.hexadecimal("Proto")?,
        interface: columns.decimal("Iface")?,
        running: columns.decimal::<u8>("R")? != 0,
        receive_memory: columns.decimal("Rmem")?,
        uid: columns.decimal("User")?,
        inode: columns.decimal("Inode")?,
    })
}
