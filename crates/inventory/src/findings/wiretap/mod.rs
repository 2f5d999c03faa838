//! Sockets that see traffic meant for others: packet sockets and raw IP sockets.

mod holder;
mod packet;
mod programs;
mod raw;

pub(in crate::findings) use packet::packet_sniffer;
pub(in crate::findings) use raw::raw_socket;
