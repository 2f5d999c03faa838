//! ROBOT: Bleichenbacher's attack on RSA key exchange (Böck, Somorovsky, Young, USENIX Security 2018).
//!
//! A secret is sent in five paddings, one right and four wrong in different ways. A server that answers them differently tells an attacker
//! about paddings, and with many such questions the key of a recorded session.

mod ask;
mod check;
mod oracle;
mod vectors;

pub(super) use ask::Question;
pub(super) use check::CHECK;
pub(super) use oracle::{Answers, Finding, Strength};
pub(super) use vectors::{Flow, Vector, batch};
