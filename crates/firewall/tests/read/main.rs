//! Readers against the real programs: what these load and list is read and compared with what is expected.
//!
//! Needs root, `nft` and `ip`: everything happens in network namespaces made for it. Without root the tests fail; none is skipped.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and says where"
)]

mod loaded;
mod nft;
mod nft_text;
mod wording;
mod xtables;
