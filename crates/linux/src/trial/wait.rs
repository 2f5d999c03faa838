//! Waiting for many sockets at once.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interest {
    /// A connection that is made or fails.
    Connected,
    /// Something to read, or an error.
    Readable,
}

/// Waits until something happens to one of the sockets, at most `limit`, and tells of each whether something did. Interrupted by a
/// signal it tells of none.
pub fn wait(sockets: &[(BorrowedFd<'_>, Interest)], limit: Duration) -> Vec<bool> {
    let limit = Timespec::try_from(limit).ok();
    let mut polled: Vec<PollFd<'_>> = sockets
        .iter()
        .map(|(socket, interest)| {
            let flags = match interest {
                Interest::Connected => PollFlags::OUT,
                Interest::Readable => PollFlags::IN,
            };
            PollFd::from_borrowed_fd(*socket, flags)
        })
        .collect();
    match poll(&mut polled, limit.as_ref()) {
        Ok(_) => polled.iter().map(|one| !one.revents().is_empty()).collect(),
        Err(_) => vec![false; sockets.len()],
    }
}
