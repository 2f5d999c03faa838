//! `exposure/<id>`: services that are risky where others can reach them, and can be.
//!
//! What is risky, why, and the fix are data: `data/risky.toml`. This folder owns how a listener is matched with
//! it. Reach is judged by bind address; a port inside a container is not exposed by its bind address, and is
//! found through the port that the container runtime publishes for it.

mod catalogue;
mod recognise;
mod report;
#[cfg(test)]
mod tests;

pub(in crate::findings) use report::risky_service;
