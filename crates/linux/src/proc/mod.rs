//! `/proc`: the list of processes, one process, and a parallel walk over them.
//!
//! A process is read through a descriptor of its directory, so that a pid that is given to another process in
//! between yields `ESRCH`, never a mixture of two processes.

mod directory;
mod hidden;
mod walk;

pub use directory::{DescriptorScratch, Proc, ProcessDirectory};
pub use hidden::unlisted_processes;
pub use walk::walk;
