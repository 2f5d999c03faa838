//! The layer `tls`: the handshake, and the certificate that came in it.

mod advice;
mod certificates;
mod codes;
mod finding;
mod judge;
mod refusals;
mod scene;
#[cfg(test)]
mod tests;

pub(super) use codes::CODES;
pub(super) use judge::judge;
