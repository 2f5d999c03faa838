//! Answers of `reach`: what happens to a packet, who can reach each port, what the rules are good for.

mod assertions;
mod diff;
mod frame;
mod idle;
mod packets;
mod port;
mod ports;
mod probe;
mod replay;
mod verdict;
mod way;

pub use crate::render::exposure::Side;
pub use assertions::print as assertions;
pub use diff::print as diff;
pub use idle::print as idle;
pub use packets::print;
pub use ports::print as ports;
pub use probe::announce as announce_probe;
pub use replay::Replay;
