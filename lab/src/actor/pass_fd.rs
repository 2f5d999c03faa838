//! `pass-fd`: a listener that is in no process's descriptor table, only in flight over a Unix socket.

use super::hold;
use super::sockets::{FULL_BACKLOG, listener, local_addresses};
use clap::Args;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde_json::json;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

/// Listens, sends the listener over a Unix socket that nobody reads, and closes its own descriptor.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to listen.
    address: SocketAddr,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let (sender, _receiver) = UnixStream::pair()?;
        let listener = listener(self.address, FULL_BACKLOG)?;
        let addresses = local_addresses([&listener])?;
        let descriptors = [listener.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
            return Err(io::Error::other("no room for one descriptor"));
        }
        sendmsg(&sender, &[IoSlice::new(b"x")], &mut control, SendFlags::empty())?;
        drop(listener);
        hold::ready("pass-fd", json!({ "listeners": addresses }))?;
        hold::until_stdin_closes()
    }
}
