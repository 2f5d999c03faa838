//! What looks wrong in the rules of a network namespace, each with its severity, the evidence, the fix and a command that shows
//! the same.
//!
//! Owns the findings that need rules: one file for each, all listed in [`RULES`]. A new one is one function and one line there.
//! Refuses I/O: what it judges it is given as a [`Scene`]. Where not every rule was read, nobody should ask it.

mod ask;
mod contradiction;
mod default_accept;
mod fix;
mod forwarding;
mod ipv6_open;
mod mixed_backends;
mod not_loaded;
mod opened;
mod published_port;
mod risky_service;
mod rules;
mod scene;
#[cfg(test)]
mod testing;
mod unreached_listener;
mod unused_opening;
mod wording;

pub use risky_service::weigh;
pub use rules::{RULES, Rule, findings};
pub use scene::{Scene, Standing};
