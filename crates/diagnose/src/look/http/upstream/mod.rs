//! Who the upstream is, and what is wrong with it: by what the proxy's sockets, logs and configuration tell, and by a connection from here.

mod address;
mod assemble;
mod condition;
mod configured;
mod log_lines;
mod proxies;
mod sockets;
mod watch;

pub(super) use watch::Watch;
