//! Gathering for `facts::queues`: before anything is tried, and again afterwards.

mod behind;
mod counters;
mod parameters;
mod run;
mod sockets;

pub(crate) use run::{look, look_again};
