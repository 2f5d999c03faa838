//! The layer `queue`: what the kernel holds for the process until it takes it.

mod accept;
mod behind;
mod codes;
mod datagrams;
mod door;
mod handshakes;
mod judge;
mod takers;
#[cfg(test)]
mod tests;
mod words;

pub(super) use codes::CODES;
pub(super) use judge::judge;
