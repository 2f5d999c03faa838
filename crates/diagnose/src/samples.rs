//! Facts that tests of layers begin with: a process that holds a port, a listener. Each test changes what it
//! is about.

use portreeve_model::listener::Owner;
use portreeve_model::{
    BoundAddress, Holder as SocketHolder, IpCoverage, Listener, NamespaceId, Process, ProcessId, Protocol,
};

use crate::facts::service::{Holder, RunState};

/// A process of which little is known.
pub(crate) fn process(name: &str, pid: u32) -> Process {
    Process::new(ProcessId { pid, start_ticks: 1 }, name)
}

/// A process that holds the port, and sleeps as servers do.
pub(crate) fn holder(name: &str, pid: u32) -> Holder {
    Holder {
        process: process(name, pid),
        state: Some(RunState::Sleeping),
        threads: Vec::new(),
        age: None,
        frozen: false,
        software: None,
        container: None,
        forwards_to: None,
    }
}

/// An address that is listened on.
pub(crate) fn bound(address: &str, covers: IpCoverage) -> BoundAddress {
    BoundAddress { address: address.parse().unwrap(), covers, interface: None }
}

/// A listener of a process on TCP port 443.
pub(crate) fn listener(name: &str, pid: u32, addresses: Vec<BoundAddress>) -> Listener {
    let owner = Owner { holders: vec![SocketHolder { pid, fd: 3, name: name.into() }], ..Owner::default() };
    Listener { owner, ..Listener::new(Protocol::Tcp, 443, addresses, NamespaceId(1)) }
}
