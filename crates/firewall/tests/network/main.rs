//! The kernel as the oracle of routing: random networks in namespaces, each question asked of the kernel (`RTM_GETROUTE`) and of
//! [`portreeve_firewall::network::Fib`]. Needs root; everything happens in namespaces that the lab makes.
//!
//! `PORTREEVE_SEED` and `PORTREEVE_ROUNDS` choose what is tried; both are printed with a disagreement.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::format_push_string,
    reason = "a test fails by panicking, and says where; lines of a test need not be built fast"
)]

mod answers;
mod compare;
mod configuration;
mod limits;
mod packets;
mod random;
mod speed;
