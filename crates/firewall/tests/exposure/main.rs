//! Exposures over rules in the language of `nft`: parts, deciding rules, doors that rules make. Each witness is replayed by the
//! one-packet simulator.
//!
//! Needs root and `nft`, which reads the rules in a network namespace made for it. Without root the tests fail; none is skipped.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and says where"
)]

mod agreement;
mod listeners;
mod scene;
mod translations;
