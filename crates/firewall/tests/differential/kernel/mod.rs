//! What the real kernel does with packets: a host in a network namespace, rules loaded into it, packets injected, and
//! everything observable about what became of them.

mod flows;
mod host;
mod load;
mod observe;
mod program;
mod topology;

pub(crate) use host::Host;
pub(crate) use load::OWN_TABLE;
pub(crate) use observe::{Answer, Observed, Step, Verdict};
pub(crate) use program::run;
pub(crate) use topology::{WIRES, is_station};
