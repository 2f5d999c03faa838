//! `portreeve why` against real faults: every scenario of `lab/scenarios/why`, and what it names as the cause beside what the scenario
//! says it is. Needs root and the Debian packages that `cargo xtask test` installs.
//!
//! `PORTREEVE_WHY=expired,healthy-` runs only the scenarios with one of these in their name, and prints what a person is told.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and says where"
)]

mod case;
mod coverage;
mod matrix;
mod table;
