//! Rules loaded by the software that people run: ufw, firewalld, Docker, fail2ban, both iptables, `nft`. Each scene is a host in a
//! network namespace with that software working in it; real clients find out what is reachable. Needs root and the Debian packages
//! that `cargo xtask test` installs.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and says where"
)]

mod case;
mod client;
mod corpus;
mod docker;
mod fail2ban;
mod firewalld;
mod handwritten;
mod judge;
mod listeners;
mod prediction;
mod trace;
mod ufw;
mod xtables;
