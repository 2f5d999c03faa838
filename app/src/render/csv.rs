//! Comma-separated values (RFC 4180) with a heading. One socket a row; several holders share a cell, parted by
//! semicolons in the same order in every column.

use std::collections::HashMap;
use std::io::Write;

use csv::Terminator;
use portreeve_model::document::{Groups, Sockets};
use portreeve_model::{Endpoint, Holder, NamespaceId, Process, Socket};

use super::labels;
use super::table::Heading;

const HEADING: [&str; 22] = [
    "namespace",
    "netid",
    "state",
    "recv_q",
    "send_q",
    "local_address",
    "local_port",
    "peer_address",
    "peer_port",
    "interface",
    "uid",
    "inode",
    "cookie",
    "mark",
    "v6only",
    "drops",
    "process",
    "pid",
    "fd",
    "unit",
    "container",
    "no_holder",
];

/// Prints the sockets.
pub fn sockets(out: &mut dyn Write, document: &Sockets, heading: Heading) -> csv::Result<()> {
    let namespaces: HashMap<NamespaceId, String> =
        document.namespaces.iter().map(|namespace| (namespace.id, namespace.name.to_string())).collect();
    let processes: HashMap<u32, &Process> =
        document.processes.iter().map(|process| (process.id.pid, process)).collect();
    let mut writer = writer(out);
    if heading == Heading::Shown {
        writer.write_record(HEADING)?;
    }
    for socket in &document.sockets {
        let holders =
            |show: &dyn Fn(&Holder) -> String| socket.holders.iter().map(show).collect::<Vec<_>>().join(";");
        let of_process = |show: &dyn Fn(&Process) -> Option<String>| {
            let list = holders(&|holder| {
                processes.get(&holder.pid).and_then(|process| show(process)).unwrap_or_default()
            });
            // A list of nothing but its separators says nothing.
            if list.bytes().all(|byte| byte == b';') { String::new() } else { list }
        };
        let (local_address, local_port) = endpoint(Some(&socket.local));
        let (peer_address, peer_port) = endpoint(socket.peer.as_ref());
        writer.write_record([
            namespaces.get(&socket.namespace).cloned().unwrap_or_else(|| socket.namespace.to_string()),
            socket.protocol.name().to_owned(),
            socket.state.to_string(),
            socket.receive_queue.to_string(),
            socket.send_queue.to_string(),
            local_address,
            local_port,
            peer_address,
            peer_port,
            interface(socket),
            some(socket.uid),
            socket.inode.to_string(),
            socket.cookie.to_string(),
            some(socket.mark),
            some(socket.v6only),
            some(socket.drops),
            holders(&|holder| holder.name.to_string()),
            holders(&|holder| holder.pid.to_string()),
            holders(&|holder| holder.fd.to_string()),
            of_process(&|process| process.unit.as_ref().map(|unit| unit.name.to_string())),
            of_process(&|process| {
                let id = process.container.as_ref()?;
                Some(labels::container_name(&document.containers, id).to_owned())
            }),
            socket.no_holder.map(|why| why.phrase().to_owned()).unwrap_or_default(),
        ])?;
    }
    writer.flush().map_err(Into::into)
}

/// Prints the groups: the keys, then the counts.
pub fn groups(out: &mut dyn Write, document: &Groups, heading: Heading) -> csv::Result<()> {
    let mut writer = writer(out);
    if heading == Heading::Shown {
        writer.write_record(document.group_by.iter().map(String::as_str).chain(["count", "inferred"]))?;
    }
    for group in &document.groups {
        let counts = [group.count.to_string(), group.inferred.to_string()];
        writer.write_record(group.key.iter().chain(&counts))?;
    }
    writer.flush().map_err(Into::into)
}

fn writer(out: &mut dyn Write) -> csv::Writer<&mut dyn Write> {
    // Unix line ends, which every reader of RFC 4180 takes and line tools need.
    csv::WriterBuilder::new().terminator(Terminator::Any(b'\n')).from_writer(out)
}

fn endpoint(endpoint: Option<&Endpoint>) -> (String, String) {
    match endpoint {
        Some(Endpoint::Inet { address, port }) => (address.to_string(), port.to_string()),
        Some(Endpoint::Vsock { cid, vsock_port }) => (cid.to_string(), vsock_port.to_string()),
        Some(Endpoint::Link { ethertype }) => (format!("0x{ethertype:04x}"), String::new()),
        Some(Endpoint::Unix { path }) => (path.as_deref().unwrap_or_default().to_owned(), String::new()),
        None => (String::new(), String::new()),
    }
}

fn interface(socket: &Socket) -> String {
    socket.interface.as_ref().map_or_else(String::new, |interface| {
        interface.name.as_deref().map_or_else(|| interface.index.to_string(), ToOwned::to_owned)
    })
}

fn some(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
