//! `portreeve sockets` as a table: the columns of `ss`, and the namespace where there is more than one.

use std::collections::HashMap;
use std::fmt::{self, Display};
use std::io::{self, Write};

use portreeve_model::document::Sockets;
use portreeve_model::{NamespaceId, Socket};

use super::address::{AddressCell, End, PortCell, PortNames};
use super::details::{Beside, MemoryCell};
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
        row(&mut table, socket, columns);
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

fn row(table: &mut Table, socket: &Socket, columns: SocketColumns<'_>) {
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
    table.flow(Beside { socket, details: columns.details }, Below { socket, details: columns.details });
}

/// What `ss` puts on a line of its own: buffers and `tcp_info`.
struct Below<'a> {
    socket: &'a Socket,
    details: Details,
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
        info.map_or(Ok(()), |info| write!(f, "{}", TcpInfoCell(info)))
    }
}
