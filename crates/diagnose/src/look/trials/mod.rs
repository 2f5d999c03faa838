//! Gathering for `facts::trials`: every endpoint is tried on a thread of its own, in the calling thread's network namespace.

mod connect;
mod datagram;
mod failure;
mod run;
mod surroundings;
mod tcp;

pub(crate) use connect::{Segments, connect, standing};
pub(crate) use run::look;
