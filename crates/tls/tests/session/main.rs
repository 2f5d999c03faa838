//! Sessions of our own with real servers: every kind of suite in every version, resumption, renegotiation, and the checks that need one.
//!
//! OpenSSL 1.1.1 is what `cargo xtask test --only peers` builds: SSL 3.0, RC4 and what else is gone from current ones.
#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

mod early;
mod renegotiation;
mod resumption;
mod scene;
mod server;
mod suites;
