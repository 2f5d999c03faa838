//! `portreeve sockets` as a table: the columns of `ss`, and the namespace where there is more than one.

use std::collections::HashMap;
use std::fmt::{self, Display};
use std::io::{self, Write};

use portreeve_model::document::Sockets;
use portreeve_model::exposure::{DoorKind, Exposure, FamilyExposure, IpVersion};
use portreeve_model::{Family, NamespaceId, Socket};

use super::address::{AddressCell, End, PortCell, PortNames};
use super::details::{Beside, MemoryCell};
use super::exposure::{Side, summaries};
use super::style::Ink;
use super::table::{Column, Fit, Heading, Table};
use super::tcp_info::TcpInfoCell;
use super::view::View;
use crate::engine::Details;

/// Which columns, and how their cells are written.
#[derive(Clone, Copy)]
pub struct SocketColumns<'a> {
    /// Whether the Netns column is there even where all sockets share one namespace.
    pub netns: bool,
    /// Whether the Netid column is there.
    pub netid: bool,
    /// Whether the State column is there.
    pub state: bool,
    /// Whether titles are.
    pub heading: Heading,
    /// Names for ports, or none for numbers.
    pub names: Option<PortNames<'a>>,
    /// What was asked for beside the columns.
    pub details: Details,
}

/// Prints the table.
pub fn table(
    out: &mut dyn Write,
    document: &Sockets,
    columns: SocketColumns<'_>,
    view: &View,
) -> io::Result<()> {
    let several = columns.netns
        || document
            .sockets
            .first()
            .is_some_and(|first| document.sockets.iter().any(|socket| socket.namespace != first.namespace));
    let labels: HashMap<NamespaceId, String> =
        document.namespaces.iter().map(|namespace| (namespace.id, namespace.name.to_string())).collect();
    let mut table = Table::new(layout(columns, several));
    for socket in &document.sockets {
        if several {
            match labels.get(&socket.namespace) {
                Some(name) => table.cell(name),
                None => table.cell(socket.namespace),
            }
        }
        row(&mut table, socket, columns, &document.exposures);
    }
    table.print(out, view.width, view.palette, columns.heading)
}

fn layout(columns: SocketColumns<'_>, several_namespaces: bool) -> Vec<Column> {
    // Both ends of a long address still tell hosts apart at this width.
    let address = |title| Column::new(title).right().gap(1).fit(Fit::Shorten(10));
    let mut layout = Vec::new();
    if several_namespaces {
        layout.push(Column::new("Netns").fit(Fit::Shorten(8)));
    }
    if columns.netid {
        layout.push(Column::new("Netid"));
    }
    if columns.state {
        layout.push(Column::new("State"));
    }
    layout.extend([
        Column::new("Recv-Q").gap(1),
        Column::new("Send-Q").gap(1),
        address("Local Address:"),
        Column::new("Port").gap(0),
        address("Peer Address:"),
        Column::new("Port").gap(0),
        Column::new("Process").gap(1).fit(Fit::Flow),
    ]);
    if let Some(first) = layout.first_mut() {
        first.gap = 0;
    }
    // Titles of the narrow columns stand closer, as in ss.
    for column in layout.iter_mut().skip(1).filter(|column| column.gap == 2) {
        column.gap = 1;
    }
    layout
}

fn row(table: &mut Table, socket: &Socket, columns: SocketColumns<'_>, exposures: &[Exposure]) {
    if columns.netid {
        table.cell(socket.protocol.name());
    }
    if columns.state {
        table.cell(socket.state);
    }
    table.cell(socket.receive_queue);
    table.cell(socket.send_queue);
    for end in [End::Local, End::Peer] {
        table.cell(AddressCell::new(socket, end));
        let ink = if end == End::Local { Ink::Name } else { Ink::Normal };
        table.inked(ink, PortCell { socket, end, names: columns.names });
    }
    table.flow(
        Beside { socket, details: columns.details },
        Below { socket, details: columns.details, exposures },
    );
}

/// What `ss` puts on a line of its own: buffers and `tcp_info`; and who can reach a listener.
struct Below<'a> {
    socket: &'a Socket,
    details: Details,
    exposures: &'a [Exposure],
}

impl Display for Below<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = self.socket.memory.as_deref().filter(|_| self.details.memory);
        let info = self.socket.tcp_info.as_deref().filter(|_| self.details.tcp_info);
        if let Some(memory) = memory {
            write!(f, "{}", MemoryCell(memory))?;
        }
        if memory.is_some() && info.is_some() {
            f.write_str(" ")?;
        }
        if let Some(info) = info {
            write!(f, "{}", TcpInfoCell(info))?;
        }
        let mut started = memory.is_some() || info.is_some();
        for exposure in self.exposures.iter().filter(|exposure| is_of(exposure, self.socket)) {
            for summary in summaries(&of_versions(exposure, self.socket), Side::Open) {
                let version =
                    summary.version.map_or_else(String::new, |version| format!("{} ", version.name()));
                let blank = if started { "; " } else { "" };
                write!(f, "{blank}{version}from {}: {}", summary.from, summary.decided_by)?;
                started = true;
            }
        }
        Ok(())
    }
}

/// Whether an exposure is that of a listening socket: same namespace, protocol, port and address.
fn is_of(exposure: &Exposure, socket: &Socket) -> bool {
    let door = &exposure.door;
    let at = |address: &std::net::IpAddr| socket.local.ip() == Some(*address);
    door.kind == DoorKind::Listener
        && socket.is_listener()
        && door.namespace == socket.namespace
        && door.protocol == socket.protocol
        && socket.local.port() == Some(door.port)
        && door.addresses.iter().any(at)
}

/// The exposure by the versions that the socket takes: the door may have another socket for the other one.
fn of_versions(exposure: &Exposure, socket: &Socket) -> Exposure {
    let both = socket.local.is_wildcard() && socket.v6only != Some(true);
    let takes = |family: &&FamilyExposure| match family.version {
        IpVersion::Ipv4 => socket.family == Family::Ipv4 || socket.family == Family::Ipv6 && both,
        IpVersion::Ipv6 => socket.family == Family::Ipv6,
    };
    Exposure {
        door: exposure.door.clone(),
        families: exposure.families.iter().filter(takes).cloned().collect(),
    }
}
