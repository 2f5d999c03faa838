//! One request that changes something, and its acknowledgement.

use portreeve_wire::WireError;
use portreeve_wire::netlink::{Class, Messages};
use rustix::io::Errno;

use super::{Channel, NetlinkError};

/// Sends a request that asks for an acknowledgement (`NLM_F_ACK`), and waits for it.
///
/// # Errors
/// [`NetlinkError::Refused`] with what the kernel says instead.
pub fn change(
    channel: &mut impl Channel,
    encode: impl FnOnce(u32) -> Result<Vec<u8>, WireError>,
) -> Result<(), NetlinkError> {
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
            if message.header.seq != sequence {
                continue;
            }
            match message.classify().map_err(NetlinkError::Answer)? {
                Class::Error(error) if error.errno == 0 => return Ok(()),
                Class::Error(error) => {
                    return Err(NetlinkError::Refused(Errno::from_raw_os_error(error.errno)));
                }
                Class::Overrun => return Err(NetlinkError::Overrun),
                // An echo of what was made comes before its acknowledgement.
                Class::Noop | Class::Data | Class::Done { .. } => {}
            }
        }
    }
}
