//! Configurations of servers: one reader for each language, for everybody who asks what a server was told.
//!
//! Every language is read into [`Directive`]s, whichever block and included file they stand in. The readers
//! know no meaning but that of what makes a configuration whole: includes, sections that count only under a
//! condition, variables. They take everything: what they do not understand is a directive like any other.
//! What a port, an upstream or a certificate is, those who ask know.

mod address;
mod apache;
mod block;
mod caddy;
mod directive;
mod haproxy;
mod lines;
mod loader;
mod mains;
mod nginx;
mod read;
#[cfg(test)]
mod tests;
mod words;

pub(super) use address::endpoint;
pub(super) use caddy::Site;
pub(super) use directive::{Directive, every, joined};
pub(super) use haproxy::bound;
pub(super) use mains::{Mains, working_directory};
pub(super) use nginx::listened;
pub(super) use read::{Configuration, read};
