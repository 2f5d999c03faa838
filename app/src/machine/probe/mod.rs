//! `reach --probe`: real connections from a namespace beside the host, held against what was computed.
//!
//! The question asked of the rules is about exactly the packet that is sent: that source, that destination, by the interface of
//! the probe. Which sources are worth trying, the exposures say; what others do at the same moment with an address is left alone.

mod compare;
mod compute;
mod elsewhere;
mod plan;
mod run;
mod shorten;
mod taken;

pub(super) use run::probe;
pub(super) use shorten::shorten;
