//! What filters packets, read into [`crate::ir`]: one module for each language.
//!
//! Readers are lenient: what they do not understand stays in its place as `Unknown`, and the rest is kept. They run no program and
//! open no file unless their module says so.

mod build;
mod firewall;
mod generation;
pub mod live;
pub mod names;
pub mod nft;
pub mod nft_text;
mod outline;
mod program;
mod services;
pub mod snapshot;
pub mod source;
pub mod xtables;

pub use build::BuildError;
pub use firewall::{Firewall, NftListing, XtablesSave};
pub use outline::Outline;
pub use program::{Output, ProgramError, Programs};
pub use services::{Enabled, Loader, RulesFile, Services, Ufw};
