//! Sockets, owners, namespaces and containers of a machine, joined into one snapshot; who holds a port; what looks
//! wrong.
//!
//! It reads the machine through `portreeve-linux` and the runtimes' state files, sends no packet and changes
//! nothing. What could not be seen is part of every result.
#![forbid(unsafe_code)]

pub mod attribution;
pub mod collect;
pub mod containers;
pub mod filter;
pub mod findings;
pub mod group;
pub mod host;
pub mod inside;
pub mod listeners;
pub mod services;
pub mod survey;
pub mod units;
pub mod who;
