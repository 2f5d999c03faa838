//! `reach`: rules from wherever they are, questions about them, the answers as documents.

mod assertions;
mod diff;
mod files;
mod host;
mod idle;
mod packets;
mod ports;
mod source;
mod withhold;

pub(super) use assertions::assertions;
pub(super) use diff::diff;
pub(super) use host::limit;
pub(super) use idle::idle;
pub(super) use packets::reach;
pub(super) use ports::ports;
