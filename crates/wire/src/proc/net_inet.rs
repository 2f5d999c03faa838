//! `/proc/net/{tcp,udp,udplite,raw,icmp}` and their IPv6 counterparts: one layout with small differences
//! (`tcp4_seq_show` in `net/ipv4/tcp_ipv4.c`, `udp4_format_sock` in `net/ipv4/udp.c`, ...).

use std::net::IpAddr;

use super::line::{Columns, LineError, Lines, Problem, hexadecimal, split_once};
use crate::{inet_diag::Timer, sock_diag::State};

/// Which of a pair of tables it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InetFamily {
    /// `tcp`, `udp`, ...
    V4,
    /// `tcp6`, `udp6`, ...
    V6,
}

/// One socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InetRow {
    /// The local address.
    pub source: IpAddr,
    /// The local port. In `raw`: the IP protocol; in `icmp`: the identifier.
    pub source_port: u16,
    /// The remote address.
    pub destination: IpAddr,
    /// The remote port.
    pub destination_port: u16,
    /// State; for protocols other than TCP see [`State`].
    pub state: State,
    /// Bytes sent and not yet acknowledged.
    pub send_queue: u32,
    /// Bytes received and not yet read. Listening TCP: connections waiting to be accepted.
    pub receive_queue: u32,
    /// The pending timer.
    pub timer: Timer,
    /// Until it fires, in ticks of the machine's clock (`CLK_TCK`).
    pub timer_expires: u64,
    /// Retransmissions, or 0.
    pub retransmits: u32,
    /// User.
    pub uid: u32,
    /// Inode of the socket, 0 where no process can hold it any more.
    pub inode: u64,
    /// Packets dropped; not in the TCP tables.
    pub drops: Option<u64>,
}

/// Iterates over the sockets of one table.
#[derive(Debug, Clone)]
pub struct InetRows<'a>(Lines<'a, InetRow>);

impl Iterator for InetRows<'_> {
    type Item = Result<InetRow, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

/// The sockets of a table. Whether the table counts drops is read from its first line.
#[must_use]
pub fn inet_rows(table: &[u8], family: InetFamily) -> InetRows<'_> {
    let header = table.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let counts_drops = Columns::new(header).any(|column| column == b"drops");
    let parse = match (family, counts_drops) {
        (InetFamily::V4, false) => row::<4, false>,
        (InetFamily::V4, true) => row::<4, true>,
        (InetFamily::V6, false) => row::<16, false>,
        (InetFamily::V6, true) => row::<16, true>,
    };
    InetRows(Lines::after_header(table, parse))
}

fn row<const ADDRESS_LEN: usize, const DROPS: bool>(line: &[u8]) -> Result<InetRow, Problem> {
    let mut columns = Columns::new(line);
    columns.pass(1, "sl")?;
    let (source, source_port) = end::<ADDRESS_LEN>(columns.bytes("local_address")?)?;
    let (destination, destination_port) = end::<ADDRESS_LEN>(columns.bytes("rem_address")?)?;
    let state = State::from(columns.hexadecimal::<u8>("st")?);
    let (send_queue, receive_queue) = pair(columns.bytes("tx_queue:rx_queue")?, "tx_queue:rx_queue")?;
    let (timer, timer_expires) = pair::<u8, u64>(columns.bytes("tr tm->when")?, "tr tm->when")?;
    let retransmits = columns.hexadecimal("retrnsmt")?;
    let uid = columns.decimal("uid")?;
    columns.pass(1, "timeout")?;
    let inode = columns.decimal("inode")?;
    let drops = if DROPS {
        columns.pass(2, "pointer")?;
        Some(columns.decimal("drops")?)
    } else {
        None
    };
    Ok(InetRow {
        source,
        source_port,
        destination,
        destination_port,
        state,
        send_queue,
        receive_queue,
        timer: Timer::from(timer),
        timer_expires,
        retransmits,
        uid,
        inode,
        drops,
    })
}

/// Two hexadecimal numbers around a colon.
fn pair<A: TryFrom<u64>, B: TryFrom<u64>>(text: &[u8], what: &'static str) -> Result<(A, B), Problem> {
    split_once(text, b':')
        .and_then(|(left, right)| Some((hexadecimal(left)?, hexadecimal(right)?)))
        .ok_or(Problem::Malformed(what))
}

/// An address and a port. The address is printed as 32-bit words in this machine's byte order, each holding four
/// bytes in network order.
fn end<const ADDRESS_LEN: usize>(text: &[u8]) -> Result<(IpAddr, u16), Problem> {
    const WORD_DIGITS: usize = 8;
    let malformed = Problem::Malformed("address");
    let (digits, port) = split_once(text, b':').ok_or(malformed)?;
    let port = hexadecimal(port).ok_or(Problem::Malformed("port"))?;
    if digits.len() != ADDRESS_LEN * 2 {
        return Err(malformed);
    }
    let mut octets = [0; ADDRESS_LEN];
    for (word, digits) in octets.chunks_exact_mut(4).zip(digits.chunks_exact(WORD_DIGITS)) {
        let value: u32 = hexadecimal(digits).ok_or(malformed)?;
        word.copy_from_slice(&value.to_ne_bytes());
    }
    let address = match octets.first_chunk::<16>() {
        Some(v6) => IpAddr::from(*v6),
        None => IpAddr::from(*octets.first_chunk::<4>().ok_or(malformed)?),
    };
    Ok((address, port))
}
