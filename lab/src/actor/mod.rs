//! `portreeve-actor`: small peers that put sockets into a named state and hold them there.
//!
//! Each verb is one file. Once its state is set up it prints one JSON line, `{"ready":"<verb>","pid":...}` with
//! what it made, and holds until standard input closes or it is killed.

mod accept_overflow;
mod answer;
mod attempt;
mod bind_only;
mod certificates;
mod cli;
mod close_wait;
mod connections;
mod deleted_exec;
mod hold;
mod holder;
mod many_connections;
mod many_listeners;
mod memfd_exec;
mod mptcp_listen;
mod orphan;
mod packet_sniffer;
mod pass_fd;
mod raw;
mod rename;
mod share_listener;
mod sockets;
mod tcp_connect;
mod tcp_listen;
mod time_wait;
mod tls_serve;
mod udp_bind;
mod udp_connect;
mod udp_send;
mod udplite_bind;
mod unix_datagram;
mod unix_listen;

pub use cli::main;
