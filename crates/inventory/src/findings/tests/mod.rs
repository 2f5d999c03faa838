//! Each rule on a machine that it has something to say of, and on one where it must be silent.

mod arbitrary;
mod process;
mod sockets;
