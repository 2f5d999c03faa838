//! What the kernel does with a program (`inet_diag_bc_run`).

use std::net::IpAddr;

use super::{
    condition::{Side, SocketKey},
    op::{Code, Op},
};
use crate::cursor::Cursor;

/// Whether `program` lets `socket` pass.
///
/// Meant for programs that pass [`audit`](super::audit); others end in `false` where the kernel would never have
/// begun.
#[must_use]
pub fn run(program: &[u8], socket: &SocketKey) -> bool {
    let mut at = 0;
    while at < program.len() {
        let mut cursor = Cursor::new(program.get(at..).unwrap_or_default());
        let Some(op) = Op::read(&mut cursor) else { return false };
        let Some(holds) = holds(op.code, &mut cursor, socket) else { return false };
        let jump = if holds { usize::from(op.yes) } else { usize::from(op.no) };
        if jump == 0 {
            return false;
        }
        at += jump;
    }
    at == program.len()
}

fn holds(code: Code, argument: &mut Cursor<'_>, socket: &SocketKey) -> Option<bool> {
    Some(match code {
        Code::Nop => true,
        Code::Jump => false,
        Code::SourceGe => socket.source_port >= port(argument)?,
        Code::SourceLe => socket.source_port <= port(argument)?,
        Code::SourceEq => socket.source_port == port(argument)?,
        Code::DestinationGe => socket.destination_port >= port(argument)?,
        Code::DestinationLe => socket.destination_port <= port(argument)?,
        Code::DestinationEq => socket.destination_port == port(argument)?,
        Code::Auto => socket.auto_bound,
        Code::SourceCond => host(argument, socket, Side::Source)?,
        Code::DestinationCond => host(argument, socket, Side::Destination)?,
        Code::DeviceCond => socket.interface == argument.u32()?,
        Code::MarkCond => {
            let mark = argument.u32()?;
            socket.mark & argument.u32()? == mark
        }
        Code::CgroupCond => socket.cgroup_id == argument.u64()?,
        Code::Unknown(_) => return None,
    })
}

fn port(argument: &mut Cursor<'_>) -> Option<u16> {
    argument.skip(2)?;
    argument.u16()
}

fn host(argument: &mut Cursor<'_>, socket: &SocketKey, side: Side) -> Option<bool> {
    let (family, prefix_len) = (argument.u8()?, argument.u8()?);
    argument.skip(2)?;
    let port = argument.array().map(i32::from_ne_bytes)?;
    if port != -1 && port != i32::from(socket.port(side)) {
        return Some(false);
    }
    let address = socket.address(side);
    Some(match (family, address) {
        // AF_UNSPEC: the port alone counts.
        (0, _) => true,
        (2, IpAddr::V4(address)) => leading_bits_match(argument, address.octets(), prefix_len)?,
        (10, IpAddr::V6(address)) => leading_bits_match(argument, address.octets(), prefix_len)?,
        (2, IpAddr::V6(address)) => {
            let [zeros @ .., a, b, c, d] = address.octets();
            zeros == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
                && leading_bits_match(argument, [a, b, c, d], prefix_len)?
        }
        _ => false,
    })
}

/// `bitstring_match`, against the address in the program.
fn leading_bits_match<const N: usize>(argument: &mut Cursor<'_>, address: [u8; N], len: u8) -> Option<bool> {
    let prefix = argument.array::<N>()?;
    let mut left = len;
    for (prefix, address) in prefix.into_iter().zip(address) {
        let bits = left.min(8);
        let mask = u8::MAX.checked_shl(8 - u32::from(bits)).unwrap_or(0);
        if (prefix ^ address) & mask != 0 {
            return Some(false);
        }
        left -= bits;
    }
    Some(true)
}
