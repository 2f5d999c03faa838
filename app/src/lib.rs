//! The program `portreeve`: command line, commands and renderings over the engine that looks at the machine.
//!
//! Owns everything that meets the user; refuses to know how sockets, processes and findings come about.
#![forbid(unsafe_code)]

pub mod cli;
pub mod commands;
pub mod config;
pub mod engine;
pub mod error;
pub mod excerpt;
pub mod exit;
mod logging;
mod machine;
pub mod output;
mod prefix;
mod program;
pub mod progress;
pub mod render;

pub use program::main;
