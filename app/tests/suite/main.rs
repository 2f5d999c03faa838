//! Tests of the program as its users meet it: commands over documents made by hand (`tests/documents`).
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod answers;
mod commands;
mod exposure;
mod reach;
mod reference;
mod rendering;
mod support;
mod tls;
mod tls_input;
mod tls_pace;
mod tls_run;
mod why;
