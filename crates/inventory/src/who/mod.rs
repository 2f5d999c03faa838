//! Who holds a port, and where no process can be named, why not.
//!
//! [`look`] gathers the views of the kernel that answer it; [`explain`] turns them into an answer without any I/O,
//! so that every reason can be tested on views made by hand.

mod advice;
mod case;
mod explain;
mod hidden;
mod kernel_users;
mod look;
mod reasons;
mod release;
#[cfg(test)]
mod tests;

mod views;

pub use explain::explain;
pub use look::look;
pub use views::{
    Disguise, HiddenProcess, KernelUser, ParkedDescriptor, Parking, Probe, Processes, Query, Reserved,
    SecondView, Views,
};
