//! CCS injection: a server that takes a `ChangeCipherSpec` before keys are agreed on goes on with keys that everybody knows.

mod apart;
mod check;

pub(super) use check::{CHECK, batch};
