//! The generation of the namespace's rules: whether they changed while they were read.

use portreeve_linux::netfilter;
use portreeve_linux::netlink::{Family, NetlinkError, NetlinkSocket};
use rustix::io::Errno;

/// The generation of a network namespace in which no rule of `nf_tables` was ever made (`nf_tables_init_net`: `base_seq = 1`).
pub(super) const UNTOUCHED: u32 = 1;

/// The generation of `nf_tables` in the calling thread's network namespace; `None` where the kernel has no `nf_tables`.
///
/// # Errors
/// Refused with `EPERM` without `CAP_NET_ADMIN`.
pub(super) fn current() -> Result<Option<u32>, NetlinkError> {
    let mut socket = match NetlinkSocket::open(Family::Netfilter) {
        Ok(socket) => socket,
        Err(Errno::PROTONOSUPPORT | Errno::AFNOSUPPORT) => return Ok(None),
        Err(errno) => return Err(NetlinkError::Transport(errno)),
    };
    match netfilter::generation(&mut socket) {
        Ok((generation, _)) => Ok(Some(generation)),
        // nfnetlink_rcv_msg (net/netfilter/nfnetlink.c) says EINVAL where there is no such subsystem.
        Err(NetlinkError::Refused(Errno::INVAL | Errno::OPNOTSUPP)) => Ok(None),
        Err(error) => Err(error),
    }
}
