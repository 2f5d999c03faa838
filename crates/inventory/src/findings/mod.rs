//! What looks wrong in a snapshot, each with its severity, the evidence, the fix and a command that shows the same.
//!
//! Owns the rules: one file for each subject, all listed in [`RULES`]. A new rule is one function and one line
//! there. Refuses I/O and guesses: a rule that cannot see enough says so or says nothing, and what a firewall
//! would let through is not judged here.

mod accept_queue;
mod executable;
mod exposure;
mod masquerade;
mod preload;
mod rules;
mod scene;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod tool;
mod trusted_path;
mod unowned;
mod wiretap;
mod wording;

pub use rules::{RULES, Rule, findings};
pub use scene::{FileState, Scene};
