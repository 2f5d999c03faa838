//! One request, one answer.

use portreeve_wire::WireError;
use portreeve_wire::netlink::{Class, Message, Messages};
use rustix::io::Errno;

use super::{Channel, NetlinkError};

/// Sends a request that is no dump, and reads the one message that answers it.
///
/// # Errors
/// [`NetlinkError::Refused`] with what the kernel says instead of an answer.
pub fn ask<T>(
    channel: &mut impl Channel,
    encode: impl FnOnce(u32) -> Result<Vec<u8>, WireError>,
    decode: impl FnOnce(&Message<'_>) -> Result<T, WireError>,
) -> Result<T, NetlinkError> {
    let sequence = channel.next_sequence();
    let request = encode(sequence).map_err(NetlinkError::Request)?;
    channel.send(&request).map_err(NetlinkError::Transport)?;
    loop {
        let buffer = channel.receive().map_err(|errno| match errno {
            Errno::NOBUFS => NetlinkError::Overrun,
            other => NetlinkError::Transport(other),
        })?;
        for message in Messages::new(buffer) {
            let message = message.map_err(NetlinkError::Answer)?;
            // An earlier, abandoned request may still have answers under way.
            if message.header.seq != sequence {
                continue;
            }
            match message.classify().map_err(NetlinkError::Answer)? {
                Class::Noop => {}
                Class::Data => return decode(&message).map_err(NetlinkError::Answer),
                Class::Overrun => return Err(NetlinkError::Overrun),
                Class::Done { errno } => return Err(NetlinkError::Refused(Errno::from_raw_os_error(errno))),
                Class::Error(error) => {
                    return Err(NetlinkError::Refused(Errno::from_raw_os_error(error.errno)));
                }
            }
        }
    }
}
