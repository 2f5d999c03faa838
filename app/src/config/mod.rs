//! The configuration file: networks that the user gives names to.
//!
//! Nothing in it is needed: without a file everything works. What is in it is checked before it is believed, and an error names
//! the file, the line and the remedy.

mod file;
mod networks;

pub use file::{Config, DEFAULT_PATH, Location};
pub use networks::Network;
