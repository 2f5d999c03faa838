//! Computed exposure beside what clients can really do. Each scene is a server in namespaces of its own with real software in it, and
//! real clients in other namespaces: every client tries every port at every address, and `portreeve reach` must have said so. Needs
//! root and the Debian packages that `cargo xtask test` installs.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and says where"
)]

mod client;
mod compare;
mod door;
mod exposed;
mod followed;
mod links;
mod listening;
mod oracle;
mod place;
mod scene;
mod scenes;
mod simulated;
mod verdict;
mod witness;
