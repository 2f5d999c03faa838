//! Tests against the running kernel and real software: `ss`, `lsof` and `/proc/net` as oracles, nginx, Docker and
//! systemd's socket activator as what is looked at. Everything happens in namespaces that the lab makes; needs root.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and says where"
)]

mod busy;
mod differential;
mod docker;
mod filters;
mod grouping;
mod hard_cases;
mod lsof;
mod namespaces;
mod nginx;
mod options;
mod probe;
mod proc_net;
mod program;
mod reach;
mod rest;
mod socket_activation;
mod ss;
mod tls;
mod wireguard;
