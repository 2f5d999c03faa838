//! `/proc/net/sctp/{eps,assocs}` (`net/sctp/proc.c`).

use std::net::IpAddr;

use super::line::{Columns, Lines, Problem};

/// One endpoint.
#[derive(Debug, Clone)]
pub struct SctpEndpoint<'a> {
    /// Socket state: 10 listening, 7 closed.
    pub socket_state: u8,
    /// Port.
    pub port: u16,
    /// User.
    pub uid: u32,
    /// Inode.
    pub inode: u64,
    /// Addresses it is bound to.
    pub addresses: SctpAddressList<'a>,
}

/// One association.
#[derive(Debug, Clone)]
pub struct SctpAssociation<'a> {
    /// Socket state: 1 established, 10 listening.
    pub socket_state: u8,
    /// Association state (`enum sctp_state`): 0 closed, 1 cookie wait, 2 cookie echoed, 3 established, 4 to 7
    /// shutting down.
    pub state: u8,
    /// Bytes to be sent.
    pub send_queue: u32,
    /// Bytes to be read.
    pub receive_queue: u32,
    /// User.
    pub uid: u32,
    /// Inode.
    pub inode: u64,
    /// Port here.
    pub source_port: u16,
    /// Port of the peer.
    pub destination_port: u16,
    /// Addresses here.
    pub sources: SctpAddressList<'a>,
    /// Addresses of the peer.
    pub destinations: SctpAddressList<'a>,
}

/// Addresses of one end, from columns up to the first that is no address. The primary one is printed with a `*`.
#[derive(Debug, Clone)]
pub struct SctpAddressList<'a>(Columns<'a>);

impl Iterator for SctpAddressList<'_> {
    type Item = IpAddr;

    fn next(&mut self) -> Option<IpAddr> {
        let column = self.0.next()?;
        let text = column.strip_prefix(b"*").unwrap_or(column);
        let address = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        if address.is_none() {
            self.0 = Columns::new(&[]);
        }
        address
    }
}

/// The endpoints of `eps`.
#[must_use]
pub fn sctp_endpoints(table: &[u8]) -> Lines<'_, SctpEndpoint<'_>> {
    Lines::after_header(table, endpoint)
}

/// The associations of `assocs`.
#[must_use]
pub fn sctp_associations(table: &[u8]) -> Lines<'_, SctpAssociation<'_>> {
    Lines::after_header(table, association)
}

fn endpoint(line: &[u8]) -> Result<SctpEndpoint<'_>, Problem> {
    let mut columns = Columns::new(line);
    columns.pass(3, "STY")?;
    let socket_state = columns.decimal("SST")?;
    columns.pass(1, "HBKT")?;
    Ok(SctpEndpoint {
        socket_state,
        port: columns.decimal("LPORT")?,
        uid: columns.decimal("UID")?,
        inode: columns.decimal("INODE")?,
        addresses: SctpAddressList(columns),
    })
}

fn association(line: &[u8]) -> Result<SctpAssociation<'_>, Problem> {
    let mut columns = Columns::new(line);
    columns.pass(3, "STY")?;
    let (socket_state, state) = (columns.decimal("SST")?, columns.decimal("ST")?);
    columns.pass(2, "ASSOC-ID")?;
    let (send_queue, receive_queue) = (columns.decimal("TX_QUEUE")?, columns.decimal("RX_QUEUE")?);
    let (uid, inode) = (columns.decimal("UID")?, columns.decimal("INODE")?);
    let (source_port, destination_port) = (columns.decimal("LPORT")?, columns.decimal("RPORT")?);
    let sources = SctpAddressList(columns.clone());
    if !columns.any(|column| column == b"<->") {
        return Err(Problem::Missing("LADDRS <-> RADDRS"));
    }
    Ok(SctpAssociation {
        socket_state,
        state,
        send_queue,
        receive_queue,
        uid,
        inode,
        source_port,
        destination_port,
        sources,
        destinations: SctpAddressList(columns),
    })
}
