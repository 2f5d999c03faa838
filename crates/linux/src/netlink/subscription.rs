//! Messages the kernel sends without being asked, to a multicast group.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::netlink::{NETFILTER, SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{self, AddressFamily, RecvFlags, SocketFlags, SocketType, sockopt};

use super::Family;

/// Longer than any message of the groups in use; a longer one is an error and not a loss.
const BUFFER_BYTES: usize = 64 * 1024;

/// A netlink socket that listens to one multicast group.
#[derive(Debug)]
pub struct Subscription {
    descriptor: OwnedFd,
    buffer: Vec<u8>,
}

impl Subscription {
    /// Joins `group` (1 to 32) of `family` in the calling thread's network namespace.
    ///
    /// `queue` is how many bytes of messages the kernel keeps until they are received; beyond it they are lost, which
    /// [`Subscription::receive`] reports. Above `net.core.rmem_max` it takes `CAP_NET_ADMIN`; without it the limit
    /// applies.
    ///
    /// # Errors
    /// What `socket(2)` and `bind(2)` say; `EINVAL` for a group that cannot be joined so; `EPERM` without the
    /// capability that the group demands (`CAP_NET_ADMIN` for those of netfilter).
    pub fn join(family: Family, group: u32, queue: usize) -> Result<Self, Errno> {
        let protocol = match family {
            Family::SockDiag => Some(SOCK_DIAG),
            Family::Route => None,
            Family::Netfilter => Some(NETFILTER),
            // Its groups are numbered at run time and mostly above 32.
            Family::Generic => return Err(Errno::INVAL),
        };
        let bit = group.checked_sub(1).and_then(|bit| 1_u32.checked_shl(bit)).ok_or(Errno::INVAL)?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let descriptor = net::socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, protocol)?;
        if sockopt::set_socket_recv_buffer_size_force(&descriptor, queue).is_err() {
            sockopt::set_socket_recv_buffer_size(&descriptor, queue)?;
        }
        net::bind(&descriptor, &SocketAddrNetlink::new(0, bit))?;
        Ok(Self { descriptor, buffer: vec![0; BUFFER_BYTES] })
    }

    /// The next buffer of messages that is already there, or `None`.
    ///
    /// # Errors
    /// `ENOBUFS` where messages were lost since the last call; `EMSGSIZE` where one did not fit.
    pub fn receive(&mut self) -> Result<Option<&[u8]>, Errno> {
        loop {
            let flags = RecvFlags::TRUNC | RecvFlags::DONTWAIT;
            match net::recv(&self.descriptor, self.buffer.as_mut_slice(), flags) {
                Ok((_, length)) => return self.buffer.get(..length).ok_or(Errno::MSGSIZE).map(Some),
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// The next buffer of messages, waited for until `limit` has passed; then `None`.
    ///
    /// # Errors
    /// Those of [`Subscription::receive`] and `poll(2)`.
    pub fn receive_within(&mut self, limit: Duration) -> Result<Option<&[u8]>, Errno> {
        let limit = Timespec::try_from(limit).map_err(|_| Errno::INVAL)?;
        loop {
            let mut waiting = [PollFd::new(&self.descriptor, PollFlags::IN)];
            match poll(&mut waiting, Some(&limit)) {
                Ok(0) => return Ok(None),
                Ok(_) => return self.receive(),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
}

impl AsFd for Subscription {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_group_gives_nothing_and_does_not_block() {
        assert!(
            rustix::process::geteuid().is_root(),
            "this test needs root: netfilter's groups need CAP_NET_ADMIN"
        );
        let mut traces = Subscription::join(Family::Netfilter, 9, 1 << 20).unwrap();
        assert_eq!(traces.receive(), Ok(None));
        assert_eq!(traces.receive_within(Duration::from_millis(1)), Ok(None));
    }

    #[test]
    fn groups_that_cannot_be_joined_are_refused() {
        assert_eq!(Subscription::join(Family::Netfilter, 0, 4096).unwrap_err(), Errno::INVAL);
        assert_eq!(Subscription::join(Family::Netfilter, 33, 4096).unwrap_err(), Errno::INVAL);
        assert_eq!(Subscription::join(Family::Generic, 1, 4096).unwrap_err(), Errno::INVAL);
    }
}
