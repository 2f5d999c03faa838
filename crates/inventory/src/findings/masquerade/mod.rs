//! Programs that give themselves the name of something trusted.
//!
//! Names can be chosen freely: `comm` through prctl(2), the command line by writing over it. The executable
//! cannot. Many honest programs differ in the two, so only names that pretend to be a kernel thread or one of a
//! short list of system daemons are looked at, and only against an executable that was seen.

mod daemon;
mod kernel;

pub(in crate::findings) use daemon::daemon;
pub(in crate::findings) use kernel::kernel_thread;
