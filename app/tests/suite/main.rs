//! Tests of the program as its users meet it: commands over documents made by hand (`tests/documents`).
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod commands;
mod reach;
mod reference;
mod rendering;
mod support;
