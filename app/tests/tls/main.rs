//! `portreeve tls` beside `SSLyze` and sslscan: every server of `lab/scenarios/tls` is audited by all three, and what they say of protocols,
//! suites, groups and certificates is the same, or the difference is explained in `explained.toml`. Needs root, the Debian packages and
//! the peers that `cargo xtask test` installs.
//!
//! `PORTREEVE_TLS=nginx-,ssl3` audits only the servers with one of these in their name, and prints everything that was said of them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and says where"
)]

mod case;
mod claims;
mod differences;
mod explained;
mod ours;
mod sslscan;
mod sslyze;
mod table;
mod text;
