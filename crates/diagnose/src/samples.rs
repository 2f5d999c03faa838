//! Facts that tests of layers begin with: a process that holds a port, a listener. Each test changes what it is about.

use portreeve_model::listener::Owner;
use portreeve_model::{
    BoundAddress, Holder as SocketHolder, IpCoverage, Listener, NamespaceId, Process, Protocol, Reach,
};

use crate::facts::service::{Holder, RunState};

/// A process of which little is known.
pub(crate) fn process(name: &str, pid: u32) -> Process {
    let process = serde_json::json!({ "pid": pid, "start_ticks": 1, "name": name });
    serde_json::from_value(process).unwrap()
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
    Listener {
        protocol: Protocol::Tcp,
        port: 443,
        addresses,
        reach: Reach::All,
        namespace: NamespaceId(1),
        usual_service: None,
        sockets: 1,
        accept_queue: None,
        drops: None,
        ephemeral: false,
        owner: Owner { holders: vec![SocketHolder { pid, fd: 3, name: name.into() }], ..Owner::default() },
    }
}
