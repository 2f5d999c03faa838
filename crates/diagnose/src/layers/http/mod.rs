//! The layer `http`: what the application answers, where it sends clients on, and which upstream fails it.

mod codes;
mod finding;
mod judge;
mod redirects;
mod silence;
mod status;
#[cfg(test)]
mod tests;
mod upstream;

pub(super) use codes::CODES;
pub(super) use judge::judge;
