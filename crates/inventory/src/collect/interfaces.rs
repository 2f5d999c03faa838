//! Names of network devices, filled in for sockets that are bound to one.

use std::sync::Arc;

use portreeve_linux::netlink::{Family, NetlinkSocket, dump};
use portreeve_model::{Socket, Unseen, UnseenReason, UnseenSubject};
use portreeve_wire::route::{Link, dump_links};
use rustc_hash::FxHashMap;

/// Fills in the names of the devices in `sockets`, all of the calling thread's namespace. Asks the kernel only if
/// there is something to fill in.
pub(super) fn name(sockets: &mut [Socket], unseen: &mut Vec<Unseen>) {
    if !sockets.iter().any(|socket| socket.interface.is_some()) {
        return;
    }
    match names() {
        Ok(names) => {
            for interface in sockets.iter_mut().filter_map(|socket| socket.interface.as_mut()) {
                interface.name = names.get(&interface.index).cloned();
            }
        }
        Err(error) => unseen.push(Unseen {
            subject: UnseenSubject::Interfaces,
            reason: UnseenReason::Failed,
            count: 1,
            detail: format!("names of network devices: {error}"),
            remedy: None,
        }),
    }
}

/// Index to name of every device in the calling thread's namespace.
pub(super) fn names() -> Result<FxHashMap<u32, Arc<str>>, String> {
    let mut channel = NetlinkSocket::open(Family::Route).map_err(|errno| errno.to_string())?;
    let links = dump(
        &mut channel,
        |sequence| Ok(dump_links(sequence)),
        |message| {
            let link = Link::from_message(message)?;
            Ok(Some((link.index, Arc::from(&*link.name))))
        },
    );
    Ok(links.map_err(|error| error.to_string())?.items.into_iter().collect())
}
